package dev.weir.sae;

import dev.weir.hook.HookPoint;
import dev.weir.hook.Site;
import dev.weir.model.ModelConfig;
import java.io.IOException;
import java.nio.file.Path;

/**
 * What a {@code cfg.json} says about an autoencoder, as far as it decides what is computed.
 *
 * @param point where its stream is
 * @param inputs d_in, values of a row; of {@code [H, dh]} points the heads one after another
 * @param features d_sae
 * @param k features kept of a row, {@link Architecture#TOPK} only; 0 otherwise
 * @param subtractsDecoderBias whether b_dec is taken away before encoding, as it is added after decoding
 * @param rescales whether a feature counts in lengths of its row of W_dec
 * @param centred whether rows are without their mean, because the model was prepared like that when it was trained
 */
public record SaeConfig(
        Architecture architecture,
        HookPoint point,
        int inputs,
        int features,
        int k,
        boolean subtractsDecoderBias,
        Normalization normalization,
        boolean rescales,
        boolean centred) {

    /**
     * Reads a {@code cfg.json} of any version of SAELens.
     *
     * @throws IllegalArgumentException for what it asks for and is not honoured, by name
     */
    public static SaeConfig read(Path file) throws IOException {
        return SaeConfigFile.read(file);
    }

    /** @throws IllegalArgumentException if a model has no such point, or another width there */
    void requireFits(ModelConfig model) {
        if (point.layer() >= model.layers()) {
            throw new IllegalArgumentException(
                    "hook_name " + point + ": expected a block below " + model.layers() + ", those of the model");
        }
        Site.Form form = point.site().form();
        if (form == Site.Form.SQUARE || form == Site.Form.HEADS_BY_WIDTH || form == Site.Form.ONE) {
            throw new IllegalArgumentException("hook_name " + point + ": expected a point with a row for each token");
        }
        int width = model.dimensions().columns(point.site(), model.context());
        if (width != inputs) {
            throw new IllegalArgumentException(
                    "d_in: expected " + width + ", the width of " + point + " in the model, got " + inputs);
        }
    }
}
