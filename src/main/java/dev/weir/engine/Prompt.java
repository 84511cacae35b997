package dev.weir.engine;

import java.util.Arrays;

/** What to continue: text, or token ids that need no tokenizer. */
public sealed interface Prompt {

    /** A prompt of text. */
    static Prompt of(String text) {
        return new Text(text);
    }

    /** A prompt of token ids. */
    static Prompt of(int... tokens) {
        return new Tokens(tokens);
    }

    /** Text, to be encoded by the model's tokenizer. */
    record Text(String text) implements Prompt {
        @Override
        public String toString() {
            return text;
        }
    }

    /** Token ids. */
    record Tokens(int[] ids) implements Prompt {
        public Tokens {
            ids = ids.clone();
        }

        @Override
        public String toString() {
            return Arrays.toString(ids);
        }
    }
}
