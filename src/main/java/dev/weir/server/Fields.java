package dev.weir.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * The fields of a JSON object. One that is null is absent; one of a wrong type or out of range is refused by name.
 *
 * @param prefix of the names in errors
 */
record Fields(ObjectNode object, String prefix) {

    static Fields of(ObjectNode object) {
        return new Fields(object, "");
    }

    boolean has(String name) {
        return object.hasNonNull(name);
    }

    /** The value as it is. */
    Optional<JsonNode> value(String name) {
        return has(name) ? Optional.of(object.get(name)) : Optional.empty();
    }

    Optional<String> text(String name) {
        return value(name).map(node -> {
            if (!node.isTextual()) {
                throw wrong(name, "a string", node);
            }
            return node.textValue();
        });
    }

    boolean flag(String name) {
        return value(name)
                .map(node -> {
                    if (!node.isBoolean()) {
                        throw wrong(name, "true or false", node);
                    }
                    return node.booleanValue();
                })
                .orElse(false);
    }

    OptionalInt integer(String name, int lowest, int highest) {
        return value(name)
                .map(node -> OptionalInt.of(integer(name, node, lowest, highest)))
                .orElse(OptionalInt.empty());
    }

    private int integer(String name, JsonNode node, int lowest, int highest) {
        if (!node.isIntegralNumber()
                || !node.canConvertToInt()
                || node.intValue() < lowest
                || node.intValue() > highest) {
            throw wrong(name, "an integer from " + lowest + " to " + highest, node);
        }
        return node.intValue();
    }

    OptionalLong whole(String name) {
        return value(name)
                .map(node -> {
                    if (!node.isIntegralNumber() || !node.canConvertToLong()) {
                        throw wrong(name, "an integer of 64 bits", node);
                    }
                    return OptionalLong.of(node.longValue());
                })
                .orElse(OptionalLong.empty());
    }

    Optional<Float> number(String name, double lowest, double highest) {
        return value(name).map(node -> number(name, node, lowest, highest));
    }

    /** A value of its own, refused under this name. */
    float number(String name, JsonNode node, double lowest, double highest) {
        if (!node.isNumber() || !(node.doubleValue() >= lowest && node.doubleValue() <= highest)) {
            throw wrong(name, "a number from " + plain(lowest) + " to " + plain(highest), node);
        }
        return node.floatValue();
    }

    private static String plain(double bound) {
        return bound == Math.rint(bound) ? Long.toString((long) bound) : Double.toString(bound);
    }

    /** An object within. */
    Optional<Fields> inner(String name) {
        return value(name).map(node -> {
            if (!(node instanceof ObjectNode inner)) {
                throw wrong(name, "an object", node);
            }
            return new Fields(inner, prefix + name + ".");
        });
    }

    /** A string, or some. */
    List<String> texts(String name, int most) {
        return value(name).map(node -> texts(name, node, most)).orElse(List.of());
    }

    private List<String> texts(String name, JsonNode node, int most) {
        if (node.isTextual()) {
            return List.of(node.textValue());
        }
        if (!node.isArray() || node.size() > most) {
            throw wrong(name, "a string or a list of at most " + most, node);
        }
        var texts = new ArrayList<String>();
        for (JsonNode element : node) {
            if (!element.isTextual()) {
                throw wrong(name, "a list of strings", element);
            }
            texts.add(element.textValue());
        }
        return texts;
    }

    /** Integers of an array. */
    int[] integers(String name, JsonNode array, int lowest, int highest) {
        int[] values = new int[array.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = integer(name, array.get(i), lowest, highest);
        }
        return values;
    }

    /** Refuses a field that is there and not empty. */
    void absent(String name, String why) {
        value(name).filter(node -> !(node.isContainerNode() && node.isEmpty())).ifPresent(node -> {
            throw refused(name, "expected none, for " + why);
        });
    }

    RefusalException refused(String name, String message) {
        return RefusalException.field(prefix + name, prefix + name + ": " + message);
    }

    RefusalException wrong(String name, String expected, JsonNode got) {
        return refused(name, "expected " + expected + ", got " + kind(got));
    }

    private static String kind(JsonNode node) {
        if (node.isNumber()) {
            String text = node.asText();
            return text.length() > 30 ? "a number of " + text.length() + " digits" : text;
        }
        return switch (node.getNodeType()) {
            case ARRAY -> "a list of " + node.size();
            case OBJECT -> "an object";
            case BOOLEAN -> node.asText();
            case STRING -> "a string";
            default -> "null";
        };
    }
}
