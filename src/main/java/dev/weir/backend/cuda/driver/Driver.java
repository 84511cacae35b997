package dev.weir.backend.cuda.driver;

import java.nio.charset.StandardCharsets;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.JCudaDriver;

/** The driver of this machine, loaded and initialised once; what it says about its devices. */
final class Driver {

    private static boolean loaded;

    private final int devices;

    private Driver(int devices) {
        this.devices = devices;
    }

    /** @throws CudaUnavailable if there is no driver or no GPU */
    static synchronized Driver load() {
        if (!loaded) {
            JCudaLibrary.DRIVER.load();
            JCudaDriver.setExceptionsEnabled(false);
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

    private static CudaUnavailable unavailable(int code) {
        var error = ErrorCode.ofDriver(code);
        String advice = code == ErrorCode.NO_DEVICE
                ? "the CUDA driver is there and shows no GPU; see what nvidia-smi and CUDA_VISIBLE_DEVICES say"
                : "the CUDA driver is there and does not start; see what nvidia-smi says";
        return new CudaUnavailable(advice + ": " + error, error, null);
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
                attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN));
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
