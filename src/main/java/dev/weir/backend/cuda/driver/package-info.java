/**
 * The driver API and cuBLAS as a few small classes, and the only user of JCuda; no type of JCuda's leaves it. Imports {@code tensor}.
 */
@NullMarked
package dev.weir.backend.cuda.driver;

import org.jspecify.annotations.NullMarked;
