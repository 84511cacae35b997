package dev.weir.sae;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.engine.Options;
import dev.weir.engine.Prompt;
import dev.weir.engine.Weir;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Site;
import dev.weir.sae.TopKTraining.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TopKTrainingTest {

    private static final Path MODEL = Path.of("src/test/resources/models/plain");
    private static final HookPoint POINT = HookPoint.of(0, Site.RESID_POST);

    @TempDir
    Path folder;

    private static Weir open() throws IOException {
        return Weir.open(MODEL, Options.DEFAULT.withDevice("cpu").withThreads(2));
    }

    @Test
    void learningExplainsMoreAndWhatIsSavedIsReadBack() throws IOException {
        try (Weir weir = open()) {
            var told = new AtomicInteger();
            var learned = new AtomicInteger();
            Path little = folder.resolve("little");
            double before = TopKTraining.train(weir, new Settings(POINT, 64, 6, 600, 1, 3), n -> {}, n -> {}, little);
            var settings = new Settings(POINT, 64, 6, 600, 60, 3);
            double after = TopKTraining.train(weir, settings, told::addAndGet, learned::addAndGet, folder);
            assertEquals(600, told.get());
            assertEquals(settings.steps(), learned.get());
            assertTrue(after < 0.6 * before, before + " unexplained at first, " + after + " at last");
            try (var sae = SparseAutoencoder.open(folder, weir)) {
                assertEquals(6, sae.config().k());
                assertEquals(POINT, sae.config().point());
                Fidelity fidelity = Fidelity.of(weir, sae, Prompt.of(0, 40, 41, 42, 50, 60, 70, 80));
                assertTrue(fidelity.active() <= 6);
                assertTrue(fidelity.explained() > 0.3, String.valueOf(fidelity));
                assertTrue(fidelity.loss() > 0 && fidelity.reconstructedLoss() > 0, String.valueOf(fidelity));
            }
        }
    }

    @Test
    void theSameSeedLearnsTheSame() throws IOException {
        try (Weir weir = open()) {
            var settings = new Settings(POINT, 16, 2, 200, 2, 9);
            TopKTraining.train(weir, settings, n -> {}, n -> {}, folder.resolve("a"));
            TopKTraining.train(weir, settings, n -> {}, n -> {}, folder.resolve("b"));
            String file = "sae_weights.safetensors";
            assertEquals(
                    -1,
                    Files.mismatch(
                            folder.resolve("a").resolve(file),
                            folder.resolve("b").resolve(file)));
        }
    }

    @Test
    void whatCannotBeLearnedIsRefused() {
        var e = assertThrows(IllegalArgumentException.class, () -> new Settings(POINT, 8, 9, 100, 1, 1));
        assertEquals("k: expected at most the 8 features, got 9", e.getMessage());
        e = assertThrows(IllegalArgumentException.class, () -> new Settings(POINT, 8, 1, 0, 1, 1));
        assertEquals("tokens: expected above zero, got 0", e.getMessage());
    }
}
