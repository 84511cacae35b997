package dev.weir.backend.cuda.driver;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import jcuda.Pointer;
import jcuda.driver.JCudaDriver;

/**
 * A kernel with its grid and arguments, ready to be launched again and again.
 *
 * <p>The arguments lie in one block of native memory, first a pointer to each, then the values, because that is what the driver reads:
 * a launch then costs JCuda one pointer to hand on, a twentieth of what it takes to make such a block for each launch.
 */
public final class Launch {

    private static final int SLOT = Long.BYTES;

    private final String op;
    private final KernelFunction function;
    private final int[] grid;
    private final int[] block;
    private final int sharedBytes;
    private final Pointer arguments;
    private final boolean cooperative;

    private Launch(
            String op,
            KernelFunction function,
            int[] grid,
            int[] block,
            int sharedBytes,
            Pointer arguments,
            boolean cooperative) {
        this.op = op;
        this.function = function;
        this.grid = grid;
        this.block = block;
        this.sharedBytes = sharedBytes;
        this.arguments = arguments;
        this.cooperative = cooperative;
    }

    /**
     * A launch of a kernel.
     *
     * @param op what the launch is for, named in errors
     * @param grid blocks: one to three numbers, x first
     * @param block threads of a block, likewise
     * @param sharedBytes of dynamic shared memory for each block; beyond the plain 48 KiB only after {@link KernelFunction#allowShared}
     * @param arguments in the kernel's order: Long for an address or a 64-bit integer, Integer, Float
     */
    public static Launch of(
            String op, KernelFunction function, int[] grid, int[] block, int sharedBytes, Object... arguments) {
        return new Launch(
                op,
                function,
                threeOf("grid of " + function.name(), grid),
                threeOf("block of " + function.name(), block),
                sharedBytes,
                pack(function.name(), arguments),
                false);
    }

    /**
     * The same launch with the promise that all its blocks live at the same time, so that they may wait for each other. The driver refuses
     * more of them than {@link KernelFunction#blocksAtOnce}, and GPUs without {@link GpuInfo#cooperativeLaunches} refuse it.
     */
    public Launch cooperative() {
        return new Launch(op, function, grid, block, sharedBytes, arguments, true);
    }

    private static int[] threeOf(String what, int[] given) {
        if (given.length < 1 || given.length > 3 || Arrays.stream(given).anyMatch(n -> n <= 0)) {
            throw new IllegalArgumentException(
                    what + ": expected one to three positive numbers, got " + Arrays.toString(given));
        }
        int[] three = {1, 1, 1};
        System.arraycopy(given, 0, three, 0, given.length);
        return three;
    }

    private static Pointer pack(String kernel, Object[] arguments) {
        int values = SLOT * arguments.length;
        MemorySegment memory = Arena.ofAuto().allocate(2L * values, SLOT);
        for (int i = 0; i < arguments.length; i++) {
            long at = values + (long) SLOT * i;
            memory.set(ValueLayout.JAVA_LONG, (long) SLOT * i, memory.address() + at);
            switch (arguments[i]) {
                case Long value -> memory.set(ValueLayout.JAVA_LONG, at, value);
                case Integer value -> memory.set(ValueLayout.JAVA_INT, at, value);
                case Float value -> memory.set(ValueLayout.JAVA_FLOAT, at, value);
                default ->
                    throw new IllegalArgumentException(
                            "argument " + i + " of " + kernel + ": expected a Long, an Integer or a Float, got "
                                    + arguments[i].getClass().getSimpleName());
            }
        }
        // The buffer keeps the memory, which a bare address would not.
        return Pointer.to(memory.asByteBuffer().order(ByteOrder.nativeOrder()));
    }

    /**
     * Begins the kernel behind what the stream already has.
     *
     * @throws LaunchFailed if the driver refuses it
     * @throws DeviceLost if an earlier kernel has failed, which the driver says at any call after it
     */
    public void on(Stream stream) {
        int code = begin(stream);
        if (code != 0) {
            throw ErrorCode.ofDriver(code).isSticky()
                    ? function.gpu().failure(code, "launching " + description())
                    : failure(code);
        }
    }

    private int begin(Stream stream) {
        if (stream.gpu() != function.gpu()) {
            throw new IllegalArgumentException(
                    description() + ": expected a stream of the kernel's GPU, got another's");
        }
        return cooperative ? beginCooperatively(stream) : beginPlainly(stream);
    }

    private int beginCooperatively(Stream stream) {
        return JCudaDriver.cuLaunchCooperativeKernel(
                function.handle(),
                grid[0],
                grid[1],
                grid[2],
                block[0],
                block[1],
                block[2],
                sharedBytes,
                stream.handle(),
                arguments);
    }

    private int beginPlainly(Stream stream) {
        return JCudaDriver.cuLaunchKernel(
                function.handle(),
                grid[0],
                grid[1],
                grid[2],
                block[0],
                block[1],
                block[2],
                sharedBytes,
                stream.handle(),
                arguments,
                null);
    }

    /**
     * Runs the kernel and waits for it, so that its failure names it and not whatever waits later.
     *
     * @throws LaunchFailed if it cannot be launched or fails
     */
    public void onAndWait(Stream stream) {
        int refused = begin(stream);
        int code = refused == 0 ? JCudaDriver.cuStreamSynchronize(stream.handle()) : refused;
        if (code != 0) {
            throw failure(code);
        }
    }

    private GpuException failure(int code) {
        return function.gpu().launchFailure(code, op, function.name(), description());
    }

    public String op() {
        return op;
    }

    /** One line: op, kernel, grid, block and shared memory. */
    public String description() {
        return op + ": " + function.name() + ", grid " + Arrays.toString(grid) + ", block " + Arrays.toString(block)
                + ", " + sharedBytes + " bytes of shared memory";
    }
}
