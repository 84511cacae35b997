package dev.weir.cli;

import dev.weir.engine.Prompt;
import dev.weir.engine.Weir;
import java.util.List;

/** How tokens are shown to people. */
record Vocabulary(Weir weir) {

    /** One token on one line, its spaces visible; its id where the model has no text for it. */
    String token(int id) {
        String text = piece(id);
        return text.isEmpty() ? "#" + id : text.replace(' ', '␣');
    }

    /** What one token writes, on one line; empty where the model has no text for it. */
    String piece(int id) {
        return weir.tokenizer()
                .filter(tokenizer -> id < tokenizer.vocabularySize())
                .map(tokenizer -> tokenizer.token(id))
                .orElse("");
    }

    /** The text of tokens; their ids where the model has no text for one of them. */
    String text(List<Integer> ids) {
        return weir.tokenizer()
                .filter(tokenizer -> ids.stream().allMatch(id -> id < tokenizer.vocabularySize()))
                .map(tokenizer -> tokenizer.decode(
                        ids.stream().mapToInt(Integer::intValue).toArray()))
                .orElseGet(
                        () -> String.join(" ", ids.stream().map(String::valueOf).toList()));
    }

    /** A prompt as it was meant: its text, or the text of its tokens. */
    String text(Prompt prompt) {
        return switch (prompt) {
            case Prompt.Text text -> text.text();
            case Prompt.Tokens tokens -> text(weir.encode(tokens));
            case Prompt.Edited edited -> text(edited.prompt());
        };
    }
}
