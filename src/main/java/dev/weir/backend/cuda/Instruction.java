package dev.weir.backend.cuda;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * One kernel's work as {@code struct Instruction} of {@code kernels/step.cuh} has it.
 *
 * @param waits whether all blocks wait for each other before it
 * @param ahead the weights that they ask for while they wait, which may be of a later instruction
 */
record Instruction(Opcode opcode, KernelCall call, boolean waits, List<Range> ahead) {

    static final int BYTES = 320;

    private static final int MATRICES = 3;
    private static final int PLACES = 8;
    private static final int AHEAD_BYTES = 20;
    private static final int AHEAD = 24;
    private static final int PARAMETERS = 48;

    /** What memory gives while a barrier settles, about; more would push out of the L2 cache what is still to be read. */
    private static final long MOST_AHEAD = 4L << 20;

    Instruction {
        ahead = List.copyOf(ahead);
    }

    /** Writes it to so many bytes, which are zero. */
    void write(MemorySegment to) {
        to.set(ValueLayout.JAVA_INT, 0, opcode.number());
        to.set(ValueLayout.JAVA_INT, Integer.BYTES, waits ? 1 : 0);
        for (int i = 0; i < call.grid().size(); i++) {
            to.set(
                    ValueLayout.JAVA_INT,
                    PLACES + (long) Integer.BYTES * i,
                    call.grid().get(i));
        }
        writeAhead(to);
        writeParameters(to.asSlice(PARAMETERS));
    }

    private void writeAhead(MemorySegment to) {
        if (ahead.size() > MATRICES) {
            throw new IllegalArgumentException("weights ahead: expected at most " + MATRICES + ", got " + ahead.size());
        }
        for (int i = 0; i < ahead.size(); i++) {
            long bytes = Math.min(ahead.get(i).bytes(), MOST_AHEAD / ahead.size());
            to.set(ValueLayout.JAVA_INT, AHEAD_BYTES, Math.toIntExact(bytes));
            to.set(
                    ValueLayout.JAVA_LONG,
                    AHEAD + (long) Long.BYTES * i,
                    ahead.get(i).from());
        }
    }

    /** As C lays out a struct of these fields: each at a multiple of its size. */
    private void writeParameters(MemorySegment to) {
        long at = 0;
        for (Object argument : call.arguments()) {
            switch (argument) {
                case Long address -> {
                    at = Math.ceilDiv(at, Long.BYTES) * Long.BYTES;
                    to.set(ValueLayout.JAVA_LONG, at, address);
                    at += Long.BYTES;
                }
                case Integer number -> {
                    to.set(ValueLayout.JAVA_INT, at, number);
                    at += Integer.BYTES;
                }
                case Float number -> {
                    to.set(ValueLayout.JAVA_FLOAT, at, number);
                    at += Float.BYTES;
                }
                default ->
                    throw new IllegalArgumentException("argument: expected an address or a number, got " + argument);
            }
        }
    }
}
