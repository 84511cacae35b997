package dev.weir.edit;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.hook.Dimensions;
import dev.weir.hook.Edits;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;

/**
 * The language in which people say what is written to the stream of a model. A sentence is
 *
 * <pre>{@code
 * TARGET:WHAT[*STRENGTH][@POSITIONS][#HEADS]
 * }</pre>
 *
 * such as {@code resid_post.2:add=joy.safetensors*4@-1..}, {@code blocks.*.attn.hook_z:zero#0+3} or {@code blocks.3.mlp:skip}; {@code
 * docs/how-to/edit-the-stream.md} has all of it. What a sentence asks for and the model, or a file, cannot give is refused by name,
 * in one line. Whether a point can be written to at all is the planner's to say.
 */
public final class EditLanguage {

    private static final Path HERE = Path.of("");

    private final Meaning meaning;

    /** @param dimensions of the model that the edits are for */
    public EditLanguage(Dimensions dimensions) {
        this.meaning = new Meaning(dimensions);
    }

    /**
     * The edits of one sentence. Files that it names are looked for where the process runs.
     *
     * @throws IllegalArgumentException if it is no sentence, or one that this model or those files cannot honour
     * @throws IOException if a file cannot be read
     * @throws RuntimeException of the families of {@code SafetensorsException}, {@code DumpException} and {@code GgufException}, for
     *     files that are not as they should be
     */
    public Edits parse(String sentence) throws IOException {
        return meaning.of(TextForm.read(sentence, HERE::resolve));
    }

    /**
     * The edits of a file of JSON, in its order. Files that it names are looked for in its folder.
     *
     * @throws IllegalArgumentException as {@link #parse(String)}, with the file's name
     */
    public Edits read(Path json) throws IOException {
        if (Files.isDirectory(json)) {
            throw new IllegalArgumentException(json + ": expected a file, got a folder");
        }
        try {
            return of(new JsonForm(json.resolveSibling("")::resolve).read(Files.readString(json)));
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException(json + ": expected text in UTF-8, got other bytes", e);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(json + ": " + e.getMessage(), e);
        }
    }

    /**
     * The edits of a list of JSON.
     *
     * @param folder in which files that it names are looked for
     * @throws IllegalArgumentException as {@link #parse(String)}
     */
    public Edits parse(JsonNode list, Path folder) throws IOException {
        return parse(list, folder::resolve);
    }

    /**
     * The edits of a list of JSON whose files are somebody else's to find.
     *
     * @param files finds the file of a name; what it throws is thrown
     * @throws IllegalArgumentException as {@link #parse(String)}
     */
    public Edits parse(JsonNode list, Function<String, Path> files) throws IOException {
        return of(new JsonForm(files).read(list));
    }

    private Edits of(List<Sentence> sentences) throws IOException {
        Edits edits = Edits.NONE;
        for (Sentence sentence : sentences) {
            edits = edits.and(meaning.of(sentence));
        }
        return edits;
    }
}
