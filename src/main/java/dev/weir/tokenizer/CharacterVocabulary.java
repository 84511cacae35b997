package dev.weir.tokenizer;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** A {@code vocab.json} without merges: each entry is one character, or a special token such as {@code <s>} or {@code [PAD]}. */
final class CharacterVocabulary {

    private static final Pattern SPECIAL = Pattern.compile("<\\S+>|\\[\\S+]");

    private CharacterVocabulary() {}

    static Tokenizer open(Path file) throws IOException {
        Map<String, Integer> ids = JsonFile.idsByPiece(file, JsonFile.object(file, JsonFile.text(file)));
        Vocabulary vocabulary = Vocabulary.of(file, ids, special(file, ids.keySet()));
        var decoder = new ByteDecoder(vocabulary, piece -> piece.getBytes(StandardCharsets.UTF_8));
        return new Tokenizer(vocabulary, new CharacterEncoder(vocabulary), decoder);
    }

    private static Set<String> special(Path file, Set<String> pieces) {
        var special = new HashSet<String>();
        for (String piece : pieces) {
            if (piece.codePointCount(0, piece.length()) != 1) {
                if (!SPECIAL.matcher(piece).matches()) {
                    throw new TokenizerException(
                            file,
                            "characters and special tokens such as '<s>', as there is no merges.txt",
                            ReadableText.quoted(piece));
                }
                special.add(piece);
            }
        }
        return special;
    }
}
