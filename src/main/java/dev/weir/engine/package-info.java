/**
 * Text in, text and residual stream out: sessions, sampling, generation, batching, and the one place where a machine is chosen.
 * Imports every floor below; it never prints.
 */
@NullMarked
package dev.weir.engine;

import org.jspecify.annotations.NullMarked;
