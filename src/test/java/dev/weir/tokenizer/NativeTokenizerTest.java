package dev.weir.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class NativeTokenizerTest {

    private static final String AB = "{\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0, \"b\": 1, \"ab\": 2},"
            + " \"merges\": [\"a b\"]}, \"version\": \"1.0\"}";

    private static NativeTokenizer open() throws IOException {
        return NativeTokenizer.of(Path.of("tokenizer.json"), AB);
    }

    @Test
    void manyThreadsMayEncodeAtOnce() throws IOException {
        try (NativeTokenizer tokenizer = open()) {
            int[] expected = tokenizer.encode("abba".repeat(1000));
            IntStream.range(0, 64)
                    .parallel()
                    .forEach(i -> assertArrayEquals(expected, tokenizer.encode("abba".repeat(1000))));
        }
    }

    @Test
    void aClosedTokenizerIsRefusedAndMayBeClosedAgain() throws IOException {
        NativeTokenizer tokenizer = open();
        assertEquals(1, tokenizer.encode("ab").length);
        tokenizer.close();
        tokenizer.close();
        assertThrows(IllegalStateException.class, () -> tokenizer.encode("ab"));
        assertThrows(IllegalStateException.class, () -> tokenizer.decode(0));
    }

    @Test
    void closingWaitsForThoseWhoEncode() throws Exception {
        NativeTokenizer tokenizer = open();
        var begun = new CountDownLatch(1);
        var encoding = CompletableFuture.runAsync(() -> {
            while (true) {
                tokenizer.encode("abba".repeat(100));
                begun.countDown();
            }
        });
        begun.await();
        tokenizer.close();
        var end = assertThrows(ExecutionException.class, () -> encoding.get(1, TimeUnit.MINUTES));
        assertInstanceOf(IllegalStateException.class, end.getCause());
    }
}
