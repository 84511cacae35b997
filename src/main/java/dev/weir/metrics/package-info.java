/** What a scheduler and a server do, as numbers for Prometheus. The only user of Micrometer. */
@NullMarked
package dev.weir.metrics;

import org.jspecify.annotations.NullMarked;
