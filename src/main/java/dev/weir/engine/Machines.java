package dev.weir.engine;

import dev.weir.backend.Backend;
import dev.weir.backend.cpu.CpuBackend;

/** The one place where a machine is chosen. */
final class Machines {

    private Machines() {}

    /**
     * The machine that a device name asks for.
     *
     * @throws IllegalArgumentException for a name that is none, or a machine that is not there: nobody gets another silently
     */
    static Backend open(Options options) {
        String device = options.device();
        if (device.matches("cuda(:\\d{1,3})?")) {
            throw new IllegalArgumentException(
                    "device '" + device + "': this version has no CUDA machine yet, expected auto or cpu");
        }
        if (!device.equals("auto") && !device.equals("cpu")) {
            throw new IllegalArgumentException("device '" + device + "': expected auto, cpu, cuda or cuda:N");
        }
        int threads = options.threads() == 0 ? Runtime.getRuntime().availableProcessors() : options.threads();
        return new CpuBackend(threads);
    }
}
