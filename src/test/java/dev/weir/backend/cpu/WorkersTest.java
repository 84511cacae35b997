package dev.weir.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WorkersTest {

    /** Worth sharing, whatever it is. */
    private static final double LONG = 1e6;

    private static int[] timesDone(Workers workers, int items, double itemNanos) {
        var times = new AtomicIntegerArray(items);
        workers.run(items, itemNanos, (worker, from, to) -> {
            for (int i = from; i < to; i++) {
                times.incrementAndGet(i);
            }
        });
        return java.util.stream.IntStream.range(0, items).map(times::get).toArray();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5})
    void everyItemIsDoneOnce(int threads) {
        try (var workers = new Workers(threads, ScalarKernels::new)) {
            for (int items : new int[] {1, 2, 3, 7, 100, 4096}) {
                for (double itemNanos : new double[] {0, 0.1, 100, LONG}) {
                    var once = new int[items];
                    Arrays.fill(once, 1);
                    assertArrayEquals(once, timesDone(workers, items, itemNanos));
                }
            }
        }
    }

    @Test
    void aJobIsSharedByAllThreads() {
        try (var workers = new Workers(3, ScalarKernels::new)) {
            var all = new CountDownLatch(3);
            Set<Worker> seen = ConcurrentHashMap.newKeySet();
            workers.run(3, LONG, (worker, from, to) -> {
                seen.add(worker);
                all.countDown();
                await(all);
            });
            assertEquals(3, seen.size());
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void aSmallJobIsDoneByTheCaller() {
        try (var workers = new Workers(2, ScalarKernels::new)) {
            workers.run(10, 1, (worker, from, to) -> assertEquals(10, to - from));
        }
    }

    @Test
    void oneThreadIsTheCallers() {
        try (var workers = new Workers(1, ScalarKernels::new)) {
            Thread caller = Thread.currentThread();
            workers.run(10, LONG, (worker, from, to) -> assertSame(caller, Thread.currentThread()));
        }
    }

    @Test
    void anExceptionReachesTheCallerAndThePoolLives() {
        try (var workers = new Workers(2, ScalarKernels::new)) {
            for (int failing : new int[] {0, 37, 99}) {
                var e = assertThrows(
                        IllegalStateException.class,
                        () -> workers.run(100, LONG, (worker, from, to) -> {
                            if (from <= failing && failing < to) {
                                throw new IllegalStateException("item " + failing);
                            }
                        }));
                assertEquals("item " + failing, e.getMessage());
                assertTrue(Arrays.stream(timesDone(workers, 50, LONG)).allMatch(n -> n == 1));
            }
        }
    }

    @Test
    void anErrorReachesTheCaller() {
        try (var workers = new Workers(2, ScalarKernels::new)) {
            assertThrows(
                    StackOverflowError.class,
                    () -> workers.run(8, LONG, (worker, from, to) -> {
                        throw new StackOverflowError();
                    }));
        }
    }

    @Test
    void sleepersWakeForTheNextJob() throws InterruptedException {
        try (var workers = new Workers(2, ScalarKernels::new)) {
            for (int i = 0; i < 3; i++) {
                Thread.sleep(20);
                var both = new CountDownLatch(2);
                workers.run(2, LONG, (worker, from, to) -> {
                    both.countDown();
                    await(both);
                });
            }
        }
    }

    @Test
    void aClosedPoolRefusesWork() {
        var workers = new Workers(2, ScalarKernels::new);
        workers.close();
        workers.close();
        assertThrows(IllegalStateException.class, () -> workers.run(1, 1, (worker, from, to) -> {}));
    }
}
