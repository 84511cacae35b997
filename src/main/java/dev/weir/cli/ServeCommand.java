package dev.weir.cli;

import dev.weir.batching.Limits;
import dev.weir.batching.Scheduler.Shutdown;
import dev.weir.server.ServerOptions;
import dev.weir.server.WeirServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Serves a model until somebody ends it. */
@Command(
        name = "serve",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        header = "Serves a model over HTTP, as OpenAI's clients speak it.",
        description = {
            "Requests share the steps of one model. With --allow-trace, a request may ask for the residual stream",
            "beside its text, and for edits of it. Ends at Ctrl-C or SIGTERM, after what runs has finished."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  weir serve",
            "  weir serve --port 9000 --name story --allow-trace --edits-dir vectors",
            "  WEIR_API_KEY=... weir serve --host 0.0.0.0",
            "  curl http://127.0.0.1:8080/v1/completions -d '{\"prompt\": \"Once upon a time\"}'"
        })
final class ServeCommand implements Callable<Integer> {

    private static final String KEY_VARIABLE = "WEIR_API_KEY";

    private final Shell shell;

    /** Held here, because a logger that nobody holds forgets its level. */
    private final List<Logger> libraries =
            Stream.of("io.helidon", "com.hubspot").map(Logger::getLogger).toList();

    @Mixin
    private final ModelArguments model = new ModelArguments();

    @Option(
            names = "--host",
            paramLabel = "HOST",
            description = "Address to listen on; one that other computers reach needs a key. Default: 127.0.0.1.")
    private String host = ServerOptions.Access.DEFAULT.host();

    @Option(names = "--port", paramLabel = "PORT", description = "Default: 8080; 0 is any that is free.")
    private int port = ServerOptions.Access.DEFAULT.port();

    @Option(
            names = "--api-key",
            paramLabel = "KEY",
            description =
                    "What clients must send as 'Authorization: Bearer KEY'. Others see this command line, so rather"
                            + " set $WEIR_API_KEY.")
    private Optional<String> apiKey = Optional.empty();

    @Option(
            names = "--allow-host",
            paramLabel = "NAME",
            description = "A further name in the Host header that a server on 127.0.0.1 answers to. May be repeated.")
    private List<String> hosts = new ArrayList<>();

    @Option(names = "--name", paramLabel = "NAME", description = "What clients call the model. Default: its own name.")
    private Optional<String> name = Optional.empty();

    @Option(
            names = "--allow-trace",
            description = "Lets requests see and edit the residual stream, by the field 'weir'.")
    private boolean allowTrace;

    @Option(
            names = "--trace-dir",
            paramLabel = "DIR",
            description = "Where files of traces go. Default: a temporary folder that goes with the server.")
    private Optional<Path> traceFolder = Optional.empty();

    @Option(
            names = "--max-trace-bytes",
            paramLabel = "BYTES",
            converter = ByteSizeConverter.class,
            description = "The most bytes of one trace. Default: 256M.")
    private Optional<Long> traceBytes = Optional.empty();

    @Option(
            names = "--edits-dir",
            paramLabel = "DIR",
            description = "A folder whose files edits may name. Default: none, edits have their values written out.")
    private Optional<Path> editFolder = Optional.empty();

    @Option(
            names = "--max-body",
            paramLabel = "BYTES",
            converter = ByteSizeConverter.class,
            description = "The most bytes of a request. Default: 4M.")
    private Optional<Long> bodyBytes = Optional.empty();

    @Option(
            names = "--max-tokens",
            paramLabel = "N",
            description = "The most new tokens of an answer. Default: what the context leaves.")
    private Optional<Integer> maxTokens = Optional.empty();

    @Option(names = "--sequences", paramLabel = "N", description = "Requests that run at a time. Default: 16.")
    private Optional<Integer> sequences = Optional.empty();

    @Option(
            names = "--rows-per-step",
            paramLabel = "N",
            description = "Tokens of a step at most, prompts in pieces included. Default: 128.")
    private Optional<Integer> rowsPerStep = Optional.empty();

    @Option(
            names = "--kv-tokens",
            paramLabel = "N",
            description = "Tokens whose keys and values are kept. Default: what 16 contexts need, in at most 1 GiB.")
    private Optional<Integer> keptTokens = Optional.empty();

    @Option(names = "--pages", paramLabel = "N", description = "The same in pages of 64 tokens.")
    private Optional<Integer> pages = Optional.empty();

    @Option(
            names = "--queue",
            paramLabel = "N",
            description = "Requests that are accepted beyond those that may run. Default: 256.")
    private Optional<Integer> queue = Optional.empty();

    @Option(
            names = "--time-limit",
            paramLabel = "SECONDS",
            description = "The most seconds of a request, waiting included. Default: none.")
    private Optional<Integer> timeLimit = Optional.empty();

    @Option(
            names = "--drain",
            paramLabel = "SECONDS",
            description = "How long to wait for what runs when the server is ended. Default: 10.")
    private int drain = 10;

    ServeCommand(Shell shell) {
        this.shell = shell;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        ServerOptions options = options();
        libraries.forEach(library -> library.setLevel(Level.OFF));
        var over = new CountDownLatch(1);
        try (WeirServer server = WeirServer.start(options)) {
            var ending = new Thread(() -> end(server, over), "weir-shutdown");
            Runtime.getRuntime().addShutdownHook(ending);
            try {
                String served = server.awaitReady();
                shell.out().println("Weir serves " + served + " on " + server.url());
                shell.out().flush();
                over.await();
            } catch (IOException | RuntimeException | Error e) {
                forget(ending);
                throw e;
            }
        }
        return ExitCode.OK;
    }

    private void end(WeirServer server, CountDownLatch over) {
        Shutdown shutdown = server.shutdown();
        shell.note("%d finished, %d cancelled".formatted(shutdown.finished(), shutdown.cancelled()));
        over.countDown();
    }

    private static void forget(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // it runs already
        }
    }

    private ServerOptions options() {
        ServerOptions defaults = ServerOptions.of(model.folder(shell)).withMachine(model.machine());
        ServerOptions named = name.map(defaults::withName).orElse(defaults);
        Optional<ServerOptions.Insight> insight = insight();
        ServerOptions seen = insight.map(named::withInsight).orElse(named);
        if (pages.isPresent() && keptTokens.isPresent()) {
            throw new IllegalArgumentException("--pages: expected no --kv-tokens beside it, got both");
        }
        if (drain < 0) {
            throw new IllegalArgumentException("--drain: expected 0 or more, got " + drain);
        }
        var access = new ServerOptions.Access(
                host,
                port,
                apiKey.or(() -> shell.variable(KEY_VARIABLE)),
                new HashSet<>(hosts),
                ServerOptions.Access.DEFAULT.patience());
        var limits = new ServerOptions.RequestLimits(
                bodyBytes.orElse(ServerOptions.RequestLimits.DEFAULT.bodyBytes()),
                maxTokens.map(OptionalInt::of).orElse(OptionalInt.empty()),
                ServerOptions.RequestLimits.DEFAULT.choices(),
                timeLimit.map(Duration::ofSeconds));
        return seen.withAccess(access)
                .withLimits(limits)
                .withScheduler(this::scheduling)
                .withDrain(Duration.ofSeconds(drain));
    }

    private Optional<ServerOptions.Insight> insight() {
        if (!allowTrace) {
            requireNone("--trace-dir", traceFolder);
            requireNone("--max-trace-bytes", traceBytes);
            requireNone("--edits-dir", editFolder);
            return Optional.empty();
        }
        traceFolder.ifPresent(folder -> requireFolder("--trace-dir", folder));
        editFolder.ifPresent(folder -> requireFolder("--edits-dir", folder));
        return Optional.of(new ServerOptions.Insight(
                traceFolder, traceBytes.orElse(ServerOptions.Insight.DEFAULT.traceBytes()), editFolder));
    }

    private static void requireNone(String option, Optional<?> value) {
        if (value.isPresent()) {
            throw new IllegalArgumentException(option + ": expected --allow-trace beside it, got none");
        }
    }

    private static void requireFolder(String option, Path folder) {
        if (!Files.isDirectory(folder)) {
            throw new IllegalArgumentException(option + " '" + folder + "': expected a folder, got none there");
        }
    }

    private Limits scheduling(Limits defaults) {
        Limits limits = defaults;
        if (sequences.isPresent()) {
            limits = limits.withSequences(sequences.get());
        }
        if (rowsPerStep.isPresent()) {
            limits = limits.withRowsPerStep(rowsPerStep.get());
        }
        if (keptTokens.isPresent()) {
            limits = limits.withPages(Math.ceilDiv(keptTokens.get(), limits.pageRows()), limits.pageRows());
        }
        if (pages.isPresent()) {
            limits = limits.withPages(pages.get(), limits.pageRows());
        }
        return queue.isPresent() ? limits.withQueue(queue.get()) : limits;
    }
}
