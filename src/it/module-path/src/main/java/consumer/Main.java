package consumer;

import dev.weir.edit.EditLanguage;
import dev.weir.engine.Generation;
import dev.weir.engine.GenerationOptions;
import dev.weir.engine.Options;
import dev.weir.engine.Weir;
import dev.weir.hook.Edits;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Site;
import dev.weir.hook.Trace;
import dev.weir.lens.PrincipalComponents;
import dev.weir.lens.SampledRows;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A program with Weir on its module path, and no JCuda: generates, streams, traces and edits. Its exit status says whether that went well. */
public final class Main {

    private static final String PROMPT = "Once upon a time";

    private Main() {}

    public static void main(String[] arguments) throws IOException {
        try (Weir weir = Weir.open(Path.of(arguments[0]), Options.DEFAULT.withDevice("cpu"))) {
            require(weir.machine().contains(arguments[1]), "expected " + arguments[1] + ", got " + weir.machine());

            GenerationOptions options = weir.defaults().greedy().withMaxNewTokens(12);
            Generation plain = weir.generate(PROMPT, options);
            require(plain.tokens().size() == 12, "expected 12 tokens, got " + plain);

            try (Stream<String> pieces = weir.stream(PROMPT, options)) {
                String streamed = pieces.collect(Collectors.joining());
                require(streamed.equals(plain.text()), "expected " + plain.text() + ", got " + streamed);
            }

            Trace trace = weir.trace(PROMPT, "resid_post");
            float[] last = trace.get("blocks." + (weir.config().layers() - 1) + ".hook_resid_post")
                    .row(0, trace.lengths().getFirst() - 1);
            require(last.length == weir.config().width(), "expected " + weir.config().width() + ", got " + last.length);
            int likeliest = likeliest(weir.unembed(last));
            require(likeliest == plain.tokens().getFirst(), "expected the first token, got " + likeliest);

            var components = PrincipalComponents.of(SampledRows.of(HookPoint.of(0, Site.RESID_POST), trace));
            double share = components.share(0);
            require(share > 0 && share <= 1, "expected a share, got " + share);

            Edits edits = new EditLanguage(weir.config().dimensions()).parse("blocks.0.mlp:skip");
            Generation edited = weir.generate(PROMPT, options, edits);
            require(!edited.tokens().equals(plain.tokens()), "expected another text, got " + edited.text());
        }
    }

    private static int likeliest(float[] logits) {
        int best = 0;
        for (int i = 1; i < logits.length; i++) {
            best = logits[i] > logits[best] ? i : best;
        }
        require(Float.isFinite(logits[best]), "expected numbers, got " + Arrays.toString(logits));
        return best;
    }

    private static void require(boolean holds, String message) {
        if (!holds) {
            throw new AssertionError(message);
        }
    }
}
