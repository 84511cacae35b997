/**
 * What a trace says about a model: the stream on its way through the blocks, and what the model would say next at each of them.
 * Imports {@code engine} and the floors below.
 */
@NullMarked
package dev.weir.lens;

import org.jspecify.annotations.NullMarked;
