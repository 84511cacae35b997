/**
 * The one file format of Weir: safetensors, for weights, reference values and dumps, read by mapping and written beside its
 * target and renamed. May import {@code tensor}.
 */
@NullMarked
package dev.weir.safetensors;

import org.jspecify.annotations.NullMarked;
