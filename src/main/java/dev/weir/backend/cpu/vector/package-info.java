/**
 * The fast kernels: the bits of {@link dev.weir.backend.cpu.ScalarKernels} on vector registers. Imports what {@code cpu} imports,
 * and is the only user of {@code jdk.incubator.vector}.
 */
@NullMarked
package dev.weir.backend.cpu.vector;

import org.jspecify.annotations.NullMarked;
