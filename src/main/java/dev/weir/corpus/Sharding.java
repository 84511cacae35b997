package dev.weir.corpus;

import dev.weir.hook.Positions;
import java.util.ArrayList;
import java.util.List;

/** Prompts divided into files, in their order, as many in each as fit. */
final class Sharding {

    private final TokenizedPrompts prompts;
    private final Positions positions;
    private final ShardFormat format;

    Sharding(TokenizedPrompts prompts, Positions positions, ShardFormat format) {
        this.prompts = prompts;
        this.positions = positions;
        this.format = format;
    }

    /** Rows of some prompts. */
    long rows(int from, int to) {
        long rows = 0;
        for (int sequence = from; sequence < to; sequence++) {
            rows += positions.count(prompts.length(sequence));
        }
        return rows;
    }

    /**
     * The files.
     *
     * @throws IllegalArgumentException if one prompt is too large for a file
     */
    List<Manifest.Shard> shards() {
        List<Integer> ends = ends(format.recipe().maxShardBytes());
        var shards = new ArrayList<Manifest.Shard>();
        int from = 0;
        for (int to : ends) {
            String file = "shard-%05d-of-%05d.safetensors".formatted(shards.size(), ends.size());
            long rows = rows(from, to);
            shards.add(new Manifest.Shard(file, from, to - from, rows, format.bytes(from, to - from, rows), null));
            from = to;
        }
        return shards;
    }

    private List<Integer> ends(long maxBytes) {
        long fixed = longestHeader() + Long.BYTES; // and the offset that ends the last sequence
        var ends = new ArrayList<Integer>();
        long bytes = fixed;
        for (int sequence = 0; sequence < prompts.count(); sequence++) {
            long more = positions.count(prompts.length(sequence)) * format.rowBytes() + Long.BYTES;
            if (fixed + more > maxBytes) {
                throw new IllegalArgumentException("shards of " + maxBytes + " bytes: expected room for the "
                        + (fixed + more) + " of prompt " + sequence + ", got less");
            }
            if (bytes + more > maxBytes) {
                ends.add(sequence);
                bytes = fixed;
            }
            bytes += more;
        }
        ends.add(prompts.count());
        return ends;
    }

    /** No header is longer than that of one file with everything in it: its numbers have the most digits. */
    private long longestHeader() {
        long rows = rows(0, prompts.count());
        long data = rows * format.rowBytes() + (prompts.count() + 1L) * Long.BYTES;
        return format.bytes(prompts.count(), prompts.count(), rows) - data;
    }
}
