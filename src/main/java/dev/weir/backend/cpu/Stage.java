package dev.weir.backend.cpu;

import dev.weir.hook.Rows;

/** An op bound to memory, ready to run on the rows of a step. */
@FunctionalInterface
interface Stage {
    void run(Rows rows);
}
