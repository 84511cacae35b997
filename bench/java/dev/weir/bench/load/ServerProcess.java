package dev.weir.bench.load;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** {@code weir serve} as a process of its own. */
final class ServerProcess implements AutoCloseable {

    private final Process process;
    private final URI address;
    private final Path log;

    private ServerProcess(Process process, URI address, Path log) {
        this.process = process;
        this.address = address;
        this.log = log;
    }

    /**
     * Starts one and waits until it is ready.
     *
     * @param before words that the command begins with, such as a shell that limits it
     * @param options of {@code weir serve}
     */
    static ServerProcess start(Path home, List<String> before, List<String> options)
            throws IOException, InterruptedException {
        int port = freePort();
        Path log = Files.createDirectories(home.resolve("target/load")).resolve("server.log");
        var command = new ArrayList<>(before);
        command.addAll(List.of(home.resolve("weir").toString(), "serve", "--port", Integer.toString(port)));
        command.addAll(options);
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        var server = new ServerProcess(process, URI.create("http://127.0.0.1:" + port), log);
        server.awaitReady();
        return server;
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    private void awaitReady() throws IOException, InterruptedException {
        long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(5);
        try (var client = new Client(address)) {
            while (System.nanoTime() < end && process.isAlive()) {
                try {
                    if (client.get("/health").statusCode() == 200) {
                        return;
                    }
                } catch (IOException e) {
                    // not yet
                }
                Thread.sleep(100);
            }
        }
        throw new IOException("the server did not start: " + said());
    }

    URI address() {
        return address;
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** What it printed. */
    String said() throws IOException {
        return Files.readString(log);
    }

    /** Megabytes of it that are in memory. */
    long residentMegabytes() throws IOException {
        return Files.readAllLines(Path.of("/proc", Long.toString(process.pid()), "status")).stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) / 1024)
                .findFirst()
                .orElseThrow();
    }

    /** Seconds of processors that it has had. */
    double processorSeconds() {
        return seconds(process.toHandle());
    }

    /** Seconds of processors that a process has had. */
    static double seconds(ProcessHandle process) {
        return process.info().totalCpuDuration().orElse(Duration.ZERO).toMillis() / 1e3;
    }

    /** Asks it to end, as a terminal does, and waits. */
    int terminate(Duration patience) throws InterruptedException {
        process.destroy();
        if (!process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS)) {
            throw new IllegalStateException("the server: expected to have ended " + patience + " after SIGTERM");
        }
        return process.exitValue();
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
