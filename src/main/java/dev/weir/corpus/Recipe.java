package dev.weir.corpus;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Everything that decides the bytes of a dump. Two runs of one recipe write the same files.
 *
 * @param model the model's name
 * @param weightsSha256 the digest of its weight files
 * @param tokenizerSha256 the digest of the files that define its tokenizer; null where it has none
 * @param weightsDtype how the machine keeps the weights
 * @param machine {@code CPU}, of which nothing else changes a bit, or the GPU and how it computes
 * @param weirVersion Weir's
 * @param prompts sequences
 * @param tokens of all prompts
 * @param promptsSha256 the digest of their token ids
 * @param positions kept of each sequence: {@code all}, {@code last}, {@code 0+5..9}
 * @param dtype how values are stored
 * @param maxShardBytes the largest that a shard may be
 * @param hooks what each row holds
 */
public record Recipe(
        String model,
        String weightsSha256,
        @Nullable String tokenizerSha256,
        String weightsDtype,
        String machine,
        String weirVersion,
        int prompts,
        long tokens,
        String promptsSha256,
        String positions,
        String dtype,
        long maxShardBytes,
        List<Column> hooks) {

    public Recipe {
        hooks = List.copyOf(hooks);
    }

    /**
     * What every row holds of one hook point.
     *
     * @param name of the point
     * @param shape [rows, width] of all shards together
     * @param row the shape of one row, of as many values: [D], or [H, dh]
     */
    public record Column(String name, List<Long> shape, List<Integer> row) {
        public Column {
            shape = List.copyOf(shape);
            row = List.copyOf(row);
        }

        /** Values of one row. */
        public int width() {
            return Math.toIntExact(shape.getLast());
        }
    }
}
