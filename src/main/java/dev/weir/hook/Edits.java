package dev.weir.hook;

import java.util.ArrayList;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * Writes to values of the forward pass. Of several at one point, each finds what the one before it left.
 *
 * @param all in the order in which they are made
 */
public record Edits(List<At> all) {

    /** Nothing changed. */
    public static final Edits NONE = new Edits(List.of());

    /** -0 is the neutral element of addition: x + -0 is x to the bit, -0 included. */
    private static final Edit NOTHING = Edit.fill(-0f);

    /** An edit at a point. */
    public record At(HookPoint point, Edit edit) {}

    public Edits {
        all = List.copyOf(all);
    }

    /** One edit. */
    public static Edits of(HookPoint point, Edit edit) {
        return new Edits(List.of(new At(point, edit)));
    }

    /** Attention of a block adds nothing: the stream passes it to the bit. */
    public static Edits skipAttention(int layer) {
        return of(HookPoint.of(layer, Site.ATTN_OUT), NOTHING);
    }

    /** The MLP of a block adds nothing: the stream passes it to the bit. */
    public static Edits skipMlp(int layer) {
        return of(HookPoint.of(layer, Site.MLP_OUT), NOTHING);
    }

    /** A block adds nothing: the stream leaves it as it entered, to the bit. */
    public static Edits skipBlock(int layer) {
        return skipAttention(layer).and(skipMlp(layer));
    }

    /** Attention of a block adds so many times what it would. */
    public static Edits scaleAttention(int layer, float factor) {
        return of(HookPoint.of(layer, Site.ATTN_OUT), Edit.scale(factor));
    }

    /** The MLP of a block adds so many times what it would. */
    public static Edits scaleMlp(int layer, float factor) {
        return of(HookPoint.of(layer, Site.MLP_OUT), Edit.scale(factor));
    }

    /** Both branches of a block add so many times what they would. */
    public static Edits scaleBlock(int layer, float factor) {
        return scaleAttention(layer, factor).and(scaleMlp(layer, factor));
    }

    /** The skip connection past attention is off: what attention makes is all that goes on. */
    public static Edits plainAttention(int layer) {
        return of(HookPoint.of(layer, Site.ATTN_SKIP), NOTHING);
    }

    /** The skip connection past the MLP is off: what the MLP makes is all that goes on. */
    public static Edits plainMlp(int layer) {
        return of(HookPoint.of(layer, Site.MLP_SKIP), NOTHING);
    }

    /** Both skip connections of a block are off, as in a plain network. */
    public static Edits plainBlock(int layer) {
        return plainAttention(layer).and(plainMlp(layer));
    }

    /** These and one more, which is made after them. */
    public Edits and(HookPoint point, Edit edit) {
        return and(of(point, edit));
    }

    /** These, and then those. */
    public Edits and(Edits those) {
        if (isEmpty() || those.isEmpty()) {
            return isEmpty() ? those : this;
        }
        var both = new ArrayList<>(all);
        both.addAll(those.all);
        return new Edits(both);
    }

    /** Whether nothing is changed. */
    public boolean isEmpty() {
        return all.isEmpty();
    }

    /** Every point that is changed, in forward order. */
    public SortedSet<HookPoint> points() {
        var points = new TreeSet<HookPoint>();
        all.forEach(at -> points.add(at.point));
        return points;
    }

    /** The edits at a point, in their order. */
    public List<Edit> at(HookPoint point) {
        return all.stream().filter(at -> at.point.equals(point)).map(At::edit).toList();
    }

    /**
     * The same, with positions counted from 0.
     *
     * @param promptLength tokens of the prompt
     * @throws IllegalArgumentException when the prompt is too short for one of them, by its point's name
     */
    public Edits within(int promptLength) {
        return new Edits(all.stream().map(at -> within(at, promptLength)).toList());
    }

    private static At within(At at, int promptLength) {
        return switch (at.edit) {
            case Edit.OnHost host -> at;
            case Edit.OnMachine edit -> {
                try {
                    yield new At(at.point, edit.at(edit.span().within(promptLength)));
                } catch (IllegalArgumentException e) {
                    throw new IllegalArgumentException("edit at " + at.point + ": " + e.getMessage(), e);
                }
            }
        };
    }
}
