package dev.weir.hook;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SelectorTest {

    private static final List<HookPoint> TWELVE_BLOCKS = HookPoint.all(12);

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "blocks.3.hook_resid_post | 1 | blocks.3.hook_resid_post",
                "blocks.*.hook_resid_post | 12 | blocks.0.hook_resid_post",
                "blocks.{3..7}.attn.hook_z | 5 | blocks.3.attn.hook_z",
                "blocks.{0,11}.hook_mlp_out | 2 | blocks.0.hook_mlp_out",
                "resid_post.5 | 1 | blocks.5.hook_resid_post",
                "resid_post | 12 | blocks.0.hook_resid_post",
                "blocks.4.hook_in | 1 | blocks.4.hook_resid_pre",
                "blocks.4.hook_out | 1 | blocks.4.hook_resid_post",
                "unembed.hook_in | 1 | unembed.hook_in",
                "unembed.hook_out | 1 | unembed.hook_out",
                "pattern.11 | 1 | blocks.11.attn.hook_pattern",
                "k | 12 | blocks.0.attn.hook_k",
                "* | 210 | hook_embed",
                "*resid* | 36 | blocks.0.hook_resid_pre",
                "blocks.*.hook_attn_skip | 12 | blocks.0.hook_attn_skip",
                "blocks.3.hook_*skip | 2 | blocks.3.hook_attn_skip",
                "mlp_in.4 | 1 | blocks.4.hook_mlp_in",
                "result.2 | 1 | blocks.2.attn.hook_result",
                "blocks.*.attn.hook_result | 12 | blocks.0.attn.hook_result",
                "blocks.1.attn.* | 6 | blocks.1.attn.hook_q",
                "resid_pre, resid_post | 24 | blocks.0.hook_resid_pre",
            })
    void aSelectorNamesPoints(String selector, int count, String first) {
        var taps = Hooks.select(selector, TWELVE_BLOCKS).taps();
        assertEquals(count, taps.size());
        assertEquals(first, taps.firstKey().name());
    }

    @Test
    void eachSelectorMayNameItsPositions() {
        var taps = Hooks.select("resid_post@last,blocks.{0,2}.attn.hook_z@1+3..4,mlp_out.0", TWELVE_BLOCKS)
                .taps();
        assertEquals(Positions.LAST, taps.get(HookPoint.named("blocks.7.hook_resid_post")));
        assertEquals("1+3..4", taps.get(HookPoint.named("blocks.2.attn.hook_z")).toString());
        assertEquals(Positions.ALL, taps.get(HookPoint.named("blocks.0.hook_mlp_out")));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "resid_post.12",
                "blocks.12.hook_resid_post",
                "resid",
                "",
                "resid_post,",
                "blocks.{0.attn.hook_z",
                "blocks.{5..3}.hook_resid_post",
                "embed.1",
                "hook_embedd",
                "resid_post@first",
                "resid_post@3..1",
                "resid_post@last,resid_post.3@0",
                "resid_post@",
                "blocks.[0-3].hook_resid_post"
            })
    void whatNamesNothingIsRefused(String selector) {
        var e = assertThrows(IllegalArgumentException.class, () -> Hooks.select(selector, TWELVE_BLOCKS));
        assertFalse(e.getMessage().contains("\n"), e.getMessage());
    }

    @Test
    void rangesCountAndIndexPositions() {
        Positions positions = Positions.parse("0+2..4+9");
        assertEquals(5, positions.count(100));
        assertEquals(3, positions.count(4));
        assertEquals(0, positions.count(0));
        assertEquals(
                List.of(0, 1, 2, 3, 4),
                List.of(0, 2, 3, 4, 9).stream().map(positions::index).toList());
        assertTrue(positions.contains(9));
        assertFalse(positions.contains(1));
        assertEquals(1, Positions.LAST.count(7));
        assertEquals(0, Positions.LAST.index(6));
        assertEquals(6, Positions.ALL.index(6));
        assertThrows(IllegalArgumentException.class, () -> Positions.parse("4+2"));
    }
}
