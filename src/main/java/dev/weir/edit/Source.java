package dev.weir.edit;

import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;

/** Where the values of an edit come from. */
sealed interface Source {

    /**
     * A tensor of a file.
     *
     * @param tensor its name; else that of the point at which the edit is made
     * @param sequence of a tensor that has several
     */
    record InFile(Path file, Optional<String> tensor, OptionalInt sequence) implements Source {}

    /** Values written out. */
    record WrittenOut(float[] values) implements Source {}
}
