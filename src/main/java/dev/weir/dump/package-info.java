/**
 * Traces to files and back, and the difference of two such files; it cannot tell which machine took them. May import {@code hook},
 * {@code safetensors} and {@code tensor}.
 */
@NullMarked
package dev.weir.dump;

import org.jspecify.annotations.NullMarked;
