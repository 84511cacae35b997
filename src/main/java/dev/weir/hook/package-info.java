/**
 * The named points of the residual stream: what a caller wants to see and to change, and what was seen. Imports nothing of Weir
 * but {@code tensor}.
 */
@NullMarked
package dev.weir.hook;

import org.jspecify.annotations.NullMarked;
