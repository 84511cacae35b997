package dev.weir.bench.peers;

import dev.weir.safetensors.SafetensorsFile;
import dev.weir.tensor.DType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A prompt and the logits of its last token, from a trace. */
record Logits(List<Integer> tokens, double[] last) {

    static Logits read(Path dump) throws IOException {
        try (SafetensorsFile file = SafetensorsFile.open(dump)) {
            SafetensorsFile.Entry ids = file.entry("tokens");
            var tokens = new ArrayList<Integer>();
            for (long i = 0; i < ids.elements(); i++) {
                tokens.add((int) ids.dtype().read(ids.data(), i * ids.dtype().bytes()));
            }
            SafetensorsFile.Entry logits = file.entry("unembed.hook_out");
            int vocabulary = Math.toIntExact(logits.shape().getLast());
            double[] last = new double[vocabulary];
            long from = logits.elements() - vocabulary;
            for (int i = 0; i < vocabulary; i++) {
                last[i] = DType.FLOAT32.read(logits.data(), (from + i) * Float.BYTES);
            }
            return new Logits(tokens, last);
        }
    }

    /** The norm of the difference over the norm. */
    double apart(double[] others) {
        if (others.length != last.length) {
            throw new IllegalArgumentException("logits: expected " + last.length + " of a row, got " + others.length);
        }
        double difference = 0;
        double norm = 0;
        for (int i = 0; i < last.length; i++) {
            difference += (last[i] - others[i]) * (last[i] - others[i]);
            norm += last[i] * last[i];
        }
        return Math.sqrt(difference / norm);
    }
}
