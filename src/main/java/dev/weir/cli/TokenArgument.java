package dev.weir.cli;

import dev.weir.engine.Prompt;
import dev.weir.engine.Weir;
import java.util.List;

/** One token that a person names: by its text, spaces included, or by its id, {@code #123}. */
final class TokenArgument {

    private TokenArgument() {}

    /**
     * The token's id.
     *
     * @param option that names it, for errors
     * @throws IllegalArgumentException if the text is not exactly one token
     */
    static int parse(Weir weir, String option, String text) {
        if (text.matches("#\\d{1,9}")) {
            return weir.encode(Prompt.of(Integer.parseInt(text.substring(1)))).getFirst();
        }
        List<Integer> ids = weir.encode(Prompt.of(text));
        if (ids.size() != 1) {
            var vocabulary = new Vocabulary(weir);
            throw new IllegalArgumentException("%s '%s': expected the text of one token, or #ID, got %d tokens: %s"
                    .formatted(
                            option,
                            text,
                            ids.size(),
                            String.join(" ", ids.stream().map(vocabulary::token).toList())));
        }
        return ids.getFirst();
    }
}
