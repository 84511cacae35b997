package dev.weir.cli;

import java.util.Locale;

/** Where the process begins. */
public final class Main {

    private Main() {}

    /** Runs one command and exits: 0 when it did what it was asked, 2 for bad input, 1 for a failure or a difference found. */
    public static void main(String[] arguments) {
        Locale.setDefault(Locale.ROOT); // numbers look the same everywhere
        Shell shell = Shell.ofProcess();
        int code = run(shell, arguments);
        shell.out().flush();
        shell.err().flush();
        System.exit(code);
    }

    /** Runs one command and says with which code to exit. */
    static int run(Shell shell, String... arguments) {
        try {
            return WeirCommand.line(shell, arguments).execute(arguments);
        } catch (Error e) { // picocli hands on exceptions only
            return new OneLineErrors(shell).handle(e);
        }
    }
}
