package dev.weir.dump;

import dev.weir.safetensors.SafetensorsWriter;
import dev.weir.tensor.DType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Gathers neighbouring values of one tensor, as they come in, to write them in larger pieces. */
final class Lane {

    private final SafetensorsWriter writer;
    private final String tensor;
    private final DType type;
    private final int capacity;
    private final MemorySegment buffer;
    private long begin;
    private int count;

    /** @param capacity elements that it holds back at most */
    Lane(SafetensorsWriter writer, String tensor, DType type, int capacity) {
        this.writer = writer;
        this.tensor = tensor;
        this.type = type;
        this.capacity = capacity;
        this.buffer = MemorySegment.ofArray(new byte[Math.multiplyExact(capacity, type.bytes())]);
    }

    /** Stores float32 values from an element on; what was stored there before is lost. */
    void put(long element, MemorySegment values) throws IOException {
        long elements = values.byteSize() / Float.BYTES;
        for (long done = 0; done < elements; ) {
            int at = room(element + done);
            int fits = (int) Math.min(elements - done, capacity - at);
            if (type == DType.FLOAT32) {
                MemorySegment.copy(
                        values, done * Float.BYTES, buffer, (long) at * Float.BYTES, (long) fits * Float.BYTES);
            } else {
                round(values, done, at, fits);
            }
            count = Math.max(count, at + fits);
            done += fits;
        }
    }

    /** Stores one value many times. */
    void fill(long element, long elements, float value) throws IOException {
        for (long done = 0; done < elements; ) {
            int at = room(element + done);
            int fits = (int) Math.min(elements - done, capacity - at);
            for (int i = 0; i < fits; i++) {
                type.write(buffer, (long) (at + i) * type.bytes(), value);
            }
            count = Math.max(count, at + fits);
            done += fits;
        }
    }

    private void round(MemorySegment values, long from, int at, int elements) {
        for (int i = 0; i < elements; i++) {
            float value = values.get(ValueLayout.JAVA_FLOAT_UNALIGNED, (from + i) * Float.BYTES);
            type.write(buffer, (long) (at + i) * type.bytes(), value);
        }
    }

    /** Where in the buffer an element belongs; what is there is written first if the element is no neighbour. */
    private int room(long element) throws IOException {
        if (element < begin || element > begin + count || element >= begin + capacity) {
            flush();
            begin = element;
        }
        return (int) (element - begin);
    }

    /** Writes what was held back. */
    void flush() throws IOException {
        if (count > 0) {
            writer.write(tensor, begin, buffer.asSlice(0, (long) count * type.bytes()));
            count = 0;
        }
    }
}
