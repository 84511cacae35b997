/**
 * The reference machine: runs plans on the CPU, on kernels that define what each op means to the bit. Imports what the seam imports,
 * and nothing of the fast kernels in {@code vector}, which it finds by name.
 */
@NullMarked
package dev.weir.backend.cpu;

import org.jspecify.annotations.NullMarked;
