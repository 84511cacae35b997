package dev.weir.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/** A real Chromium without a window, driven over its DevTools protocol, with one tab. */
public final class Browser implements AutoCloseable {

    private static final long SECONDS = 60;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Process process;
    private final Path profile;
    private final HttpClient client = HttpClient.newHttpClient();
    private final WebSocket socket;
    private final AtomicInteger ids = new AtomicInteger();
    private final Map<Integer, CompletableFuture<JsonNode>> answers = new ConcurrentHashMap<>();
    private final BlockingQueue<JsonNode> events = new LinkedBlockingQueue<>();
    private String session = "";

    private Browser(Process process, Path profile, URI address) {
        this.process = process;
        this.profile = profile;
        this.socket =
                client.newWebSocketBuilder().buildAsync(address, new Reader()).join();
    }

    /** The browser's program, if this machine has one. */
    public static Optional<Path> program() {
        return Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
                .flatMap(folder -> Stream.of("chromium", "chromium-browser", "google-chrome")
                        .map(name -> Path.of(folder, name)))
                .filter(Files::isExecutable)
                .findFirst();
    }

    public static Browser open(Path program) throws IOException, InterruptedException {
        Path profile = Files.createTempDirectory("weir-browser-");
        Process process = new ProcessBuilder(
                        program.toString(),
                        "--headless",
                        "--no-sandbox",
                        "--disable-gpu",
                        "--disable-quic",
                        "--no-first-run",
                        "--disable-background-networking",
                        "--disable-component-update",
                        "--disable-sync",
                        "--hide-scrollbars",
                        "--remote-debugging-port=0",
                        "--user-data-dir=" + profile,
                        "about:blank")
                .redirectErrorStream(true)
                .redirectOutput(profile.resolve("output").toFile())
                .start();
        Path port = profile.resolve("DevToolsActivePort");
        while (!Files.exists(port) || Files.readAllLines(port).size() < 2) {
            if (process.waitFor(20, TimeUnit.MILLISECONDS)) {
                throw new IOException("the browser ended: " + Files.readString(profile.resolve("output")));
            }
        }
        List<String> lines = Files.readAllLines(port);
        var browser = new Browser(process, profile, URI.create("ws://127.0.0.1:" + lines.get(0) + lines.get(1)));
        browser.attach();
        return browser;
    }

    private void attach() {
        String target = call("Target.createTarget", "url", "about:blank")
                .path("targetId")
                .textValue();
        session = call("Target.attachToTarget", "targetId", target, "flatten", true)
                .path("sessionId")
                .textValue();
        for (String domain : List.of("Page", "Runtime", "Log", "Network")) {
            call(domain + ".enable");
        }
    }

    /** One command with its parameters, name after value; its result. */
    public JsonNode call(String method, Object... parameters) {
        int id = ids.incrementAndGet();
        ObjectNode message = JSON.createObjectNode().put("id", id).put("method", method);
        if (!session.isEmpty()) {
            message.put("sessionId", session);
        }
        ObjectNode arguments = message.putObject("params");
        for (int i = 0; i < parameters.length; i += 2) {
            arguments.set((String) parameters[i], JSON.valueToTree(parameters[i + 1]));
        }
        var answer = new CompletableFuture<JsonNode>();
        answers.put(id, answer);
        socket.sendText(message.toString(), true).join();
        try {
            JsonNode got = answer.get(SECONDS, TimeUnit.SECONDS);
            if (got.has("error")) {
                throw new AssertionError(method + ": " + got.path("error"));
            }
            return got.path("result");
        } catch (InterruptedException | java.util.concurrent.ExecutionException | TimeoutException e) {
            throw new AssertionError(method + ": no answer", e);
        }
    }

    /** Opens a file and waits until its scripts have run and have drawn. */
    void go(Path file) {
        visit(file.toUri());
        await("document.readyState === 'complete' && document.documentElement.dataset.drawn !== undefined");
    }

    /** Opens a page, whatever it does then. */
    public void visit(URI address) {
        call("Page.navigate", "url", address.toString());
    }

    /** The value of an expression. */
    public JsonNode evaluate(String expression) {
        JsonNode result =
                call("Runtime.evaluate", "expression", expression, "returnByValue", true, "awaitPromise", true);
        if (result.has("exceptionDetails")) {
            throw new AssertionError(expression + ": " + result.path("exceptionDetails"));
        }
        return result.path("result").path("value");
    }

    /** Waits until an expression is true. */
    public void await(String expression) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
        while (!evaluate(expression).booleanValue()) {
            if (System.nanoTime() > end) {
                throw new AssertionError("never true: " + expression);
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5)); // leaves the processor to the page
        }
    }

    /** Waits until what was changed has been drawn. */
    public void settle() {
        evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))");
    }

    public void press(String key) {
        press(key, 0);
    }

    /** Presses a key together with others: 1 is Alt, 2 Control, 4 Meta, 8 Shift, added up. */
    public void press(String key, int modifiers) {
        for (String type : List.of("keyDown", "keyUp")) {
            call(
                    "Input.dispatchKeyEvent",
                    "type",
                    type,
                    "key",
                    key,
                    "code",
                    key,
                    "windowsVirtualKeyCode",
                    code(key),
                    "modifiers",
                    modifiers);
        }
        settle();
    }

    private static int code(String key) {
        return switch (key) {
            case "Tab" -> 9;
            case "Enter" -> 13;
            case "Escape" -> 27;
            case "PageUp" -> 33;
            case "PageDown" -> 34;
            case "End" -> 35;
            case "Home" -> 36;
            case "ArrowLeft" -> 37;
            case "ArrowUp" -> 38;
            case "ArrowRight" -> 39;
            case "ArrowDown" -> 40;
            default -> throw new IllegalArgumentException("key " + key + ": expected one that is in the list");
        };
    }

    /** Puts the pointer on a point of an element, from its upper left corner. */
    public void hover(String selector, double x, double y) {
        pointer("mouseMoved", selector, x, y, 0);
    }

    public void click(String selector, double x, double y) {
        hover(selector, x, y);
        pointer("mousePressed", selector, x, y, 1);
        pointer("mouseReleased", selector, x, y, 1);
    }

    private void pointer(String type, String selector, double x, double y, int clicks) {
        JsonNode place = evaluate("(() => { const place = document.querySelector('" + selector
                + "'); place.scrollIntoView({block: 'center'}); const {x, y} = place.getBoundingClientRect();"
                + " return {x, y}; })()");
        call(
                "Input.dispatchMouseEvent",
                "type",
                type,
                "x",
                place.path("x").doubleValue() + x,
                "y",
                place.path("y").doubleValue() + y,
                "button",
                clicks > 0 ? "left" : "none",
                "clickCount",
                clicks);
        settle();
    }

    /** How large the window is. */
    public void size(int width, int height) {
        call(
                "Emulation.setDeviceMetricsOverride",
                "width",
                width,
                "height",
                height,
                "deviceScaleFactor",
                1,
                "mobile",
                false);
    }

    /** What the person's system prefers: light or dark. */
    public void prefer(String scheme) {
        call(
                "Emulation.setEmulatedMedia",
                "features",
                List.of(Map.of("name", "prefers-color-scheme", "value", scheme)));
    }

    /** A picture of the window, or of the whole page, as PNG. */
    void screenshot(Path file, boolean whole) throws IOException {
        String data = call("Page.captureScreenshot", "captureBeyondViewport", whole)
                .path("data")
                .textValue();
        Files.write(file, Base64.getDecoder().decode(data));
    }

    /** Errors and warnings of the console, exceptions, and violations of the page's policy since the last call. */
    public List<String> problems() {
        return seen("Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled");
    }

    /** What was fetched since the last call of this method or {@link #problems}, by address. */
    public List<String> events(String... methods) {
        return seen(methods);
    }

    private List<String> seen(String... methods) {
        var all = new ArrayList<JsonNode>();
        events.drainTo(all);
        return all.stream()
                .filter(event -> List.of(methods).contains(event.path("method").textValue()))
                .map(event -> event.path("params").toString())
                .toList();
    }

    @Override
    public void close() throws IOException {
        socket.abort();
        client.close();
        process.descendants().forEach(ProcessHandle::destroy);
        process.destroy();
        process.onExit().join();
        try (Stream<Path> files = Files.walk(profile)) {
            files.sorted(Comparator.reverseOrder())
                    .forEach(path -> path.toFile().delete());
        }
    }

    /** Puts messages together from their parts. */
    private final class Reader implements WebSocket.Listener {

        private final StringBuilder text = new StringBuilder();

        @Override
        public CompletionStage<?> onText(WebSocket from, CharSequence part, boolean last) {
            text.append(part);
            if (last) {
                take(text.toString());
                text.setLength(0);
            }
            from.request(1);
            return CompletableFuture.completedStage(null);
        }

        private void take(String message) {
            try {
                JsonNode node = JSON.readTree(message);
                CompletableFuture<JsonNode> waiting =
                        answers.remove(node.path("id").asInt(-1));
                if (waiting != null) {
                    waiting.complete(node);
                } else {
                    events.add(node);
                }
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        }
    }
}
