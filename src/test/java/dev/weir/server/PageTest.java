package dev.weir.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weir.edit.EditLanguage;
import dev.weir.engine.GenerationOptions;
import dev.weir.engine.Options;
import dev.weir.engine.Prompt;
import dev.weir.engine.TextListener;
import dev.weir.engine.Tracing;
import dev.weir.engine.Weir;
import dev.weir.hook.Edits;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Site;
import dev.weir.hook.Trace;
import dev.weir.hook.TraceRecorder;
import dev.weir.lens.Guess;
import dev.weir.lens.LogitLens;
import dev.weir.report.Browser;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;

/** The page of a server in a real browser; skipped where there is none. */
class PageTest {

    private static final String PROMPT = "One day, Lily";
    private static final int TOKENS = 24;
    private static final String GENERATED =
            "Array.from(document.querySelectorAll('#story [role=option]'), token => token.textContent).join('')";

    static Browser browser;
    static Weir weir;
    static Served served;

    private final int seed = new Random().nextInt(10_000);

    @BeforeAll
    static void open() throws IOException, InterruptedException {
        assumeTrue(Browser.program().isPresent(), "no Chromium on the PATH: the page is not looked at");
        weir = Weir.open(Served.MODEL, Options.DEFAULT.withDevice("cpu"));
        served = Served.with(options -> options.withInsight(ServerOptions.Insight.DEFAULT));
        browser = Browser.open(Browser.program().get());
        browser.size(1200, 900);
    }

    @AfterAll
    static void close() throws IOException {
        if (browser != null) {
            browser.close();
            served.close();
            weir.close();
        }
    }

    @BeforeEach
    void look(TestReporter reporter) {
        reporter.publishEntry("seed", String.valueOf(seed));
        browser.prefer("light");
    }

    private String address(Served server, int tokens) {
        return server.server().url() + "/#prompt=" + PROMPT.replace(" ", "%20") + "&tokens=" + tokens
                + "&temperature=0.8&seed=" + seed;
    }

    private void open(String address) {
        browser.visit(URI.create("about:blank"));
        browser.await("location.href === 'about:blank'");
        browser.problems();
        browser.visit(URI.create(address));
    }

    private static void awaitText() {
        browser.await("document.documentElement?.dataset.state === 'done'");
    }

    private void openAndWait() {
        open(address(served, TOKENS));
        awaitText();
    }

    private static String text(String expression) {
        return browser.evaluate(expression).textValue();
    }

    private static String content(String id) {
        return text("document.getElementById('" + id + "').textContent");
    }

    private static void focus(String id) {
        browser.evaluate("document.getElementById('" + id + "').focus()");
    }

    private GenerationOptions options() {
        return weir.defaults()
                .withMaxNewTokens(TOKENS)
                .withSampling(weir.defaults().sampling().withTemperature(0.8f).withSeed(seed));
    }

    private String generated(Edits edits) {
        return weir.generate(PROMPT, options(), edits).text();
    }

    private String generated() {
        return generated(Edits.NONE);
    }

    @Test
    void theTextIsThatOfGenerateAndNothingComplains() {
        openAndWait();
        assertEquals(generated(), text(GENERATED));
        assertEquals(PROMPT, text("document.querySelector('#story .prompt').textContent"));
        assertEquals(served.get("/v1/models").statusCode(), 200);
        assertEquals("weir-stories", content("model"));
        List<String> seen = browser.events(
                "Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled", "Network.requestWillBeSent");
        assertTrue(seen.size() >= 10, seen.toString());
        for (String event : seen) {
            assertTrue(event.contains("\"url\":\"" + served.server().url() + "/"), event);
            assertFalse(event.contains("\"entry\"") || event.contains("exceptionDetails"), event);
        }
    }

    @Test
    void controlAndEnterWriteAnotherText() {
        openAndWait();
        browser.evaluate("document.getElementById('prompt').value = 'Tim <b>ran</b>'");
        focus("prompt");
        browser.press("Enter", 2);
        awaitText();
        assertEquals(weir.generate("Tim <b>ran</b>", options()).text(), text(GENERATED));
        assertEquals(
                0,
                browser.evaluate("document.querySelectorAll('#story b').length").intValue());
    }

    @Test
    void hoverAndArrowKeysShowWhatTheLensShows() {
        openAndWait();
        browser.hover("#token-1", 6, 12);
        requireLens(1);
        focus("story");
        browser.press("End");
        requireLens(length() - 1);
        browser.press("ArrowLeft");
        requireLens(length() - 2);
        assertEquals(
                "token-" + (length() - 2),
                text("document.getElementById('story').getAttribute('aria-activedescendant')"));
        browser.press("Home");
        requireLens(0);
        browser.press("ArrowDown");
        assertTrue(
                browser.evaluate("(() => { const top = id => document.getElementById(id).getBoundingClientRect().top;"
                                + " const chosen = document.querySelector('[aria-selected=true]').id;"
                                + " return top(chosen) > top('token-0') || chosen === 'token-0'; })()")
                        .booleanValue());
        focus("strip-plot");
        browser.press("Home");
        browser.press("ArrowRight");
        browser.press("ArrowUp");
        requireLens(1);
        String cell = text("document.getElementById('strip-plot').getAttribute('aria-valuetext')");
        assertTrue(cell.startsWith("token 2, ") && cell.contains("layer 3: "), cell);
        assertEquals("3", text("document.querySelector('#lens .cursor .layer').textContent"));
        assertEquals(List.of(), browser.problems());
    }

    private static int length() {
        return browser.evaluate("document.querySelectorAll('#story [role=option]').length")
                .intValue();
    }

    /** Norms, guesses and their probabilities of one token, as the page shows them and as the engine has them. */
    private void requireLens(int index) {
        int row = weir.encode(Prompt.of(PROMPT)).size() - 1 + index;
        int made = weir.generate(PROMPT, options()).tokens().get(index);
        Trace trace = traced();
        var expected = new ArrayList<String>();
        for (int layer = -1; layer < weir.config().layers(); layer++) {
            HookPoint point = HookPoint.of(Math.max(0, layer), layer < 0 ? Site.RESID_PRE : Site.RESID_POST);
            float[] stream = trace.get(point).row(0, row);
            var line = new StringBuilder(figure(norm(stream)));
            for (Guess guess : new LogitLens(weir).top(stream, 5).getFirst()) {
                boolean isChosen = guess.token() == made;
                line.append(isChosen ? " *" : " ").append(share(guess.probability()));
            }
            expected.add(line.toString());
        }
        String shown = text("Array.from(document.querySelectorAll('#lens .row:not(.heads)'), row =>"
                + " [row.querySelector('.norm small').textContent, ...Array.from(row.querySelectorAll('.guess'), guess =>"
                + " (guess.classList.contains('chosen') ? '*' : '') + guess.querySelector('small').textContent)]"
                + ".join(' ')).join('\\n')");
        assertEquals(String.join("\n", expected), shown, "token " + index);
        assertTrue(content("lens-token").endsWith(" token " + (index + 1)));
    }

    private Trace traced() {
        try (var recorder = new TraceRecorder()) {
            weir.generate(
                    List.of(Prompt.of(PROMPT)),
                    options(),
                    Tracing.of(weir.select("resid_pre.0,resid_post"), recorder),
                    TextListener.NONE);
            return recorder.trace();
        }
    }

    private static double norm(float[] stream) {
        return Math.sqrt(IntStream.range(0, stream.length)
                .mapToDouble(i -> (double) stream[i] * stream[i])
                .sum());
    }

    private static String figure(double value) {
        return text("import('/text.js').then(({figure}) => figure(" + value + "))");
    }

    private static String share(double value) {
        return value < 0.005 ? "<1%" : Math.round(value * 100) + "%";
    }

    @Test
    void aSliderAtZeroSkipsItsPartAndTheLinkBringsItBack() throws IOException {
        openAndWait();
        String plain = generated();
        focus("mlp-2");
        browser.press("Home");
        awaitText();
        String edited = generated(Edits.skipMlp(2));
        assertEquals(edited, text(GENERATED));
        int common = IntStream.range(0, Math.min(plain.length(), edited.length()))
                .filter(i -> plain.charAt(i) != edited.charAt(i))
                .findFirst()
                .orElse(Math.min(plain.length(), edited.length()));
        String marked =
                text("Array.from(document.querySelectorAll('#story .new'), token => token.textContent).join('')");
        assertTrue(edited.endsWith(marked) && marked.length() >= edited.length() - common, marked);
        assertEquals(
                plain.substring(common).replaceAll("\n+", " ↵ "),
                text("document.querySelector('#before-text mark').textContent"));
        String link = text("location.href");
        browser.evaluate("(() => { const slider = document.getElementById('attn-3'); slider.value = 0.5;"
                + " slider.dispatchEvent(new Event('input')); })()");
        awaitText();
        Edits both =
                Edits.skipMlp(2).and(new EditLanguage(weir.config().dimensions()).parse("blocks.3.attn:scale=0.5"));
        assertEquals(generated(both), text(GENERATED));
        open(link);
        awaitText();
        assertEquals(edited, text(GENERATED));
        assertEquals("0", text("document.getElementById('mlp-2').value"));
        assertEquals(String.valueOf(seed), text("document.getElementById('seed').value"));
        browser.evaluate("document.getElementById('reset').click()");
        awaitText();
        assertEquals(plain, text(GENERATED));
        assertFalse(text("location.hash").contains("edits"));
        assertEquals(List.of(), browser.problems());
    }

    @Test
    void escapeStopsTheTextHereAndOnTheServer() {
        open(address(served, 500).replace("seed=" + seed, "seed=" + seedOfALongText()));
        browser.await("document.querySelectorAll('#story [role=option]:not(.old)').length > 3");
        browser.press("Escape");
        awaitText();
        assertEquals("Stopped.", content("status"));
        assertTrue(length() < 500, "stopped before the end");
        browser.await("new Promise(done => setTimeout(() => done(true), 20))");
        while (served.server().scheduler().load().running() > 0) {
            Thread.onSpinWait();
        }
        assertEquals("Generate", content("go"));
        assertEquals(List.of(), browser.problems());
    }

    /** A text that is not over before a key can be pressed. */
    private int seedOfALongText() {
        GenerationOptions many = options().withMaxNewTokens(500);
        return IntStream.iterate(seed, next -> next + 1)
                .filter(next ->
                        weir.generate(PROMPT, many.withSampling(many.sampling().withSeed(next)))
                                        .tokens()
                                        .size()
                                > 150)
                .findFirst()
                .orElseThrow();
    }

    @Test
    void theTabKeyGoesThroughItInItsOrderAndFocusIsSeen() {
        openAndWait();
        var reached = new ArrayList<String>();
        for (int i = 0; i < 13; i++) {
            browser.press("Tab");
            reached.add(text(
                    "document.activeElement.id || document.activeElement.name || document.activeElement.className"));
            assertNotEquals(
                    "none",
                    text("getComputedStyle(document.activeElement.closest('#ask:has(textarea:focus)')"
                            + " ?? document.querySelector('[type=radio]:focus + span')"
                            + " ?? document.activeElement).outlineStyle"),
                    reached.getLast());
        }
        assertEquals(
                List.of(
                        "skip",
                        "copy",
                        "prompt",
                        "tokens",
                        "temperature",
                        "seed",
                        "reseed",
                        "go",
                        "story",
                        "measure",
                        "strip-plot",
                        "attn-0",
                        "mlp-0"),
                reached);
        assertEquals(
                0,
                browser.evaluate(
                                "Array.from(document.querySelectorAll('input:not([type=radio]), textarea, canvas, section'))"
                                        + ".filter(one => !one.labels?.length && !one.ariaLabel && !one.hasAttribute('aria-labelledby')"
                                        + " && one.id !== 'closed').length")
                        .intValue());
    }

    @Test
    void itIsLightOrDarkAsTheSystemLikes() {
        openAndWait();
        String painted = "document.getElementById('strip-plot').toDataURL()";
        String ground = "getComputedStyle(document.body).backgroundColor";
        String light = text(painted);
        String lightGround = text(ground);
        browser.prefer("dark");
        browser.settle();
        assertNotEquals(lightGround, text(ground));
        assertNotEquals(light, text(painted));
    }

    @Test
    void itFitsAPhone() {
        browser.size(390, 844);
        openAndWait();
        assertEquals(
                390, browser.evaluate("document.documentElement.scrollWidth").intValue());
        browser.size(1200, 900);
    }

    @Test
    void whatTheServerRefusesStandsInOneLine() {
        openAndWait();
        browser.evaluate("document.getElementById('prompt').value = ''");
        browser.evaluate("document.getElementById('go').click()");
        browser.await("document.getElementById('status').textContent !== ''");
        assertEquals("prompt: expected at least one token, got an empty one", content("status"));
    }

    @Test
    void aServerThatShowsTextOnlyIsNotAskedForMore() {
        try (Served closed = Served.plain()) {
            open(address(closed, TOKENS) + "&edits=2.mlp:0");
            awaitText();
            assertEquals(generated(), text(GENERATED));
            assertTrue(content("closed").contains("weir serve --allow-trace"));
            assertEquals(
                    "closed",
                    text(
                            "Array.from(document.querySelectorAll('#inside section:not([hidden])'), one => one.id).join(' ')"));
            assertEquals(List.of(), browser.problems());
        }
    }

    @Test
    void aServerThatWantsAKeyIsGivenOneThatThePageForgets() {
        try (Served closed =
                Served.with(options -> options.withAccess(options.access().withApiKey("sesame")))) {
            open(address(closed, TOKENS));
            browser.await("document.getElementById('key-form')?.hidden === false");
            assertTrue(content("status").startsWith("Authorization: expected"), content("status"));
            browser.evaluate("document.getElementById('key').value = 'sesame'");
            browser.evaluate("document.querySelector('#key-form button').click()");
            awaitText();
            assertEquals(generated(), text(GENERATED));
            assertEquals(
                    0,
                    browser.evaluate("localStorage.length + sessionStorage.length")
                            .intValue());
            assertFalse(text("location.href").contains("sesame"));
        }
    }
}
