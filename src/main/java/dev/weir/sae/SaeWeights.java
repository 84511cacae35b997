package dev.weir.sae;

import dev.weir.backend.WeightView;
import dev.weir.safetensors.SafetensorsFile;
import dev.weir.safetensors.SafetensorsFile.Entry;
import dev.weir.tensor.DType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.LongStream;

/** The matrices of a {@code sae_weights.safetensors}, where they lie in the file: nothing is copied, so it stays open. */
final class SaeWeights implements AutoCloseable {

    /** What older versions of SAELens wrote beside the rest: ones, unless decoding was tuned afterwards. */
    private static final List<String> SCALES = List.of("scaling_factor", "finetuning_scaling_factor");

    private final SafetensorsFile file;
    private final SaeConfig config;

    private SaeWeights(SafetensorsFile file, SaeConfig config) {
        this.file = file;
        this.config = config;
    }

    /**
     * Opens a file.
     *
     * @throws IllegalArgumentException for a tensor of another shape or a scale that is not honoured
     * @throws dev.weir.safetensors.SafetensorsException if it is no such file, or lacks a tensor
     */
    static SaeWeights open(Path path, SaeConfig config) throws IOException {
        var weights = new SaeWeights(SafetensorsFile.open(path), config);
        try {
            weights.require();
            return weights;
        } catch (RuntimeException | Error e) {
            weights.close();
            throw e;
        }
    }

    private void require() {
        requireShape("W_enc", config.inputs(), config.features());
        requireShape("b_enc", config.features());
        requireShape("W_dec", config.features(), config.inputs());
        requireShape("b_dec", config.inputs());
        if (config.architecture() == Architecture.JUMPRELU) {
            requireShape("threshold", config.features());
        }
        SCALES.stream().filter(file::contains).forEach(this::requireOnes);
    }

    private void requireShape(String name, long... shape) {
        Entry entry = file.entry(name);
        List<Long> expected = LongStream.of(shape).boxed().toList();
        boolean isFloat = entry.dtype().isModelFloat() || entry.dtype() == DType.FLOAT64;
        if (!entry.shape().equals(expected) || !isFloat) {
            throw refused(name, "floats of shape " + expected, entry.dtype().label() + " of " + entry.shape());
        }
    }

    private void requireOnes(String name) {
        Entry entry = file.entry(name);
        for (long i = 0; i < entry.elements(); i++) {
            float value = entry.dtype().read(entry.data(), i * entry.dtype().bytes());
            if (value != 1) {
                throw refused(name, "ones: a scale of what is decoded is not supported", value + " at " + i);
            }
        }
    }

    private IllegalArgumentException refused(String name, String expected, String got) {
        return new IllegalArgumentException(
                file.path() + ": tensor " + name + ": expected " + expected + ", got " + got);
    }

    /** W_enc, [d_in, d_sae]. */
    WeightView encoder() {
        return view("W_enc", config.features());
    }

    /** b_enc, [1, d_sae]. */
    WeightView encoderBias() {
        return view("b_enc", config.features());
    }

    /** W_dec, [d_sae, d_in]: what each feature adds. */
    WeightView decoder() {
        return view("W_dec", config.inputs());
    }

    /** b_dec, [d_in]. */
    float[] decoderBias() {
        return vector("b_dec", config.inputs());
    }

    /** The thresholds of {@link Architecture#JUMPRELU}, [d_sae]; zeros for the others. */
    float[] thresholds() {
        return config.architecture() == Architecture.JUMPRELU
                ? vector("threshold", config.features())
                : new float[config.features()];
    }

    private float[] vector(String name, int length) {
        var values = new float[length];
        view(name, length).row(0, 0, length, values);
        return values;
    }

    private WeightView view(String name, int columns) {
        Entry entry = file.entry(name);
        return WeightView.rowMajor(entry.data(), entry.dtype(), columns);
    }

    @Override
    public void close() {
        file.close();
    }
}
