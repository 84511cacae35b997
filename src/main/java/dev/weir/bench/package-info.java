/**
 * How fast a model runs, beside the limits of the machine that were measured in the same run. Imports {@code engine} and the floors
 * below.
 */
@NullMarked
package dev.weir.bench;

import org.jspecify.annotations.NullMarked;
