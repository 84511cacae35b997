package dev.weir.corpus;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a dump says of itself, in {@code manifest.json}.
 *
 * @param format {@link #FORMAT}
 * @param formatVersion {@link #VERSION}
 * @param complete whether every shard is there
 * @param recipe what decided its bytes
 * @param rows of all shards together: one for each kept position of each prompt
 * @param shards in the order of their sequences
 */
public record Manifest(
        String format, int formatVersion, boolean complete, Recipe recipe, long rows, List<Shard> shards) {

    static final String FORMAT = "weir-dump";
    static final int VERSION = 1;

    public Manifest {
        shards = List.copyOf(shards);
    }

    static Manifest of(Recipe recipe, List<Shard> shards) {
        boolean complete = shards.stream().allMatch(Shard::written);
        long rows = shards.stream().mapToLong(Shard::rows).sum();
        return new Manifest(FORMAT, VERSION, complete, recipe, rows, shards);
    }

    /** The same with one shard exchanged for what became of it. */
    Manifest with(int number, Shard shard) {
        var changed = new ArrayList<>(shards);
        changed.set(number, shard);
        return of(recipe, changed);
    }

    /**
     * One file of consecutive sequences.
     *
     * @param firstSequence the prompt, from 0, that its first sequence is
     * @param bytes of the file
     * @param sha256 of the file; null as long as it is not written
     */
    public record Shard(
            String file,
            int firstSequence,
            int sequences,
            long rows,
            long bytes,
            @Nullable String sha256) {

        /** Whether it is on the disk. */
        public boolean written() {
            return sha256 != null;
        }

        Shard written(String digest) {
            return new Shard(file, firstSequence, sequences, rows, bytes, digest);
        }

        Shard missing() {
            return new Shard(file, firstSequence, sequences, rows, bytes, null);
        }
    }
}
