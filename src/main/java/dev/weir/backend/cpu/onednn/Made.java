package dev.weir.backend.cpu.onednn;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;

/** What was made of a library and must be destroyed, last first. */
final class Made implements AutoCloseable {

    private record Thing(String destructor, MemorySegment address) {}

    private final Library library;
    private final Deque<Thing> things = new ArrayDeque<>();

    Made(Library library) {
        this.library = library;
    }

    MemorySegment layout(MemorySegment made) {
        return keep("dnnl_memory_desc_destroy", made);
    }

    MemorySegment memory(MemorySegment made) {
        return keep("dnnl_memory_destroy", made);
    }

    MemorySegment description(MemorySegment made) {
        return keep("dnnl_primitive_desc_destroy", made);
    }

    MemorySegment primitive(MemorySegment made) {
        return keep("dnnl_primitive_destroy", made);
    }

    MemorySegment stream(MemorySegment made) {
        return keep("dnnl_stream_destroy", made);
    }

    private MemorySegment keep(String destructor, MemorySegment made) {
        things.push(new Thing(destructor, made));
        return made;
    }

    @Override
    public void close() {
        while (!things.isEmpty()) {
            Thing thing = things.pop();
            library.call(thing.destructor(), thing.address());
        }
    }
}
