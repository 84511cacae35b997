package dev.weir.corpus;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.corpus.ArrowStream.Example;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/**
 * A dump as a dataset that {@code datasets.load_from_disk} reads and SAELens trains on: a column for each point under its name, an array
 * [rows, width] in each example, and {@code token_ids}, int32. An example is a prompt; or, for those who want examples of one length
 * as SAELens does, a block of so many rows of the prompts laid end to end.
 */
public final class ArrowExport {

    private static final long FILE_BYTES = 500L << 20;
    private static final long BATCH_BYTES = 16L << 20;
    private static final int BATCH_EXAMPLES = 1000;

    private final CorpusDump dump;
    private final DatasetFeatures features;
    private final List<Example> examples;

    private ArrowExport(CorpusDump dump, DatasetFeatures features, List<Example> examples) {
        this.dump = dump;
        this.features = features;
        this.examples = examples;
    }

    /**
     * What a dataset holds.
     *
     * @param examples rows of the dataset
     * @param rows of the dump that are in them
     * @param droppedRows that are in none, because they did not fill a block
     */
    public record Written(int examples, long rows, long droppedRows) {}

    /**
     * Writes the dataset of a dump. Values are as they are stored; bfloat16, which Arrow lacks, becomes float32.
     *
     * @param out a folder that is not there yet; it appears when it is whole
     * @param block rows of each example; without it an example is a prompt, and where all are of one length the dataset says so
     * @throws IllegalArgumentException if the folder is there or has no room, or the dump has fewer rows than one example
     */
    public static Written write(CorpusDump dump, Path out, OptionalInt block) throws IOException {
        try (CorpusRows rows = CorpusRows.open(dump)) {
            List<Example> examples = block.isPresent() ? blocks(dump, block.getAsInt()) : prompts(rows.offsets());
            var features = new DatasetFeatures(
                    dump.manifest().recipe().hooks(), CorpusRows.exported(dump.type()), length(examples));
            return new ArrowExport(dump, features, examples).write(rows, out);
        }
    }

    private static List<Example> prompts(long[] offsets) {
        var examples = new ArrayList<Example>();
        for (int s = 0; s + 1 < offsets.length; s++) {
            examples.add(new Example(offsets[s], Math.toIntExact(offsets[s + 1] - offsets[s])));
        }
        return examples;
    }

    private static List<Example> blocks(CorpusDump dump, int block) {
        if (block <= 0 || dump.rows() < block) {
            throw new IllegalArgumentException(
                    "block: expected from 1 to the " + dump.rows() + " rows of the dump, got " + block);
        }
        var examples = new ArrayList<Example>();
        for (long row = 0; row + block <= dump.rows(); row += block) {
            examples.add(new Example(row, block));
        }
        return examples;
    }

    private static OptionalInt length(List<Example> examples) {
        int first = examples.getFirst().rows();
        return first > 0 && examples.stream().allMatch(example -> example.rows() == first)
                ? OptionalInt.of(first)
                : OptionalInt.empty();
    }

    private Written write(CorpusRows rows, Path out) throws IOException {
        long written = rows(examples);
        List<List<Example>> files = grouped(examples, FILE_BYTES, Integer.MAX_VALUE);
        try (ExportFolder folder = ExportFolder.create(out, written * rowBytes())) {
            var names = new ArrayList<String>();
            for (List<Example> file : files) {
                String name = "data-%05d-of-%05d.arrow".formatted(names.size(), files.size());
                try (ArrowStream stream = ArrowStream.create(folder.file(name), rows, features)) {
                    for (List<Example> batch : grouped(file, BATCH_BYTES, BATCH_EXAMPLES)) {
                        stream.batch(batch);
                    }
                }
                names.add(name);
            }
            Files.writeString(folder.file("dataset_info.json"), info().toPrettyString());
            Files.writeString(folder.file("state.json"), state(names).toPrettyString());
            folder.commit();
        }
        return new Written(examples.size(), written, dump.rows() - written);
    }

    private static long rows(List<Example> examples) {
        return examples.stream().mapToLong(Example::rows).sum();
    }

    private long rowBytes() {
        long values =
                features.columns().stream().mapToLong(Recipe.Column::width).sum();
        return values * features.type().bytes() + Integer.BYTES;
    }

    /** Consecutive examples, as many together as fit, but at least one. */
    private List<List<Example>> grouped(List<Example> all, long maxBytes, int maxCount) {
        var groups = new ArrayList<List<Example>>();
        int from = 0;
        long bytes = 0;
        for (int to = 0; to < all.size(); to++) {
            long more = all.get(to).rows() * rowBytes();
            if (to > from && (bytes + more > maxBytes || to - from == maxCount)) {
                groups.add(all.subList(from, to));
                from = to;
                bytes = 0;
            }
            bytes += more;
        }
        groups.add(all.subList(from, all.size()));
        return groups;
    }

    private ObjectNode info() {
        Recipe recipe = dump.manifest().recipe();
        ObjectNode info = JsonNodeFactory.instance.objectNode();
        info.put("citation", "");
        info.put(
                "description",
                "Activations of %s (weights sha256 %s, kept as %s) on %s, by Weir %s."
                        .formatted(
                                recipe.model(),
                                recipe.weightsSha256(),
                                recipe.weightsDtype(),
                                recipe.machine(),
                                recipe.weirVersion()));
        info.set("features", features.json());
        return info.put("homepage", "").put("license", "");
    }

    private ObjectNode state(List<String> names) {
        ObjectNode state = JsonNodeFactory.instance.objectNode();
        ArrayNode files = state.putArray("_data_files");
        names.forEach(name -> files.addObject().put("filename", name));
        state.put("_fingerprint", fingerprint()).putNull("_format_columns");
        state.putObject("_format_kwargs");
        return state.putNull("_format_type").put("_output_all_columns", false).putNull("_split");
    }

    /** The key under which {@code datasets} caches what is made of this dataset: equal for equal contents. */
    private String fingerprint() {
        var digest = new Digest();
        digest.add(ManifestFile.bytes(dump.manifest()));
        digest.add(features.length().orElse(-1), examples.size());
        return digest.hex().substring(0, 16);
    }
}
