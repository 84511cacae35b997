package dev.weir.corpus;

import com.google.flatbuffers.FlatBufferBuilder;
import dev.weir.tensor.DType;
import java.util.List;
import java.util.Map;
import org.apache.arrow.flatbuf.Endianness;
import org.apache.arrow.flatbuf.Field;
import org.apache.arrow.flatbuf.FixedSizeList;
import org.apache.arrow.flatbuf.FloatingPoint;
import org.apache.arrow.flatbuf.Int;
import org.apache.arrow.flatbuf.KeyValue;
import org.apache.arrow.flatbuf.Precision;
import org.apache.arrow.flatbuf.Schema;
import org.apache.arrow.flatbuf.Type;

/**
 * The columns of a dataset of activations, as {@code datasets} has them in Arrow: each point a list of rows that are lists of values, under the name of its
 * extension type for arrays of rank two, and {@code token_ids} a list of int32. A child of a list is called {@code item}, as everywhere.
 */
final class ArrowSchema {

    private static final String EXTENSION = "datasets.features.features.Array2DExtensionType";

    private final FlatBufferBuilder builder;

    private ArrowSchema(FlatBufferBuilder builder) {
        this.builder = builder;
    }

    /** Adds the schema of a dataset to a message. */
    static int write(FlatBufferBuilder builder, DatasetFeatures features) {
        return new ArrowSchema(builder).schema(features);
    }

    private int schema(DatasetFeatures features) {
        int[] fields = new int[features.columns().size() + 1];
        for (int c = 0; c < fields.length - 1; c++) {
            fields[c] = matrix(features, features.columns().get(c));
        }
        fields[fields.length - 1] = tokens(features);
        int vector = Schema.createFieldsVector(builder, fields);
        int metadata = Schema.createCustomMetadataVector(builder, metadata(Map.of("huggingface", features.metadata())));
        return Schema.createSchema(builder, Endianness.Little, vector, metadata, 0);
    }

    private int matrix(DatasetFeatures features, Recipe.Column column) {
        short precision = features.type() == DType.FLOAT16 ? Precision.HALF : Precision.SINGLE;
        int value = field("item", Type.FloatingPoint, FloatingPoint.createFloatingPoint(builder, precision), 0);
        int row = field("item", Type.List, list(), 0, value);
        int[] extension = metadata(Map.of(
                "ARROW:extension:name", EXTENSION, "ARROW:extension:metadata", features.extensionMetadata(column)));
        int metadata = Field.createCustomMetadataVector(builder, extension);
        return field(column.name(), Type.List, list(), metadata, row);
    }

    private int tokens(DatasetFeatures features) {
        int token = field("item", Type.Int, Int.createInt(builder, Integer.SIZE, true), 0);
        return features.length().isPresent()
                ? field(
                        ShardFormat.TOKEN_IDS,
                        Type.FixedSizeList,
                        FixedSizeList.createFixedSizeList(
                                builder, features.length().getAsInt()),
                        0,
                        token)
                : field(ShardFormat.TOKEN_IDS, Type.List, list(), 0, token);
    }

    private int list() {
        org.apache.arrow.flatbuf.List.startList(builder);
        return org.apache.arrow.flatbuf.List.endList(builder);
    }

    private int field(String name, byte kind, int type, int metadata, int... children) {
        int text = builder.createString(name);
        int vector = Field.createChildrenVector(builder, children);
        return Field.createField(builder, text, true, kind, type, 0, vector, metadata);
    }

    private int[] metadata(Map<String, String> texts) {
        List<String> keys = texts.keySet().stream().sorted().toList();
        return keys.stream()
                .mapToInt(key -> KeyValue.createKeyValue(
                        builder, builder.createString(key), builder.createString(texts.get(key))))
                .toArray();
    }
}
