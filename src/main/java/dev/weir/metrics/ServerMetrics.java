package dev.weir.metrics;

import dev.weir.batching.Load;
import dev.weir.batching.Observer;
import dev.weir.engine.Generation.FinishReason;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Timer;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/** Counts what a scheduler and the server before it do. */
public final class ServerMetrics implements Observer {

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final Counter refused;
    private final Counter failed;
    private final Counter promptTokens;
    private final Counter sharedTokens;
    private final Counter newTokens;
    private final Timer waited;
    private final Timer firstToken;
    private final Timer betweenTokens;
    private final Timer step;
    private final DistributionSummary sequences;
    private final DistributionSummary rows;

    /** Nothing counted yet. */
    public ServerMetrics() {
        refused = counter("weir.requests.refused", "requests that were not accepted because too many waited");
        failed = counter("weir.requests.failed", "requests that could not be finished");
        promptTokens = counter("weir.prompt.tokens", "tokens of prompts");
        sharedTokens = counter("weir.prompt.tokens.shared", "tokens of prompts that another request had computed");
        newTokens = counter("weir.new.tokens", "tokens that were chosen");
        waited = timer("weir.wait", "from submission until a request began");
        firstToken = timer("weir.first.token", "from submission to the first token");
        betweenTokens = timer("weir.between.tokens", "from one token to the next");
        step = timer("weir.step", "one step of the model");
        sequences = summary("weir.step.sequences", "requests that took part in a step");
        rows = summary("weir.step.rows", "rows of a step, of prompts and of chosen tokens");
    }

    private Counter counter(String name, String what) {
        return Counter.builder(name).description(what).register(registry);
    }

    private Timer timer(String name, String what) {
        return Timer.builder(name)
                .description(what)
                .serviceLevelObjectives(
                        Duration.ofMillis(1),
                        Duration.ofMillis(5),
                        Duration.ofMillis(20),
                        Duration.ofMillis(50),
                        Duration.ofMillis(100),
                        Duration.ofMillis(250),
                        Duration.ofMillis(500),
                        Duration.ofSeconds(1),
                        Duration.ofSeconds(5),
                        Duration.ofSeconds(30))
                .register(registry);
    }

    private DistributionSummary summary(String name, String what) {
        return DistributionSummary.builder(name)
                .description(what)
                .serviceLevelObjectives(1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
                .register(registry);
    }

    /** Shows how busy a scheduler is, whenever somebody looks. */
    public void show(Supplier<Load> load) {
        gauge("weir.requests.waiting", "requests that have not begun", load, Load::waiting);
        gauge("weir.requests.running", "requests that take part in steps", load, Load::running);
        gauge("weir.pages", "pages of keys and values", load, Load::pages);
        gauge("weir.pages.used", "of them, by running requests", load, Load::usedPages);
        gauge("weir.pages.shared", "of them, kept for prompts to come", load, Load::sharedPages);
        gauge("weir.broken", "1 when the machine has failed", load, now -> now.isBroken() ? 1 : 0);
    }

    private void gauge(String name, String what, Supplier<Load> load, ToDoubleFunction<Load> value) {
        Gauge.builder(name, () -> value.applyAsDouble(load.get()))
                .description(what)
                .register(registry);
    }

    /** An answer was sent. Its endpoint is one of few names, never what a client wrote. */
    public void onAnswered(String endpoint, int status, long nanos) {
        Timer.builder("weir.http")
                .description("answers, by endpoint and status")
                .tag("endpoint", endpoint)
                .tag("status", Integer.toString(status))
                .register(registry)
                .record(nanos, TimeUnit.NANOSECONDS);
    }

    /** The numbers as Prometheus reads them. */
    public String scrape() {
        return registry.scrape();
    }

    @Override
    public void onRefused() {
        refused.increment();
    }

    @Override
    public void onBegun(long nanos, int prompt, int shared) {
        waited.record(nanos, TimeUnit.NANOSECONDS);
        promptTokens.increment(prompt);
        sharedTokens.increment(shared);
    }

    @Override
    public void onFirstToken(long since) {
        firstToken.record(since, TimeUnit.NANOSECONDS);
        newTokens.increment();
    }

    @Override
    public void onToken(long since) {
        betweenTokens.record(since, TimeUnit.NANOSECONDS);
        newTokens.increment();
    }

    @Override
    public void onStep(int taking, int promptRows, int decodeRows, long took) {
        step.record(took, TimeUnit.NANOSECONDS);
        sequences.record(taking);
        rows.record((double) promptRows + decodeRows);
    }

    @Override
    public void onEnded(FinishReason reason, int tokens) {
        Counter.builder("weir.requests.ended")
                .description("requests that are through, by reason")
                .tag("reason", reason.name().toLowerCase(Locale.ROOT))
                .register(registry)
                .increment();
    }

    @Override
    public void onFailed(Throwable cause) {
        failed.increment();
    }
}
