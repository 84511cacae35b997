/** Many clients on one server, over the loopback: how fast it answers them, that it answers each as it would alone, and what does not stop it. */
@NullMarked
package dev.weir.bench.load;

import org.jspecify.annotations.NullMarked;
