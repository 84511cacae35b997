package dev.weir.backend.cpu;

import dev.weir.tensor.DType;

/** What a type that the machine keeps a weight in leaves of its value: rounded to nearest, ties to even. */
final class Rounding {

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

    /** The bits of a bfloat16. */
    static short bfloat16(float value) {
        int bits = Float.floatToRawIntBits(value);
        if (Float.isNaN(value)) {
            return (short) ((bits >>> Short.SIZE) | 0x40);
        }
        return (short) ((bits + 0x7fff + ((bits >>> Short.SIZE) & 1)) >>> Short.SIZE);
    }
}
