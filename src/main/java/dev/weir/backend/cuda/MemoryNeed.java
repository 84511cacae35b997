package dev.weir.backend.cuda;

import java.util.List;
import java.util.Locale;

/**
 * What a request needs of a GPU's memory, part by part, beside what there is.
 *
 * @param request what is asked for, for people
 * @param freeBytes of the GPU, now
 * @param totalBytes of the GPU
 */
public record MemoryNeed(String request, List<Part> parts, long freeBytes, long totalBytes) {

    private static final double MIB = 1 << 20;

    /** One piece of memory. */
    public record Part(String what, long bytes) {}

    public MemoryNeed {
        parts = List.copyOf(parts);
    }

    /** All parts together. */
    public long bytes() {
        return parts.stream().mapToLong(Part::bytes).sum();
    }

    boolean fits() {
        return bytes() <= freeBytes;
    }

    /** One line a part, then the sum, then what is free. */
    public String table() {
        var table = new StringBuilder();
        parts.forEach(part -> table.append(line(part.what, part.bytes)));
        table.append(line("together", bytes()));
        table.append(line("free", freeBytes));
        table.append(line("the GPU has", totalBytes));
        return table.toString();
    }

    private static String line(String what, long bytes) {
        return String.format(Locale.ROOT, "%n  %-36s %12.1f MiB", what, bytes / MIB);
    }
}
