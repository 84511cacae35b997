/** Other engines beside Weir, by turns, on the same weights. {@code bench/peers/run} runs it from its sources. */
@NullMarked
package dev.weir.bench.peers;

import org.jspecify.annotations.NullMarked;
