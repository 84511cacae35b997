package dev.weir.sae;

/**
 * A feature that is active.
 *
 * @param feature from 0
 * @param value how strongly: so many of its rows of W_dec the reconstruction holds
 */
public record Activation(int feature, float value) {}
