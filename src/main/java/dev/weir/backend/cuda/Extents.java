package dev.weir.backend.cuda;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** How far reaches what lies at an address: of what changes during a step, each place that was looked up. */
final class Extents {

    private final Map<Long, Long> bytes = new HashMap<>();

    /** Notes what begins there, and returns the address. Of several values, one after another in the same place, the longest counts. */
    long note(long address, long length) {
        bytes.merge(address, length, Math::max);
        return address;
    }

    /** What was noted there; nothing for weights, which nobody writes, and for no address. */
    Optional<Range> at(long address) {
        return Optional.ofNullable(bytes.get(address)).map(length -> new Range(address, length));
    }
}
