/**
 * Patching: which activations of one prompt make another prompt say the same. Imports {@code engine}, {@code lens} and the floors
 * below.
 */
@NullMarked
package dev.weir.patching;

import org.jspecify.annotations.NullMarked;
