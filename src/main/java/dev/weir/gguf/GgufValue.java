package dev.weir.gguf;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** A value of the metadata, with the type that the file gives it. */
public sealed interface GgufValue {

    /** The types of values. */
    enum Type {
        UINT8(0, 1),
        INT8(1, 1),
        UINT16(2, 2),
        INT16(3, 2),
        UINT32(4, 4),
        INT32(5, 4),
        FLOAT32(6, 4),
        BOOL(7, 1),
        STRING(8, Long.BYTES),
        ARRAY(9, Integer.BYTES + Long.BYTES),
        UINT64(10, 8),
        INT64(11, 8),
        FLOAT64(12, 8);

        private final int number;
        private final int leastBytes;

        Type(int number, int leastBytes) {
            this.number = number;
            this.leastBytes = leastBytes;
        }

        /** How a file spells it. */
        int number() {
            return number;
        }

        /** Bytes of a value; of a text or an array, those of an empty one. */
        int leastBytes() {
            return leastBytes;
        }

        static Optional<Type> ofNumber(int number) {
            return Arrays.stream(values()).filter(type -> type.number == number).findFirst();
        }
    }

    /** Its type in the file. */
    Type type();

    /**
     * A whole number.
     *
     * @param value of a uint64 above 2^63 the same bits, thus negative
     */
    record Whole(Type type, long value) implements GgufValue {
        public Whole {
            boolean fits =
                    switch (type) {
                        case UINT8 -> value >>> 8 == 0;
                        case INT8 -> value == (byte) value;
                        case UINT16 -> value >>> 16 == 0;
                        case INT16 -> value == (short) value;
                        case UINT32 -> value >>> 32 == 0;
                        case INT32 -> value == (int) value;
                        case UINT64, INT64 -> true;
                        case FLOAT32, FLOAT64, BOOL, STRING, ARRAY -> false;
                    };
            if (!fits) {
                throw new IllegalArgumentException(
                        "metadata: expected a whole number of a type that holds it, got " + value + " as " + type);
            }
        }
    }

    /** A number with a fraction: float32, widened exactly, or float64. */
    record Real(Type type, double value) implements GgufValue {
        public Real {
            if (type != Type.FLOAT64 && (type != Type.FLOAT32 || Double.compare((float) value, value) != 0)) {
                throw new IllegalArgumentException(
                        "metadata: expected a float of a type that holds it, got " + value + " as " + type);
            }
        }
    }

    /** True or false. */
    record Flag(boolean value) implements GgufValue {
        @Override
        public Type type() {
            return Type.BOOL;
        }
    }

    /** Text, UTF-8 in the file. */
    record Text(String value) implements GgufValue {
        @Override
        public Type type() {
            return Type.STRING;
        }
    }

    /** Values of one type. */
    record Array(Type elementType, List<GgufValue> elements) implements GgufValue {
        public Array {
            elements = List.copyOf(elements);
            for (GgufValue element : elements) {
                if (element.type() != elementType) {
                    throw new IllegalArgumentException(
                            "metadata: expected an array of " + elementType + ", got " + element.type() + " in it");
                }
            }
        }

        @Override
        public Type type() {
            return Type.ARRAY;
        }
    }

    /** Text. */
    static GgufValue of(String text) {
        return new Text(text);
    }

    /** True or false. */
    static GgufValue of(boolean flag) {
        return new Flag(flag);
    }

    /** A float32. */
    static GgufValue of(float number) {
        return new Real(Type.FLOAT32, number);
    }

    /** A uint32, as which most counts are written. */
    static GgufValue count(long number) {
        return new Whole(Type.UINT32, number);
    }

    /** An array of texts, such as a vocabulary. */
    static GgufValue texts(List<String> texts) {
        return new Array(Type.STRING, texts.stream().map(GgufValue::of).toList());
    }

    /** An array of int32, such as the types of tokens. */
    static GgufValue wholes(List<Integer> numbers) {
        return new Array(
                Type.INT32,
                numbers.stream()
                        .<GgufValue>map(number -> new Whole(Type.INT32, number))
                        .toList());
    }
}
