package dev.weir.cli;

import dev.weir.checkpoint.CheckpointException;
import dev.weir.corpus.CorpusException;
import dev.weir.dump.DumpException;
import dev.weir.gguf.GgufException;
import dev.weir.safetensors.SafetensorsException;
import dev.weir.tokenizer.TokenizerException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.Objects;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * What goes wrong, said on standard error in one line: bad input ends with exit code 2, anything else with 1. A stack trace is for
 * those who set {@code WEIR_DEBUG}.
 */
final class OneLineErrors implements IParameterExceptionHandler, IExecutionExceptionHandler {

    private final Shell shell;

    OneLineErrors(Shell shell) {
        this.shell = shell;
    }

    @Override
    public int handleParseException(ParameterException failure, String[] arguments) {
        String command = failure.getCommandLine().getCommandSpec().qualifiedName();
        String meant = failure instanceof UnmatchedArgumentException unmatched
                ? unmatched.getSuggestions().stream()
                        .findFirst()
                        .map(s -> ", did you mean " + s + "?")
                        .orElse("")
                : "";
        report(onOneLine(failure) + meant + "; see '" + command + " --help'", failure);
        return ExitCode.USAGE;
    }

    @Override
    public int handleExecutionException(Exception failure, CommandLine command, ParseResult arguments) {
        return handle(failure);
    }

    /** Reports any failure and says with which code to exit. */
    int handle(Throwable failure) {
        if (failure instanceof Live.ReaderGone) {
            return ExitCode.SOFTWARE;
        }
        Throwable cause = failure instanceof UncheckedIOException
                ? Objects.requireNonNullElse(failure.getCause(), failure)
                : failure;
        Optional<String> misuse = misuse(cause);
        report(misuse.orElseGet(() -> unexpected(cause)), failure);
        return misuse.isPresent() ? ExitCode.USAGE : ExitCode.SOFTWARE;
    }

    private static Optional<String> misuse(Throwable failure) {
        return switch (failure) {
            case NoSuchFileException e -> Optional.of(e.getFile() + ": expected a file or folder, got nothing there");
            case AccessDeniedException e ->
                Optional.of(e.getFile() + ": expected permission to read or write it, got none");
            case IllegalArgumentException e -> Optional.of(String.valueOf(e.getMessage()));
            case SafetensorsException e -> Optional.of(e.getMessage());
            case CheckpointException e -> Optional.of(e.getMessage());
            case DumpException e -> Optional.of(e.getMessage());
            case CorpusException e -> Optional.of(e.getMessage());
            case GgufException e -> Optional.of(e.getMessage());
            case TokenizerException e -> Optional.of(String.valueOf(e.getMessage()));
            default -> Optional.empty();
        };
    }

    private static String unexpected(Throwable failure) {
        String what = failure instanceof IOException
                ? "input or output failed"
                : failure.getClass().getSimpleName();
        return what + ": " + onOneLine(failure) + " (WEIR_DEBUG=1 shows where)";
    }

    private static String onOneLine(Throwable failure) {
        return String.valueOf(failure.getMessage()).replaceAll("\\s*\\R\\s*", " ");
    }

    private void report(String message, Throwable failure) {
        shell.out().flush();
        shell.note("weir: " + message);
        if (shell.debugs()) {
            failure.printStackTrace(shell.err());
            shell.err().flush();
        }
    }
}
