package dev.weir.backend.cuda;

import dev.weir.backend.cuda.driver.KernelFunction;
import dev.weir.backend.cuda.driver.Launch;
import dev.weir.program.Op;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Writes one launch: its arguments in the order of the kernel's parameters, which is outputs, inputs, sizes, scalars. */
final class LaunchWriter {

    private final Device device;
    private final Op op;
    private final Kernel kernel;
    private final int[] grid;
    private final List<Object> arguments = new ArrayList<>();
    private final List<Range> weights = new ArrayList<>();
    private int[] places;
    private int sharedBytes;

    LaunchWriter(Device device, Op op, Kernel kernel, int... grid) {
        this.device = device;
        this.op = op;
        this.kernel = kernel;
        this.grid = grid;
        places = grid;
    }

    /** So many floats of dynamic shared memory for each block. */
    LaunchWriter shared(int floats) {
        sharedBytes = Math.multiplyExact(floats, Float.BYTES);
        return this;
    }

    LaunchWriter pointers(long... addresses) {
        for (long address : addresses) {
            arguments.add(address);
        }
        return this;
    }

    LaunchWriter sizes(int... sizes) {
        for (int size : sizes) {
            arguments.add(size);
        }
        return this;
    }

    LaunchWriter scalar(float scalar) {
        arguments.add(scalar);
        return this;
    }

    /** Where a block of the launch does several places, one after another: how many there are of them. */
    LaunchWriter places(int... all) {
        places = all;
        return this;
    }

    /** What the kernel reads once, of so many bytes at each address. */
    LaunchWriter weights(long bytes, long... addresses) {
        for (long address : addresses) {
            if (address != Addresses.NULL) {
                weights.add(new Range(address, bytes));
            }
        }
        return this;
    }

    /**
     * The launch, ready.
     *
     * @throws IllegalArgumentException if the GPU's blocks have not so much shared memory
     */
    Work ready() {
        kernel.requireArguments(arguments);
        KernelFunction function = device.kernels().function(kernel);
        requireShared(function.mostSharedBytes());
        function.allowShared(sharedBytes);
        int[] block = {kernel.block()};
        Launch launch = Launch.of(name(), function, grid, block, sharedBytes, arguments.toArray());
        return new Work.OfKernel(call(function), launch);
    }

    private KernelCall call(KernelFunction function) {
        List<Integer> three = IntStream.range(0, 3)
                .mapToObj(i -> i < places.length ? places[i] : 1)
                .toList();
        return new KernelCall(kernel, three, function.ownSharedBytes() + sharedBytes, arguments, weights);
    }

    private String name() {
        return op.name() + " " + op.outs().getFirst();
    }

    private void requireShared(int most) {
        if (sharedBytes > most) {
            throw new IllegalArgumentException(name() + ": expected to need at most the " + most
                    + " bytes of shared memory that a block can have on this GPU, got " + sharedBytes);
        }
    }
}
