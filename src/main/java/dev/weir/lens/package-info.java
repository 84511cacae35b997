/**
 * What traces say about a model: what it would say next at each depth, which parts the stream is made of and what they put into a
 * logit, how the stream moves, and what heads look at. Imports {@code engine} and the floors below.
 */
@NullMarked
package dev.weir.lens;

import org.jspecify.annotations.NullMarked;
