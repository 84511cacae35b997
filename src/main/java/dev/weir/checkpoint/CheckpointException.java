package dev.weir.checkpoint;

import java.nio.file.Path;
import java.util.List;

/**
 * A folder is not the model that it should be. The message names the file, the place in it, what was expected there and what was
 * found, on one line; where several tensors are at fault, each has its line. A disk that fails is an {@link java.io.IOException},
 * a damaged weight file a {@link dev.weir.safetensors.SafetensorsException}.
 */
public final class CheckpointException extends RuntimeException {

    private static final long serialVersionUID = 1L;
    private static final int LONGEST_QUOTE = 80;
    private static final int MOST_LINES = 200;

    private final transient Path file;
    private final String message;

    private CheckpointException(Path file, String fault) {
        this.file = file;
        this.message = file + ": " + fault;
    }

    static CheckpointException in(Path file, String place, String expected, String got) {
        return new CheckpointException(file, place + ": expected " + expected + ", got " + got);
    }

    /** @param faults one line for each tensor */
    static CheckpointException ofTensors(Path folder, List<String> faults) {
        var lines = new StringBuilder(faults.size() + " tensors are not those of config.json:");
        faults.stream().limit(MOST_LINES).forEach(fault -> lines.append("\n  ").append(fault));
        if (faults.size() > MOST_LINES) {
            lines.append("\n  and ").append(faults.size() - MOST_LINES).append(" more");
        }
        return new CheckpointException(folder, lines.toString());
    }

    @Override
    public String getMessage() {
        return message;
    }

    /** The file at fault, or the folder. */
    public Path file() {
        return file;
    }

    /** Text from a file as it may stand in a message: short, and on one line whatever it holds. */
    static String shown(String text) {
        String start = text.substring(0, Math.min(text.length(), LONGEST_QUOTE));
        return start.replaceAll("[\\p{Cc}\\p{Zl}\\p{Zp}]", "?") + (text.length() > LONGEST_QUOTE ? "..." : "");
    }
}
