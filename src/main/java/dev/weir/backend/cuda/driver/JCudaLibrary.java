package dev.weir.backend.cuda.driver;

/** The native halves of JCuda that Weir uses. */
enum JCudaLibrary {
    DRIVER;

    void load() {}
}
