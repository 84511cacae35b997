package dev.weir.engine;

import dev.weir.backend.Backend;
import dev.weir.backend.CudaOptions;
import dev.weir.backend.cpu.CpuBackend;
import dev.weir.backend.cpu.onednn.OneDnn;
import dev.weir.backend.cuda.CudaBackend;
import dev.weir.backend.cuda.driver.CudaUnavailable;
import dev.weir.backend.cuda.driver.GpuException;
import dev.weir.tensor.DType;
import java.lang.System.Logger.Level;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The one place where a machine is chosen. */
final class Machines {

    private static final System.Logger LOG = System.getLogger(Machines.class.getName());
    private static final Pattern CUDA = Pattern.compile("cuda(?::(\\d{1,3}))?");

    private Machines() {}

    /**
     * The machine that a device name asks for.
     *
     * @throws IllegalArgumentException for a name that is none, or a machine that is not there: nobody gets another silently
     */
    static Backend open(Options options) {
        String device = options.device();
        Matcher cuda = CUDA.matcher(device);
        if (cuda.matches()) {
            if (isInt8(options)) {
                throw new IllegalArgumentException("dtype int8: expected the CPU, got device '" + device + "'");
            }
            return cuda(device, cuda.group(1) == null ? 0 : Integer.parseInt(cuda.group(1)), options);
        }
        return switch (device) {
            case "cpu" -> cpu(options);
            case "auto" -> options.oneDnn() ? cpu(options) : best(options);
            default ->
                throw new IllegalArgumentException("device '" + device + "': expected auto, cpu, cuda or cuda:N");
        };
    }

    private static Backend cuda(String device, int index, Options options) {
        refuseOneDnn(options);
        try {
            return new CudaBackend(index, options.cuda());
        } catch (CudaUnavailable | IllegalArgumentException e) {
            throw new IllegalArgumentException("device '" + device + "': " + e.getMessage(), e);
        }
    }

    /** The first GPU; the CPU where there is none. Where there is one that does not work, somebody will want to know why. */
    private static Backend best(Options options) {
        if (isInt8(options)) {
            LOG.log(Level.DEBUG, "device auto is the CPU, which alone keeps int8");
            return cpu(options);
        }
        try {
            var backend = new CudaBackend(0, options.cuda());
            LOG.log(Level.INFO, "device auto is cuda:0, for there is a GPU");
            return backend;
        } catch (GpuException e) {
            boolean isBroken = !(e instanceof CudaUnavailable unavailable) || unavailable.isBroken();
            LOG.log(isBroken ? Level.WARNING : Level.DEBUG, "device auto is the CPU: {0}", e.getMessage());
            return cpu(options);
        }
    }

    /** Which GPU a machine is, if it is one. */
    static OptionalInt gpu(Backend backend) {
        return backend instanceof CudaBackend cuda ? OptionalInt.of(cuda.index()) : OptionalInt.empty();
    }

    private static Backend cpu(Options options) {
        CudaOptions cuda = options.cuda();
        refuse(cuda.tf32(), "tf32", options);
        refuse(cuda.sync(), "sync", options);
        refuse(!cuda.graphs(), "no graphs", options);
        refuse(cuda.persistent(), "persistent", options);
        int threads = options.threads() == 0 ? Runtime.getRuntime().availableProcessors() : options.threads();
        return options.oneDnn() ? new CpuBackend(threads, OneDnn.open()) : new CpuBackend(threads);
    }

    private static void refuseOneDnn(Options options) {
        if (options.oneDnn()) {
            throw new IllegalArgumentException(
                    "onednn: expected the CPU, got device '" + options.device() + "', which is a GPU");
        }
    }

    private static boolean isInt8(Options options) {
        return options.dtype().filter(type -> type == DType.INT8).isPresent();
    }

    private static void refuse(boolean asked, String option, Options options) {
        if (asked) {
            throw new IllegalArgumentException(
                    option + ": expected a CUDA machine, got device '" + options.device() + "', which is the CPU");
        }
    }
}
