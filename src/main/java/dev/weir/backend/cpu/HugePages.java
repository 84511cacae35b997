package dev.weir.backend.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/**
 * Memory in pages of 2 MiB, which a core streams through faster than through pages of 4 KiB: Linux gives them to whoever asks by
 * {@code madvise}. Elsewhere, and where native calls are not allowed, there are none, and nothing else changes.
 */
@SuppressWarnings("restricted") // native access is asked for at run time, and done without where it is not given
final class HugePages {

    static final long PAGE = 2L << 20;

    private static final int READ_AND_WRITE = 3;
    private static final int PRIVATE_AND_ANONYMOUS = 0x22;
    private static final int ADVICE_HUGE_PAGE = 14;

    private static final Optional<HugePages> LINUX = find();

    private final MethodHandle mmap;
    private final MethodHandle munmap;
    private final MethodHandle madvise;

    private HugePages(Linker linker) {
        ValueLayout.OfLong size = ValueLayout.JAVA_LONG;
        ValueLayout.OfInt flag = ValueLayout.JAVA_INT;
        mmap = linker.downcallHandle(
                linker.defaultLookup().findOrThrow("mmap"),
                FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.ADDRESS, size, flag, flag, flag, size));
        munmap = linker.downcallHandle(
                linker.defaultLookup().findOrThrow("munmap"), FunctionDescriptor.of(flag, ValueLayout.ADDRESS, size));
        madvise = linker.downcallHandle(
                linker.defaultLookup().findOrThrow("madvise"),
                FunctionDescriptor.of(flag, ValueLayout.ADDRESS, size, flag));
    }

    private static Optional<HugePages> find() {
        boolean isLinux = System.getProperty("os.name").equals("Linux");
        if (!isLinux || !HugePages.class.getModule().isNativeAccessEnabled()) {
            return Optional.empty();
        }
        try {
            return Optional.of(new HugePages(Linker.nativeLinker()));
        } catch (UnsupportedOperationException | IllegalCallerException e) {
            return Optional.empty();
        }
    }

    /** Zeroed memory in huge pages, freed with the arena; nothing where there are none. */
    static Optional<MemorySegment> allocate(long bytes, Arena arena) {
        return LINUX.flatMap(linux -> linux.map(bytes, arena));
    }

    private Optional<MemorySegment> map(long bytes, Arena arena) {
        long mapped = Math.addExact(bytes, PAGE); // room to begin at a page
        try {
            var start = (MemorySegment)
                    mmap.invokeExact(MemorySegment.NULL, mapped, READ_AND_WRITE, PRIVATE_AND_ANONYMOUS, -1, 0L);
            if (start.address() == -1) {
                return Optional.empty();
            }
            long address = (start.address() + PAGE - 1) / PAGE * PAGE;
            MemorySegment memory =
                    MemorySegment.ofAddress(address).reinterpret(bytes, arena, freed -> unmap(start, mapped));
            int ignored = (int) madvise.invokeExact(memory, bytes, ADVICE_HUGE_PAGE);
            return Optional.of(memory);
        } catch (Throwable e) {
            throw new IllegalStateException("mmap of " + bytes + " bytes", e);
        }
    }

    private void unmap(MemorySegment start, long mapped) {
        try {
            int ignored = (int) munmap.invokeExact(start, mapped);
        } catch (Throwable e) {
            throw new IllegalStateException("munmap of " + mapped + " bytes", e);
        }
    }
}
