package dev.weir.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import dev.weir.dump.Dump;
import dev.weir.engine.Generation;
import dev.weir.engine.GenerationOptions;
import dev.weir.engine.Options;
import dev.weir.engine.Prompt;
import dev.weir.engine.TextListener;
import dev.weir.engine.Tracing;
import dev.weir.engine.Weir;
import dev.weir.hook.Edit;
import dev.weir.hook.Edits;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Trace;
import dev.weir.hook.TraceRecorder;
import dev.weir.lens.Guess;
import dev.weir.lens.LogitLens;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a request sees of the residual stream is what the engine shows of the same request. */
class InsightTest {

    private static final String PATH = "/v1/completions";
    private static final String PROMPT = "One day, Lily";

    @TempDir
    static Path folder;

    private static Served served;
    private static Weir weir;

    @BeforeAll
    static void start() throws IOException {
        Path edits = Files.createDirectory(folder.resolve("edits"));
        Files.createDirectory(edits.resolve("below"));
        Files.writeString(folder.resolve("secret.safetensors"), "secret");
        Files.createSymbolicLink(edits.resolve("link.safetensors"), folder.resolve("secret.safetensors"));
        served = Served.with(options -> options.withInsight(
                ServerOptions.Insight.DEFAULT.withEdits(edits).withTraceBytes(1 << 20)));
        weir = Weir.open(Served.MODEL, Options.DEFAULT.withDevice("cpu"));
    }

    @AfterAll
    static void stop() {
        weir.close();
        served.close();
    }

    private static GenerationOptions options(long seed, int tokens) {
        GenerationOptions defaults = weir.defaults();
        return defaults.withSampling(defaults.sampling().withSeed(seed)).withMaxNewTokens(tokens);
    }

    private static Trace traced(long seed, int tokens, String selectors) {
        try (var recorder = new TraceRecorder()) {
            weir.generate(
                    List.of(Prompt.of(PROMPT)),
                    options(seed, tokens),
                    Tracing.of(weir.select(selectors), recorder),
                    TextListener.NONE);
            return recorder.trace();
        }
    }

    private static void requireLens(List<JsonNode> rows, long seed, int tokens) {
        Generation made = weir.generate(PROMPT, options(seed, tokens));
        Trace trace = traced(seed, tokens, "resid_pre.0,resid_post");
        assertEquals(made.tokens().size(), rows.size());
        int layers = weir.config().layers();
        for (int i = 0; i < rows.size(); i++) {
            JsonNode row = rows.get(i);
            assertEquals(i, row.path("index").intValue());
            assertEquals(made.tokens().get(i), row.path("id").intValue());
            assertEquals(layers + 1, row.path("layers").size());
            for (int l = -1; l < layers; l++) {
                String point = l < 0 ? "blocks.0.hook_resid_pre" : "blocks." + l + ".hook_resid_post";
                float[] stream = trace.get(point).row(0, made.promptTokens().size() - 1 + i);
                JsonNode layer = row.path("layers").path(l + 1);
                assertEquals(l, layer.path("layer").intValue());
                double square = 0;
                for (float value : stream) {
                    square += (double) value * value;
                }
                assertEquals(Math.sqrt(square), layer.path("norm").doubleValue(), 1e-9);
                List<Guess> guesses = new LogitLens(weir).top(stream, 3).getFirst();
                assertEquals(3, layer.path("top").size());
                for (int k = 0; k < 3; k++) {
                    JsonNode said = layer.path("top").path(k);
                    assertEquals(guesses.get(k).token(), said.path("id").intValue());
                    assertEquals(guesses.get(k).probability(), said.path("p").doubleValue(), 1e-12);
                }
            }
        }
    }

    @Test
    void theLensShowsTheRowThatChoseEachToken() {
        String body = "{'prompt': '" + PROMPT + "', 'seed': 8, 'max_tokens': 9, 'weir': {'lens': {'top_k': 3}}";
        var whole = new ArrayList<JsonNode>();
        served.ask(PATH, body + "}")
                .path("choices")
                .path(0)
                .path("weir")
                .path("lens")
                .forEach(whole::add);
        requireLens(whole, 8, 9);
        var streamed = new ArrayList<JsonNode>();
        for (JsonNode event : served.events(PATH, body + ", 'stream': true}")) {
            event.path("choices").path(0).path("weir").path("lens").forEach(streamed::add);
        }
        assertEquals(whole, streamed);
    }

    @Test
    void aModelSaysWhetherItCanBeSeen() {
        requireSaid(served, true);
        try (Served closed = Served.plain()) {
            requireSaid(closed, false);
        }
    }

    private static void requireSaid(Served server, boolean expected) {
        JsonNode model =
                Served.json(server.get("/v1/models").body()).path("data").path(0);
        assertEquals(BooleanNode.valueOf(expected), model.path("weir").path("trace"));
        assertEquals(
                model,
                Served.json(
                        server.get("/v1/models/" + model.path("id").textValue()).body()));
    }

    @Test
    void whoAsksForNothingSeesNothing() {
        JsonNode choice = served.ask(PATH, "{'prompt': 'a', 'max_tokens': 2}")
                .path("choices")
                .path(0);
        assertFalse(choice.has("weir"));
        assertFalse(choice.has("stop_reason"));
    }

    private static byte[] fetch(JsonNode trace) throws NoSuchAlgorithmException {
        HttpResponse<byte[]> file = served.fetch(trace.path("url").textValue());
        assertEquals(200, file.statusCode());
        assertEquals(trace.path("bytes").longValue(), file.body().length);
        byte[] digest = MessageDigest.getInstance("SHA-256").digest(file.body());
        assertEquals(trace.path("sha256").textValue(), HexFormat.of().formatHex(digest));
        return file.body();
    }

    @Test
    void aTraceIsAFileOfTheVeryPass() throws IOException, NoSuchAlgorithmException {
        String body = "{'prompt': '" + PROMPT
                + "', 'seed': 8, 'max_tokens': 6, 'weir': {'trace': ['resid_post', 'pattern@last'], 'lens': {}}";
        Trace expected = traced(8, 6, "resid_post,pattern@last");
        JsonNode choice = served.ask(PATH, body + "}").path("choices").path(0);
        JsonNode streamed = served.events(PATH, body + ", 'stream': true}")
                .getLast()
                .path("choices")
                .path(0);
        for (JsonNode told : List.of(choice, streamed)) {
            Path file = Files.write(
                    folder.resolve("fetched.safetensors"),
                    fetch(told.path("weir").path("trace")));
            try (Dump dump = Dump.open(file)) {
                Trace trace = dump.trace();
                assertEquals(expected.layout().taps(), trace.layout().taps());
                for (HookPoint point : expected.layout().taps().keySet()) {
                    assertArrayEquals(
                            expected.get(point).data(), trace.get(point).data(), point.name());
                }
            }
        }
        assertEquals(6, choice.path("weir").path("lens").size());
    }

    @Test
    void eachChoiceHasATraceOfItsOwn() throws NoSuchAlgorithmException {
        JsonNode answer = served.ask(
                PATH,
                "{'prompt': ['a', 'b'], 'n': 2, 'seed': 1, 'max_tokens': 2, 'weir': {'trace': 'resid_post.0@last'}}");
        var urls = new TreeSet<String>();
        for (JsonNode choice : answer.path("choices")) {
            fetch(choice.path("weir").path("trace"));
            urls.add(choice.path("weir").path("trace").path("url").textValue());
        }
        assertEquals(4, urls.size());
    }

    @Test
    void aTraceThatIsTooLargeOrUnknownIsRefused() {
        assertEquals(
                "weir.trace",
                served.refusal(400, PATH, "{'prompt': 'a', 'max_tokens': 500, 'weir': {'trace': 'logits'}}")
                        .path("param")
                        .textValue());
        assertEquals(
                "weir.trace",
                served.refusal(400, PATH, "{'prompt': 'a', 'weir': {'trace': 'nowhere'}}")
                        .path("param")
                        .textValue());
        assertEquals(
                404, served.get("/traces/" + "0".repeat(32) + ".safetensors").statusCode());
        assertEquals(404, served.get("/traces/..%2f..%2fpom.xml").statusCode());
    }

    @Test
    void editsAreThoseOfTheEngine() {
        Edits edits = Edits.of(HookPoint.named("blocks.2.hook_resid_post"), Edit.scale(1.7f));
        String expected = weir.generate(PROMPT, options(8, 20), edits).text();
        String plain = weir.generate(PROMPT, options(8, 20)).text();
        for (String written : List.of("'resid_post.2:scale=1.7'", "{'at': 'resid_post.2', 'scale': 1.7}")) {
            JsonNode answer = served.ask(
                    PATH,
                    "{'prompt': '" + PROMPT + "', 'seed': 8, 'max_tokens': 20, 'weir': {'edits': [" + written + "]}}");
            assertEquals(expected, answer.path("choices").path(0).path("text").textValue());
        }
        assertFalse(expected.equals(plain), "an edit that changes nothing shows nothing");
        var ones = new float[weir.config().width()];
        Arrays.fill(ones, 5);
        JsonNode added = served.ask(
                PATH,
                "{'prompt': '" + PROMPT
                        + "', 'seed': 8, 'max_tokens': 20, 'weir': {'edits': [{'at': 'resid_post.2', 'add': "
                        + Arrays.toString(ones) + "}]}}");
        assertEquals(
                weir.generate(
                                PROMPT,
                                options(8, 20),
                                Edits.of(HookPoint.named("blocks.2.hook_resid_post"), Edit.add(ones, 1)))
                        .text(),
                added.path("choices").path(0).path("text").textValue());
    }

    @Test
    void noFileElsewhereIsRead() {
        for (String name : List.of(
                "../secret.safetensors",
                "link.safetensors",
                "below/../../secret.safetensors",
                folder.resolve("secret.safetensors").toString(),
                "/etc/passwd",
                "below",
                ".",
                "none.safetensors",
                "a\\u0000b")) {
            for (String edit : List.of(
                    "'resid_post.2:add=" + name + "'", "{'at': 'resid_post.2', 'add': {'file': '" + name + "'}}")) {
                JsonNode error = served.refusal(400, PATH, "{'prompt': 'a', 'weir': {'edits': [" + edit + "]}}");
                assertEquals("weir.edits", error.path("param").textValue(), name);
                assertFalse(error.path("message").textValue().contains(folder.toString()), error.toString());
            }
        }
    }

    @Test
    void aFileThatIsNoneIsRefusedWithoutItsPlace() throws IOException {
        Files.writeString(folder.resolve("edits").resolve("below").resolve("text.safetensors"), "no tensors");
        JsonNode error = served.refusal(
                400, PATH, "{'prompt': 'a', 'weir': {'edits': ['resid_post.2:add=below/text.safetensors']}}");
        assertTrue(error.path("message").textValue().contains("below/text.safetensors"), error.toString());
        assertFalse(error.path("message").textValue().contains(folder.toString()), error.toString());
    }
}
