package dev.weir.batching;

import dev.weir.engine.Sequence;
import dev.weir.hook.Rows;
import java.util.ArrayList;
import java.util.List;

/**
 * The rows of a step: one for each request that is past its prompt, and with what is left of the step the prompts, oldest first. So a long prompt
 * delays nobody by more than a step's rows, and the oldest prompt always moves on.
 */
record Composition(List<Share> shares, Rows rows, boolean choosesTokens) {

    /** The next step of requests, in the order in which they came. */
    static Composition of(List<Running> running, int rowsPerStep) {
        long decoding = running.stream().filter(r -> !r.sequence().isInPrompt()).count();
        int left = Math.toIntExact(rowsPerStep - decoding);
        var shares = new ArrayList<Share>();
        int row = 0;
        for (Running each : running) {
            Sequence sequence = each.sequence();
            boolean inPrompt = sequence.isInPrompt();
            int count = inPrompt ? Math.min(sequence.waiting(), left) : 1;
            if (count > 0) {
                left -= inPrompt ? count : 0;
                boolean wants = sequence.wantsTokens() && count == sequence.waiting();
                shares.add(new Share(each, row, count, wants, inPrompt));
                row += count;
            }
        }
        return of(shares);
    }

    /** The step that one share alone makes. */
    static Composition alone(Share share) {
        return of(List.of(new Share(share.running(), 0, share.rows(), share.wantsToken(), share.ofPrompt())));
    }

    private static Composition of(List<Share> shares) {
        int count = shares.getLast().endRow();
        int wanted = Math.toIntExact(shares.stream().filter(Share::wantsToken).count());
        var rows = new Rows(new int[count], new int[count], new int[count], new int[Math.max(1, wanted)]);
        rows.outputs()[0] = count - 1; // a step always has a result, even if nobody reads it
        int output = 0;
        for (Share share : shares) {
            Sequence sequence = share.running().sequence();
            for (int i = 0; i < share.rows(); i++) {
                int row = share.firstRow() + i;
                rows.slots()[row] = share.running().slot();
                rows.positions()[row] = sequence.position() + i;
                rows.tokens()[row] = sequence.token(sequence.position() + i);
            }
            if (share.wantsToken()) {
                rows.outputs()[output++] = share.endRow() - 1;
            }
        }
        return new Composition(List.copyOf(shares), rows, wanted > 0);
    }

    /** Rows of prompts. */
    int promptRows() {
        return shares.stream().filter(Share::ofPrompt).mapToInt(Share::rows).sum();
    }
}
