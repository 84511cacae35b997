package dev.weir.bench.load;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * What clients, disks and operators do to a server; after each of it a question is asked whose answer is known. Called by {@code bench/load
 * faults}.
 */
final class Faults {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int FUZZED = 10_000;
    private static final int KILLED = 200;
    private static final int HALF_OPEN = 200;
    private static final int AT_THE_END = 32;

    private final Path home;
    private final String only;
    private final Question known = Question.mixed(1, 4096, 512, 5).getFirst();
    private boolean failed;

    private Faults(Path home, String only) {
        this.home = home;
        this.only = only;
    }

    /** Arguments: the folder of Weir; if the last is {@code disk}, only the full disk is tried. */
    public static void main(String[] arguments) throws Exception {
        Locale.setDefault(Locale.ROOT);
        var faults = new Faults(Path.of(arguments[0]), arguments[arguments.length - 1]);
        faults.run();
        System.exit(faults.failed ? 1 : 0);
    }

    private interface Fault {
        String happens(ServerProcess server, Client client) throws Exception;
    }

    private void run() throws Exception {
        if (!only.equals("disk")) {
            withClients();
        }
        fullDisk();
    }

    private void withClients() throws Exception {
        try (ServerProcess server = ServerProcess.start(home, List.of(), List.of());
                var client = new Client(server.address())) {
            Answer answer = client.ask(known);
            check("clients that die in mid-stream", server, client, answer, Faults::dieInMidStream);
            check("bodies that are mutilated", server, client, answer, this::mutilate);
            check("connections that are left half open", server, client, answer, this::leaveHalfOpen);
            endUnderLoad(server, client);
        }
    }

    private void check(String name, ServerProcess server, Client client, Answer expected, Fault fault)
            throws Exception {
        String saw = fault.happens(server, client);
        Answer answer = client.ask(known);
        boolean isWell = expected.says(answer) && server.isAlive() && !saw.startsWith("!");
        failed |= !isWell;
        System.out.printf(
                "%s: %s; the server %s%n",
                name, saw, isWell ? "answers as before" : "DOES NOT answer as before: " + answer);
    }

    /** A socket that has sent a request of its own making. */
    private static Socket open(URI address, String request) throws IOException {
        var socket = new Socket(address.getHost(), address.getPort());
        socket.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
        socket.getOutputStream().flush();
        return socket;
    }

    private static String request(URI address, String body) {
        return "POST /v1/completions HTTP/1.1\r\nHost: 127.0.0.1:" + address.getPort()
                + "\r\nContent-Type: application/json\r\nContent-Length: "
                + body.getBytes(StandardCharsets.UTF_8).length + "\r\n\r\n" + body;
    }

    private static String dieInMidStream(ServerProcess server, Client client) throws Exception {
        String body = new Question(new int[] {1, 2, 3}, 400, 9).body(true);
        var random = new Random(3);
        for (int i = 0; i < KILLED; i++) {
            try (Socket socket = open(server.address(), request(server.address(), body))) {
                socket.getInputStream().readNBytes(random.nextInt(2000));
                if (random.nextBoolean()) {
                    socket.setSoLinger(true, 0); // a reset instead of an end
                }
            }
        }
        return KILLED + " killed; " + running(client);
    }

    /** What the server says of requests that run. */
    private static String running(Client client) throws Exception {
        for (int i = 0; i < 100; i++) {
            String running = client.get("/metrics")
                    .body()
                    .lines()
                    .filter(line -> line.startsWith("weir_requests_running"))
                    .findFirst()
                    .orElse("no metric of requests that run");
            if (running.endsWith(" 0.0") || running.endsWith(" 0")) {
                return "none of them still runs";
            }
            Thread.sleep(50);
        }
        return "! requests still run after 5 s";
    }

    private String mutilate(ServerProcess server, Client client) throws Exception {
        var statuses = Collections.synchronizedMap(new TreeMap<Integer, Integer>());
        var strange = Collections.synchronizedList(new ArrayList<String>());
        try (var threads = Executors.newFixedThreadPool(16)) {
            var sent = new ArrayList<Future<?>>();
            for (int i = 0; i < FUZZED; i++) {
                int seed = i;
                sent.add(threads.submit(() -> {
                    byte[] body = mutilated(new Random(seed));
                    String path = seed % 2 == 0 ? "/v1/completions" : "/v1/chat/completions";
                    HttpResponse<byte[]> response = client.post(path, body);
                    statuses.merge(response.statusCode(), 1, Integer::sum);
                    if (!isWellFormed(response)) {
                        strange.add("seed " + seed + ": " + response.statusCode() + " "
                                + new String(response.body(), StandardCharsets.UTF_8));
                    }
                    return null;
                }));
            }
            for (Future<?> each : sent) {
                each.get();
            }
        }
        strange.stream().limit(5).forEach(System.out::println);
        return (strange.isEmpty() ? "" : "! ") + FUZZED + " sent, statuses " + statuses + ", not well-formed "
                + strange.size();
    }

    private static boolean isWellFormed(HttpResponse<byte[]> response) {
        try {
            int status = response.statusCode();
            if (status == 200) {
                return true;
            }
            JsonNode error = JSON.readTree(response.body()).path("error");
            return status >= 400
                    && status < 500
                    && error.path("message").isTextual()
                    && error.path("type").isTextual();
        } catch (IOException e) {
            return false;
        }
    }

    /** A good body of which a few bytes, numbers or names were changed. */
    private static byte[] mutilated(Random random) {
        String body = random.nextBoolean()
                ? "{\"prompt\":\"Once upon a time\",\"max_tokens\":2,\"temperature\":0.5,\"stop\":[\"a\"],\"n\":1,\"logprobs\":2}"
                : "{\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}],\"max_tokens\":2,\"top_p\":0.9,\"logit_bias\":{\"5\":1}}";
        String[] values = {
            "null", "-1", "1e999", "\"x\"", "[]", "{}", "true", "[[[[", "\u0000", "99999999999999999999", "0.0"
        };
        byte[] bytes = (switch (random.nextInt(4)) {
                    case 0 -> body.replaceFirst(":[^,}]+", ":" + values[random.nextInt(values.length)]);
                    case 1 -> body.substring(0, random.nextInt(body.length()));
                    case 2 -> body.replace(":2", ":" + values[random.nextInt(values.length)]);
                    default -> body;
                })
                .getBytes(StandardCharsets.UTF_8);
        for (int i = random.nextInt(4); i > 0 && bytes.length > 0; i--) {
            bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
        }
        return bytes;
    }

    private String leaveHalfOpen(ServerProcess server, Client client) throws Exception {
        var sockets = new ArrayList<Socket>();
        try {
            Answer before = client.ask(known);
            for (int i = 0; i < HALF_OPEN; i++) {
                String whole = request(server.address(), known.body(false));
                sockets.add(open(server.address(), whole.substring(0, i * (whole.length() - 1) / HALF_OPEN)));
            }
            boolean isUndisturbed = before.says(client.ask(known));
            int closed = 0;
            for (Socket socket : sockets) {
                socket.setSoTimeout(90_000);
                closed += isClosedByPeer(socket) ? 1 : 0;
            }
            boolean isWell = isUndisturbed && closed == HALF_OPEN;
            return (isWell ? "" : "! ") + HALF_OPEN + " left open, closed by the server: " + closed;
        } finally {
            for (Socket socket : sockets) {
                socket.close();
            }
        }
    }

    private static boolean isClosedByPeer(Socket socket) {
        try (InputStream in = socket.getInputStream()) {
            in.readAllBytes(); // it may say why
            return true;
        } catch (java.net.SocketTimeoutException e) {
            return false;
        } catch (IOException e) {
            return true;
        }
    }

    private void endUnderLoad(ServerProcess server, Client client) throws Exception {
        List<Question> questions = Question.mixed(AT_THE_END, 4096, 512, 8);
        var ends = Collections.synchronizedMap(new TreeMap<String, Integer>());
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (Question question : questions) {
                threads.submit(() -> {
                    try {
                        Answer answer = client.ask(question);
                        ends.merge("answered, " + answer.finishReason(), 1, Integer::sum);
                    } catch (IOException e) {
                        ends.merge("told that it ends", 1, Integer::sum);
                    }
                    return null;
                });
            }
            Thread.sleep(150);
            int exit = server.terminate(Duration.ofSeconds(40));
            System.out.printf(
                    "SIGTERM with %d clients: the server ended with %d and said: %s%n",
                    AT_THE_END, exit, lastLine(server.said()));
        }
        int all = ends.values().stream().mapToInt(Integer::intValue).sum();
        failed |= all != AT_THE_END;
        System.out.printf("  its clients were: %s%n", ends);
    }

    private static String lastLine(String text) {
        return text.lines().reduce("", (a, b) -> b);
    }

    /** A disk that takes no more than 40 MB in a file: enough for the tokenizer's library, too little for patterns of 480 tokens. */
    private void fullDisk() throws Exception {
        Path traces = Files.createTempDirectory("weir-traces");
        List<String> limited = List.of("bash", "-c", "ulimit -f 40000; exec \"$@\"", "limited");
        List<String> options = List.of("--allow-trace", "--trace-dir", traces.toString());
        try (ServerProcess server = ServerProcess.start(home, limited, options);
                var client = new Client(server.address())) {
            Answer answer = client.ask(known);
            check("a disk that is full while tracing", server, client, answer, (s, c) -> {
                String body = new Question(new int[] {1, 2, 3}, 480, 9)
                        .body(false)
                        .replaceFirst("\\{", "{\"weir\":{\"trace\":[\"pattern\",\"mlp_pre\",\"mlp_post\"]},");
                HttpResponse<byte[]> response = c.post("/v1/completions", body.getBytes(StandardCharsets.UTF_8));
                String said = new String(response.body(), StandardCharsets.UTF_8);
                boolean isRefused =
                        response.statusCode() >= 500 && JSON.readTree(said).has("error");
                return (isRefused ? "" : "! ") + "status " + response.statusCode() + ", " + said.strip()
                        + ", files left: " + files(traces);
            });
        }
    }

    private static Map<String, Long> files(Path folder) throws IOException {
        var sizes = new TreeMap<String, Long>();
        try (var files = Files.list(folder)) {
            for (Path file : files.toList()) {
                sizes.put(file.getFileName().toString(), Files.size(file));
            }
        }
        return sizes;
    }
}
