package dev.weir.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weir.checkpoint.SyntheticWeights;
import dev.weir.engine.Options;
import dev.weir.engine.Prompt;
import dev.weir.engine.Weir;
import dev.weir.model.ModelConfig;
import dev.weir.patching.PatchingMap;
import dev.weir.patching.PatchingMap.Axis;
import dev.weir.program.Activation;
import dev.weir.tensor.DType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page in a real browser; skipped where there is none. */
class ReportPageTest {

    private static final int LONG = 2000;
    private static final List<String> PLOTS = List.of(
            "lens-plot",
            "stream-plot",
            "profile-plot",
            "pattern-plot",
            "keys-plot",
            "head-parts-plot",
            "parts-plot",
            "sweep-plot");

    @TempDir
    static Path folder;

    static Browser browser;
    static Path page;
    static Path longPage;

    @BeforeAll
    static void open() throws IOException, InterruptedException {
        assumeTrue(Browser.program().isPresent(), "no Chromium on the PATH: the page is not looked at");
        page = folder.resolve("page.html");
        longPage = folder.resolve("long.html");
        try (Weir weir = Weir.open(Path.of("weights/weir-stories"))) {
            LensReport.of(weir, Prompt.of("Once upon a time there was a <b>girl</b>. </script>One day the girl"))
                    .withSweep(sweep())
                    .write(page);
        }
        var config = new ModelConfig(60, 2048, 16, 2, 2, 16, Activation.GELU_NEW, 1e-5f, true, false);
        try (Weir weir = Weir.of(new SyntheticWeights("long", config, DType.FLOAT32, 1), Options.DEFAULT)) {
            int[] tokens = new Random(1).ints(LONG, 0, config.vocabulary()).toArray();
            LensReport.of(weir, Prompt.of(tokens), new ReportOptions(3, 100_000))
                    .write(longPage);
        }
        browser = Browser.open(Browser.program().get());
        browser.size(1200, 900);
    }

    private static PatchingMap sweep() {
        return new PatchingMap(
                "resid_pre",
                new Axis("layer", List.of("0", "1")),
                new Axis("position", List.of("a", "b", "c")),
                List.of(List.of(0.0, 1.0, 0.0), List.of(0.0, 0.0, -1.0)),
                1,
                0,
                1);
    }

    @AfterAll
    static void close() throws IOException {
        if (browser != null) {
            browser.close();
        }
    }

    @BeforeEach
    void look() {
        browser.prefer("light");
        browser.go(page);
        browser.settle();
    }

    private static String drawn() {
        return browser.evaluate("document.documentElement.dataset.drawn").textValue();
    }

    /** How many colours a plot's canvas has: more than one where something is drawn. */
    private static int colours(String plot) {
        return browser.evaluate("(() => { const canvas = document.querySelector('#" + plot + " canvas');"
                        + " const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);"
                        + " return new Set(new Uint32Array(data.buffer)).size; })()")
                .intValue();
    }

    @Test
    void itDrawsEveryPlotWithoutAComplaintAndFetchesNothing() {
        browser.problems();
        browser.go(page);
        browser.settle();
        for (String plot : PLOTS) {
            assertTrue(colours(plot) > 5, plot);
        }
        browser.await("document.querySelectorAll('#heads canvas:not([data-painted])').length === 0");
        assertEquals(
                40,
                browser.evaluate("document.querySelectorAll('#heads canvas').length")
                        .intValue());
        List<String> seen = browser.events(
                "Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled", "Network.requestWillBeSent");
        assertEquals(1, seen.size(), "the page itself and nothing else: " + seen);
        assertTrue(seen.getFirst().contains("page.html"));
    }

    @Test
    void textOfThePromptStaysText() {
        assertTrue(browser.evaluate("document.getElementById('prompt').textContent")
                .textValue()
                .contains("</script>"));
        assertEquals(
                0,
                browser.evaluate("document.querySelectorAll('main b b, #prompt b').length")
                        .intValue());
    }

    @Test
    void theTipSaysWhatThePointerIsOn() {
        browser.hover("#lens-plot", 64 + 20, 15);
        assertEquals(
                false, browser.evaluate("document.getElementById('tip').hidden").booleanValue());
        String said =
                browser.evaluate("document.getElementById('tip').textContent").textValue();
        assertTrue(said.contains("before the first layer") && said.contains("%"), said);
        browser.hover("#lens-head", 1, 1);
        assertTrue(browser.evaluate("document.getElementById('tip').hidden").booleanValue());
    }

    @Test
    void aClickChoosesTokenAndLayer() {
        browser.click("#lens-plot", 64 + 20, 4 + 27 + 10);
        assertTrue(drawn().endsWith(" 0 " + drawn().split(" ")[2]) && !drawn().startsWith("-"), drawn());
        assertEquals(browser.evaluate("String(page.strip.first)").textValue(), drawn().split(" ")[0]);
    }

    @Test
    void arrowKeysMoveThroughThePlots() {
        String[] before = drawn().split(" ");
        browser.evaluate("document.getElementById('lens-plot').focus()");
        browser.press("ArrowLeft");
        browser.press("ArrowUp");
        String[] after = drawn().split(" ");
        assertEquals(Integer.parseInt(before[0]) - 1, Integer.parseInt(after[0]));
        assertEquals(Integer.parseInt(before[1]) - 1, Integer.parseInt(after[1]));
        browser.evaluate("document.querySelector('#heads canvas[tabindex=\"0\"]').focus()");
        browser.press("Home");
        browser.press("ArrowRight");
        assertEquals("1", drawn().split(" ")[2]);
        browser.evaluate("document.getElementById('strip').focus()");
        browser.press("Home");
        assertEquals("0", drawn().split(" ")[0]);
        assertTrue(browser.evaluate("document.getElementById('reading').textContent")
                .textValue()
                .startsWith("Token 0 "));
        browser.evaluate("document.getElementById('sweep-plot').focus()");
        String sweep = "document.getElementById('sweep-explains').textContent";
        assertTrue(browser.evaluate(sweep).textValue().contains("position 1 b, restored 1.000"));
        browser.press("ArrowLeft");
        assertTrue(browser.evaluate(sweep).textValue().contains("position 0 a"));
    }

    @Test
    void theTabKeyReachesEveryPlotAndFocusIsSeen() {
        var reached = new LinkedHashSet<String>();
        for (int i = 0; i < 60; i++) {
            browser.press("Tab");
            reached.add(browser.evaluate("document.activeElement.id || document.activeElement.name || ''")
                    .textValue());
        }
        assertTrue(
                reached.containsAll(PLOTS) && reached.contains("strip") && reached.contains("theme"),
                reached.toString());
        browser.evaluate("document.getElementById('strip').focus()");
        browser.press("Tab");
        assertNotEquals(
                "none",
                browser.evaluate("getComputedStyle(document.activeElement).outlineStyle")
                        .textValue());
    }

    @Test
    void everyPlotHasANameAndATableOfItsNumbers() {
        for (String plot : PLOTS) {
            assertTrue(
                    browser.evaluate("document.getElementById('" + plot + "').getAttribute('aria-label').length > 10")
                            .booleanValue());
        }
        assertEquals(
                0, browser.evaluate("document.querySelectorAll('table').length").intValue());
        browser.evaluate("document.querySelectorAll('details').forEach(table => { table.open = true; })");
        browser.await("document.querySelectorAll('table').length === 5");
        assertEquals(
                6,
                browser.evaluate("document.querySelectorAll('#lens-table tbody tr').length")
                        .intValue());
    }

    @Test
    void choicesChangeWhatIsDrawn() {
        browser.evaluate("document.querySelector('[name=\"stream-measure\"][value=\"cosine\"]').click()");
        browser.settle();
        assertTrue(browser.evaluate("document.getElementById('stream-explains').textContent")
                .textValue()
                .contains("cosine"));
        browser.evaluate("document.getElementById('strip').focus()");
        browser.press("Home");
        browser.evaluate("document.querySelector('[name=\"target\"][value=\"difference\"]').click()");
        browser.settle();
        assertTrue(browser.evaluate("document.getElementById('attribution-explains').textContent")
                .textValue()
                .contains("less that of"));
    }

    @Test
    void itIsLightOrDarkAsThePersonOrTheSystemLikes() {
        String background = "getComputedStyle(document.body).backgroundColor";
        String light = browser.evaluate(background).textValue();
        browser.prefer("dark");
        browser.settle();
        String dark = browser.evaluate(background).textValue();
        assertNotEquals(light, dark);
        browser.evaluate("document.querySelector('[name=\"theme\"][value=\"light\"]').click()");
        browser.settle();
        assertEquals(light, browser.evaluate(background).textValue());
        assertTrue(colours("lens-plot") > 5);
    }

    @Test
    void twoThousandTokensAreAFewElementsAndAnswer() {
        browser.problems();
        browser.go(longPage);
        assertTrue(browser.evaluate("document.querySelectorAll('*').length").intValue() < 1000);
        assertTrue(browser.evaluate("document.getElementById('details').textContent")
                .textValue()
                .contains("strongest keys"));
        browser.evaluate("document.getElementById('strip').focus()");
        browser.press("Home");
        assertEquals("0", drawn().split(" ")[0]);
        browser.press("PageDown");
        int columns = browser.evaluate("page.strip.columns").intValue();
        assertEquals(String.valueOf(columns), drawn().split(" ")[0]);
        browser.click("#overview", 600, 10);
        browser.await(
                "page.strip.first > 800 && document.querySelector('#strip [role=\"option\"]').dataset.position > 800");
        assertTrue(colours("keys-plot") > 0 && colours("lens-plot") > 5);
        assertEquals(List.of(), browser.problems());
    }
}
