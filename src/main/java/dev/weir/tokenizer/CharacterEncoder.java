package dev.weir.tokenizer;

import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Encodes by a vocabulary of characters: at each place the longest special token that is written there, or else the character. */
final class CharacterEncoder implements Encoder {

    private final Map<String, Integer> ids = new LinkedHashMap<>();
    private final List<String> longestFirst;

    CharacterEncoder(Vocabulary vocabulary) {
        IntStream.range(0, vocabulary.size()).forEach(id -> ids.put(vocabulary.piece(id), id));
        longestFirst = IntStream.range(0, vocabulary.size())
                .filter(vocabulary::isSpecial)
                .mapToObj(vocabulary::piece)
                .sorted(Comparator.comparing(String::length).reversed())
                .toList();
    }

    @Override
    public int[] encode(String text) {
        var encoded = IntStream.builder();
        int at = 0;
        while (at < text.length()) {
            String piece = pieceAt(text, at);
            encoded.add(idOf(piece, at));
            at += piece.length();
        }
        return encoded.build().toArray();
    }

    private String pieceAt(String text, int at) {
        for (String special : longestFirst) {
            if (text.startsWith(special, at)) {
                return special;
            }
        }
        return Character.toString(text.codePointAt(at));
    }

    private int idOf(String piece, int at) {
        Integer id = ids.get(piece);
        if (id == null) {
            throw new IllegalArgumentException("text at index " + at + ": expected a character of the vocabulary, got '"
                    + ReadableText.of(piece) + "' (U+%04X)".formatted(piece.codePointAt(0)));
        }
        return id;
    }

    @Override
    public void close() {
        // Nothing outside the Java heap.
    }
}
