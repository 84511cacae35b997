package dev.weir.cli;

import dev.weir.engine.Weir;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Site;
import dev.weir.patching.PatchingGrid;
import dev.weir.patching.PatchingGrid.By;
import dev.weir.patching.Receiver;
import dev.weir.patching.Receiver.Reading;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How cells and receivers are written on a command line. */
final class PatchingWords {

    private static final Pattern HEAD = Pattern.compile("(\\d{1,6})\\.(\\d{1,6})\\.([qkv])");
    private static final Pattern MLP = Pattern.compile("mlp\\.(\\d{1,6})");

    private PatchingWords() {}

    /** The cells of a sweep. */
    static PatchingGrid grid(String site, String by, Weir weir) {
        List<Site> sites = weir.select(site).taps().keySet().stream()
                .map(HookPoint::site)
                .distinct()
                .toList();
        if (sites.size() != 1 || site.contains("@")) {
            throw new IllegalArgumentException(
                    "--site '" + site + "': expected one kind of point without positions, such as resid_pre or z");
        }
        return new PatchingGrid(
                sites.getFirst(),
                switch (by) {
                    case "position" -> By.POSITION;
                    case "head" -> By.HEAD;
                    case "head-position" -> By.HEAD_AND_POSITION;
                    default ->
                        throw new IllegalArgumentException(
                                "--by '" + by + "': expected position, head or head-position");
                });
    }

    /** The ends of paths, joined by commas. */
    static List<Receiver> receivers(String joined) {
        return Arrays.stream(joined.split(",", -1)).map(PatchingWords::receiver).toList();
    }

    private static Receiver receiver(String word) {
        Matcher head = HEAD.matcher(word);
        Matcher mlp = MLP.matcher(word);
        if (word.equals("logits")) {
            return new Receiver.Logits();
        }
        if (mlp.matches()) {
            return new Receiver.Mlp(Integer.parseInt(mlp.group(1)));
        }
        if (!head.matches()) {
            throw new IllegalArgumentException(
                    "--to '" + word + "': expected logits, a head such as 3.5.q, 3.5.k or 3.5.v, or mlp.4");
        }
        return new Receiver.Head(
                Integer.parseInt(head.group(1)),
                Integer.parseInt(head.group(2)),
                switch (head.group(3)) {
                    case "q" -> Reading.QUERY;
                    case "k" -> Reading.KEY;
                    default -> Reading.VALUE;
                });
    }
}
