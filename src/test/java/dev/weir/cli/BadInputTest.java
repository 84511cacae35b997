package dev.weir.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.safetensors.SafetensorsFile;
import dev.weir.safetensors.SafetensorsWriter;
import dev.weir.tensor.DType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whoever says something wrong gets one line that says what, and exit code 2. */
class BadInputTest {

    @TempDir
    static Path folder;

    @BeforeAll
    static void write() throws IOException {
        TinyModel.in(folder);
        TinyModel.mute(folder);
        Files.writeString(folder.resolve("text.txt"), "no safetensors file");
        Files.writeString(folder.resolve("empty.jsonl"), "\n");
        Files.writeString(folder.resolve("bad.jsonl"), "{\"prompt\": \"fine\"}\n{\"prompt\": 3}\n");
        Files.writeString(folder.resolve("both.jsonl"), "{\"prompt\": \"a\", \"token_ids\": [1]}\n");
        Files.writeString(folder.resolve("huge.jsonl"), "{\"token_ids\": [99999999999]}\n");
        Files.writeString(folder.resolve("no.jsonl"), "no json\n");
        Files.write(folder.resolve("latin.jsonl"), new byte[] {'{', (byte) 0xe9, '}'});
        Files.writeString(folder.resolve("good.jsonl"), "{\"prompt\": \"a\"}\n");
        Files.writeString(folder.resolve("edited.jsonl"), "{\"prompt\": \"a\", \"edits\": [\"resid_post.9:zero\"]}\n");
        Files.writeString(folder.resolve("label.jsonl"), "{\"label\": \"a\"}\n");
        Files.writeString(folder.resolve("labels.jsonl"), "{\"label\": \"a\"}\n{\"label\": \"b\"}\n");
        Files.writeString(folder.resolve("edits.json"), "[{\"at\": \"resid_post.0\"}]");
        Files.write(folder.resolve("cut.gguf"), new byte[] {'G', 'G', 'U', 'F', 3, 0, 0, 0});
        SafetensorsWriter.write(folder.resolve("row.safetensors"), Map.of(), List.of(row()));
        Files.createDirectories(folder.resolve("nothing"));
        Path broken = Files.createDirectories(folder.resolve("broken"));
        Files.copy(folder.resolve("tiny/config.json"), broken.resolve("config.json"));
        Files.writeString(broken.resolve("model.safetensors"), "not really");
    }

    private static SafetensorsFile.Entry row() {
        return new SafetensorsFile.Entry(
                "blocks.0.hook_resid_post", DType.FLOAT32, List.of(1L, 1L, 30L), MemorySegment.ofArray(new float[30]));
    }

    /** Words apart by spaces; FOLDER stands for the folder above; what must be on the line. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            generate --model FOLDER/tiny                                        | for example: weir generate
            trace --model FOLDER/tiny                                           | for example: weir trace
            generate Once upon --model FOLDER/tiny                              | put quotes around it: "Once upon"
            generate Once --prompt upon --model FOLDER/tiny                     | got PROMPT and --prompt
            generate --prompt= --model FOLDER/tiny                              | expected at least one token
            generate --prompt é --model FOLDER/tiny                             | é
            generate --prompt 0123456789012345678901234 --model FOLDER/tiny     | 24
            generate --token-ids 1,x --model FOLDER/tiny                        | got 'x'
            generate --token-ids 1,-2 --model FOLDER/tiny                       | got '-2'
            generate --token-ids 97 --model FOLDER/tiny                         | token id 97
            generate --token-ids= --model FOLDER/tiny                           | got ''
            generate --prompt text --model FOLDER/mute                          | no tokenizer
            generate --prompts FOLDER/empty.jsonl --model FOLDER/tiny           | got no line
            generate --prompts FOLDER/bad.jsonl --model FOLDER/tiny             | bad.jsonl line 2
            generate --prompts FOLDER/both.jsonl --model FOLDER/tiny            | both.jsonl line 1
            generate --prompts FOLDER/huge.jsonl --model FOLDER/tiny            | got 99999999999
            generate --prompts FOLDER/no.jsonl --model FOLDER/tiny              | got no json
            generate --prompts FOLDER/latin.jsonl --model FOLDER/tiny           | UTF-8
            generate --prompts FOLDER/none.jsonl --model FOLDER/tiny            | got nothing there
            generate --prompts FOLDER/nothing --model FOLDER/tiny               | got a folder
            generate a --model FOLDER/none                                      | got nothing there
            generate a --model FOLDER/text.txt                                  | got a file
            generate a --model FOLDER/nothing                                   | config.json
            generate a --model FOLDER/broken                                    | model.safetensors
            generate a --max-new-tokens 0 --model FOLDER/tiny                   | max new tokens
            generate a --max-new-tokens -1 --model FOLDER/tiny                  | max new tokens
            generate a --max-new-tokens 99 --model FOLDER/tiny                  | at most 24 new tokens fit
            generate a --max-new-tokens many --model FOLDER/tiny                | 'many' is not an int
            generate a --temperature 0 --model FOLDER/tiny                      | --greedy
            generate a --temperature -1 --model FOLDER/tiny                     | temperature
            generate a --temperature NaN --model FOLDER/tiny                    | temperature
            generate a --top-k -1 --model FOLDER/tiny                           | top-k
            generate a --top-p 1.5 --model FOLDER/tiny                          | top-p
            generate a --min-p 2 --model FOLDER/tiny                            | min-p
            generate a --repetition-penalty 0 --model FOLDER/tiny               | repetition penalty
            generate a --seed x --model FOLDER/tiny                             | --seed
            generate a --greedy --seed 1 --model FOLDER/tiny                    | --greedy
            generate a --stop= --model FOLDER/tiny                              | stop
            generate a --threads 0 --model FOLDER/tiny                          | --threads
            generate a --threads -3 --model FOLDER/tiny                         | --threads
            generate a --device gpu --model FOLDER/tiny                         | device 'gpu'
            generate a --device cuda:1 --model FOLDER/tiny                      | cuda:1
            generate a --device cpu --tf32 --model FOLDER/tiny                  | tf32
            generate a --device cpu --sync --model FOLDER/tiny                  | sync
            generate a --device cpu --no-graphs --model FOLDER/tiny             | no graphs
            generate a --device cpu --persistent --model FOLDER/tiny            | persistent
            generate a --exact --tf32 --model FOLDER/tiny                       | exact and tf32
            generate a --dtype int16 --model FOLDER/tiny                        | float32, float16, bfloat16, int8
            generate a --dtype int8 --device cuda --model FOLDER/tiny           | dtype int8: expected the CPU, got device 'cuda'
            generate a --trace resid_post --trace-out x --trace-dtype int8 --model FOLDER/tiny | float32, float16, bfloat16
            perplexity a --window 1 --model FOLDER/tiny                         | window: expected 2 to
            perplexity a --stride 0 --model FOLDER/tiny                         | stride: expected 1 to
            bench --shape gpt2 --save x --dtype int8                            | --save: expected
            generate a --trace resid_post --model FOLDER/tiny                   | --trace-out
            generate a --trace-out FOLDER/x.safetensors --model FOLDER/tiny     | --trace
            generate a --trace resid --trace-out FOLDER/x.safetensors --model FOLDER/tiny | 'resid'
            generate a --trace resid_post --trace-out FOLDER/no/x --model FOLDER/tiny     | FOLDER/no
            generate a --trace resid_post --trace-out FOLDER/nothing --model FOLDER/tiny  | got a folder
            generate a --trace resid_post --trace-out x --trace-dtype f32 --model FOLDER/tiny | 'f32'
            generate a --trace resid_post --trace-out x --max-trace-bytes lots --model FOLDER/tiny | 'lots'
            generate a --model FOLDER/tiny --model FOLDER/tiny                  | only once
            generate a --model                                                  | --model
            generate a --bogus                                                  | --bogus
            generate a --max-new-token 3                                        | did you mean
            trace a --position 1 --model FOLDER/tiny                            | --position
            trace a --position -2 --model FOLDER/tiny                           | --position
            trace a --hooks nothing --model FOLDER/tiny                         | 'nothing'
            trace a --hooks resid_post.9 --model FOLDER/tiny                    | 'resid_post.9'
            trace a --hooks resid_post@first --model FOLDER/tiny                | 'first'
            hooks --positions 0 --model FOLDER/tiny                             | --positions
            hooks --positions 25 --model FOLDER/tiny                            | --positions
            hooks --batch 0 --model FOLDER/tiny                                 | --batch
            hooks --hooks nothing --model FOLDER/tiny                           | 'nothing'
            generate a --edit nothing --model FOLDER/tiny                       | edit 'nothing'
            generate a --edit resid_post.9:zero --model FOLDER/tiny             | 'resid_post.9'
            generate a --edit resid_post.0:add=FOLDER/none --model FOLDER/tiny  | got nothing there
            generate a --edit resid_post.0:add=FOLDER/nothing --model FOLDER/tiny   | got a folder
            generate a --edit resid_post.0:add=FOLDER/text.txt --model FOLDER/tiny  | text.txt
            generate a --edit resid_post.0:add=FOLDER/cut.gguf --model FOLDER/tiny  | cut.gguf
            generate a --edit resid_post.1:add=FOLDER/row.safetensors --model FOLDER/tiny | row.safetensors
            generate a --edit mlp_post.0:add=FOLDER/row.safetensors:blocks.0.hook_resid_post --model FOLDER/tiny | [1, 1, 30]
            generate a --edit resid_post.0:project=FOLDER/row.safetensors --model FOLDER/tiny | length 0
            generate a --edit z.0:zero#3 --model FOLDER/tiny                    | heads from 0 to 2
            generate a --edit resid_post.0:zero#0 --model FOLDER/tiny           | expected no heads
            generate ab --edit resid_post.0:zero@-3 --model FOLDER/tiny         | the prompt has 2 tokens
            generate a --edit blocks.0.ln1.hook_scale:zero --model FOLDER/tiny  | blocks.0.ln1.hook_scale
            trace a --edit blocks.0.ln1.hook_scale:zero --out FOLDER/x.safetensors --model FOLDER/tiny | ln1.hook_scale
            generate a --edits FOLDER/edits.json --model FOLDER/tiny            | edits.json
            generate a --edits FOLDER/none --model FOLDER/tiny                  | got nothing there
            generate a --edits FOLDER/nothing --model FOLDER/tiny               | got a folder
            generate --prompts FOLDER/edited.jsonl --model FOLDER/tiny          | edited.jsonl line 1: edit
            trace a --edit blocks.5:skip --model FOLDER/tiny                    | 2 blocks
            plan --edit z.0:zero#7 --model FOLDER/tiny                          | heads from 0 to 2
            steer --positive FOLDER/good.jsonl --negative FOLDER/good.jsonl --model FOLDER/tiny | --out
            steer --positive FOLDER/good.jsonl --negative FOLDER/empty.jsonl --out FOLDER/v --model FOLDER/tiny | got no line
            steer --positive FOLDER/edited.jsonl --negative FOLDER/good.jsonl --out FOLDER/v --model FOLDER/tiny | expected no edits
            steer --positive FOLDER/good.jsonl --negative FOLDER/good.jsonl --out FOLDER/no/v --model FOLDER/tiny | FOLDER/no
            steer --positive FOLDER/good.jsonl --negative FOLDER/good.jsonl --out FOLDER/nothing --model FOLDER/tiny | got a folder
            steer --positive FOLDER/good.jsonl --negative FOLDER/good.jsonl --out FOLDER/v --hooks pattern --model FOLDER/tiny | [B, P, ...]
            steer --positive FOLDER/good.jsonl --negative FOLDER/good.jsonl --out FOLDER/v.gguf --hooks z --model FOLDER/tiny | resid_post
            steer --positive FOLDER/good.jsonl --negative FOLDER/good.jsonl --out FOLDER/v --at every --model FOLDER/tiny | got every
            steer --positive FOLDER/good.jsonl --negative FOLDER/good.jsonl --out FOLDER/v --method component --model FOLDER/tiny | all the same
            steer --positive FOLDER/good.jsonl --negative FOLDER/good.jsonl --out FOLDER/v --method best --model FOLDER/tiny | 'best'
            probe FOLDER/row.safetensors                                        | --labels
            probe FOLDER/none --labels FOLDER/labels.jsonl                      | got nothing there
            probe FOLDER/text.txt --labels FOLDER/labels.jsonl                  | text.txt
            probe FOLDER/row.safetensors --labels FOLDER/none                   | got nothing there
            probe FOLDER/row.safetensors --labels FOLDER/empty.jsonl            | got no line
            probe FOLDER/row.safetensors --labels FOLDER/bad.jsonl              | bad.jsonl line 1
            probe FOLDER/row.safetensors --labels FOLDER/label.jsonl            | two different labels, got [a]
            probe FOLDER/row.safetensors --labels FOLDER/labels.jsonl           | the 1 sequences
            probe FOLDER/row.safetensors --labels FOLDER/labels.jsonl --hooks z | 'z'
            plan --rows 0 --model FOLDER/tiny                                   | --rows
            plan --trace nothing --model FOLDER/tiny                            | 'nothing'
            plan extra --model FOLDER/tiny                                      | extra
            diff FOLDER/text.txt FOLDER/text.txt                                | text.txt
            diff FOLDER/none FOLDER/text.txt                                    | none
            diff FOLDER/text.txt                                                | B
            diff a b --bound -1                                                 | --bound
            diff a b --bound x                                                  | --bound
            inspect FOLDER/none                                                 | got nothing there
            inspect FOLDER/nothing                                              | got none in it
            inspect FOLDER/text.txt                                             | text.txt
            inspect                                                             | FILE
            bogus                                                               | bogus
            --bogus                                                             | --bogus
            """)
    void isOneLineThatNamesIt(String words, String named) {
        String[] arguments = Arrays.stream(words.split(" "))
                .map(word -> word.replace("FOLDER", folder.toString()))
                .toArray(String[]::new);
        Terminal.Result result = Terminal.weir(arguments);
        assertEquals(2, result.code(), result.err());
        assertEquals("", result.out());
        assertEquals(1, result.err().lines().count(), result.err());
        assertTrue(result.err().startsWith("weir: "), result.err());
        assertTrue(result.err().contains(named.replace("FOLDER", folder.toString())), result.err());
        assertFalse(result.err().contains("Exception"), result.err());
    }

    @Test
    void aTraceThatIsTooLargeIsRefusedWithALineForEachPoint() throws IOException {
        Path file = folder.resolve("large.safetensors");
        Terminal.Result result = Terminal.weir(
                "generate",
                "abc",
                "--model",
                folder.resolve("tiny").toString(),
                "--max-new-tokens",
                "4",
                "--trace",
                "resid_post",
                "--trace-out",
                file.toString(),
                "--max-trace-bytes",
                "1K");
        assertEquals(2, result.code());
        List<String> lines = result.err().lines().toList();
        assertEquals(1 + TinyModel.LAYERS, lines.size(), result.err());
        int bytes = 6 * TinyModel.WIDTH * Float.BYTES;
        assertTrue(lines.getFirst().contains(String.valueOf("%,d".formatted(TinyModel.LAYERS * bytes))), result.err());
        assertTrue(lines.getFirst().contains("1,024"), result.err());
        assertTrue(lines.getLast().contains("blocks.1.hook_resid_post"), result.err());
        assertFalse(Files.exists(file));
    }

    @Test
    void aFailureLeavesTheOldFileAndNothingElse(@TempDir Path empty) throws IOException {
        Path file = Files.writeString(empty.resolve("old.safetensors"), "old");
        Terminal.Result result = Terminal.weir(
                "generate",
                "abc",
                "--model",
                folder.resolve("tiny").toString(),
                "--max-new-tokens",
                "99",
                "--trace",
                "resid_post",
                "--trace-out",
                file.toString());
        assertEquals(2, result.code());
        assertEquals("old", Files.readString(file));
        try (Stream<Path> files = Files.list(empty)) {
            assertEquals(List.of(file), files.toList());
        }
    }

    @Test
    void whereAModelIsLookedForIsSaid() {
        Terminal.Result nowhere = Terminal.weir("hooks");
        assertEquals(2, nowhere.code());
        assertTrue(nowhere.err().contains("--model DIR"), nowhere.err());
        assertTrue(nowhere.err().contains("WEIR_MODEL"), nowhere.err());
        Terminal.Result variable =
                new Terminal().with("WEIR_MODEL", "no/such/model").run("hooks");
        assertTrue(variable.err().contains("WEIR_MODEL 'no/such/model'"), variable.err());
    }

    @Test
    void aStackTraceIsForThoseWhoAskForIt() {
        assertFalse(Terminal.weir("inspect", "none").err().contains("\tat "));
        assertTrue(new Terminal()
                .with("WEIR_DEBUG", "1")
                .run("inspect", "none")
                .err()
                .contains("\tat dev.weir.cli"));
    }
}
