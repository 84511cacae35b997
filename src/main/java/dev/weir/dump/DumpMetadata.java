package dev.weir.dump;

import dev.weir.hook.Dimensions;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Positions;
import dev.weir.hook.TraceLayout;
import dev.weir.tensor.DType;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What a dump says of itself beside its tensors. Lists and objects are JSON, for whoever reads the file from Python; here they are
 * read by pattern, since nothing in them nests.
 */
final class DumpMetadata {

    private static final String MODEL = "model_name";
    private static final String SHA256 = "weights_sha256";
    private static final String DTYPE = "dtype";
    private static final String MACHINE = "machine";
    private static final String VERSION = "weir_version";
    private static final String PROMPT_LENGTHS = "prompt_lengths";
    private static final String LENGTHS = "sequence_lengths";
    private static final String DIMENSIONS = "dimensions";
    private static final String POSITIONS = "positions";

    private static final List<String> DIMENSION_NAMES =
            List.of("layers", "width", "heads", "key_heads", "head_width", "hidden", "vocabulary");
    private static final Pattern NUMBERS = Pattern.compile("\\[(\\d{1,9}(, ?\\d{1,9})*)?\\]");
    private static final Pattern NUMBER = Pattern.compile("\\d{1,9}");
    private static final Pattern MEMBER = Pattern.compile("\"([^\"]+)\": ?(?:(\\d{1,9})|\"([^\"]+)\")");

    private final Path file;
    private final Map<String, String> texts;

    /** @param file named in errors */
    DumpMetadata(Path file, Map<String, String> texts) {
        this.file = file;
        this.texts = texts;
    }

    /** @param lengths positions of each sequence */
    static Map<String, String> of(Provenance provenance, TraceLayout layout, Collection<Integer> lengths) {
        var texts = new LinkedHashMap<String, String>();
        texts.put(MODEL, provenance.model());
        texts.put(SHA256, provenance.weightsSha256());
        texts.put(DTYPE, provenance.dtype());
        texts.put(MACHINE, provenance.machine());
        texts.put(VERSION, provenance.version());
        texts.put(PROMPT_LENGTHS, provenance.promptLengths().toString());
        texts.put(LENGTHS, List.copyOf(lengths).toString());
        texts.put(DIMENSIONS, dimensions(layout.dimensions()));
        texts.put(POSITIONS, positions(layout.taps()));
        return texts;
    }

    private static String dimensions(Dimensions d) {
        var values = List.of(d.layers(), d.width(), d.heads(), d.keyHeads(), d.headWidth(), d.hidden(), d.vocabulary());
        var members = new LinkedHashMap<String, Integer>();
        for (int i = 0; i < values.size(); i++) {
            members.put(DIMENSION_NAMES.get(i), values.get(i));
        }
        return members.entrySet().stream()
                .map(e -> "\"" + e.getKey() + "\": " + e.getValue())
                .collect(Collectors.joining(", ", "{", "}"));
    }

    /** Of the points that do not keep all. */
    private static String positions(SortedMap<HookPoint, Positions> taps) {
        return taps.entrySet().stream()
                .filter(tap -> !tap.getValue().equals(Positions.ALL))
                .map(tap -> "\"" + tap.getKey().name() + "\": \"" + tap.getValue() + "\"")
                .collect(Collectors.joining(", ", "{", "}"));
    }

    Provenance provenance() {
        return new Provenance(
                text(MODEL), text(SHA256), text(DTYPE), text(MACHINE), text(VERSION), numbers(PROMPT_LENGTHS));
    }

    List<Integer> lengths() {
        return numbers(LENGTHS);
    }

    /** The layout of a trace of these points. */
    TraceLayout layout(Collection<HookPoint> points, int sequences, int length, DType type) {
        Map<String, String> kept = members(POSITIONS);
        var taps = new TreeMap<HookPoint, Positions>();
        for (HookPoint point : points) {
            taps.put(point, positions(kept.getOrDefault(point.name(), "all")));
        }
        return new TraceLayout(taps, dimensions(), sequences, length, type);
    }

    /** Which positions are kept of a point; all, if the file does not say. */
    Positions positions(HookPoint point) {
        return texts.containsKey(POSITIONS)
                ? positions(members(POSITIONS).getOrDefault(point.name(), "all"))
                : Positions.ALL;
    }

    private Positions positions(String text) {
        try {
            return Positions.parse(text);
        } catch (IllegalArgumentException e) {
            throw new DumpException(file, "metadata " + POSITIONS, "positions such as 0+5..9", text);
        }
    }

    private Dimensions dimensions() {
        Map<String, String> members = members(DIMENSIONS);
        int[] d = DIMENSION_NAMES.stream()
                .mapToInt(name -> dimension(members.getOrDefault(name, "")))
                .toArray();
        return new Dimensions(d[0], d[1], d[2], d[3], d[4], d[5], d[6]);
    }

    private int dimension(String number) {
        if (!NUMBER.matcher(number).matches()) {
            throw new DumpException(file, "metadata " + DIMENSIONS, "numbers for " + DIMENSION_NAMES, text(DIMENSIONS));
        }
        return Integer.parseInt(number);
    }

    private Map<String, String> members(String key) {
        var members = new LinkedHashMap<String, String>();
        Matcher member = MEMBER.matcher(text(key));
        while (member.find()) {
            members.put(member.group(1), member.group(2) == null ? member.group(3) : member.group(2));
        }
        return members;
    }

    private List<Integer> numbers(String key) {
        String text = text(key);
        if (!NUMBERS.matcher(text).matches()) {
            throw new DumpException(file, "metadata " + key, "a list of numbers", text);
        }
        return Arrays.stream(text.split("\\D+"))
                .filter(number -> !number.isEmpty())
                .map(Integer::valueOf)
                .toList();
    }

    private String text(String key) {
        String text = texts.get(key);
        if (text == null) {
            throw new DumpException(file, "metadata", "a dump of Weir's, with " + key, "none");
        }
        return text;
    }
}
