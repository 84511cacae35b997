package dev.weir.backend.cuda;

import java.util.Arrays;
import java.util.Optional;

/** The kernels whose work {@code kernels/step.cuh} does, by the number that it knows each by; a family of kernels has one. */
enum Opcode {
    EMBED(0),
    ADD(1),
    LAYER_NORM(2),
    ADD_LAYER_NORM(3),
    LINEAR_GEMV(4),
    LINEAR_CHAIN(5),
    ACTIVATE(6),
    APPEND(7),
    ATTENTION_EXACT(8),
    ATTENTION_DECODE(9),
    ATTENTION_COMBINE(10),
    ATTENTION_SCORES(11),
    ATTENTION_PATTERN(12),
    ATTENTION_MIX(13),
    SELECT_ROWS(14),
    ADD_VECTOR(15),
    SCALE(16),
    REPLACE_ROWS(17),
    PROJECT_OUT(18),
    SAMPLE(19);

    private final int number;

    Opcode(int number) {
        this.number = number;
    }

    int number() {
        return number;
    }

    /** Empty for the kernels of many rows. */
    static Optional<Opcode> of(Kernel kernel) {
        return Arrays.stream(values())
                .filter(opcode -> opcode.name().equals(kernel.family()))
                .findFirst();
    }
}
