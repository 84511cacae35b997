package dev.weir.patching;

import dev.weir.engine.Weir;
import java.util.List;

/** The text of tokens, for labels. */
final class Texts {

    private Texts() {}

    /** What each token writes; its id where the model has no text for it. */
    static List<String> of(Weir weir, List<Integer> tokens) {
        return tokens.stream().map(token -> of(weir, token)).toList();
    }

    private static String of(Weir weir, int token) {
        return weir.tokenizer()
                .filter(tokenizer -> token < tokenizer.vocabularySize())
                .map(tokenizer -> tokenizer.token(token))
                .filter(text -> !text.isEmpty())
                .orElse("#" + token);
    }
}
