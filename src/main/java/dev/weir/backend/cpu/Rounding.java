package dev.weir.backend.cpu;

import dev.weir.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** What a type that the machine keeps a weight in leaves of its value: rounded to nearest, ties to even. */
public final class Rounding {

    private Rounding() {}

    /** Rounds values to a type and widens them again. */
    static void round(float[] values, int count, DType type) {
        switch (type) {
            case FLOAT16 -> {
                for (int i = 0; i < count; i++) {
                    values[i] = Float.float16ToFloat(Float.floatToFloat16(values[i]));
                }
            }
            case BFLOAT16 -> {
                for (int i = 0; i < count; i++) {
                    values[i] = Float.intBitsToFloat(bfloat16(values[i]) << Short.SIZE);
                }
            }
            case FLOAT32 -> {}
            case FLOAT64, INT64, INT32, INT16, INT8, UINT8, BOOL ->
                throw new IllegalArgumentException(
                        "weight dtype: expected float32, float16 or bfloat16, got " + type.label());
        }
    }

    /** Stores values that a type holds exactly, one after another. */
    static void write(float[] values, int count, DType type, MemorySegment to, long offset) {
        for (int i = 0; i < count; i++) {
            long at = offset + (long) i * type.bytes();
            switch (type) {
                case FLOAT16 -> to.set(ValueLayout.JAVA_SHORT, at, Float.floatToFloat16(values[i]));
                case BFLOAT16 -> to.set(ValueLayout.JAVA_SHORT, at, bfloat16(values[i]));
                default -> to.set(ValueLayout.JAVA_FLOAT, at, values[i]);
            }
        }
    }

    /** The bits of a bfloat16. */
    public static short bfloat16(float value) {
        int bits = Float.floatToRawIntBits(value);
        if (Float.isNaN(value)) {
            return (short) ((bits >>> Short.SIZE) | 0x40);
        }
        return (short) ((bits + 0x7fff + ((bits >>> Short.SIZE) & 1)) >>> Short.SIZE);
    }
}
