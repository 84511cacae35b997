package dev.weir;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.hook.Site;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Tables that mirror code say what the code says, and links lead somewhere. */
class DocumentationTest {

    private static final Pattern LINK = Pattern.compile("\\]\\(([^)#:]+)(?:#[^)]*)?\\)");

    private static List<Path> pages() throws IOException {
        var pages = new ArrayList<Path>();
        for (Path top : List.of(Path.of("README.md"), Path.of("docs"), Path.of("weights"), Path.of("bench"))) {
            if (Files.exists(top)) {
                try (Stream<Path> files = Files.walk(top)) {
                    files.filter(f -> f.toString().endsWith(".md")).forEach(pages::add);
                }
            }
        }
        return pages;
    }

    @Test
    void theTableOfHookPointsIsThatOfTheCode() throws IOException {
        List<String> rows = Files.readAllLines(Path.of("docs/hooks.md")).stream()
                .filter(line -> line.startsWith("| `") && line.contains("[B,"))
                .toList();
        List<String> expected = Arrays.stream(Site.values())
                .map(site -> "| `%s%s` | %s | %s |"
                        .formatted(site.inBlock() ? "blocks.{l}." : "", site.suffix(), shape(site), site.meaning()))
                .toList();
        assertEquals(String.join("\n", expected), String.join("\n", rows));
    }

    private static String shape(Site site) {
        return switch (site.form()) {
            case WIDTH -> "[B,P,D]";
            case ONE -> "[B,P,1]";
            case HEADS -> "[B,P,H,dh]";
            case KEY_HEADS -> "[B,P,Hkv,dh]";
            case HEADS_BY_WIDTH -> "[B,P,H,D]";
            case SQUARE -> "[B,H,Q,K]";
            case HIDDEN -> "[B,P,M]";
            case VOCABULARY -> "[B,P,V]";
        };
    }

    @Test
    void everyLinkLeadsToAFile() throws IOException {
        var broken = new ArrayList<String>();
        for (Path page : pages()) {
            List<String> targets = LINK.matcher(Files.readString(page))
                    .results()
                    .map((MatchResult m) -> m.group(1))
                    .toList();
            for (String target : targets) {
                if (!Files.exists(page.toAbsolutePath().getParent().resolve(target))) {
                    broken.add(page + " -> " + target);
                }
            }
        }
        assertEquals(List.of(), broken);
        assertTrue(pages().size() > 10);
    }

    @Test
    void everyOpHasItsOrderInTheNumerics() throws IOException {
        String numerics = Files.readString(Path.of("docs/numerics.md"));
        for (String op : List.of(
                "linear",
                "layer norm",
                "attention scores",
                "softmax",
                "z",
                "head results",
                "exp",
                "gelu_new",
                "relu")) {
            assertTrue(numerics.contains("| " + op + " |"), op);
        }
    }
}
