package dev.weir.tokenizer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Decides by the files of a folder what its tokenizer is. */
final class TokenizerFolder {

    private TokenizerFolder() {}

    static Optional<Tokenizer> open(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            throw new IllegalArgumentException("tokenizer: expected a folder, got " + folder);
        }
        Path tokenizer = folder.resolve("tokenizer.json");
        Path vocabulary = folder.resolve("vocab.json");
        Path merges = folder.resolve("merges.txt");
        if (Files.exists(tokenizer)) {
            return Optional.of(TokenizerJson.open(tokenizer).from(tokenizer));
        }
        if (Files.exists(merges)) {
            return Optional.of(besideMerges(vocabulary, merges));
        }
        return Files.exists(vocabulary)
                ? Optional.of(CharacterVocabulary.open(vocabulary).from(vocabulary))
                : Optional.empty();
    }

    private static Tokenizer besideMerges(Path vocabulary, Path merges) throws IOException {
        if (!Files.exists(vocabulary)) {
            throw new TokenizerException(merges, "vocab.json beside it", "none");
        }
        return Gpt2Files.open(vocabulary, merges).from(vocabulary, merges);
    }
}
