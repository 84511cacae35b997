package dev.weir.hook;

import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The heads that an edit changes, at points [H, dh] and [H, Q, K].
 *
 * @param bits bit h is head h
 */
public record Heads(long bits) {

    /** So many heads can be told apart. */
    public static final int MAX = Long.SIZE;

    /** Every head, however many there are; also what points without heads have. */
    public static final Heads ALL = new Heads(-1);

    /** These heads, from 0. */
    public static Heads of(int... heads) {
        for (int head : heads) {
            if (head < 0 || head >= MAX) {
                throw new IllegalArgumentException("edit head: expected from 0 to " + (MAX - 1) + ", got " + head);
            }
        }
        return new Heads(Arrays.stream(heads).mapToLong(head -> 1L << head).reduce(0, (a, b) -> a | b));
    }

    /** Whether a head is one of them. */
    public boolean contains(int head) {
        return bits == -1 || (head < MAX && ((bits >>> head) & 1) != 0);
    }

    /** Whether some are named and others are not. */
    public boolean areSome() {
        return bits != -1;
    }

    /** The number after the highest that is named. */
    public int limit() {
        return MAX - Long.numberOfLeadingZeros(bits);
    }

    /** {@code all}, or numbers joined by plus signs: {@code 0+3}. */
    @Override
    public String toString() {
        return areSome()
                ? IntStream.range(0, MAX)
                        .filter(this::contains)
                        .mapToObj(String::valueOf)
                        .collect(Collectors.joining("+"))
                : "all";
    }
}
