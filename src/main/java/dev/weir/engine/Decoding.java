package dev.weir.engine;

import dev.weir.hook.Edits;
import dev.weir.hook.Hooks;
import dev.weir.hook.Rows;
import dev.weir.hook.TraceLayout;
import dev.weir.model.ModelConfig;
import java.util.List;

/** Prompts on their way through a session, step by step: prefill in chunks beside decodes, every row computed once. */
final class Decoding implements AutoCloseable {

    private static final long TRACE_BYTES_PER_STEP = 256L << 20;

    private final Session session;
    private final List<Sequence> sequences;
    private final Tracing tracing;
    private final Hooks taps;
    private final int rowsPerStep;
    private final TextListener listener;
    private final boolean generates;
    private final UnrecordedSteps unrecorded;
    private final int[] taken;
    private Timings timings = Timings.NONE;

    /**
     * Prompts that have not begun, in a session of their own.
     *
     * @throws IllegalArgumentException for hooks or edits that the model cannot honour, or a trace that is larger than allowed
     */
    static Decoding begin(LoadedModel model, List<Sequence> sequences, Tracing tracing, TextListener listener) {
        if (!tracing.hooks().taps().isEmpty()) {
            layout(model.config(), sequences, tracing).requireWithin(tracing.maxBytes());
        }
        requireHonourable(model, sequences, tracing.hooks());
        int context = sequences.stream().mapToInt(Sequence::maxRows).max().orElseThrow();
        int rowsPerStep = rowsPerStep(model.config(), tracing, context);
        Session session = model.session(sequences.size(), context);
        try {
            return new Decoding(model.config(), session, sequences, tracing, rowsPerStep, listener);
        } catch (RuntimeException | Error e) {
            session.close();
            throw e;
        }
    }

    /** Refuses edits that no plan can make, before a trace is begun. */
    private static void requireHonourable(LoadedModel model, List<Sequence> sequences, Hooks hooks) {
        sequences.stream()
                .map(sequence -> hooks.edits().and(sequence.edits()))
                .distinct()
                .filter(edits -> !edits.isEmpty())
                .forEach(edits -> model.plan(1, hooks.withEdits(edits)));
    }

    /** As many rows as the trace of a step leaves room for, so that host memory stays bounded however long a prompt is. */
    private static int rowsPerStep(ModelConfig config, Tracing tracing, int context) {
        long bytesPerRow = tracing.hooks().taps().keySet().stream()
                .mapToLong(p -> config.dimensions().columns(p.site(), context) * (long) Float.BYTES)
                .sum();
        return Math.clamp(TRACE_BYTES_PER_STEP / Math.max(1, bytesPerRow), 1, LoadedModel.MAX_ROWS_PER_STEP);
    }

    /** Slot s of the session is the s-th of the sequences. */
    private Decoding(
            ModelConfig config,
            Session session,
            List<Sequence> sequences,
            Tracing tracing,
            int rowsPerStep,
            TextListener listener) {
        this.session = session;
        this.sequences = List.copyOf(sequences);
        this.tracing = tracing;
        this.taps = tracing.hooks().withEdits(Edits.NONE);
        this.rowsPerStep = rowsPerStep;
        this.listener = listener;
        this.generates = sequences.stream().anyMatch(Sequence::wantsTokens);
        this.taken = new int[sequences.size()];
        this.unrecorded = new UnrecordedSteps(session, tracing.hooks(), tracing.sink());
        for (int slot = 0; slot < sequences.size(); slot++) {
            Sequence sequence = sequences.get(slot);
            session.sample(slot, sequence.sampling(), sequence.prompt());
            Edits edits = tracing.hooks().edits().and(sequence.edits());
            session.edit(slot, edits.within(sequence.prompt().size()));
        }
        if (traces()) {
            tracing.sink().begin(layout(config, sequences, tracing));
        }
    }

    private boolean traces() {
        return !tracing.hooks().taps().isEmpty();
    }

    /** What a trace of these sequences will hold, if none of them ends early. */
    static TraceLayout layout(ModelConfig config, List<Sequence> sequences, Tracing tracing) {
        int length = sequences.stream().mapToInt(Sequence::maxRows).max().orElseThrow();
        return new TraceLayout(tracing.hooks().taps(), config.dimensions(), sequences.size(), length, tracing.type());
    }

    /** All steps that there are, and what came of them. */
    Completion run() {
        while (!isDone()) {
            advance();
        }
        return finish();
    }

    boolean isDone() {
        for (Sequence sequence : sequences) {
            if (!sequence.isDone()) {
                return false;
            }
        }
        return true;
    }

    /**
     * One step for the sequences that are not done, as far as the rows of a step reach. The trace of a step is recorded while the
     * machine is busy with the next one, where it can be.
     */
    void advance() {
        long begin = System.nanoTime();
        Rows rows = nextRows();
        boolean prefill = isAnyInPrompt(rows);
        boolean chooses = chooses(rows);
        Session.StepResult result = chooses ? session.choose(rows, taps) : session.step(rows, taps);
        unrecorded.add(rows, result);
        for (int slot : rows.slots()) {
            sequences.get(slot).processed(1);
        }
        if (chooses) {
            takeTokens(rows, result);
        }
        timings = timings.plusStep(prefill, rows.count(), System.nanoTime() - begin);
        listener.onRows(rows.count());
    }

    private boolean isAnyInPrompt(Rows rows) {
        for (int slot : rows.slots()) {
            if (sequences.get(slot).isInPrompt()) {
                return true;
            }
        }
        return false;
    }

    /** In the midst of a prompt nobody wants a token. */
    private boolean chooses(Rows rows) {
        int row = rows.outputs()[0];
        return generates && sequences.get(rows.slots()[row]).isNewest(rows.positions()[row]);
    }

    private void takeTokens(Rows rows, Session.StepResult result) {
        for (int output = 0; output < rows.outputs().length; output++) {
            int slot = rows.slots()[rows.outputs()[output]];
            String text = sequences.get(slot).append(result.token(output));
            if (!text.isEmpty()) {
                listener.onText(slot, text);
            }
        }
    }

    /** Rows of their own for every step: whoever sees the trace or edits may keep them. */
    private Rows nextRows() {
        int count = 0;
        int wanted = 0;
        for (int slot = 0; slot < taken.length; slot++) {
            taken[slot] = Math.min(sequences.get(slot).waiting(), rowsPerStep - count);
            count += taken[slot];
            wanted += reachesItsNewest(slot) ? 1 : 0;
        }
        var rows = new Rows(new int[count], new int[count], new int[count], new int[Math.max(1, wanted)]);
        rows.outputs()[0] = count - 1; // a program always has a result; in the midst of a prompt nobody reads it
        int row = 0;
        int output = 0;
        for (int slot = 0; slot < taken.length; slot++) {
            Sequence sequence = sequences.get(slot);
            for (int i = 0; i < taken[slot]; i++) {
                int position = sequence.position() + i;
                rows.slots()[row] = slot;
                rows.positions()[row] = position;
                rows.tokens()[row] = sequence.token(position);
                row++;
            }
            if (reachesItsNewest(slot)) {
                rows.outputs()[output++] = row - 1;
            }
        }
        return rows;
    }

    /** Whether the rows that are taken of a sequence are all that it has. */
    private boolean reachesItsNewest(int slot) {
        return taken[slot] > 0 && taken[slot] == sequences.get(slot).waiting();
    }

    /** Ends the trace and says what came of it. */
    private Completion finish() {
        if (traces()) {
            unrecorded.recordAll();
            tracing.sink().end(sequences.stream().mapToInt(Sequence::position).toArray());
        }
        return new Completion(sequences.stream().map(Sequence::generation).toList(), timings, session.forwardRows());
    }

    @Override
    public void close() {
        session.close();
    }
}
