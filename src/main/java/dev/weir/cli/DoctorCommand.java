package dev.weir.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;

/** What is here to run on, what of it works, and what to do about the rest. */
@Command(
        name = "doctor",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        header = "Says what works on this machine, and what to do about what does not.",
        description = {
            "Looks for the JDK, its vector instructions, the CUDA driver, GPUs and cuBLAS, and lets a tiny model",
            "generate on the CPU and on each GPU, whose bits must be the CPU's.",
            "Exit code 0 if some machine generates."
        },
        footerHeading = "%nExamples:%n",
        footer = {"  weir doctor", "  weir doctor --json"})
final class DoctorCommand implements Callable<Integer> {

    private final Shell shell;

    @Mixin
    private final ModelFolder folder = new ModelFolder();

    @Mixin
    private final JsonArgument json = new JsonArgument();

    DoctorCommand(Shell shell) {
        this.shell = shell;
    }

    @Override
    public Integer call() {
        Doctor doctor = Doctor.look(model());
        if (json.given()) {
            Json.print(shell, json(doctor));
        } else {
            print(doctor);
        }
        return doctor.generates() ? ExitCode.OK : ExitCode.SOFTWARE;
    }

    /** A model that was named must be there; the one that comes with Weir need not. */
    private Optional<Path> model() {
        try {
            return Optional.of(folder.find(shell));
        } catch (IllegalArgumentException e) {
            if (folder.isGiven()) {
                throw e;
            }
            return Optional.empty();
        }
    }

    private void print(Doctor doctor) {
        Style style = shell.style();
        for (Finding finding : doctor.findings()) {
            shell.out().printf("%-7s %-13s %s%n", finding.status().label(), finding.name(), finding.found());
            if (!finding.advice().isEmpty()) {
                shell.out().printf("%-21s %s%n", "", style.accent(finding.advice()));
            }
        }
        shell.out().println();
        shell.out().println(style.bold(doctor.generates() ? "Weir generates here." : "Weir cannot generate here."));
    }

    private static ObjectNode json(Doctor doctor) {
        ObjectNode report = Json.object().put("generates", doctor.generates());
        ArrayNode findings = report.putArray("findings");
        for (Finding finding : doctor.findings()) {
            ObjectNode node = findings.addObject();
            node.put("name", finding.name()).put("status", finding.status().label());
            node.put("found", finding.found()).put("advice", finding.advice());
        }
        return report;
    }
}
