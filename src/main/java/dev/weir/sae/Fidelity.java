package dev.weir.sae;

import dev.weir.engine.Prompt;
import dev.weir.engine.Tracing;
import dev.weir.engine.Weir;
import dev.weir.hook.Edit;
import dev.weir.hook.Edits;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Hooks;
import dev.weir.hook.Site;
import dev.weir.hook.Trace;
import dev.weir.hook.TraceRecorder;
import java.util.List;

/**
 * How well an autoencoder stands for the stream of one prompt.
 *
 * @param explained 1 - sum |x - y|² / sum |x - mean|², y the reconstruction of x and the mean that of the prompt; 1 is all
 * @param active features of a token, on average
 * @param loss of the model, -ln p of the next token on average, in nats; NaN for a prompt of one token
 * @param reconstructedLoss the same with the reconstruction in place of the stream
 * @param zeroedLoss the same with zeros in its place
 */
public record Fidelity(double explained, double active, double loss, double reconstructedLoss, double zeroedLoss) {

    private static final HookPoint LOGITS = HookPoint.of(Site.UNEMBED_OUT);

    /** Four passes over a prompt. */
    public static Fidelity of(Weir weir, SparseAutoencoder sae, Prompt prompt) {
        HookPoint point = sae.config().point();
        float[] stream = trace(weir, prompt, point, Edits.NONE);
        List<Encoding> encodings = sae.encode(stream);
        Edits reconstructed = Edits.of(point, sae.edit(Intervention.RECONSTRUCTION));
        return new Fidelity(
                explained(stream, encodings, sae),
                encodings.stream().mapToInt(e -> e.active().size()).average().orElseThrow(),
                loss(weir, prompt, Edits.NONE),
                loss(weir, prompt, reconstructed),
                loss(weir, prompt, Edits.of(point, Edit.zero())));
    }

    private static float[] trace(Weir weir, Prompt prompt, HookPoint point, Edits edits) {
        try (var recorder = new TraceRecorder()) {
            weir.forward(List.of(prompt), Tracing.of(Hooks.tap(List.of(point)).withEdits(edits), recorder));
            Trace trace = recorder.trace();
            return trace.get(point).data();
        }
    }

    private static double explained(float[] stream, List<Encoding> encodings, SparseAutoencoder sae) {
        int width = sae.config().inputs();
        double[] mean = new double[width];
        for (int i = 0; i < stream.length; i++) {
            mean[i % width] += stream[i] / (double) encodings.size();
        }
        double error = 0;
        double variance = 0;
        for (int row = 0; row < encodings.size(); row++) {
            float[] decoded = sae.decode(encodings.get(row));
            for (int i = 0; i < width; i++) {
                double x = stream[row * width + i];
                error += (x - decoded[i]) * (x - decoded[i]);
                variance += (x - mean[i]) * (x - mean[i]);
            }
        }
        return 1 - error / variance;
    }

    private static double loss(Weir weir, Prompt prompt, Edits edits) {
        List<Integer> tokens = weir.encode(prompt);
        int vocabulary = weir.config().vocabulary();
        float[] logits = trace(weir, prompt, LOGITS, edits);
        double sum = 0;
        for (int position = 0; position + 1 < tokens.size(); position++) {
            sum += surprise(logits, position * vocabulary, vocabulary, tokens.get(position + 1));
        }
        return sum / (tokens.size() - 1);
    }

    private static double surprise(float[] logits, int from, int vocabulary, int token) {
        double highest = Double.NEGATIVE_INFINITY;
        for (int t = 0; t < vocabulary; t++) {
            highest = Math.max(highest, logits[from + t]);
        }
        double sum = 0;
        for (int t = 0; t < vocabulary; t++) {
            sum += Math.exp(logits[from + t] - highest);
        }
        return highest + Math.log(sum) - logits[from + token];
    }
}
