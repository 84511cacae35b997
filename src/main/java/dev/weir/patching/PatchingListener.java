package dev.weir.patching;

/** Hears how far a sweep is. */
@FunctionalInterface
public interface PatchingListener {

    /** Hears nothing. */
    PatchingListener NONE = (done, all) -> {};

    /**
     * Some cells are done.
     *
     * @param done so far
     * @param all there are
     */
    void onCells(int done, int all);
}
