package dev.weir.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.batching.Scheduler.Shutdown;
import dev.weir.engine.Options;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How a server begins, is full, and ends. */
class ShutdownTest {

    private static final String PATH = "/v1/completions";
    private static final String LONG =
            "{\"prompt\": \"Once\", \"max_tokens\": 500, \"n\": 8, \"temperature\": 1, \"seed\": 1}";

    private static void awaitRunning(Served served, int running) throws InterruptedException {
        for (int i = 0; i < 6000 && served.server().scheduler().load().running() < running; i++) {
            Thread.sleep(5);
        }
        assertTrue(served.server().scheduler().load().running() >= running);
    }

    @Test
    void whatRunsIsAnsweredAndNothingNewIsTaken() throws Exception {
        Served served = Served.with(options -> options.withDrain(Duration.ofMinutes(2)));
        var running = CompletableFuture.supplyAsync(
                () -> served.post(PATH, LONG.replace("500", "200").replace("\"n\": 8", "\"n\": 4")));
        awaitRunning(served, 4);
        var shutdown = CompletableFuture.supplyAsync(served.server()::shutdown);
        while (served.get("/health").statusCode() == 200) {
            Thread.sleep(5);
        }
        if (!shutdown.isDone()) {
            HttpResponse<String> refused = served.post(PATH, "{\"prompt\": \"a\"}");
            assertEquals(503, refused.statusCode());
        }
        assertEquals(200, running.get().statusCode());
        assertEquals(new Shutdown(4, 0), shutdown.get());
    }

    @Test
    void whatTakesTooLongIsAnsweredAsFarAsItCame() throws InterruptedException, ExecutionException {
        Served served = Served.with(options -> options.withDrain(Duration.ofMillis(1)));
        var running = CompletableFuture.supplyAsync(() -> served.post(PATH, LONG));
        awaitRunning(served, 8);
        Shutdown shutdown = served.server().shutdown();
        assertEquals(8, shutdown.finished() + shutdown.cancelled());
        assertTrue(shutdown.cancelled() > 0);
        assertEquals(200, running.get().statusCode());
        int cut = 0;
        for (JsonNode choice : Served.json(running.get().body()).path("choices")) {
            cut += choice.path("stop_reason").asText().equals("cancelled") ? 1 : 0;
        }
        assertEquals(shutdown.cancelled(), cut);
    }

    @Test
    void aFullQueueAsksToComeBack() throws InterruptedException, ExecutionException {
        try (Served served = Served.with(options -> options.withDrain(Duration.ZERO)
                .withScheduler(limits -> limits.withSequences(1).withQueue(1)))) {
            var one = CompletableFuture.supplyAsync(() -> served.post(PATH, LONG.replace("\"n\": 8", "\"n\": 2")));
            awaitRunning(served, 1);
            HttpResponse<String> refused = served.post(PATH, LONG);
            assertEquals(429, refused.statusCode());
            assertEquals("1", refused.headers().firstValue("retry-after").orElse(""));
            assertEquals(
                    "rate_limit_exceeded",
                    Served.json(refused.body()).path("error").path("code").textValue());
            assertTrue(served.get("/metrics").body().contains("weir_requests_refused_total 1.0"));
            assertTrue(served.get("/metrics").body().contains("weir_requests_running 1.0"));
            served.server().shutdown();
            assertEquals(200, one.get().statusCode());
        }
    }

    @Test
    void timeThatIsOverEndsAnAnswer() {
        try (Served served =
                Served.with(options -> options.withLimits(options.limits().withTime(Duration.ofMillis(30))))) {
            JsonNode choice =
                    Served.json(served.post(PATH, LONG).body()).path("choices").path(7);
            assertEquals("length", choice.path("finish_reason").textValue());
            assertEquals("time_limit", choice.path("stop_reason").textValue());
        }
    }

    @Test
    void theFolderOfTracesGoesWithTheServer(@TempDir Path temporary) throws IOException {
        Path kept = Files.createDirectory(temporary.resolve("kept"));
        Served served = Served.with(options -> options.withInsight(ServerOptions.Insight.DEFAULT.withTraces(kept)));
        served.ask(PATH, "{'prompt': 'a', 'max_tokens': 1, 'weir': {'trace': 'resid_post'}}");
        served.close();
        try (var files = Files.list(kept)) {
            assertEquals(1, files.count());
        }
    }

    @Test
    void aModelThatCannotBeOpenedIsSaid(@TempDir Path empty) {
        var options = ServerOptions.of(empty)
                .withMachine(Options.DEFAULT.withDevice("cpu"))
                .withAccess(ServerOptions.Access.DEFAULT.withPort(0));
        try (WeirServer server = WeirServer.start(options)) {
            assertThrows(Exception.class, server::awaitReady);
        }
    }
}
