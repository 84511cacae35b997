package dev.weir.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/**
 * Labels of sequences, two different ones in all.
 *
 * @param ofSequences for each one label, or one for each row
 * @param positive the label that comes first
 * @param negative the other
 */
record LabelFile(List<List<String>> ofSequences, String positive, String negative) {

    private static final String EXPECTED = "expected {\"label\": \"...\"} or {\"labels\": [...]}, got ";

    /** Reads a file of a JSON object a line, with {@code label} or {@code labels}; other keys are passed over. */
    static LabelFile read(Path file) {
        var labels = new ArrayList<List<String>>();
        JsonLines.forEach(file, "--labels", "label", (line, place) -> labels.add(labels(line, place)));
        List<String> different =
                labels.stream().flatMap(List::stream).distinct().toList();
        if (different.size() != 2) {
            throw new IllegalArgumentException(file + ": expected two different labels, got "
                    + Lines.clip(new TreeSet<>(different).toString(), 60));
        }
        return new LabelFile(labels, different.getFirst(), different.getLast());
    }

    private static List<String> labels(String line, String place) {
        JsonNode node = JsonLines.value(line, place + EXPECTED);
        JsonNode label = node.path("label");
        JsonNode labels = node.path("labels");
        if (label.isValueNode() && !label.isNull() && labels.isMissingNode()) {
            return List.of(label.asText());
        }
        var all = new ArrayList<String>();
        for (JsonNode one : labels) {
            all.add(one.asText());
        }
        if (all.isEmpty() || !label.isMissingNode()) {
            throw new IllegalArgumentException(place + EXPECTED + JsonLines.quote(line));
        }
        return all;
    }
}
