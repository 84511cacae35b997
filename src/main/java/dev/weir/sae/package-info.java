/**
 * Sparse autoencoders in SAELens' layout: what a stream is made of, and the stream without some of it. Imports {@code engine} and the
 * floors below.
 */
@NullMarked
package dev.weir.sae;

import org.jspecify.annotations.NullMarked;
