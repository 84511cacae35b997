package dev.weir.backend.cuda.driver;

import dev.weir.backend.natives.SharedLibrary;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.JCudaDriver;

/** The driver of this machine, loaded and initialised once; what it says about its devices. */
final class Driver {

    private static final String LIBRARY = "libcuda.so.1";

    /** Where drivers are put without telling the loader: WSL, NVIDIA's containers, NixOS. */
    private static final List<Path> FOLDERS =
            List.of(Path.of("/usr/lib/wsl/lib"), Path.of("/usr/local/nvidia/lib64"), Path.of("/run/opengl-driver/lib"));

    private static boolean loaded;

    private final int devices;

    private Driver(int devices) {
        this.devices = devices;
    }

    /** @throws CudaUnavailable if there is no driver or no GPU */
    static synchronized Driver load() {
        if (!loaded) {
            loadLibraries();
            loaded = true;
        }
        int code = JCudaDriver.cuInit(0);
        if (code != 0) {
            throw unavailable(code);
        }
        var devices = new int[1];
        check(JCudaDriver.cuDeviceGetCount(devices), "counting GPUs");
        if (devices[0] == 0) {
            throw unavailable(ErrorCode.NO_DEVICE);
        }
        return new Driver(devices[0]);
    }

    private static void loadLibraries() {
        JCudaLibrary.requireLinux(System.getProperty("os.name"), System.getProperty("os.arch"));
        if (SharedLibrary.openFirst(LIBRARY, FOLDERS).isEmpty()) {
            throw new CudaUnavailable("there is no CUDA driver: "
                    + SharedLibrary.open(LIBRARY).orElse(LIBRARY)
                    + "; looked as the loader does (LD_LIBRARY_PATH, then what ldconfig -p lists) and in " + FOLDERS
                    + "; install NVIDIA's driver, or let the container have the host's (docker run --gpus all)");
        }
        JCudaLibrary.DRIVER.load();
        JCudaDriver.setExceptionsEnabled(false);
    }

    private static CudaUnavailable unavailable(int code) {
        return new CudaUnavailable(
                switch (code) {
                    case ErrorCode.STUB_LIBRARY ->
                        LIBRARY
                                + " is the CUDA toolkit's stub and not a driver; take the stubs folder out of LD_LIBRARY_PATH";
                    case ErrorCode.NO_DEVICE ->
                        "the CUDA driver shows no GPU; see what nvidia-smi lists and whether CUDA_VISIBLE_DEVICES hides it";
                    default -> "the CUDA driver does not start; see what nvidia-smi says";
                },
                ErrorCode.ofDriver(code));
    }

    int devices() {
        return devices;
    }

    static CUdevice device(int index) {
        var device = new CUdevice();
        check(JCudaDriver.cuDeviceGet(device, index), "asking for GPU " + index);
        return device;
    }

    static GpuInfo describe(int index) {
        CUdevice device = device(index);
        return new GpuInfo(
                index,
                name(device),
                totalBytes(device),
                10 * attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)
                        + attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR),
                attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT),
                version(),
                attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN),
                attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COOPERATIVE_LAUNCH) != 0);
    }

    private static String name(CUdevice device) {
        var bytes = new byte[256];
        check(JCudaDriver.cuDeviceGetName(bytes, bytes.length, device), "asking for a GPU's name");
        int length = 0;
        while (length < bytes.length && bytes[length] != 0) {
            length++;
        }
        return new String(bytes, 0, length, StandardCharsets.UTF_8);
    }

    private static long totalBytes(CUdevice device) {
        var bytes = new long[1];
        check(JCudaDriver.cuDeviceTotalMem(bytes, device), "asking for a GPU's memory");
        return bytes[0];
    }

    private static int attribute(CUdevice device, int attribute) {
        var value = new int[1];
        check(
                JCudaDriver.cuDeviceGetAttribute(value, attribute, device),
                "asking for attribute " + attribute + " of a GPU");
        return value[0];
    }

    private static int version() {
        var version = new int[1];
        check(JCudaDriver.cuDriverGetVersion(version), "asking for the driver's version");
        return version[0];
    }

    /** For calls that belong to no open GPU. */
    static void check(int code, String doing) {
        if (code == ErrorCode.OUT_OF_MEMORY) {
            throw new OutOfDeviceMemory(doing, ErrorCode.ofDriver(code), 0, 0);
        }
        if (code != 0) {
            throw new CallFailed(doing, ErrorCode.ofDriver(code), "");
        }
    }
}
