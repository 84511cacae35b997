package dev.weir.cli;

import static dev.weir.cli.Terminal.weir;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PatchCommandTest {

    @TempDir
    Path folder;

    private String model = "";

    @BeforeEach
    void write() throws IOException {
        model = TinyModel.in(folder).toString();
    }

    private Terminal.Result patch(String... arguments) {
        var all = new ArrayList<>(List.of("patch", "--model", model));
        all.addAll(List.of(arguments));
        return weir(all.toArray(String[]::new));
    }

    @Test
    void aHeatMapHasTokensDownAndLayersAcross() {
        Terminal.Result result = patch("Tom ran", "Tim ran", "--answer", "a", "--other", "b");
        assertEquals(0, result.code(), result.err());
        List<String> lines = result.out().lines().toList();
        assertEquals("hook_resid_pre by layer and position", lines.getFirst());
        assertTrue(lines.get(1).startsWith("logit of a less that of b: "), result.out());
        assertTrue(lines.get(3).matches("position +token +layer 0 +1 *"), result.out());
        assertTrue(lines.get(5).matches(" +1 +o / i +-?\\d+% . +-?\\d+% ."), result.out());
        assertTrue(lines.get(11).equals("") && lines.get(12).startsWith("most in layer "), result.out());
        assertTrue(result.err().startsWith("14 cells, 1 plan\n"), result.err());
    }

    @Test
    void aProgramGetsEveryNumber() {
        JsonNode report = patch("Tom ran", "Tim ran", "--metric", "kl", "--site", "z", "--by", "head", "--json")
                .json();
        assertEquals("kl", report.at("/metric/name").textValue());
        assertEquals(0, report.at("/clean").doubleValue(), 1e-9);
        assertTrue(report.at("/corrupted").doubleValue() > 0);
        assertEquals(TinyModel.LAYERS, report.at("/values").size());
        assertEquals(3, report.at("/restored/1").size());
        assertEquals("head", report.at("/columns/name").textValue());
        assertEquals(7, report.at("/clean_tokens").size());
        assertEquals(1, report.at("/plans").intValue());
    }

    @Test
    void pathsLeadToHeadsMlpsAndLogits() {
        for (String to : new String[] {"logits", "1.2.q,1.0.k,1.1.v", "mlp.1"}) {
            Terminal.Result result =
                    patch("Tom ran", "Tim ran", "--answer", "#40", "--to", to, "--through-mlps", "--json");
            assertEquals(0, result.code(), result.err());
            assertEquals(
                    "paths to " + to.replace(",", ", "),
                    result.json().at("/title").textValue());
            assertEquals(4, result.json().at("/values/0").size());
        }
    }

    @Test
    void theOtherWayRoundThePromptsChangePlaces() {
        JsonNode there = patch("ab", "bb", "--answer", "c", "--json").json();
        JsonNode back = patch("bb", "ab", "--answer", "c", "--swap", "--json").json();
        assertEquals(there, back);
    }

    @Test
    void tokenIdsNeedNoTokenizer() throws IOException {
        Terminal.Result result = weir(
                "patch",
                "--model",
                TinyModel.mute(folder).toString(),
                "--token-ids",
                "3,4,5",
                "3,9,5",
                "--answer",
                "#7",
                "--by",
                "head-position",
                "--site",
                "z");
        assertEquals(0, result.code(), result.err());
        assertTrue(result.out().contains("#4 / #9"), result.out());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            abc bbc --to 1.2.z | --to '1.2.z': expected logits, a head such as 3.5.q, 3.5.k or 3.5.v, or mlp.4
            abc bbc --to logits --site z | --to logits: expected neither --site nor --by beside it, got one
            abc bbc --through-mlps | --through-mlps: expected --to RECEIVERS beside it, got none
            abc bbc --to 2.0.q | path: expected a layer below 2 and a head below 3, got layer 2, head 0
            abc bbc --to logits,mlp.1 | receivers: expected the logits alone, or heads and MLPs, got
            abc bb | prompts: expected as many tokens in the corrupted one as in the clean one, 3, got 2
            abc abc | prompts: expected two that differ, got the same tokens twice
            abc | prompts: expected two, CLEAN and CORRUPTED in quotes, got 1 text
            --json | prompts: expected CLEAN and CORRUPTED or --token-ids, got none; for example: weir patch
            abc bbc --answer xy | --answer 'xy': expected one token, got 2: x y
            abc bbc --answer #97 | metric: expected a token id below the vocabulary size 97, got 97
            abc bbc --metric logit-difference --answer x | --metric logit-difference: expected --other TOKEN beside it, got none
            abc bbc --metric kl --answer x | --metric kl: expected no --answer beside it, got 'x'
            abc bbc --metric loss | --metric 'loss': expected logit-difference, probability or kl
            abc bbc --site resid_pre,z | --site 'resid_pre,z': expected one kind of point without positions, such as resid_pre or z
            abc bbc --site z@last | --site 'z@last': expected one kind of point without positions, such as resid_pre or z
            abc bbc --site pattern | patching at attn.hook_pattern: expected a site of the blocks with a row for each token,
            abc bbc --site mlp_out --by head | patching at hook_mlp_out by head: expected a site that has heads, such as
            abc bbc --by layer | --by 'layer': expected position, head or head-position
            """)
    void badInputIsOneLine(String arguments, String message) {
        Terminal.Result result = patch(arguments.split(" "));
        assertEquals(2, result.code(), result.err());
        assertTrue(result.err().startsWith("weir: " + message), result.err());
        assertEquals(1, result.err().lines().count(), result.err());
        assertEquals("", result.out());
    }
}
