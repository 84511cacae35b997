package dev.weir.backend.cpu;

import dev.weir.backend.cpu.MachineLimits.Probe;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Finds what is written for vector registers by name, so that this package loads where that cannot run; then says once what to pass
 * to the JVM, and falls back to what is written for numbers.
 */
final class Fastest {

    private static final String MODULE = "jdk.incubator.vector";
    private static final String PACKAGE = "dev.weir.backend.cpu.vector.";
    private static final boolean HAS_VECTORS = hasVectors();

    private static @Nullable WarmUp warmUp;

    private Fastest() {}

    static Supplier<Kernels> kernels() {
        return HAS_VECTORS ? () -> make(Kernels.class, "VectorKernels") : ScalarKernels::new;
    }

    /** The one of this process; the first who asks begins it. */
    static synchronized WarmUp warmUp() {
        if (!HAS_VECTORS) {
            return WarmUp.NONE;
        }
        if (warmUp == null) {
            warmUp = WarmUp.begin(kernels());
        }
        return warmUp;
    }

    static Probe probe() {
        return HAS_VECTORS ? make(Probe.class, "VectorProbe") : new ScalarProbe();
    }

    private static boolean hasVectors() {
        boolean has = ModuleLayer.boot().findModule(MODULE).isPresent()
                && Fastest.class.getModule().isNativeAccessEnabled();
        if (!has) {
            System.getLogger(Fastest.class.getName())
                    .log(
                            System.Logger.Level.WARNING,
                            "the fast kernels need the JVM flags --add-modules={0} and --enable-native-access=ALL-UNNAMED; "
                                    + "without them this takes a hundred times longer",
                            MODULE);
        }
        return has;
    }

    private static <T> T make(Class<T> type, String name) {
        try {
            Class<?> found = Class.forName(PACKAGE + name);
            return type.cast(MethodHandles.publicLookup()
                    .findConstructor(found, MethodType.methodType(void.class))
                    .invoke());
        } catch (Throwable e) {
            throw new IllegalStateException(PACKAGE + name + " does not start", e);
        }
    }
}
