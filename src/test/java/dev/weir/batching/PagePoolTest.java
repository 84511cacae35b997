package dev.weir.batching;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class PagePoolTest {

    private static final int ROWS = 4;

    private static Lease lease(PagePool pool, List<Integer> prompt, int rows) {
        return pool.lease(prompt, rows, Optional.of(Set.of())).orElseThrow();
    }

    /** What a request does: it fills its pages one after the other. */
    private static void fill(PagePool pool, Lease lease, List<Integer> tokens) {
        while (!lease.isPrivate() && (lease.shared().size() + 1) * ROWS <= tokens.size()) {
            int from = lease.shared().size() * ROWS;
            pool.share(lease, tokens.subList(from, from + ROWS));
        }
    }

    @Test
    void whatOneRequestHasFilledAnotherFinds() {
        var pool = new PagePool(8, ROWS, 0);
        List<Integer> text = List.of(1, 2, 3, 4, 5, 6, 7, 8, 9);
        Lease first = lease(pool, text, 12);
        assertEquals(0, first.found());
        assertEquals(3, first.pages().length);
        fill(pool, first, text);
        Lease second = lease(pool, text, 9);
        assertEquals(2, second.found());
        assertEquals(first.pages()[0], second.pages()[0]);
        assertEquals(first.pages()[1], second.pages()[1]);
        assertEquals(4, pool.used());
        Lease exactly = lease(pool, text.subList(0, 8), 8);
        assertEquals(1, exactly.found(), "the last token of a prompt is computed anew");
        Lease other = lease(pool, List.of(1, 2, 3, 4, 0, 6, 7, 8, 9), 9);
        assertEquals(1, other.found());
    }

    @Test
    void allOrNothingIsLeased() {
        var pool = new PagePool(3, ROWS, 0);
        Lease first = lease(pool, List.of(1), 8);
        assertEquals(Optional.empty(), pool.lease(List.of(2), 8, Optional.empty()));
        assertEquals(2, pool.used());
        pool.release(first);
        assertEquals(0, pool.used());
        assertEquals(3, lease(pool, List.of(2), 12).pages().length);
    }

    @Test
    void thePrefixThatWasUsedLeastRecentlyMakesRoom() {
        var pool = new PagePool(4, ROWS, 0);
        var texts = List.of(List.of(1, 1, 1, 1, 1), List.of(2, 2, 2, 2, 2));
        for (List<Integer> text : texts) {
            Lease lease = lease(pool, text, 5);
            fill(pool, lease, text);
            pool.release(lease);
        }
        pool.release(lease(pool, texts.get(0), 5));
        pool.release(lease(pool, List.of(3), 12));
        assertEquals(1, lease(pool, texts.get(0), 5).found());
        assertEquals(0, lease(pool, texts.get(1), 5).found());
    }

    /** Random requests come and go: no page has two owners, a shared page is read by those with its tokens only, and none is lost. */
    @Property(tries = 200)
    void everyPageHasOneOwner(@ForAll long seed) {
        var random = new Random(seed);
        int pages = 1 + random.nextInt(12);
        var pool = new PagePool(pages, ROWS, 0);
        var running = new HashMap<Lease, List<Integer>>();
        for (int step = 0; step < 60; step++) {
            if (random.nextBoolean() || running.isEmpty()) {
                List<Integer> text =
                        random.ints(1 + random.nextInt(12), 0, 2).boxed().toList();
                int rows = text.size() + random.nextInt(5);
                Optional<Lease> lease =
                        pool.lease(text, rows, random.nextInt(4) == 0 ? Optional.empty() : Optional.of(Set.of()));
                lease.ifPresent(given -> {
                    assertEquals(Math.ceilDiv(rows, ROWS), given.pages().length);
                    running.put(given, text);
                    if (random.nextInt(4) == 0) {
                        given.becomePrivate();
                    }
                });
                if (running.isEmpty()) {
                    assertTrue(Math.ceilDiv(rows, ROWS) > pages, "nobody runs and a request that fits is not let in");
                }
            } else {
                Lease lease = new ArrayList<>(running.keySet()).get(random.nextInt(running.size()));
                fill(pool, lease, running.get(lease));
                if (random.nextBoolean()) {
                    running.remove(lease);
                    pool.release(lease);
                }
            }
            requireOneOwner(pool, running, pages);
        }
        running.keySet().forEach(pool::release);
        assertEquals(0, pool.used());
        assertEquals(pages, lease(pool, List.of(9), pages * ROWS).pages().length);
    }

    private static void requireOneOwner(PagePool pool, Map<Lease, List<Integer>> running, int pages) {
        var own = new HashSet<Integer>();
        var shared = new HashMap<Integer, List<Integer>>();
        running.forEach((lease, text) -> {
            int[] all = lease.pages();
            assertEquals(all.length, Arrays.stream(all).distinct().count());
            for (int i = 0; i < all.length; i++) {
                if (i < lease.shared().size()) {
                    List<Integer> tokens = text.subList(0, (i + 1) * ROWS);
                    List<Integer> known = shared.putIfAbsent(all[i], tokens);
                    assertTrue(known == null || known.equals(tokens), "a page of other tokens");
                } else {
                    assertTrue(own.add(all[i]), "two owners");
                }
            }
        });
        shared.keySet().forEach(page -> assertTrue(own.add(page), "shared and owned"));
        assertEquals(own.size(), pool.used());
        assertTrue(own.size() + pool.shared() - shared.size() <= pages);
    }
}
