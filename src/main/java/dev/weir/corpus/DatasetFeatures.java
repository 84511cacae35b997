package dev.weir.corpus;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.tensor.DType;
import java.util.List;
import java.util.OptionalInt;

/**
 * The columns of a dataset, in the words of Hugging Face's {@code datasets}: {@code Array2D} for each point, a {@code Sequence} of int32
 * for the tokens.
 *
 * @param type of the values: float32 or float16
 * @param length rows of each example, if it is the same for all
 */
record DatasetFeatures(List<Recipe.Column> columns, DType type, OptionalInt length) {

    private static final JsonNodeFactory NEW = JsonNodeFactory.instance;

    DatasetFeatures {
        columns = List.copyOf(columns);
    }

    /** As {@code dataset_info.json} has them. */
    ObjectNode json() {
        ObjectNode features = NEW.objectNode();
        for (Recipe.Column column : columns) {
            ObjectNode array = features.putObject(column.name());
            addLength(array.putArray("shape")).add(column.width());
            array.put("dtype", type.label()).put("_type", "Array2D");
        }
        ObjectNode tokens = features.putObject(ShardFormat.TOKEN_IDS);
        tokens.putObject("feature").put("dtype", DType.INT32.label()).put("_type", "Value");
        tokens.put("length", length.orElse(-1)).put("_type", "Sequence");
        return features;
    }

    private ArrayNode addLength(ArrayNode shape) {
        return length.isPresent() ? shape.add(length.getAsInt()) : shape.addNull();
    }

    /** What a schema says under the key {@code huggingface}. */
    String metadata() {
        ObjectNode metadata = NEW.objectNode();
        metadata.putObject("info").set("features", json());
        return metadata.toString();
    }

    /** What the extension type of a point says of itself: its shape and type. */
    String extensionMetadata(Recipe.Column column) {
        var parameters = NEW.arrayNode();
        addLength(parameters.addArray()).add(column.width());
        return parameters.add(type.label()).toString();
    }
}
