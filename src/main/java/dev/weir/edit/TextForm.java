package dev.weir.edit;

import dev.weir.hook.Heads;
import dev.weir.hook.Span;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A sentence on one line: {@code TARGET:WHAT[*STRENGTH][@POSITIONS][#HEADS]}. The marks are looked for from the end, so that a file's
 * name may have any of them as long as all that follow are written, too; the JSON form has no such limit.
 */
final class TextForm {

    private static final Pattern SEQUENCE = Pattern.compile("(.*)\\[(\\d{1,9})]");

    private final String text;
    private final Function<String, Path> files;
    private String rest;

    private TextForm(String text, Function<String, Path> files) {
        this.text = text;
        this.files = files;
        this.rest = text;
    }

    /**
     * Reads a sentence.
     *
     * @param files finds the file of a name
     * @throws IllegalArgumentException if it is none
     */
    static Sentence read(String text, Function<String, Path> files) {
        try {
            return new TextForm(text, files).read();
        } catch (IllegalArgumentException e) {
            throw Sentence.refusal(text, e);
        }
    }

    private Sentence read() {
        int colon = text.indexOf(':');
        if (colon <= 0 || colon == text.length() - 1) {
            throw new IllegalArgumentException(
                    "expected TARGET:WHAT, such as blocks.3.hook_mlp_out:zero or resid_post.2:add=joy.safetensors*4");
        }
        String target = text.substring(0, colon);
        rest = text.substring(colon + 1);
        Heads heads = cutAfter('#').map(PositionText::heads).orElse(Heads.ALL);
        List<Span> spans = cutAfter('@').map(PositionText::spans).orElse(List.of());
        Optional<Float> strength = cutAfter('*').map(TextForm::number);
        return new Sentence(text, target, change(rest), strength, spans, heads);
    }

    /** What stands after the last such mark, which it takes away. */
    private Optional<String> cutAfter(char mark) {
        int at = rest.lastIndexOf(mark);
        if (at < 0) {
            return Optional.empty();
        }
        String after = rest.substring(at + 1);
        rest = rest.substring(0, at);
        return Optional.of(after);
    }

    private Change change(String what) {
        int equals = what.indexOf('=');
        String word = equals < 0 ? what : what.substring(0, equals);
        Optional<String> value = equals < 0 ? Optional.empty() : Optional.of(what.substring(equals + 1));
        return switch (word) {
            case "add" -> new Change.Add(source(word, value));
            case "mean" -> new Change.Mean(source(word, value));
            case "replace" -> new Change.Replace(source(word, value));
            case "project" -> new Change.Project(source(word, value));
            case "scale" -> new Change.Scale(number(value.orElse("")));
            case "zero" -> alone(value, new Change.Scale(0));
            case "skip" -> alone(value, new Change.Skip());
            case "plain" -> alone(value, new Change.Plain());
            default ->
                throw new IllegalArgumentException(
                        "expected add=, scale=, zero, mean=, replace=, project=, skip or plain, got '" + what + "'");
        };
    }

    private static Change alone(Optional<String> value, Change change) {
        if (value.isPresent()) {
            throw new IllegalArgumentException("expected nothing after the word, got '=" + value.get() + "'");
        }
        return change;
    }

    private Source source(String word, Optional<String> value) {
        return source(
                value.filter(named -> !named.isEmpty())
                        .orElseThrow(() -> new IllegalArgumentException("expected " + word + "=FILE, got no file")),
                files);
    }

    /** {@code FILE[:TENSOR]}, of which {@code [2]} after the tensor chooses a sequence. */
    static Source source(String named, Function<String, Path> files) {
        int colon = named.lastIndexOf(':');
        if (colon < 0) {
            return new Source.InFile(files.apply(named), Optional.empty(), OptionalInt.empty());
        }
        String tensor = named.substring(colon + 1);
        Matcher matcher = SEQUENCE.matcher(tensor);
        OptionalInt sequence = OptionalInt.empty();
        if (matcher.matches()) {
            tensor = matcher.group(1);
            sequence = OptionalInt.of(Integer.parseInt(matcher.group(2)));
        }
        return new Source.InFile(
                files.apply(named.substring(0, colon)), Optional.of(tensor).filter(name -> !name.isEmpty()), sequence);
    }

    private static float number(String number) {
        try {
            float value = Float.parseFloat(number);
            if (Float.isFinite(value)) {
                return value;
            }
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("expected a number such as 0.5, got '" + number + "'", e);
        }
        throw new IllegalArgumentException("expected a finite number, got '" + number + "'");
    }
}
