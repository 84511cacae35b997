package dev.weir.engine;

/** Hears what happens while text is generated. */
@FunctionalInterface
public interface TextListener {

    /** Hears nothing. */
    TextListener NONE = (sequence, text) -> {};

    /**
     * A piece of text is certain: whole characters, and no part of a stop text.
     *
     * @param sequence which prompt it continues, from 0
     */
    void onText(int sequence, String text);

    /**
     * A step is done.
     *
     * @param rows that it processed
     */
    default void onRows(int rows) {}
}
