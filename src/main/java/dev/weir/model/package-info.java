/**
 * A model as names and shapes: config, weights, state, and one forward page per family. Imports {@code tensor}, {@code hook} and
 * {@code program}; it never sees a machine or a file.
 */
@NullMarked
package dev.weir.model;

import org.jspecify.annotations.NullMarked;
