package dev.weir.edit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.gguf.ControlVector;
import dev.weir.hook.Dimensions;
import dev.weir.hook.Edit;
import dev.weir.hook.Edits;
import dev.weir.hook.Heads;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Site;
import dev.weir.hook.Span;
import dev.weir.safetensors.SafetensorsFile;
import dev.weir.safetensors.SafetensorsWriter;
import dev.weir.tensor.DType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EditLanguageTest {

    private static final Dimensions DIMENSIONS = new Dimensions(3, 6, 2, 2, 3, 8, 11);
    private static final HookPoint MIDDLE = HookPoint.of(1, Site.RESID_POST);
    private static final HookPoint Z = HookPoint.of(1, Site.Z);
    private static final HookPoint PATTERN = HookPoint.of(1, Site.PATTERN);

    @TempDir
    static Path folder;

    static Path file;

    private final EditLanguage language = new EditLanguage(DIMENSIONS);

    @BeforeAll
    static void write() throws IOException {
        file = folder.resolve("v.safetensors");
        float[] dump = ramp(2 * 4 * 6);
        Arrays.fill(dump, 42, 48, Float.NaN); // the second sequence has three rows
        write(
                file,
                Map.of(),
                tensor("joy", ramp(6), 6),
                tensor("heads", ramp(6), 2, 3),
                tensor("rows", ramp(12), 2, 6),
                tensor("hidden", ramp(8), 8),
                tensor(MIDDLE.name(), dump, 2, 4, 6),
                tensor(Z.name(), ramp(4 * 6), 1, 4, 2, 3),
                tensor(PATTERN.name(), ramp(2 * 3 * 3), 1, 2, 3, 3));
        write(
                folder.resolve("some.safetensors"),
                Map.of("positions", "{\"" + MIDDLE + "\": \"5..6\"}"),
                tensor(MIDDLE.name(), ramp(12), 1, 2, 6));
        new ControlVector("gpt2", new TreeMap<>(Map.of(1, ramp(6), 2, new float[6]))).write(folder.resolve("c.gguf"));
        new ControlVector("gpt2", new TreeMap<>(Map.of(1, ramp(5)))).write(folder.resolve("short.gguf"));
        Files.writeString(folder.resolve("text.txt"), "neither of the two");
        Files.writeString(folder.resolve("broken.gguf"), "GGUF and no more");
        Files.createDirectory(folder.resolve("nothing"));
    }

    private static float[] ramp(int count) {
        float[] ramp = new float[count];
        IntStream.range(0, count).forEach(i -> ramp[i] = i + 1);
        return ramp;
    }

    private static SafetensorsFile.Entry tensor(String name, float[] values, long... shape) {
        return new SafetensorsFile.Entry(
                name, DType.FLOAT32, Arrays.stream(shape).boxed().toList(), MemorySegment.ofArray(values));
    }

    private static void write(Path path, Map<String, String> metadata, SafetensorsFile.Entry... tensors)
            throws IOException {
        SafetensorsWriter.write(path, metadata, List.of(tensors));
    }

    private Edits parse(String sentence) throws IOException {
        return language.parse(sentence.replace("FILE", file.toString()).replace("FOLDER", folder.toString()));
    }

    @Test
    void aVectorIsAddedSoStrongly() throws IOException {
        assertEquals(Edits.of(MIDDLE, Edit.add(ramp(6), 1)), parse("resid_post.1:add=FILE:joy"));
        assertEquals(Edits.of(MIDDLE, Edit.add(ramp(6), -0.5f)), parse("blocks.1.hook_resid_post:add=FILE:joy*-0.5"));
        assertEquals(
                Edits.of(Z, Edit.add(ramp(6), 2)),
                parse("z.1:add=FILE:heads*2"),
                "a row of [H, dh] is the heads one after another");
    }

    @Test
    void everyPointOfAGlobIsEdited() throws IOException {
        Edits edits = parse("blocks.{0,2}.mlp.hook_post:zero");
        assertEquals(
                Edits.of(HookPoint.of(0, Site.MLP_POST), Edit.zero()).and(HookPoint.of(2, Site.MLP_POST), Edit.zero()),
                edits);
        assertEquals(3, parse("resid_mid:scale=0.25").all().size());
    }

    @Test
    void rowsOfADumpAreForTheirPositions() throws IOException {
        assertEquals(Edits.of(MIDDLE, Edit.replace(ramp(24), 4).between(0, 4)), parse("resid_post.1:replace=FILE"));
        float[] second = Arrays.copyOfRange(ramp(48), 24, 42);
        assertEquals(
                Edits.of(MIDDLE, Edit.replace(second, 3).between(0, 3)),
                parse("resid_post.1:replace=FILE:" + MIDDLE + "[1]"),
                "without the row that the shorter sequence does not have");
        assertEquals(Edits.of(MIDDLE, Edit.replace(second, 3).between(0, 3)), parse("resid_post.1:replace=FILE:[1]"));
        assertEquals(Edits.of(MIDDLE, Edit.replace(ramp(24), 4).at(Span.at(2))), parse("resid_post.1:replace=FILE@2"));
    }

    @Test
    void theMeanIsThatOfEveryRowThatIsThere() throws IOException {
        float[] mean = new float[6];
        for (int row = 0; row < 7; row++) {
            for (int c = 0; c < 6; c++) {
                mean[c] += (row * 6 + c + 1) / 7f;
            }
        }
        Edit.OnMachine edit = only(parse("resid_post.1:mean=FILE@-1"));
        assertArrayEquals(mean, edit.operand().orElseThrow().values(), 1e-5f);
        assertEquals(1, edit.operand().orElseThrow().rows());
        assertEquals(Span.at(-1), edit.span());
    }

    private static Edit.OnMachine only(Edits edits) {
        assertEquals(1, edits.all().size(), edits.toString());
        return (Edit.OnMachine) edits.all().getFirst().edit();
    }

    @Test
    void aRowOfAPatternHoldsTheKeysOfOneHeadAfterThoseOfAnother() throws IOException {
        Edit.OnMachine edit = only(parse("pattern.1:replace=FILE#1"));
        float[] expected = {1, 2, 3, 10, 11, 12, 4, 5, 6, 13, 14, 15, 7, 8, 9, 16, 17, 18};
        assertArrayEquals(expected, edit.operand().orElseThrow().values());
        assertEquals(3, edit.operand().orElseThrow().rows());
        assertEquals(Heads.of(1), edit.heads());
    }

    @Test
    void aDirectionIsProjectedOut() throws IOException {
        assertEquals(
                Edits.of(MIDDLE, Edit.projectOut(ramp(6)).withStrength(0.5f)),
                parse("resid_post.1:project=FILE:joy*0.5"));
    }

    @Test
    void branchesAreSkippedMadePlainAndScaled() throws IOException {
        assertEquals(Edits.skipBlock(1), parse("blocks.1:skip"));
        assertEquals(Edits.skipAttention(2), parse("blocks.2.attn:skip"));
        assertEquals(Edits.plainMlp(0), parse("blocks.0.mlp:plain"));
        assertEquals(Edits.scaleBlock(1, 0.5f), parse("blocks.1:scale=0.5"));
        assertEquals(Edits.skipMlp(0).and(Edits.skipMlp(1)).and(Edits.skipMlp(2)), parse("blocks.*.mlp:skip"));
        assertEquals(Edits.skipBlock(1).and(Edits.skipBlock(2)), parse("blocks.{1..2}:skip"));
        Edits last = parse("blocks.1:skip@-1..");
        assertEquals(2, last.all().size());
        last.all().forEach(at -> assertEquals(Span.from(-1), ((Edit.OnMachine) at.edit()).span()));
    }

    @ParameterizedTest
    @CsvSource({"3, 3", "4.., 4..", "-1, -1", "last, -1", "-1.., -1..", "-3..-2, -3..-2", "all, all", "generated, +0.."
    })
    void positionsAreOneSpan(String text, String span) throws IOException {
        assertEquals(span, only(parse("resid_post.1:zero@" + text)).span().toString());
    }

    @Test
    void eachRangeOfPositionsIsAnEdit() throws IOException {
        List<String> spans = new ArrayList<>();
        for (Edits.At at : parse("resid_post.1:zero@0+5..9+12..").all()) {
            spans.add(((Edit.OnMachine) at.edit()).span().toString());
        }
        assertEquals(List.of("0", "5..9", "12.."), spans);
    }

    @Test
    void headsAreNumbersAndRanges() throws IOException {
        assertEquals(Heads.of(0, 1), only(parse("z.1:zero#0+1")).heads());
        assertEquals(Heads.of(0, 1), only(parse("z.1:zero@3#0..1")).heads());
        assertEquals(Heads.ALL, only(parse("z.1:zero")).heads());
    }

    @Test
    void aControlVectorIsAddedWhereTheStreamLeavesItsBlock() throws IOException {
        assertEquals(Edits.of(MIDDLE, Edit.add(ramp(6), 3)), parse("resid_post.1:add=FOLDER/c.gguf*3"));
        assertEquals(
                Edits.of(HookPoint.of(0, Site.RESID_MID), Edit.add(ramp(6), 1)),
                parse("resid_mid.0:add=FOLDER/c.gguf:direction.1"));
    }

    @Test
    void jsonSaysTheSame() throws IOException {
        Path json = Files.writeString(folder.resolve("edits.json"), """
                {"edits": [
                  {"at": "resid_post.1", "add": {"file": "v.safetensors", "tensor": "joy"}, "strength": 4, "positions": "-1.."},
                  {"at": "resid_post.1", "replace": {"file": "v.safetensors", "sequence": 1}},
                  {"at": "resid_post.1", "mean": "v.safetensors:[1]"},
                  {"at": "resid_post.1", "add": [1, 2, 3, 4, 5, 6.5]},
                  {"at": "z.1", "zero": true, "heads": [0, 1], "positions": [0, 2]},
                  {"at": "z.1", "scale": 0.5, "heads": 1, "positions": 3},
                  {"at": "blocks.2.mlp", "skip": true},
                  {"at": "blocks.2", "plain": true},
                  {"at": "resid_post.1", "project": "v.safetensors:joy", "strength": 0.5},
                  "resid_post.2:scale=2"
                ]}""");
        Edits expected = parse("resid_post.1:add=FILE:joy*4@-1..")
                .and(parse("resid_post.1:replace=FILE:[1]"))
                .and(parse("resid_post.1:mean=FILE:[1]"))
                .and(MIDDLE, Edit.add(new float[] {1, 2, 3, 4, 5, 6.5f}, 1))
                .and(parse("z.1:zero@0+2#0+1"))
                .and(parse("z.1:scale=0.5@3#1"))
                .and(parse("blocks.2.mlp:skip"))
                .and(parse("blocks.2:plain"))
                .and(parse("resid_post.1:project=FILE:joy*0.5"))
                .and(parse("resid_post.2:scale=2"));
        assertEquals(expected, language.read(json), "and files are looked for beside it");
    }

    /** What is said, and what must be on the line about it. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            resid_post.1                            | expected TARGET:WHAT
            :zero                                   | expected TARGET:WHAT
            resid_post.1:                           | expected TARGET:WHAT
            resid_post.1:nothing                    | got 'nothing'
            resid_post.1:zero=1                     | got '=1'
            resid_post.1:scale=half                 | got 'half'
            resid_post.1:scale=Infinity             | finite
            resid_post.1:scale                      | expected a number
            resid_post.1:add                        | expected add=FILE
            resid_post.1:add=                       | expected add=FILE
            resid_post.7:zero                       | 3 blocks
            nothing:zero                            | 'nothing'
            resid_post@last:zero                    | expected no @
            resid_post.1:zero*2                     | strength
            resid_post.1:scale=2*2                  | strength
            resid_post.1:zero@first                 | got 'first'
            resid_post.1:zero@3..1                  | got '3..1'
            resid_post.1:zero@-1..2                 | got '-1..2'
            resid_post.1:zero@5+3                   | ascending
            resid_post.1:zero@3..5+5                | ascending
            resid_post.1:zero@0+-1                  | same end
            resid_post.1:zero@2..+5                 | ascending
            z.1:zero#                               | heads ''
            z.1:zero#a                              | got 'a'
            z.1:zero#1..0                           | ascending
            z.1:zero#64                             | 63
            z.1:zero#0@1                            | got '0@1'
            resid_post.1:skip                       | blocks.1.mlp
            embed:plain                             | blocks.0.attn
            blocks.1:zero*2                         | strength
            blocks.1:add=FILE:joy                   | got add
            blocks.1.attn:mean=FILE:joy             | got mean
            blocks.1:skip#0                         | heads 0
            blocks.9:skip                           | 3 blocks
            resid_post.1:add=FILE:hidden            | [B, P, 6]
            pattern.1:replace=FILE:joy              | [B, 2, Q, K]
            pattern.1:mean=FILE                     | differ in their keys
            resid_post.1:project=FILE:rows          | got 2 rows
            resid_post.1:replace=FILE:[2]           | expected one below 2
            resid_post.1:replace=FOLDER/some.safetensors | got positions 5..6
            resid_post.1:add=FOLDER/nothing         | got a folder
            resid_mid.1:add=FOLDER/c.gguf           | hook_resid_post
            resid_post.0:add=FOLDER/c.gguf          | direction.0
            resid_post.1:add=FOLDER/c.gguf:joy      | expected joy
            resid_post.1:add=FOLDER/short.gguf      | got 5
            """)
    void whatCannotBeHonouredIsRefusedByName(String sentence, String because) {
        var failure = assertThrows(IllegalArgumentException.class, () -> parse(sentence));
        assertEquals(1, failure.getMessage().lines().count(), failure.getMessage());
        assertTrue(failure.getMessage().startsWith("edit '"), failure.getMessage());
        assertTrue(failure.getMessage().contains(because), failure.getMessage());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            resid_post.1:add=FILE:anger             | 'anger'
            resid_post.2:add=FILE                   | got another
            resid_post.1:add=FOLDER/none            | none
            resid_post.1:add=FOLDER/text.txt:joy    | text.txt
            resid_post.1:add=FOLDER/broken.gguf     | broken.gguf
            """)
    void aFileThatLacksItIsNamed(String sentence, String because) {
        var failure = assertThrows(Exception.class, () -> parse(sentence));
        assertTrue(failure.getMessage().contains(because), failure.getMessage());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '~', textBlock = """
            {}                                                  | expected a list
            3                                                   | expected a list
            [                                                   | in line 1
            [] []                                               | expected JSON
            [3]                                                 | got a number
            [{"zero": true}]                                    | "at"
            [{"at": "resid_post.1"}]                            | got []
            [{"at": "resid_post.1", "zero": false}]             | expected true
            [{"at": "resid_post.1", "zero": true, "skip": true}] | got [zero, skip]
            [{"at": "resid_post.1", "nothing": 1}]              | got 'nothing'
            [{"at": "resid_post.1", "scale": "1"}]              | expected a number
            [{"at": "resid_post.1", "scale": 1e99}]             | expected a number
            [{"at": "resid_post.1", "scale": 1, "scale": 2}]    | Duplicate
            [{"at": "resid_post.1", "add": {"tensor": "joy"}}]  | "FILE:TENSOR"
            [{"at": "resid_post.1", "add": {"file": "v.safetensors", "row": 1}}] | "FILE:TENSOR"
            [{"at": "resid_post.1", "add": {"file": "v.safetensors", "sequence": -1}}] | "FILE:TENSOR"
            [{"at": "resid_post.1", "add": [1, 2]}]             | rows of 6 values
            [{"at": "resid_post.1", "add": []}]                 | rows of 6 values
            [{"at": "resid_post.1", "add": [1, 2, 3, 4, 5, "6"]}] | value 5
            [{"at": "pattern.1", "add": [1, 2]}]                | expected a file
            [{"at": "z.1", "zero": true, "heads": [true]}]      | heads
            [{"at": "z.1", "zero": true, "positions": 0.5}]     | positions
            ["resid_post.1:nothing"]                            | got 'nothing'
            """)
    void jsonThatCannotBeHonouredIsRefusedByName(String json, String because) throws IOException {
        Path bad = Files.writeString(folder.resolve("bad.json"), json);
        var failure = assertThrows(IllegalArgumentException.class, () -> language.read(bad));
        assertEquals(1, failure.getMessage().lines().count(), failure.getMessage());
        assertTrue(failure.getMessage().startsWith(bad + ": "), failure.getMessage());
        assertTrue(failure.getMessage().contains(because), failure.getMessage());
    }
}
