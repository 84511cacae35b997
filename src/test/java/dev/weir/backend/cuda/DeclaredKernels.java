package dev.weir.backend.cuda;

import dev.weir.backend.cuda.driver.Gpu;
import dev.weir.backend.cuda.driver.KernelModule;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** PTX that only declares kernels: enough for the software GPU, which runs what g++ built of them. */
final class DeclaredKernels {

    private DeclaredKernels() {}

    /** A kernel and its parameters, each as PTX says them: {@code entry("add", ".u64", ".u32")}. */
    static String entry(String kernel, String... types) {
        StringBuilder parameters = new StringBuilder();
        for (String type : types) {
            parameters
                    .append(parameters.isEmpty() ? "" : ",")
                    .append("\n\t.param ")
                    .append(type)
                    .append(" p");
        }
        return "\n.visible .entry " + kernel + "(" + parameters + "\n)\n{\n\tret;\n}\n";
    }

    static byte[] ptx(String... entries) {
        String text = ".version 8.0\n.target sm_80\n.address_size 64\n" + String.join("", entries);
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    static KernelModule load(Gpu gpu, String... entries) {
        return gpu.module("declared", List.of(ptx(entries)));
    }
}
