package dev.weir.backend.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;
import java.util.Optional;

/**
 * What a test may set and see of the software GPU of {@code src/test/software-gpu} beyond the driver API. Everything is of the whole process;
 * a test that sets something calls {@link #reset()} when it is done.
 *
 * <p>"The nth" counts from 1, from the call on; 0 takes the order back.
 */
@SuppressWarnings("restricted")
public final class SoftwareGpu {

    /** In which order the threads of a block, and the blocks of a launch, take their turns. */
    public enum Order {
        FORWARD,
        REVERSE
    }

    /** How closely kernels are watched. */
    public enum Checks {
        /** Guard pages, poison, barriers. */
        FAST,
        /** Races in shared memory and, in cooperative launches, between blocks; indices of arrays, alignment and division too; kernels take some ten times as long. */
        ALL,
        /** Reading shared memory that no thread has written is a fault too. */
        STRICT
    }

    private static final Optional<SymbolLookup> LIBRARY = library();

    private SoftwareGpu() {}

    /** Whether the driver of this process is the software GPU, so that the other methods work. */
    public static boolean isPresent() {
        return LIBRARY.isPresent();
    }

    public static void order(Order order) {
        command("software_gpu_set_reverse", order.ordinal());
    }

    public static void checks(Checks checks) {
        command("software_gpu_set_checking", checks == Checks.FAST ? 0 : 1, checks == Checks.STRICT ? 1 : 0);
    }

    /** Whether work waits until somebody waits for it (as it does unless told otherwise), or runs when it is issued. */
    public static void lazy(boolean on) {
        command("software_gpu_set_lazy", on ? 1 : 0);
    }

    /** How many devices there are: those that are new, or gone, must not be open. */
    public static void devices(int count) {
        command("software_gpu_set_devices", count);
    }

    /** The memory of every device. */
    public static void deviceBytes(long bytes) {
        command("software_gpu_set_device_bytes", bytes);
    }

    /**
     * What every device has, so many multiprocessors and room for so many blocks on each, from the next opening on: 128 blocks together
     * at most.
     */
    public static void multiprocessors(int count, int blocksEach) {
        command("software_gpu_set_multiprocessors", count, blocksEach);
    }

    /**
     * A cooperative launch of more blocks is refused, whatever there is room for, as it is while another program has the room; 0: the
     * device has no such launches.
     */
    public static void cooperativeBlocks(int most) {
        command("software_gpu_set_cooperative_blocks", most);
    }

    /** The nth allocation, of device or pinned memory, is refused as out of memory. */
    public static void failAllocation(long nth) {
        command("software_gpu_fail_allocation", nth);
    }

    /** The nth kernel that runs fails, and its context with it. */
    public static void failLaunch(long nth) {
        command("software_gpu_fail_launch", nth);
    }

    /**
     * At the nth kernel or copy that runs, its device is lost: every call answers with an error from there on, until {@link #reset()}.
     *
     * @param code of the driver's, 214 (an uncorrectable memory error) for example
     */
    public static void loseDevice(long nth, int code) {
        command("software_gpu_lose_device", nth, code);
    }

    /** Lost devices work again, orders are taken back, settings are as at the start, and leaks forgotten. */
    public static void reset() {
        command("software_gpu_reset");
    }

    /** Kernels that ran since the process began. */
    public static long launches() {
        return number("software_gpu_launch_count");
    }

    /** Allocations of device memory that were not freed, those of contexts that are gone included. */
    public static long deviceAllocations() {
        return number("software_gpu_allocation_count", 0);
    }

    public static long deviceAllocationBytes() {
        return number("software_gpu_allocation_bytes", 0);
    }

    /** Allocations of pinned memory that were not freed, those of contexts that are gone included. */
    public static long pinnedAllocations() {
        return number("software_gpu_allocation_count", 1);
    }

    public static long pinnedAllocationBytes() {
        return number("software_gpu_allocation_bytes", 1);
    }

    /** Streams, events, modules and graphs that were not destroyed. */
    public static long handles() {
        return number("software_gpu_handle_count");
    }

    /** What the last refused call or fault was: kernel, block, thread, line, buffer. */
    public static String lastMessage() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment text = arena.allocate(4096);
            command("software_gpu_last_message", text.address(), text.byteSize());
            return text.getString(0);
        }
    }

    private static Optional<SymbolLookup> library() {
        try {
            return Optional.of(SymbolLookup.libraryLookup("libcuda.so.1", Arena.global()))
                    .filter(library -> library.find("software_gpu_reset").isPresent());
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private static void command(String name, long... arguments) {
        invoke(name, null, arguments);
    }

    private static long number(String name, long... arguments) {
        return (long) invoke(name, ValueLayout.JAVA_LONG, arguments);
    }

    private static Object invoke(String name, ValueLayout result, long... arguments) {
        SymbolLookup library = LIBRARY.orElseThrow(() -> new IllegalStateException(
                "libcuda.so.1 is not the software GPU: expected LD_LIBRARY_PATH to name target/software-gpu"));
        MemoryLayout[] layouts = new MemoryLayout[arguments.length];
        Arrays.fill(layouts, ValueLayout.JAVA_LONG);
        FunctionDescriptor descriptor =
                result == null ? FunctionDescriptor.ofVoid(layouts) : FunctionDescriptor.of(result, layouts);
        MethodHandle function = Linker.nativeLinker().downcallHandle(library.findOrThrow(name), descriptor);
        try {
            return function.invokeWithArguments(Arrays.stream(arguments).boxed().toList());
        } catch (Throwable e) {
            throw new IllegalStateException(name, e);
        }
    }
}
