package dev.weir.backend.cuda.driver;

/**
 * Whether this machine has a cuBLAS, and which.
 *
 * @param isUsable whether JCublas is loaded
 * @param status one line: which is in use and why, or why none is and how to get it
 */
record CublasLibrary(boolean isUsable, String status) {

    static CublasLibrary find() {
        return new CublasLibrary(false, "cuBLAS is not looked for yet");
    }
}
