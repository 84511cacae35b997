package dev.weir.backend.cuda;

import org.jspecify.annotations.Nullable;

/** A request that does not fit into the GPU's memory. Nothing of it was kept; what was there before still works. */
public final class GpuMemoryException extends RuntimeException {

    private static final long serialVersionUID = 1;

    private final transient MemoryNeed need;

    GpuMemoryException(MemoryNeed need, @Nullable Throwable cause) {
        super(need.request() + ": expected to fit into the GPU's memory" + need.table(), cause);
        this.need = need;
    }

    /** What needs what. */
    public MemoryNeed need() {
        return need;
    }
}
