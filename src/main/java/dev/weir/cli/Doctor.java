package dev.weir.cli;

import dev.weir.backend.cuda.driver.CudaUnavailable;
import dev.weir.backend.cuda.driver.Gpu;
import dev.weir.backend.cuda.driver.GpuException;
import dev.weir.backend.cuda.driver.GpuInfo;
import dev.weir.engine.Options;
import dev.weir.engine.Weir;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Looks at everything that generation may need on this machine, and tries what can be tried. */
final class Doctor {

    private static final int JAVA = 25;
    private static final int LEAST_CAPABILITY = 80;
    private static final double GIB = 1L << 30;
    private static final String JVM_FLAGS =
            "start the JVM with --add-modules=jdk.incubator.vector --enable-native-access=ALL-UNNAMED; ./weir does";

    private final List<Finding> findings = new ArrayList<>();
    private boolean generates;

    /**
     * Looks.
     *
     * @param model the folder of a model to try, if there is one
     */
    static Doctor look(Optional<Path> model) {
        var doctor = new Doctor();
        doctor.lookAtJava();
        Optional<SelfCheck> cpu = doctor.lookAtCpu();
        doctor.lookAtNatives();
        doctor.lookAtGpus(cpu);
        doctor.lookAtModel(model);
        return doctor;
    }

    List<Finding> findings() {
        return List.copyOf(findings);
    }

    /** Whether some machine generates. */
    boolean generates() {
        return generates;
    }

    private void lookAtJava() {
        String found = "Java " + Runtime.version() + ", " + System.getProperty("java.vendor") + ", on "
                + System.getProperty("os.name") + " " + System.getProperty("os.arch");
        findings.add(
                Runtime.version().feature() == JAVA
                        ? Finding.ok("java", found)
                        : Finding.broken("java", found, "install a JDK " + JAVA + " and set JAVA_HOME to its folder"));
        boolean hasVectors =
                ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
        findings.add(
                hasVectors
                        ? Finding.ok("vector api", "the module is there")
                        : Finding.broken("vector api", "the module is not there: scalar kernels, slowly", JVM_FLAGS));
        findings.add(
                Doctor.class.getModule().isNativeAccessEnabled()
                        ? Finding.ok("native access", "enabled")
                        : Finding.broken("native access", "not enabled: scalar kernels, slowly", JVM_FLAGS));
    }

    private Optional<SelfCheck> lookAtCpu() {
        try {
            SelfCheck check = SelfCheck.on("cpu");
            generates = true;
            findings.add(Finding.ok("cpu", check.machine() + "; generates"));
            return Optional.of(check);
        } catch (RuntimeException | LinkageError e) {
            findings.add(Finding.broken("cpu", "does not generate: " + line(e), "WEIR_DEBUG=1 shows where it fails"));
            return Optional.empty();
        }
    }

    private void lookAtNatives() {
        Path folder = Gpu.nativesFolder();
        Path existing = folder;
        while (!Files.exists(existing) && existing.getParent() != null) {
            existing = existing.getParent();
        }
        findings.add(
                Files.isWritable(existing)
                        ? Finding.ok("natives", "libraries for GPUs are unpacked into " + folder)
                        : Finding.absent(
                                "natives",
                                folder + " cannot be written to: they go to a new folder in the temporary folder",
                                "name a folder of your own in XDG_CACHE_HOME"));
    }

    private void lookAtGpus(Optional<SelfCheck> cpu) {
        List<GpuInfo> gpus;
        try {
            gpus = Gpu.list();
        } catch (CudaUnavailable e) {
            findings.add(
                    e.isBroken()
                            ? Finding.broken("cuda driver", line(e), "see docs/errors/no-driver.md")
                            : Finding.absent("cuda driver", line(e), ""));
            return;
        }
        int version = gpus.getFirst().driverVersion();
        findings.add(Finding.ok("cuda driver", "speaks CUDA " + version / 1000 + "." + version % 1000 / 10));
        gpus.forEach(gpu -> lookAtGpu(gpu, cpu));
        lookAtCublas();
    }

    private void lookAtGpu(GpuInfo gpu, Optional<SelfCheck> cpu) {
        String name = "cuda:" + gpu.index();
        String found = String.format(
                Locale.ROOT,
                "%s, %.1f GiB, compute capability %d.%d, %d multiprocessors, %s",
                gpu.name(),
                gpu.totalBytes() / GIB,
                gpu.computeCapability() / 10,
                gpu.computeCapability() % 10,
                gpu.multiprocessors(),
                gpu.cooperativeLaunches()
                        ? "a decoding step as one launch"
                        : "no launch whose blocks all live at once");
        if (gpu.computeCapability() < LEAST_CAPABILITY) {
            findings.add(Finding.absent(name, found, "Weir's kernels need compute capability 8.0 or newer"));
            return;
        }
        try {
            SelfCheck check = SelfCheck.on(name);
            generates = true;
            Optional<String> difference = cpu.flatMap(check::difference);
            findings.add(
                    difference.isEmpty()
                            ? Finding.ok(name, found + "; generates, exactly as the CPU")
                            : Finding.broken(name, found + "; generates, but " + difference.get(), "report this"));
        } catch (RuntimeException | LinkageError e) {
            findings.add(Finding.broken(name, found + "; does not generate: " + line(e), "see docs/errors"));
        }
    }

    private void lookAtCublas() {
        try (Gpu gpu = Gpu.open(0)) {
            boolean has = gpu.cublas()
                    .map(cublas -> {
                        cublas.close();
                        return true;
                    })
                    .orElse(false);
            findings.add(
                    has ? Finding.ok("cublas", gpu.cublasStatus()) : Finding.absent("cublas", gpu.cublasStatus(), ""));
        } catch (GpuException e) {
            findings.add(Finding.broken("cublas", line(e), "see docs/errors/no-cublas.md"));
        }
    }

    private void lookAtModel(Optional<Path> model) {
        if (model.isEmpty()) {
            findings.add(Finding.absent("model", "none", "name one with --model or WEIR_MODEL"));
            return;
        }
        try (Weir weir = Weir.open(model.get(), Options.DEFAULT.withDevice("cpu"))) {
            String tokenizer = weir.tokenizer().isPresent() ? ", with its tokenizer" : ", which has no tokenizer";
            findings.add(Finding.ok("model", weir.name() + " opens" + tokenizer));
        } catch (IOException | RuntimeException e) {
            findings.add(Finding.broken("model", line(e), "'weir inspect " + model.get() + "' shows what is there"));
        }
    }

    private static String line(Throwable failure) {
        return String.valueOf(failure.getMessage()).lines().findFirst().orElse("");
    }
}
