/**
 * The seam: what an engine asks of a machine. It is one plan high. Imports {@code tensor}, {@code hook} and {@code program}; it never
 * sees a model.
 */
@NullMarked
package dev.weir.backend;

import org.jspecify.annotations.NullMarked;
