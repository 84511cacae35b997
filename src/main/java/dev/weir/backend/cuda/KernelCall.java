package dev.weir.backend.cuda;

import java.util.List;
import java.util.stream.Stream;

/**
 * What a kernel is to do, with every address and size in it.
 *
 * @param grid places for a block to work at: three numbers, x first
 * @param sharedBytes that a block has of shared memory, the kernel's own variables and then what a launch asks for
 * @param arguments in the order of the kernel's parameters: Long for an address, Integer, Float
 * @param weights what it reads once and nobody writes, up to three of one size; empty where that is little
 */
record KernelCall(Kernel kernel, List<Integer> grid, int sharedBytes, List<Object> arguments, List<Range> weights) {

    KernelCall {
        grid = List.copyOf(grid);
        arguments = List.copyOf(arguments);
        weights = List.copyOf(weights);
    }

    /** All places of its grid. */
    int places() {
        return grid.stream().reduce(1, Math::multiplyExact);
    }

    /** What it writes. */
    Stream<Range> writes(Extents extents) {
        return ranges(arguments.subList(0, kernel.outputs()), extents);
    }

    /** What it reads of what others write. */
    Stream<Range> reads(Extents extents) {
        return ranges(arguments.subList(kernel.outputs(), arguments.size()), extents);
    }

    private static Stream<Range> ranges(List<Object> arguments, Extents extents) {
        return arguments.stream()
                .filter(Long.class::isInstance)
                .flatMap(address -> extents.at((Long) address).stream());
    }
}
