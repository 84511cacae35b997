package dev.weir.backend.cuda.driver;

import java.util.List;

/** JCuda, which a program may leave out. Mentions none of it, so that it loads either way. */
public final class JCuda {

    private static final List<String> CLASSES = List.of("jcuda.driver.JCudaDriver", "jcuda.jcublas.JCublas2");

    private JCuda() {}

    /**
     * Says so if it was left out.
     *
     * @throws CudaUnavailable if it was
     */
    public static void require() {
        for (String name : CLASSES) {
            try {
                Class.forName(name, false, JCuda.class.getClassLoader());
            } catch (ClassNotFoundException e) {
                throw new CudaUnavailable("there is no JCuda: expected class " + name
                        + " of org.jcuda on the class path or the module path, got none");
            }
        }
    }
}
