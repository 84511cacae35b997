package dev.weir.backend.cuda.driver;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntSupplier;

/** One thing that the driver keeps for us until we give it back, once, from whatever thread. */
final class Holding {

    private final Gpu gpu;
    private final String what;
    private final IntSupplier giveBack;
    private final AtomicBoolean returned = new AtomicBoolean();

    /**
     * @param what named in errors, as in {@code a stream}
     * @param giveBack the driver call that ends it
     */
    Holding(Gpu gpu, String what, IntSupplier giveBack) {
        this.gpu = gpu;
        this.what = what;
        this.giveBack = giveBack;
    }

    boolean isOpen() {
        return !returned.get();
    }

    /** Makes the GPU current on this thread. Without it, a handle that was given back would take the JVM down. */
    void use() {
        if (!isOpen()) {
            throw new IllegalStateException(what + ": expected an open one, got one that was closed");
        }
        gpu.use();
    }

    /** Never throws: a device that is lost has nothing left to give back, and its context goes as a whole. */
    void close() {
        if (returned.compareAndSet(false, true)) {
            gpu.release(this);
            gpu.closing("closing " + what, giveBack);
        }
    }
}
