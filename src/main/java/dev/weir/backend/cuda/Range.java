package dev.weir.backend.cuda;

/** A stretch of device memory. */
record Range(long from, long bytes) {

    boolean overlaps(Range other) {
        return from < other.from + other.bytes && other.from < from + bytes;
    }
}
