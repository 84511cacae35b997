package dev.weir.backend.cuda;

import dev.weir.backend.cuda.driver.Gpu;
import dev.weir.backend.cuda.driver.KernelFunction;
import dev.weir.backend.cuda.driver.KernelModule;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** The kernels on a GPU. A file is loaded when a plan first needs one of its kernels, and stays until the GPU is closed. */
final class KernelLibrary {

    private final Gpu gpu;
    private final Map<String, KernelModule> modules = new HashMap<>();

    KernelLibrary(Gpu gpu) {
        this.gpu = gpu;
    }

    KernelFunction function(Kernel kernel) {
        return modules.computeIfAbsent(kernel.file(), this::load).function(kernel.entry());
    }

    /** What is compiled for this very GPU comes first; the PTX, which every driver compiles for itself, is always there. */
    private KernelModule load(String file) {
        String own = file + ".sm_" + gpu.info().computeCapability() + ".cubin";
        List<byte[]> images = Stream.of(own, file + ".ptx")
                .flatMap(name -> resource(name).stream())
                .toList();
        if (images.isEmpty()) {
            throw new IllegalStateException("kernels of " + file + ": expected " + file + ".ptx beside this class");
        }
        return gpu.module(file, images);
    }

    private static Optional<byte[]> resource(String name) {
        try (InputStream in = KernelLibrary.class.getResourceAsStream(name)) {
            return in == null ? Optional.empty() : Optional.of(in.readAllBytes());
        } catch (IOException e) {
            throw new UncheckedIOException("kernels: cannot read " + name, e);
        }
    }
}
