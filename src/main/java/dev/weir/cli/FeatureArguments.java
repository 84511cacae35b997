package dev.weir.cli;

import dev.weir.hook.Edits;
import dev.weir.hook.HookPoint;
import dev.weir.sae.Intervention;
import dev.weir.sae.SparseAutoencoder;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Option;

/** What is to become of features while text is generated. */
final class FeatureArguments {

    private static final Pattern AMOUNT = Pattern.compile("(\\d{1,9})\\*([-+]?\\d{1,9}(?:\\.\\d{1,9})?)");

    @Option(
            names = "--scale",
            paramLabel = "F*S",
            description = "Feature F is S times as strong where it is active; 0 ablates it. May be repeated.")
    private List<String> scaled = new ArrayList<>();

    @Option(
            names = "--add",
            paramLabel = "F*S",
            description = "S of feature F is added at every token, active or not. May be repeated.")
    private List<String> added = new ArrayList<>();

    @Option(
            names = "--reconstruct",
            description = "The reconstruction stands in place of the stream; without it, what the autoencoder does not"
                    + " reconstruct is kept.")
    private boolean reconstruct;

    private record Amount(int feature, float size) {}

    /** Whether anything is to change. */
    boolean isGiven() {
        return reconstruct || !scaled.isEmpty() || !added.isEmpty();
    }

    /** @throws IllegalArgumentException if an amount is none */
    void require() {
        scaled.forEach(word -> amount("--scale", word));
        added.forEach(word -> amount("--add", word));
    }

    /** The changes: those that need to know what is active in Java, what is only added as ops of the plan. */
    Edits edits(SparseAutoencoder sae) {
        HookPoint point = sae.config().point();
        Edits edits = Edits.NONE;
        if (reconstruct || !scaled.isEmpty()) {
            Intervention intervention = reconstruct ? Intervention.RECONSTRUCTION : Intervention.NONE;
            for (String word : scaled) {
                Amount amount = amount("--scale", word);
                intervention = intervention.scale(amount.feature, amount.size);
            }
            edits = edits.and(point, sae.edit(intervention));
        }
        for (String word : added) {
            Amount amount = amount("--add", word);
            edits = edits.and(point, sae.steer(amount.feature, amount.size));
        }
        return edits;
    }

    private static Amount amount(String option, String word) {
        Matcher matcher = AMOUNT.matcher(word);
        if (!matcher.matches()) {
            throw new IllegalArgumentException(
                    option + " '" + Lines.oneLine(word) + "': expected a feature and a number such as 17*2.5");
        }
        return new Amount(Integer.parseInt(matcher.group(1)), Float.parseFloat(matcher.group(2)));
    }
}
