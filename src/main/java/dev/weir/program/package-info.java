/**
 * The forward pass as data, and the planner that makes it ready for a machine. Imports {@code tensor} and {@code hook}; no device,
 * no allocation, all of it testable anywhere.
 */
@NullMarked
package dev.weir.program;

import org.jspecify.annotations.NullMarked;
