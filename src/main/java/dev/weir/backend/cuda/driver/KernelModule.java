package dev.weir.backend.cuda.driver;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;
import jcuda.driver.JCudaDriver;

/** Kernels of one file, loaded. */
public final class KernelModule implements AutoCloseable {

    private static final Logger LOG = System.getLogger(KernelModule.class.getName());

    private final Gpu gpu;
    private final String name;
    private final CUmodule module;
    private final Holding holding;
    private final Map<String, KernelFunction> functions = new ConcurrentHashMap<>();

    private KernelModule(Gpu gpu, String name, CUmodule module) {
        this.gpu = gpu;
        this.name = name;
        this.module = module;
        this.holding = gpu.hold("the kernels of " + name, () -> JCudaDriver.cuModuleUnload(module));
    }

    static KernelModule load(Gpu gpu, String name, List<byte[]> images) {
        if (images.isEmpty()) {
            throw new IllegalArgumentException("kernels of " + name + ": expected at least one image, got none");
        }
        int code = 0;
        for (byte[] image : images) {
            var module = new CUmodule();
            code = JCudaDriver.cuModuleLoadData(module, terminated(image));
            if (code == 0) {
                return new KernelModule(gpu, name, module);
            }
            if (!isOfAnotherDevice(code)) {
                break;
            }
            var error = ErrorCode.ofDriver(code);
            LOG.log(Level.DEBUG, () -> "an image of the kernels of " + name + " is left out: " + error);
        }
        throw gpu.failure(
                code, "loading the kernels of " + name + " on " + gpu.info().name());
    }

    /** Invalid image, no binary for the GPU, invalid PTX, PTX newer than the driver: the next image may do. */
    private static boolean isOfAnotherDevice(int code) {
        return code == 200 || code == 209 || code == 218 || code == 222;
    }

    /** PTX is text, which the driver reads up to a zero. */
    private static byte[] terminated(byte[] image) {
        return Arrays.copyOf(image, image.length + 1);
    }

    /**
     * A kernel by its name in the file; the same one each time.
     *
     * @throws CallFailed if there is none of that name
     */
    public KernelFunction function(String kernel) {
        holding.use();
        return functions.computeIfAbsent(kernel, this::look);
    }

    private KernelFunction look(String kernel) {
        var function = new CUfunction();
        gpu.check(
                JCudaDriver.cuModuleGetFunction(function, module, kernel),
                "looking for the kernel " + kernel + " among those of " + name);
        return new KernelFunction(gpu, kernel, function, holding);
    }

    @Override
    public void close() {
        holding.close();
    }
}
