/** What {@code bench/gpu-host/run} needs in Java on a machine that has only a driver: parity with golden values, limits, tables. */
@NullMarked
package dev.weir.bench.gpuhost;

import org.jspecify.annotations.NullMarked;
