/**
 * The CUDA machine: runs plans on an NVIDIA GPU, by the kernels of {@code kernels/} and, for matmuls of many rows, cuBLAS. Imports
 * what the seam imports and {@code driver} below it, which alone knows how a driver is called.
 */
@NullMarked
package dev.weir.backend.cuda;

import org.jspecify.annotations.NullMarked;
