package dev.weir.backend.cpu;

import dev.weir.backend.cpu.MachineLimits.Probe;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.function.Supplier;

/**
 * Finds what is written for vector registers by name, so that this package loads where that cannot run; then says once what to pass
 * to the JVM, and falls back to what is written for numbers.
 */
final class Fastest {

    private static final String MODULE = "jdk.incubator.vector";
    private static final String PACKAGE = "dev.weir.backend.cpu.vector.";
    private static final boolean HAS_VECTORS = hasVectors();

    /** The one of this process; the first who asks begins it. */
    private static final class OfThisProcess {
        static final WarmUp WARM_UP = WarmUp.begin(kernels());
    }

    private Fastest() {}

    static Supplier<Kernels> kernels() {
        return HAS_VECTORS ? () -> make(Kernels.class, "VectorKernels") : ScalarKernels::new;
    }

    static WarmUp warmUp() {
        return HAS_VECTORS ? OfThisProcess.WARM_UP : WarmUp.NONE;
    }

    static Probe probe() {
        return HAS_VECTORS ? make(Probe.class, "VectorProbe") : new ScalarProbe();
    }

    private static boolean hasVectors() {
        Module ours = Fastest.class.getModule();
        boolean has = ModuleLayer.boot().findModule(MODULE).isPresent() && ours.isNativeAccessEnabled();
        if (!has) {
            System.getLogger(Fastest.class.getName())
                    .log(
                            System.Logger.Level.WARNING,
                            "the fast kernels need the JVM flags --add-modules={0} and --enable-native-access={1}; "
                                    + "without them this takes a hundred times longer",
                            MODULE,
                            ours.isNamed() ? ours.getName() : "ALL-UNNAMED");
        }
        return has;
    }

    private static <T> T make(Class<T> type, String name) {
        try {
            Class<?> found = Class.forName(PACKAGE + name);
            return type.cast(MethodHandles.lookup()
                    .findConstructor(found, MethodType.methodType(void.class))
                    .invoke());
        } catch (Throwable e) {
            throw new IllegalStateException(PACKAGE + name + " does not start", e);
        }
    }
}
