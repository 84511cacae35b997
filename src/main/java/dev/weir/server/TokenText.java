package dev.weir.server;

import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.weir.tokenizer.Tokenizer;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/** Tokens one by one, as OpenAI writes them beside their probabilities. */
final class TokenText {

    private final Optional<Tokenizer> tokenizer;

    TokenText(Optional<Tokenizer> tokenizer) {
        this.tokenizer = tokenizer;
    }

    /**
     * A token as text; one that is only a part of a character as its bytes, {@code \xe2\x80}; one that has no text as its id.
     *
     * @param id of the model's vocabulary, which may be larger than the tokenizer's
     */
    String of(int id) {
        byte[] bytes = bytes(id);
        try {
            return bytes.length == 0
                    ? "token_id:" + id
                    : StandardCharsets.UTF_8
                            .newDecoder()
                            .decode(ByteBuffer.wrap(bytes))
                            .toString();
        } catch (CharacterCodingException e) {
            return readable(id);
        }
    }

    /** The same as {@code /v1/completions} has it, where bytes are said to be bytes. */
    String inTable(int id) {
        byte[] bytes = bytes(id);
        String text = of(id);
        return bytes.length > 0 && isBroken(bytes) ? "bytes:" + text : text;
    }

    /** The text of several; ids that the tokenizer does not know write nothing. */
    String joined(int... ids) {
        return tokenizer
                .map(t -> t.decode(
                        Arrays.stream(ids).filter(id -> id < t.vocabularySize()).toArray()))
                .orElse("");
    }

    /** How far a token moves on in a text, in characters; each part of one counts as one. */
    int length(int id) {
        return tokenizer
                .filter(t -> id < t.vocabularySize())
                .map(t -> t.decode(id).length())
                .orElse(0);
    }

    private static boolean isBroken(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8).indexOf(0xfffd) >= 0;
    }

    /** The bytes of a token as JSON. */
    ArrayNode json(int id) {
        ArrayNode array = Json.array();
        for (byte value : bytes(id)) {
            array.add(value & 0xff);
        }
        return array;
    }

    private String readable(int id) {
        return tokenizer
                .filter(t -> id < t.vocabularySize())
                .map(t -> t.token(id))
                .orElse("");
    }

    private byte[] bytes(int id) {
        String readable = readable(id);
        var bytes = new ByteArrayOutputStream();
        for (int at = 0; at < readable.length(); ) {
            int codePoint = readable.codePointAt(at);
            at += Character.charCount(codePoint);
            if (codePoint != '\\') {
                bytes.writeBytes(Character.toString(codePoint).getBytes(StandardCharsets.UTF_8));
                continue;
            }
            char kind = readable.charAt(at++);
            int digits =
                    switch (kind) {
                        case 'x' -> 2;
                        case 'u' -> 4;
                        case 'U' -> 8;
                        default -> 0;
                    };
            int value = digits == 0 ? plain(kind) : Integer.parseInt(readable, at, at + digits, 16);
            at += digits;
            if (kind == 'x') {
                bytes.write(value);
            } else {
                bytes.writeBytes(Character.toString(value).getBytes(StandardCharsets.UTF_8));
            }
        }
        return bytes.toByteArray();
    }

    private static int plain(char kind) {
        return switch (kind) {
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            default -> kind;
        };
    }
}
