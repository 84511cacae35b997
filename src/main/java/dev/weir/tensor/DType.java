package dev.weir.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * How one element is stored, little-endian. The names are those of the safetensors format and of PyTorch.
 *
 * <p>Weir computes in {@link #FLOAT32}; weights may also be {@link #BFLOAT16} or {@link #FLOAT16}, whose widening is exact, and
 * a machine may keep matrices as {@link #INT8}, which then means {@link Int8Blocks}. The other types exist because files contain
 * them.
 */
public enum DType {
    FLOAT64("float64", "F64", 8),
    FLOAT32("float32", "F32", 4),
    FLOAT16("float16", "F16", 2),
    BFLOAT16("bfloat16", "BF16", 2),
    INT64("int64", "I64", 8),
    INT32("int32", "I32", 4),
    INT16("int16", "I16", 2),
    INT8("int8", "I8", 1),
    UINT8("uint8", "U8", 1),
    BOOL("bool", "BOOL", 1);

    private static final ValueLayout.OfDouble DOUBLE =
            ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final String label;
    private final String safetensorsName;
    private final int bytes;

    DType(String label, String safetensorsName, int bytes) {
        this.label = label;
        this.safetensorsName = safetensorsName;
        this.bytes = bytes;
    }

    /** As PyTorch and the command line spell it: {@code bfloat16}. */
    public String label() {
        return label;
    }

    /** As a safetensors header spells it: {@code BF16}. */
    public String safetensorsName() {
        return safetensorsName;
    }

    /** Bytes of one element. */
    public int bytes() {
        return bytes;
    }

    /** Whether a weight or a trace may be stored so. */
    public boolean isModelFloat() {
        return this == FLOAT32 || this == FLOAT16 || this == BFLOAT16;
    }

    /** Whether a machine may keep a matrix so. */
    public boolean isMatrixType() {
        return isModelFloat() || this == INT8;
    }

    /** One element as a float: exact for the three model types, rounded to nearest for the wider ones. */
    public float read(MemorySegment data, long byteOffset) {
        return switch (this) {
            case FLOAT64 -> (float) data.get(DOUBLE, byteOffset);
            case FLOAT32 -> data.get(FLOAT, byteOffset);
            case FLOAT16 -> Float.float16ToFloat(data.get(SHORT, byteOffset));
            case BFLOAT16 -> Float.intBitsToFloat(data.get(SHORT, byteOffset) << 16);
            case INT64 -> data.get(LONG, byteOffset);
            case INT32 -> data.get(INT, byteOffset);
            case INT16 -> data.get(SHORT, byteOffset);
            case INT8 -> data.get(ValueLayout.JAVA_BYTE, byteOffset);
            case UINT8, BOOL -> data.get(ValueLayout.JAVA_BYTE, byteOffset) & 0xff;
        };
    }

    /** Stores a float as one of the three model types, rounded to nearest, ties to even. NaN stays NaN. */
    public void write(MemorySegment data, long byteOffset, float value) {
        switch (this) {
            case FLOAT32 -> data.set(FLOAT, byteOffset, value);
            case FLOAT16 -> data.set(SHORT, byteOffset, Float.floatToFloat16(value));
            case BFLOAT16 -> data.set(SHORT, byteOffset, toBfloat16(value));
            case FLOAT64, INT64, INT32, INT16, INT8, UINT8, BOOL ->
                throw new IllegalArgumentException("a value is stored as float32, float16 or bfloat16, not " + label);
        }
    }

    private static short toBfloat16(float value) {
        int bits = Float.floatToRawIntBits(value);
        if (Float.isNaN(value)) {
            return (short) ((bits >>> 16) | 0x40);
        }
        return (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
    }

    /** The type that a safetensors header names, if Weir knows it. */
    public static Optional<DType> ofSafetensorsName(String name) {
        return Arrays.stream(values())
                .filter(t -> t.safetensorsName.equals(name))
                .findFirst();
    }

    /**
     * The model type that a user names: {@code float32}, {@code float16} or {@code bfloat16}.
     *
     * @throws IllegalArgumentException for any other name
     */
    public static DType ofLabel(String label) {
        return ofLabel(label, DType::isModelFloat);
    }

    /**
     * The type that a user wants matrices kept in: a model type or {@code int8}.
     *
     * @throws IllegalArgumentException for any other name
     */
    public static DType ofMatrixLabel(String label) {
        return ofLabel(label, DType::isMatrixType);
    }

    private static DType ofLabel(String label, Predicate<DType> wanted) {
        return Arrays.stream(values())
                .filter(t -> wanted.test(t) && t.label.equals(label))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("dtype '" + label + "': expected one of "
                        + Arrays.stream(values())
                                .filter(wanted)
                                .map(DType::label)
                                .collect(Collectors.joining(", "))));
    }
}
