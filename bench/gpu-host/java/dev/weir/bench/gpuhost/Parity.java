package dev.weir.bench.gpuhost;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.hook.HookPoint;
import dev.weir.oracle.Bounds;
import dev.weir.safetensors.SafetensorsFile;
import dev.weir.tensor.DType;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Compares what {@code weir trace} wrote on a GPU with transformers in float64, by the bounds of {@code docs/numerics.md}, and with
 * what it wrote on the CPU, bit for bit.
 */
final class Parity {

    private Parity() {}

    /**
     * Arguments: {@code prompts GOLDEN FILE} writes the tokens of a golden file as prompts; {@code compare RESULTS MODEL ENGINE GOLDEN
     * GPU-DUMP CPU-DUMP} adds a line, and fails if a value is NaN or, for an engine that is called exact, not that of the CPU.
     */
    public static void main(String[] arguments) throws IOException {
        switch (arguments[0]) {
            case "prompts" -> prompts(Path.of(arguments[1]), Path.of(arguments[2]));
            case "compare" -> {
                ObjectNode line = compare(Path.of(arguments[4]), Path.of(arguments[5]), Path.of(arguments[6]));
                line.put("case", arguments[2]).put("engine", arguments[3]);
                new Lines(Path.of(arguments[1])).add(line);
                System.out.println(line);
                boolean asExpected = !arguments[3].contains("exact")
                        || line.get("same_bits").booleanValue()
                                && line.get("median").doubleValue() <= 1;
                if (!asExpected || !Double.isFinite(line.get("median").doubleValue())) {
                    System.exit(1);
                }
            }
            default -> throw new IllegalArgumentException("expected prompts or compare, got " + arguments[0]);
        }
    }

    private static void prompts(Path golden, Path target) throws IOException {
        try (SafetensorsFile file = SafetensorsFile.open(golden)) {
            SafetensorsFile.Entry tokens = file.entry("tokens");
            double[] flat = values(tokens);
            int length = Math.toIntExact(tokens.shape().get(1));
            var text = new StringBuilder();
            for (int begin = 0; begin < flat.length; begin += length) {
                ObjectNode line = Lines.MAPPER.createObjectNode();
                ArrayNode ids = line.putArray("token_ids");
                for (int i = begin; i < begin + length; i++) {
                    ids.add((int) flat[i]);
                }
                text.append(line).append('\n');
            }
            Files.writeString(target, text);
        }
    }

    private static ObjectNode compare(Path golden, Path gpu, Path cpu) throws IOException {
        ObjectNode line = Lines.line();
        int points = 0;
        boolean sameBits = true;
        double worst = 0;
        String worstPoint = "";
        try (SafetensorsFile expected = SafetensorsFile.open(golden);
                SafetensorsFile got = SafetensorsFile.open(gpu);
                SafetensorsFile same = SafetensorsFile.open(cpu)) {
            for (SafetensorsFile.Entry entry : got.entries()) {
                Optional<SafetensorsFile.Entry> truth = expected.entries().stream()
                        .filter(e -> e.name().equals(entry.name()))
                        .findFirst();
                if (entry.name().equals("tokens") || truth.isEmpty()) {
                    continue;
                }
                points++;
                sameBits &= entry.data().mismatch(same.entry(entry.name()).data()) < 0;
                double share = Bounds.worst(HookPoint.named(entry.name()), values(truth.get()), floats(entry))
                        .share();
                if (Double.isNaN(share) || share >= worst) {
                    worst = share;
                    worstPoint = entry.name();
                }
                if (Double.isNaN(share)) {
                    break;
                }
            }
        }
        line.put("points", points).put("worst_point", worstPoint).put("same_bits", sameBits);
        return line.put("median", worst).put("unit", "share of bound");
    }

    private static float[] floats(SafetensorsFile.Entry entry) {
        return entry.data().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
    }

    private static double[] values(SafetensorsFile.Entry entry) {
        int width = entry.dtype().bytes();
        double[] values = new double[Math.toIntExact(entry.data().byteSize() / width)];
        for (int i = 0; i < values.length; i++) {
            values[i] = entry.dtype() == DType.FLOAT64
                    ? entry.data().get(ValueLayout.JAVA_DOUBLE_UNALIGNED, (long) i * width)
                    : entry.dtype().read(entry.data(), (long) i * width);
        }
        return values;
    }
}
