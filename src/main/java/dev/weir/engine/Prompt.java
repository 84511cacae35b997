package dev.weir.engine;

import dev.weir.hook.Edits;
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

    /** This prompt, and what is changed while it, and what follows it, goes through the model. Prompts beside it do not notice. */
    default Prompt edited(Edits edits) {
        return edits.isEmpty() ? this : new Edited(this, edits);
    }

    /** What is changed for this prompt alone. */
    default Edits edits() {
        return Edits.NONE;
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

    /**
     * A prompt for which something is changed.
     *
     * @param edits made after those of the prompt itself, if it is edited already
     */
    record Edited(Prompt prompt, Edits edits) implements Prompt {
        public Edited {
            edits = prompt.edits().and(edits);
        }

        @Override
        public String toString() {
            return prompt.toString();
        }
    }
}
