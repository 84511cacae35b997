package dev.weir.backend.cuda;

import dev.weir.backend.cuda.MemoryNeed.Part;
import dev.weir.backend.cuda.driver.DeviceMemory;
import dev.weir.backend.cuda.driver.KernelFunction;
import dev.weir.backend.cuda.driver.Launch;
import dev.weir.backend.cuda.driver.Stream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A stretch of a step as one launch: its instructions in device memory, and the kernel that follows them, on as many blocks as live at once. */
final class PersistentStretch {

    /** What instructions lie behind: the word of the barrier, which is 0 at first. */
    private static final int BARRIER_BYTES = 256;

    /** The instruction that a block follows, and the next one. */
    private static final int SLOT_BYTES = 2 * Instruction.BYTES;

    private final Device device;
    private final Instructions instructions;
    private final KernelFunction function;
    private final int blocks;
    private final int sharedBytes;
    private @Nullable DeviceMemory memory;
    private @Nullable Launch launch;

    private PersistentStretch(Device device, Instructions instructions, KernelFunction function, int sharedBytes) {
        this.device = device;
        this.instructions = instructions;
        this.function = function;
        this.sharedBytes = sharedBytes;
        function.allowShared(sharedBytes);
        blocks = Math.min(function.blocksAtOnce(Kernel.STEP_F32.block(), sharedBytes), instructions.mostPlaces());
    }

    /** Empty where the GPU, or what is to be done, does not allow it. */
    static Optional<PersistentStretch> of(Device device, List<Work> works, Extents extents) {
        if (!device.gpu().info().cooperativeLaunches() || !works.stream().allMatch(Work.OfKernel.class::isInstance)) {
            return Optional.empty();
        }
        List<KernelCall> calls =
                works.stream().map(work -> ((Work.OfKernel) work).call()).toList();
        return Instructions.of(calls, extents)
                .flatMap(instructions -> of(device, instructions))
                .filter(stretch -> stretch.blocks > 0);
    }

    private static Optional<PersistentStretch> of(Device device, Instructions instructions) {
        KernelFunction function = device.kernels().function(Kernel.of("STEP", instructions.type()));
        int sharedBytes = SLOT_BYTES + instructions.sharedBytes();
        return sharedBytes > function.mostSharedBytes()
                ? Optional.empty()
                : Optional.of(new PersistentStretch(device, instructions, function, sharedBytes));
    }

    /** Brings the instructions to the GPU, unless they are there. */
    void prepare() {
        if (launch != null) {
            return;
        }
        MemorySegment encoded = instructions.encoded();
        long bytes = BARRIER_BYTES + encoded.byteSize();
        var need = device.foresee("a step as one launch", List.of(new Part("instructions", bytes)));
        DeviceMemory taken = device.take(need, "instructions", bytes);
        MemorySegment image = Arena.ofAuto().allocate(bytes, Long.BYTES);
        MemorySegment.copy(encoded, 0, image, BARRIER_BYTES, encoded.byteSize());
        device.upload().send(image, taken.address());
        memory = taken;
        launch = Launch.of(
                        description(),
                        function,
                        new int[] {blocks},
                        new int[] {Kernel.STEP_F32.block()},
                        sharedBytes,
                        taken.address() + BARRIER_BYTES,
                        taken.address(),
                        instructions.list().size())
                .cooperative();
    }

    /**
     * Begins it, behind what the stream already has.
     *
     * @throws dev.weir.backend.cuda.driver.LaunchFailed if so many blocks cannot live at once after all, as while another program
     *     computes on the GPU
     */
    void on(Stream stream) {
        prepare();
        if (launch != null) {
            launch.on(stream);
        }
    }

    private String description() {
        return "a step of " + instructions.list().size() + " instructions and " + instructions.barriers() + " barriers";
    }

    /** Gives back the instructions; the next launch brings them anew. */
    void forget() {
        launch = null;
        if (memory != null) {
            memory.close();
            memory = null;
        }
    }
}
