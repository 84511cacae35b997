package dev.weir.engine;

import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every kind of edit at every site, and any of them together, agree with float64 at every hook point. */
class EditedPassTest {

    private static final Options CPU = Options.DEFAULT.withDevice("cpu").withThreads(1);

    static Stream<EditedCase> everyKindAtEverySite() {
        return EditedCase.everyKindAtEverySite();
    }

    @ParameterizedTest
    @MethodSource
    void everyKindAtEverySite(EditedCase edited) {
        requireClose(edited);
    }

    @Property(tries = 150)
    void anyEditsTogether(@ForAll long seed) {
        requireClose(EditedCase.random(seed));
    }

    private static void requireClose(EditedCase edited) {
        try (Weir weir = edited.open(CPU)) {
            edited.requireClose(edited.run(weir));
        }
    }
}
