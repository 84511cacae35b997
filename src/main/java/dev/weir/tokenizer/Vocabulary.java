package dev.weir.tokenizer;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The tokens by id, spelled as in the file. The empty piece stands at ids that no token has. */
final class Vocabulary {

    /** Ids are allocated up to the highest, so a file must not name just any; the largest vocabularies have some 260 thousand. */
    private static final int HIGHEST_ID = (1 << 20) - 1;

    private static final List<String> ENDS_OF_TEXT = List.of("<|endoftext|>", "<|end_of_text|>", "</s>", "<eos>");

    private final List<String> pieces;
    private final BitSet special;

    private Vocabulary(List<String> pieces, BitSet special) {
        this.pieces = pieces;
        this.special = special;
    }

    /**
     * @param file named in errors
     * @param ids the id of each piece, each id once
     * @param special the pieces that are no text
     */
    static Vocabulary of(Path file, Map<String, Integer> ids, Set<String> special) {
        var pieces = new String[size(file, ids)];
        Arrays.fill(pieces, "");
        var specialIds = new BitSet();
        ids.forEach((piece, id) -> {
            if (!pieces[id].isEmpty()) {
                throw new TokenizerException(
                        file,
                        "one token with id " + id,
                        ReadableText.quoted(pieces[id]) + " and " + ReadableText.quoted(piece));
            }
            pieces[id] = piece;
            specialIds.set(id, special.contains(piece));
        });
        return new Vocabulary(List.of(pieces), specialIds);
    }

    private static int size(Path file, Map<String, Integer> ids) {
        int highest = -1;
        for (int id : ids.values()) {
            if (id < 0 || id > HIGHEST_ID) {
                throw new TokenizerException(file, "token ids from 0 to " + HIGHEST_ID, Integer.toString(id));
            }
            highest = Math.max(highest, id);
        }
        if (highest < 0) {
            throw new TokenizerException(file, "a vocabulary", "no token");
        }
        return highest + 1;
    }

    int size() {
        return pieces.size();
    }

    String piece(int id) {
        return pieces.get(id);
    }

    boolean isSpecial(int id) {
        return special.get(id);
    }

    Optional<Integer> endOfText() {
        return ENDS_OF_TEXT.stream()
                .map(pieces::indexOf)
                .filter(id -> id >= 0 && special.get(id))
                .findFirst();
    }

    void check(int id) {
        if (id < 0 || id >= size()) {
            throw new IllegalArgumentException(
                    "token id: expected 0 to " + (size() - 1) + " for a vocabulary of " + size() + ", got " + id);
        }
    }
}
