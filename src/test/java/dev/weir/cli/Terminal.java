package dev.weir.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** A person, or a program, at a command line that only tests see. */
final class Terminal {

    private final Map<String, String> environment = new HashMap<>();
    private Optional<Path> home = Optional.empty();
    private boolean isPerson;

    /** What a command left behind. */
    record Result(int code, String out, String err) {
        JsonNode json() {
            try {
                return Json.MAPPER.readTree(out);
            } catch (JsonProcessingException e) {
                throw new AssertionError("no JSON on standard output: " + out, e);
            }
        }
    }

    static Result weir(String... arguments) {
        return new Terminal().run(arguments);
    }

    Terminal with(String variable, String value) {
        environment.put(variable, value);
        return this;
    }

    Terminal at(Path folder) {
        home = Optional.of(folder);
        return this;
    }

    Terminal watched() {
        isPerson = true;
        return this;
    }

    Result run(String... arguments) {
        var out = new StringWriter();
        var err = new StringWriter();
        var shell =
                new Shell(new PrintWriter(out), new PrintWriter(err), isPerson, isPerson, environment, "weir", home);
        int code = Main.run(shell, arguments);
        shell.out().flush();
        shell.err().flush();
        return new Result(code, out.toString(), err.toString());
    }
}
