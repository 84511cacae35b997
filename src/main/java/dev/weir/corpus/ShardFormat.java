package dev.weir.corpus;

import dev.weir.safetensors.Declaration;
import dev.weir.safetensors.SafetensorsWriter;
import dev.weir.tensor.DType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How a shard is laid out. For R kept positions of S sequences it has each point as [R, width] under its name, {@code token_ids} and
 * {@code positions} int32 [R], and {@code sequence_offsets} int64 [S + 1]: sequence s of the shard has the rows from offset s up to,
 * and not with, offset s + 1.
 */
record ShardFormat(Recipe recipe) {

    static final String TOKEN_IDS = "token_ids";
    static final String POSITIONS = "positions";
    static final String OFFSETS = "sequence_offsets";

    DType type() {
        return DType.ofLabel(recipe.dtype());
    }

    List<Declaration> tensors(int sequences, long rows) {
        var tensors = new ArrayList<Declaration>();
        tensors.add(new Declaration(OFFSETS, DType.INT64, List.of(sequences + 1L)));
        tensors.add(new Declaration(TOKEN_IDS, DType.INT32, List.of(rows)));
        tensors.add(new Declaration(POSITIONS, DType.INT32, List.of(rows)));
        for (Recipe.Column column : recipe.hooks()) {
            tensors.add(new Declaration(column.name(), type(), List.of(rows, (long) column.width())));
        }
        return tensors;
    }

    /** Where a shard comes from, so that it can be understood alone. */
    Map<String, String> metadata(int firstSequence) {
        var texts = new LinkedHashMap<String, String>();
        texts.put("model_name", recipe.model());
        texts.put("weights_sha256", recipe.weightsSha256());
        texts.put("dtype", recipe.weightsDtype());
        texts.put("machine", recipe.machine());
        texts.put("weir_version", recipe.weirVersion());
        texts.put("positions", recipe.positions());
        texts.put("first_sequence", Integer.toString(firstSequence));
        return texts;
    }

    /** The exact bytes of a file. */
    long bytes(int firstSequence, int sequences, long rows) {
        return SafetensorsWriter.bytes(metadata(firstSequence), tensors(sequences, rows));
    }

    /** Bytes of a row, its token and its position included. */
    long rowBytes() {
        long values = recipe.hooks().stream().mapToLong(Recipe.Column::width).sum();
        return values * type().bytes() + 2L * Integer.BYTES;
    }
}
