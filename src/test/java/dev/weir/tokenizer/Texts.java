package dev.weir.tokenizer;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;

/** Texts that hurt: letters and spaces, and next to them what takes two to four bytes, combines, joins or does not print. */
final class Texts {

    private static final String[] PARTS = {
        " ",
        "  ",
        "\n",
        "\t",
        "\0",
        "the",
        "'ll",
        "1",
        "é",
        "e\u0301",
        "ß",
        "\u00a0",
        "\u200d",
        "\u2028",
        "日本",
        "한",
        "\u1112\u1161",
        "क्ष",
        "مر",
        "\ufffd",
        "\ufeff",
        "😀",
        "👍🏽",
        "👩‍👩‍👧",
        "🇫🇷",
        "𝔘",
        "\udbff\udfff"
    };

    private Texts() {}

    static Arbitrary<String> any() {
        Arbitrary<String> characters = Arbitraries.integers()
                .between(0, Character.MAX_CODE_POINT)
                .filter(c -> c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE)
                .map(Character::toString);
        return Arbitraries.oneOf(Arbitraries.of(PARTS), characters)
                .list()
                .ofMaxSize(40)
                .map(parts -> String.join("", parts));
    }
}
