package dev.weir.hook;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class HookPointTest {

    @Test
    void aModelOfTwelveBlocksHas210PointsOnEveryForwardPass() {
        var always = HookPoint.all(12).stream()
                .filter(p -> !p.site().onRequestOnly())
                .toList();
        assertEquals(210, always.size());
        assertEquals(258, HookPoint.all(12).size());
    }

    @Test
    void everyNameFindsItsPointAgain() {
        for (HookPoint point : HookPoint.all(3)) {
            assertEquals(point, HookPoint.named(point.name()));
        }
    }

    @Test
    void pointsAreInTheOrderOfTheForwardPass() {
        List<HookPoint> points = HookPoint.all(2);
        assertEquals("hook_embed", points.getFirst().name());
        assertEquals("unembed.hook_out", points.getLast().name());
        assertTrue(
                HookPoint.named("blocks.0.hook_resid_post").compareTo(HookPoint.named("blocks.1.hook_resid_pre")) < 0);
        assertTrue(HookPoint.named("blocks.1.hook_resid_post").compareTo(HookPoint.named("ln_final.hook_scale")) < 0);
        assertEquals(points.stream().sorted().toList(), points);
    }

    @Test
    void aNameThatIsNoneIsRefusedByName() {
        for (String name :
                List.of("blocks.x.hook_resid_post", "blocks.1.hook_resid", "resid_post", "", "blocks.-1.hook_z")) {
            var e = assertThrows(IllegalArgumentException.class, () -> HookPoint.named(name));
            assertTrue(e.getMessage().contains("'" + name + "'"), e.getMessage());
        }
    }

    @Test
    void shapesAreThoseOfTransformerLens() {
        var gpt2 = new Dimensions(12, 768, 12, 12, 64, 3072, 50257);
        assertEquals(List.of(2, 5, 768), gpt2.shape(Site.RESID_POST, 2, 5, 9));
        assertEquals(List.of(2, 5, 1), gpt2.shape(Site.LN1_SCALE, 2, 5, 9));
        assertEquals(List.of(2, 5, 12, 64), gpt2.shape(Site.Q, 2, 5, 9));
        assertEquals(List.of(2, 12, 5, 9), gpt2.shape(Site.PATTERN, 2, 5, 9));
        assertEquals(List.of(2, 5, 12, 768), gpt2.shape(Site.RESULT, 2, 5, 9));
        assertEquals(List.of(2, 5, 3072), gpt2.shape(Site.MLP_POST, 2, 5, 9));
        assertEquals(List.of(2, 5, 50257), gpt2.shape(Site.UNEMBED_OUT, 2, 5, 9));
    }
}
