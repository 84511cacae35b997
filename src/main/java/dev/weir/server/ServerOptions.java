package dev.weir.server;

import dev.weir.batching.Limits;
import dev.weir.engine.Options;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * How to serve a model.
 *
 * @param model a folder as Hugging Face lays it out
 * @param machine on which it runs
 * @param name under which clients ask for it; empty: its own
 * @param access where it is heard, and by whom
 * @param limits of one request and of all
 * @param scheduler makes of the scheduler's default limits those that it gets
 * @param insight what may be seen and changed of the residual stream; empty: nothing
 * @param drain how long a shutdown waits for what runs
 */
public record ServerOptions(
        Path model,
        Options machine,
        Optional<String> name,
        Access access,
        RequestLimits limits,
        UnaryOperator<Limits> scheduler,
        Optional<Insight> insight,
        Duration drain) {

    /** A model on the best machine at hand, for this computer alone. */
    public static ServerOptions of(Path model) {
        return new ServerOptions(
                model,
                Options.DEFAULT,
                Optional.empty(),
                Access.DEFAULT,
                RequestLimits.DEFAULT,
                UnaryOperator.identity(),
                Optional.empty(),
                Duration.ofSeconds(10));
    }

    /** The same on another machine. */
    public ServerOptions withMachine(Options value) {
        return new ServerOptions(model, value, name, access, limits, scheduler, insight, drain);
    }

    /** The same under a name. */
    public ServerOptions withName(String value) {
        return new ServerOptions(model, machine, Optional.of(value), access, limits, scheduler, insight, drain);
    }

    /** The same, heard elsewhere or by others. */
    public ServerOptions withAccess(Access value) {
        return new ServerOptions(model, machine, name, value, limits, scheduler, insight, drain);
    }

    /** The same with other limits of requests. */
    public ServerOptions withLimits(RequestLimits value) {
        return new ServerOptions(model, machine, name, access, value, scheduler, insight, drain);
    }

    /** The same with other limits of the scheduler. */
    public ServerOptions withScheduler(UnaryOperator<Limits> value) {
        return new ServerOptions(model, machine, name, access, limits, value, insight, drain);
    }

    /** The same, with the residual stream open. */
    public ServerOptions withInsight(Insight value) {
        return new ServerOptions(model, machine, name, access, limits, scheduler, Optional.of(value), drain);
    }

    /** The same with another patience at shutdown. */
    public ServerOptions withDrain(Duration value) {
        return new ServerOptions(model, machine, name, access, limits, scheduler, insight, value);
    }

    /**
     * Where a server is heard, and by whom.
     *
     * @param host an address or a name; one that other computers reach needs a key
     * @param port 0 for any that is free
     * @param apiKey that clients must show
     * @param names of hosts that a server of this computer alone answers to besides localhost
     * @param patience how long a client may take to say what it wants, and to take each piece of what it gets
     */
    public record Access(String host, int port, Optional<String> apiKey, Set<String> names, Duration patience) {

        /** This computer alone, on port 8080. */
        public static final Access DEFAULT =
                new Access("127.0.0.1", 8080, Optional.empty(), Set.of(), Duration.ofSeconds(30));

        /** Values that make sense. */
        public Access {
            if (port < 0 || port > 65535) {
                throw new IllegalArgumentException("port: expected from 0 to 65535, got " + port);
            }
            if (apiKey.isPresent() && !apiKey.get().matches("[\\x21-\\x7e]+")) {
                throw new IllegalArgumentException(
                        "API key: expected printable ASCII without spaces, got something else");
            }
            if (!patience.isPositive()) {
                throw new IllegalArgumentException("patience: expected above 0, got " + patience);
            }
            names = Set.copyOf(names);
        }

        /** The same at another port. */
        public Access withPort(int value) {
            return new Access(host, value, apiKey, names, patience);
        }

        /** The same at another address. */
        public Access withHost(String value) {
            return new Access(value, port, apiKey, names, patience);
        }

        /** The same for whoever shows a key. */
        public Access withApiKey(String value) {
            return new Access(host, port, Optional.of(value), names, patience);
        }

        /** The same with another patience. */
        public Access withPatience(Duration value) {
            return new Access(host, port, apiKey, names, value);
        }
    }

    /**
     * Limits of requests.
     *
     * @param bodyBytes of a request
     * @param newTokens of a choice; empty: what the model's context leaves
     * @param choices of a request, over all its prompts
     * @param time that a request may take, waiting included; empty: any
     */
    public record RequestLimits(long bodyBytes, OptionalInt newTokens, int choices, Optional<Duration> time) {

        /** 4 MiB, 64 choices, any length and time. */
        public static final RequestLimits DEFAULT =
                new RequestLimits(4 << 20, OptionalInt.empty(), 64, Optional.empty());

        /** Values that make sense. */
        public RequestLimits {
            require(bodyBytes > 0, "body bytes", bodyBytes);
            require(newTokens.orElse(1) > 0, "max tokens", newTokens.orElse(1));
            require(choices > 0, "choices", choices);
            if (time.isPresent() && !time.get().isPositive()) {
                throw new IllegalArgumentException("time limit: expected above 0, got " + time.get());
            }
        }

        private static void require(boolean holds, String name, long got) {
            if (!holds) {
                throw new IllegalArgumentException(name + ": expected above 0, got " + got);
            }
        }

        /** The same with so many bytes of a body. */
        public RequestLimits withBodyBytes(long value) {
            return new RequestLimits(value, newTokens, choices, time);
        }

        /** The same with so many new tokens. */
        public RequestLimits withNewTokens(int value) {
            return new RequestLimits(bodyBytes, OptionalInt.of(value), choices, time);
        }

        /** The same with so much time. */
        public RequestLimits withTime(Duration value) {
            return new RequestLimits(bodyBytes, newTokens, choices, Optional.of(value));
        }
    }

    /**
     * What clients may see and change of the residual stream.
     *
     * @param traces a folder for files of traces; empty: one of the server's own, which goes with it
     * @param traceBytes of one trace at most
     * @param edits a folder with files that edits may name; empty: none may be named
     */
    public record Insight(Optional<Path> traces, long traceBytes, Optional<Path> edits) {

        /** A folder of the server's own, 256 MiB a trace, and no files for edits. */
        public static final Insight DEFAULT = new Insight(Optional.empty(), 256L << 20, Optional.empty());

        /** Values that make sense. */
        public Insight {
            RequestLimits.require(traceBytes > 0, "trace bytes", traceBytes);
        }

        /** The same with files for edits. */
        public Insight withEdits(Path folder) {
            return new Insight(traces, traceBytes, Optional.of(folder));
        }

        /** The same with traces in a folder that stays. */
        public Insight withTraces(Path folder) {
            return new Insight(Optional.of(folder), traceBytes, edits);
        }

        /** The same with so many bytes of a trace. */
        public Insight withTraceBytes(long value) {
            return new Insight(traces, value, edits);
        }
    }
}
