package dev.weir.cli;

import java.util.LinkedHashMap;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Function;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.IVersionProvider;

/** The command above the commands: it shows what to try first. */
@Command(
        name = "weir",
        mixinStandardHelpOptions = true,
        versionProvider = WeirCommand.Version.class,
        synopsisSubcommandLabel = "COMMAND",
        description = "Runs GPT-2 models and shows their residual stream, in one and the same forward pass.",
        footer = {
            "",
            "'weir COMMAND --help' explains a command and ends with examples.",
            "WEIR_MODEL names the model to use without --model, WEIR_DEBUG=1 shows where a failure comes from,",
            "and NO_COLOR=1 turns colour off."
        })
final class WeirCommand implements Callable<Integer> {

    private static final int COLUMNS = 100;

    private static final String HELP = "help";
    private static final SequencedMap<String, Function<Shell, Object>> COMMANDS = new LinkedHashMap<>();

    static {
        COMMANDS.put("generate", GenerateCommand::new);
        COMMANDS.put("serve", ServeCommand::new);
        COMMANDS.put("trace", TraceCommand::new);
        COMMANDS.put("lens", LensCommand::new);
        COMMANDS.put("heads", HeadsCommand::new);
        COMMANDS.put("attribute", AttributeCommand::new);
        COMMANDS.put("stats", StatsCommand::new);
        COMMANDS.put("perplexity", PerplexityCommand::new);
        COMMANDS.put("patch", PatchCommand::new);
        COMMANDS.put("sae", SaeCommand::new);
        COMMANDS.put("train-sae", TrainSaeCommand::new);
        COMMANDS.put("hooks", HooksCommand::new);
        COMMANDS.put("plan", PlanCommand::new);
        COMMANDS.put("diff", DiffCommand::new);
        COMMANDS.put("dump", DumpCommand::new);
        COMMANDS.put("export", ExportCommand::new);
        COMMANDS.put("convert", ConvertCommand::new);
        COMMANDS.put("inspect", InspectCommand::new);
        COMMANDS.put("steer", SteerCommand::new);
        COMMANDS.put("probe", ProbeCommand::new);
        COMMANDS.put("bench", BenchCommand::new);
        COMMANDS.put("doctor", DoctorCommand::new);
        COMMANDS.put(HELP, shell -> new HelpCommand());
    }

    private final Shell shell;

    private WeirCommand(Shell shell) {
        this.shell = shell;
    }

    /**
     * The commands, ready to run: all of them, or only the one that the arguments name, because it takes picocli a while to read the
     * options of a command.
     */
    static CommandLine line(Shell shell, String... arguments) {
        var line = new CommandLine(new WeirCommand(shell));
        boolean isEnough = arguments.length > 0
                && COMMANDS.containsKey(arguments[0])
                && !arguments[0].equals(HELP); // which tells of all
        for (String name : isEnough ? Set.of(arguments[0]) : COMMANDS.keySet()) {
            line.addSubcommand(name, Objects.requireNonNull(COMMANDS.get(name)).apply(shell));
        }
        line.getSubcommands().values().forEach(sub -> sub.getCommandSpec().versionProvider(new Version()));
        var errors = new OneLineErrors(shell);
        return line.setExpandAtFiles(false) // a prompt may begin with an at sign
                .setOut(shell.out())
                .setErr(shell.err())
                .setUsageHelpWidth(COLUMNS)
                .setColorScheme(Help.defaultColorScheme(shell.style().on() ? Ansi.ON : Ansi.OFF))
                .setParameterExceptionHandler(errors)
                .setExecutionExceptionHandler(errors);
    }

    /** Weir's version; classes that are in no jar know none. */
    static String version() {
        return Optional.ofNullable(WeirCommand.class.getPackage().getImplementationVersion())
                .orElse("unpackaged");
    }

    /** What {@code --version} prints. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {"Weir " + version(), "Java " + Runtime.version()};
        }
    }

    @Override
    public Integer call() {
        Style style = shell.style();
        shell.out().println("Weir runs GPT-2 models and shows their residual stream. To begin with:");
        example(style, "a story, from the model that comes with Weir", "generate \"Once upon a time\"");
        example(style, "the residual stream of one forward pass, layer by layer", "trace \"Once upon a time\"");
        example(
                style,
                "both at once, every layer of every token into a safetensors file",
                "generate \"Once upon a time\" --trace resid_post --trace-out story.safetensors");
        example(style, "what else can be seen", "hooks");
        shell.out().println();
        shell.out().println("'" + shell.launcher() + " --help' lists every command.");
        return CommandLine.ExitCode.OK;
    }

    private void example(Style style, String what, String command) {
        shell.out().println();
        shell.out().println("  " + style.dim("# " + what));
        shell.out().println("  " + style.bold(shell.launcher() + " " + command));
    }
}
