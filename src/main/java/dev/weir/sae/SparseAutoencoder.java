package dev.weir.sae;

import dev.weir.engine.Projection;
import dev.weir.engine.Weir;
import dev.weir.hook.Edit;
import dev.weir.sae.Normalization.Frame;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A sparse autoencoder in SAELens' layout, a folder with {@code cfg.json} and {@code sae_weights.safetensors}, beside the model whose
 * stream it knows. Features are
 *
 * <pre>{@code f(x) = activation((n(x) - b_dec) W_enc + b_enc)
 * reconstruction(x) = n⁻¹(f(x) W_dec + b_dec)}</pre>
 *
 * <p>with n the {@link Normalization}. The products with W_enc are made on the model's machine, everything else here, in float64 and
 * rounded once. For use by one thread at a time; close it before the model.
 */
public final class SparseAutoencoder implements AutoCloseable {

    private final SaeConfig config;
    private final SaeWeights weights;
    private final Projection encoder;
    private final FeatureSelection selection;
    private final float[] decoderBias;
    private final double[] lengths;

    private SparseAutoencoder(SaeConfig config, SaeWeights weights, Projection encoder) {
        this.config = config;
        this.weights = weights;
        this.encoder = encoder;
        decoderBias = weights.decoderBias();
        lengths = config.rescales() ? decoderLengths() : new double[0];
        selection = new FeatureSelection(config.architecture(), config.k(), weights.thresholds());
    }

    /**
     * Opens a folder.
     *
     * @throws IllegalArgumentException for what the folder asks for and is not honoured, and where it does not fit the model, by name
     * @throws dev.weir.safetensors.SafetensorsException for a damaged file of weights
     */
    public static SparseAutoencoder open(Path folder, Weir weir) throws IOException {
        SaeConfig config = SaeConfig.read(folder.resolve("cfg.json"));
        config.requireFits(weir.config());
        SaeWeights weights = SaeWeights.open(folder.resolve("sae_weights.safetensors"), config);
        try {
            Projection encoder =
                    weir.projection(config.inputs(), config.features(), weights.encoder(), weights.encoderBias());
            return new SparseAutoencoder(config, weights, encoder);
        } catch (RuntimeException | Error e) {
            weights.close();
            throw e;
        }
    }

    /** Its shape and where in a model it belongs. */
    public SaeConfig config() {
        return config;
    }

    private double[] decoderLengths() {
        double[] norms = new double[config.features()];
        Arrays.setAll(norms, feature -> {
            double square = 0;
            for (float value : storedDirection(feature)) {
                square += (double) value * value;
            }
            return Math.sqrt(square);
        });
        return norms;
    }

    private float[] storedDirection(int feature) {
        var row = new float[config.inputs()];
        weights.decoder().row(feature, 0, row.length, row);
        return row;
    }

    /**
     * What one unit of a feature adds to a row, before a normalization is undone.
     *
     * @return [d_in], its row of W_dec; made one long where the autoencoder counts features in lengths of it
     */
    public float[] direction(int feature) {
        requireFeature(feature);
        float[] row = storedDirection(feature);
        if (config.rescales()) {
            for (int i = 0; i < row.length; i++) {
                row[i] = (float) (row[i] / lengths[feature]);
            }
        }
        return row;
    }

    private void requireFeature(int feature) {
        if (feature < 0 || feature >= config.features()) {
            throw new IllegalArgumentException(
                    "feature: expected from 0 to " + (config.features() - 1) + ", got " + feature);
        }
    }

    /**
     * Encodes rows of a stream, wherever they come from.
     *
     * @param stream [rows, d_in], row-major
     * @throws IllegalArgumentException if these are not whole rows
     */
    public List<Encoding> encode(float[] stream) {
        int width = config.inputs();
        if (stream.length == 0 || stream.length % width != 0) {
            throw new IllegalArgumentException(
                    "stream: expected rows of " + width + " values each, got " + stream.length + " values");
        }
        var frames = new ArrayList<Frame>();
        float[] framed = new float[stream.length];
        for (int from = 0; from < stream.length; from += width) {
            Frame frame = config.normalization().frame(stream, from, width, config.centred());
            frames.add(frame);
            for (int i = 0; i < width; i++) {
                double value = (stream[from + i] - frame.shift()) * frame.in();
                framed[from + i] = (float) (config.subtractsDecoderBias() ? value - decoderBias[i] : value);
            }
        }
        float[] products = encoder.apply(framed);
        var encodings = new ArrayList<Encoding>();
        for (int row = 0; row < frames.size(); row++) {
            encodings.add(new Encoding(frames.get(row), select(products, row * config.features())));
        }
        return encodings;
    }

    private List<Activation> select(float[] products, int from) {
        if (config.rescales()) {
            for (int feature = 0; feature < lengths.length; feature++) {
                products[from + feature] = (float) (products[from + feature] * lengths[feature]);
            }
        }
        return selection.select(products, from);
    }

    /** The row that features stand for, [d_in]. */
    public float[] decode(Encoding encoding) {
        return decode(encoding, Intervention.NONE);
    }

    private float[] decode(Encoding encoding, Intervention intervention) {
        double[] sum = new double[config.inputs()];
        Arrays.setAll(sum, i -> decoderBias[i]);
        for (Activation active : encoding.active()) {
            add(active, intervention.factor(active.feature()), sum);
        }
        Frame frame = encoding.frame();
        var row = new float[sum.length];
        for (int i = 0; i < row.length; i++) {
            row[i] = (float) (sum[i] * frame.out() + frame.shift());
        }
        return row;
    }

    private void add(Activation active, double factor, double[] to) {
        float[] direction = direction(active.feature());
        for (int i = 0; i < to.length; i++) {
            to[i] += factor * active.value() * direction[i];
        }
    }

    /**
     * An edit at the autoencoder's point that reconstructs the stream from changed features, or changes the stream by what they change.
     * It runs in Java, so it cuts the plan.
     */
    public Edit.OnHost edit(Intervention intervention) {
        intervention.factors().keySet().forEach(this::requireFeature);
        return new Edit.OnHost((point, rows, values, columns) -> {
            List<Encoding> encodings = encode(values);
            for (int row = 0; row < rows.count(); row++) {
                if (intervention.positions().contains(rows.positions()[row])) {
                    float[] changed = changed(encodings.get(row), intervention, values, row * columns);
                    System.arraycopy(changed, 0, values, row * columns, columns);
                }
            }
        });
    }

    /** The error of the reconstruction is what the stream has and it has not: kept, only what changed features add is added. */
    private float[] changed(Encoding encoding, Intervention intervention, float[] values, int from) {
        if (!intervention.keepsError()) {
            return decode(encoding, intervention);
        }
        double[] sum = new double[config.inputs()];
        for (Activation active : encoding.active()) {
            double factor = intervention.factor(active.feature());
            if (factor != 1) {
                add(active, factor - 1, sum);
            }
        }
        var row = new float[sum.length];
        for (int i = 0; i < row.length; i++) {
            row[i] = (float) (values[from + i] + sum[i] * encoding.frame().out());
        }
        return row;
    }

    /**
     * An edit at the autoencoder's point that adds so much of a feature at every position, active or not, as an op of the plan.
     *
     * @throws IllegalArgumentException where what a feature adds depends on the row
     */
    public Edit.OnMachine steer(int feature, float amount) {
        if (config.normalization() != Normalization.NONE) {
            throw new IllegalArgumentException("feature " + feature + ": expected an autoencoder without normalization"
                    + " to add a feature, got " + config.normalization().label() + "; a factor on the feature works");
        }
        return Edit.add(direction(feature), amount);
    }

    @Override
    public void close() {
        encoder.close();
        weights.close();
    }
}
