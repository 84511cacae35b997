package dev.weir.bench.load;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Questions one at a time, and then by many clients for some minutes; each answer is compared with the one that the question had alone. Called
 * by {@code bench/load}, which explains the arguments.
 */
final class Load {

    private static final int VOCABULARY = 4096;
    private static final int CONTEXT = 512;

    private final Path home;
    private final Map<String, String> options;
    private final List<Question> questions;
    private final List<Answer> answers = Collections.synchronizedList(new ArrayList<>());
    private final List<String> wrong = Collections.synchronizedList(new ArrayList<>());

    private Load(Path home, Map<String, String> options) {
        this.home = home;
        this.options = options;
        this.questions = Question.mixed(
                number("--questions", 96), number("--vocabulary", VOCABULARY), number("--context", CONTEXT), 1);
    }

    /** Arguments: the folder of Weir, then names and values by turns. */
    public static void main(String[] arguments) throws Exception {
        Locale.setDefault(Locale.ROOT);
        var options = new HashMap<String, String>();
        for (int i = 1; i < arguments.length; i += 2) {
            options.put(arguments[i], arguments[i + 1]);
        }
        System.exit(new Load(Path.of(arguments[0]), options).run() ? 0 : 1);
    }

    private int number(String name, int otherwise) {
        return Integer.parseInt(options.getOrDefault(name, Integer.toString(otherwise)));
    }

    private boolean run() throws Exception {
        int clients = number("--clients", 64);
        int seconds = number("--seconds", 300);
        var serving = new ArrayList<>(List.of("--sequences", options.getOrDefault("--sequences", "16")));
        if (options.containsKey("--model")) {
            serving.addAll(List.of("--model", options.get("--model")));
        }
        try (ServerProcess server = ServerProcess.start(home, List.of(), serving);
                var client = new Client(server.address())) {
            List<Answer> alone = oneAtATime(client);
            oneAtATime(client); // these rounds warm up
            long begin = System.nanoTime();
            List<Answer> again = oneAtATime(client);
            Rates aloneRates = Rates.of(again, System.nanoTime() - begin);
            System.out.printf("one at a time: %s%n", aloneRates);
            for (int i = 0; i < alone.size(); i++) {
                requireSame(i, alone.get(i), again.get(i));
            }
            double ofServer = server.processorSeconds();
            double ofClients = ServerProcess.seconds(ProcessHandle.current());
            begin = System.nanoTime();
            List<Long> memory = crowd(server, client, again, clients, seconds);
            double took = (System.nanoTime() - begin) / 1e9;
            Rates rates = Rates.of(answers, System.nanoTime() - begin);
            System.out.printf(
                    "processors: %.2f by the server, %.2f by its clients%n",
                    (server.processorSeconds() - ofServer) / took,
                    (ServerProcess.seconds(ProcessHandle.current()) - ofClients) / took);
            int exit = server.terminate(Duration.ofSeconds(30));
            report(clients, seconds, aloneRates, rates, memory);
            System.out.printf("the server ended with %d%n", exit);
            return wrong.isEmpty() && answers.size() >= clients;
        }
    }

    private List<Answer> oneAtATime(Client client) throws IOException, InterruptedException {
        var heard = new ArrayList<Answer>();
        for (Question question : questions) {
            heard.add(client.ask(question));
        }
        return heard;
    }

    private void requireSame(int question, Answer expected, Answer got) {
        if (!expected.says(got)) {
            wrong.add("question " + question + ": expected " + expected + ", got " + got);
        }
    }

    /**
     * Tokens in a second.
     *
     * @param made new ones
     * @param computed those and the ones of prompts that went through the model
     */
    private record Rates(double made, double computed) {

        static Rates of(List<Answer> answers, long nanos) {
            return new Rates(
                    answers.stream().mapToLong(Answer::tokens).sum() * 1e9 / nanos,
                    answers.stream().mapToLong(Answer::computed).sum() * 1e9 / nanos);
        }

        @Override
        public String toString() {
            return "%.0f tokens/s, with those of prompts %.0f".formatted(made, computed);
        }
    }

    /** Everybody asks, one question after the other. Returns the memory of the server, every five seconds. */
    private List<Long> crowd(ServerProcess server, Client client, List<Answer> expected, int clients, int seconds)
            throws Exception {
        var over = new AtomicBoolean();
        var memory = new ArrayList<Long>();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var crowd = new ArrayList<Future<?>>();
            for (int c = 0; c < clients; c++) {
                var random = new Random(c);
                crowd.add(threads.submit(() -> {
                    while (!over.get()) {
                        int question = random.nextInt(questions.size());
                        try {
                            Answer answer = client.ask(questions.get(question));
                            requireSame(question, expected.get(question), answer);
                            answers.add(answer);
                        } catch (IOException e) {
                            wrong.add("question " + question + ": " + e);
                        }
                    }
                    return null;
                }));
            }
            Instant end = Instant.now().plusSeconds(seconds);
            while (Instant.now().isBefore(end)) {
                Thread.sleep(Math.min(
                        5000, Math.max(1, Duration.between(Instant.now(), end).toMillis())));
                memory.add(server.residentMegabytes());
            }
            over.set(true);
            for (Future<?> each : crowd) {
                each.get();
            }
        }
        return memory;
    }

    private void report(int clients, int seconds, Rates alone, Rates rates, List<Long> memory) throws IOException {
        List<Long> first = answers.stream().map(Answer::first).sorted().toList();
        List<Long> gaps = answers.stream()
                .flatMap(answer -> answer.gaps().stream())
                .sorted()
                .toList();
        System.out.printf(
                "%d clients, %d s: %d answers, %s, %.2f times one at a time; wrong or lost: %d%n",
                clients, seconds, answers.size(), rates, rates.made / alone.made, wrong.size());
        System.out.printf("time to first token: median %.0f ms, p99 %.0f ms%n", at(first, 0.5), at(first, 0.99));
        System.out.printf("between tokens: median %.1f ms, p99 %.1f ms%n", at(gaps, 0.5), at(gaps, 0.99));
        System.out.printf(
                "memory of the server: %d MB after the first quarter, %d MB at the end, at most %d MB%n",
                memory.get(memory.size() / 4), memory.getLast(), Collections.max(memory));
        wrong.stream().limit(5).forEach(System.out::println);
        if (options.containsKey("--append")) {
            Path results = Path.of(options.get("--append"));
            String command = "bench/load --clients " + clients + " --seconds " + seconds;
            append(results, command, "tokens/s, one at a time", alone.made, "tokens/s");
            append(results, command, "tokens/s", rates.made, "tokens/s");
            append(results, command, "tokens/s with those of prompts, one at a time", alone.computed, "tokens/s");
            append(results, command, "tokens/s with those of prompts", rates.computed, "tokens/s");
            append(results, command, "ratio to one at a time", rates.made / alone.made, "");
            append(results, command, "time to first token, median", at(first, 0.5), "ms");
            append(results, command, "time to first token, p99", at(first, 0.99), "ms");
            append(results, command, "between tokens, median", at(gaps, 0.5), "ms");
            append(results, command, "between tokens, p99", at(gaps, 0.99), "ms");
            append(results, command, "answers", answers.size(), "");
            append(results, command, "answers wrong or lost", wrong.size(), "");
            append(results, command, "memory after the first quarter", memory.get(memory.size() / 4), "MB");
            append(results, command, "memory at the end", memory.getLast(), "MB");
        }
    }

    /** Milliseconds at a share of the sorted values. */
    private static double at(List<Long> sorted, double share) {
        return sorted.get((int) Math.min(sorted.size() - 1L, Math.round(share * sorted.size()))) / 1e6;
    }

    private void append(Path results, String command, String figure, double value, String unit) throws IOException {
        ObjectNode line = new ObjectMapper().createObjectNode();
        line.put("when", Instant.now().toString())
                .put("commit", options.getOrDefault("--commit", "unknown"))
                .put("machine", options.getOrDefault("--machine", "unknown"))
                .put("command", command)
                .put("table", "serving")
                .put("case", figure)
                .put("engine", "weir")
                .put("median", value)
                .put("min", value)
                .put("max", value)
                .put("unit", unit);
        Files.writeString(results, line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }
}
