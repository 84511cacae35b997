package dev.weir.backend.cpu.onednn;

import dev.weir.backend.cpu.MatrixLibrary;
import dev.weir.backend.natives.NativeFolder;
import dev.weir.backend.natives.SharedLibrary;
import dev.weir.tensor.DType;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * oneDNN from the jar {@code org.bytedeco:dnnl} for Linux on x86-64. Where the machine multiplies bfloat16 numbers with each other, rows
 * are rounded to meet matrices of that type; elsewhere they stay float32.
 */
public final class OneDnn implements MatrixLibrary {

    private static final String FOLDER = "org/bytedeco/dnnl/linux-x86_64/";
    private static final String THREADS = "libgomp.so.1";
    private static final String PRODUCTS = "libdnnl.so.3";

    /** With fewer, calling out costs more than it saves. */
    private static final int FEWEST_ROWS = 32;

    /** Bits of {@code dnnl_cpu_isa_t}: what tells AVX-512 with bfloat16 from less, and AMX from that. */
    private static final int BFLOAT16_BIT = 0x80;

    private static final int TILES_BIT = 0x200;

    private static final int PROBE = 64;

    private static @Nullable OneDnn opened;

    private final Dnnl dnnl;
    private final Map<DType, DType> rowTypes = new EnumMap<>(DType.class);

    private OneDnn(Dnnl dnnl) {
        this.dnnl = dnnl;
        for (DType weights : List.of(DType.FLOAT32, DType.BFLOAT16, DType.FLOAT16)) {
            DType rows = weights == DType.BFLOAT16 && has(BFLOAT16_BIT) ? weights : DType.FLOAT32;
            if (multiplies(rows, weights)) {
                rowTypes.put(weights, rows);
            }
        }
    }

    /**
     * The library, which is opened once and stays open.
     *
     * @throws IllegalArgumentException if it is not on the class path, or does not load here
     */
    public static synchronized OneDnn open() {
        OneDnn open = opened;
        if (open == null) {
            Library threads = open(THREADS); // first: the other finds it by its name
            open = new OneDnn(new Dnnl(open(PRODUCTS), threads));
            opened = open;
        }
        return open;
    }

    private static Library open(String name) {
        try (InputStream packed = loader().getResourceAsStream(FOLDER + name)) {
            if (packed == null) {
                throw new IllegalArgumentException("oneDNN: expected " + name
                        + " on the class path, got none; it lies in org.bytedeco:dnnl for linux-x86_64");
            }
            Path file = NativeFolder.unpackSomewhere(name, packed.readAllBytes());
            SharedLibrary.open(file.toString()).ifPresent(reason -> {
                throw new IllegalArgumentException("oneDNN does not load: " + reason);
            });
            return new Library(file);
        } catch (IOException e) {
            throw new IllegalArgumentException("oneDNN cannot be unpacked: " + e.getMessage(), e);
        }
    }

    /** The jar is a module of its own on the module path. */
    private static ClassLoader loader() {
        return Objects.requireNonNull(OneDnn.class.getClassLoader());
    }

    private boolean has(int bit) {
        return (dnnl.instructions() & bit) != 0;
    }

    private boolean multiplies(DType rows, DType weights) {
        try (Made made = dnnl.made()) {
            MemorySegment x = made.layout(dnnl.layout(rows, PROBE, PROBE, PROBE));
            MemorySegment w = made.layout(dnnl.anyLayout(weights, PROBE, PROBE));
            MemorySegment out = made.layout(dnnl.layout(DType.FLOAT32, PROBE, PROBE, PROBE));
            Optional<MemorySegment> product = dnnl.product(x, w, out);
            product.ifPresent(made::description);
            return product.isPresent();
        }
    }

    @Override
    public String description() {
        return has(TILES_BIT) ? "oneDNN with AMX" : has(BFLOAT16_BIT) ? "oneDNN with AVX-512 for bfloat16" : "oneDNN";
    }

    @Override
    public int fewestRows() {
        return FEWEST_ROWS;
    }

    @Override
    public Optional<DType> rowType(DType weights) {
        return Optional.ofNullable(rowTypes.get(weights));
    }

    @Override
    public Multiplier multiplier() {
        return new OneDnnMultiplier(dnnl, Map.copyOf(rowTypes));
    }
}
