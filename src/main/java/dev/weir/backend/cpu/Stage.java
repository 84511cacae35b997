package dev.weir.backend.cpu;

/** An op bound to memory and to the rows of its plan, ready to run again and again. A step that runs it makes nothing that is kept. */
@FunctionalInterface
interface Stage {
    void run();
}
