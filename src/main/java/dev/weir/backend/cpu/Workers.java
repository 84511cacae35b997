package dev.weir.backend.cpu;

import dev.weir.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The threads of the machine. They split outputs, never a sum, so nothing that they compute depends on their number. A step is
 * dozens of short jobs with a barrier after each: workers wait for the next one spinning, and sleep when there has been none for a
 * while. The thread that brings a job works on it too, so one thread is no pool at all.
 *
 * <p>A step leaves nothing on the heap: there is one job at a time, so one object serves all jobs, and who brings one keeps its body.
 */
final class Workers implements AutoCloseable {

    /** Some of the items of a job, done by one worker. */
    @FunctionalInterface
    interface Body {
        void run(Worker worker, int from, int to);
    }

    /** Handing a job out takes about a microsecond: less than this is not worth it. */
    private static final long WORTH_SHARING_NANOS = 5_000;

    /** Items are handed out in portions of at least this, and so that the threads finish together. */
    private static final long PORTION_NANOS = 2_000;

    private static final int PORTIONS_PER_THREAD = 6;

    /** Waiting takes some microseconds at most as a rule; a thread that waits longer may be keeping the awaited one from its core. */
    private static final int SPINS = 20_000;

    private final Optional<MatrixLibrary> library;
    private final Worker[] workers;
    private final Colleague[] helpers;
    private final AtomicInteger asleep = new AtomicInteger();
    private final Job job = new Job();
    private final RowTiles tiles;
    private Slab rounded = new Slab(Slab.ALIGNMENT);
    private volatile boolean closed;

    Workers(int threads, Supplier<? extends Kernels> kernels) {
        this(threads, kernels, WarmUp.NONE, Optional.empty());
    }

    Workers(int threads, Supplier<? extends Kernels> kernels, WarmUp warmUp, Optional<MatrixLibrary> library) {
        this.library = library;
        workers = IntStream.range(0, threads)
                .mapToObj(i -> new Worker(kernels.get(), warmUp, library.map(MatrixLibrary::multiplier)))
                .toArray(Worker[]::new);
        tiles = new RowTiles(tileRows());
        helpers = IntStream.range(1, threads)
                .mapToObj(i -> new Colleague(workers[i], i))
                .toArray(Colleague[]::new);
        for (Colleague helper : helpers) {
            helper.thread.start();
        }
    }

    int threads() {
        return workers.length;
    }

    int panelWidth() {
        return workers[0].kernels().panelWidth();
    }

    int tileRows() {
        return workers[0].kernels().tileRows();
    }

    /** The library of this machine, if it takes so many rows times matrices of a type. */
    Optional<MatrixLibrary> library(int rows, DType weights) {
        return library.filter(l -> rows >= l.fewestRows() && l.rowType(weights).isPresent());
    }

    /** Room for rows of a shorter type, which lasts until the next. */
    MemorySegment roundedRows(long bytes) {
        if (rounded.memory().byteSize() < bytes) {
            rounded.close();
            rounded = new Slab(bytes);
        }
        return rounded.memory().asSlice(0, bytes);
    }

    /** Room for rows that all workers multiply; there is one such room, so its content lasts until the next. */
    RowTiles rowTiles(int rows, int depth) {
        tiles.begin(rows, depth);
        return tiles;
    }

    /** The rows for which there was room made last. */
    RowTiles rowTiles() {
        return tiles;
    }

    /**
     * Does every item once and returns when all are done. One job at a time: the caller holds the lock of this object.
     *
     * @param itemNanos what an item takes, about
     */
    void run(int items, double itemNanos, Body body) {
        requireOpen();
        double nanos = items * itemNanos;
        if (helpers.length == 0 || items == 1 || nanos < WORTH_SHARING_NANOS) {
            body.run(workers[0], 0, items);
            return;
        }
        double portion = Math.max(PORTION_NANOS, nanos / (workers.length * PORTIONS_PER_THREAD));
        int grain = (int) Math.max(1, portion / Math.max(itemNanos, 1e-3));
        job.begin(body, items, Math.min(grain, Math.ceilDiv(items, workers.length)));
        if (asleep.get() > 0) {
            wake();
        }
        job.work(workers[0]);
        job.await();
    }

    private void wake() {
        for (Colleague helper : helpers) {
            LockSupport.unpark(helper.thread);
        }
    }

    void requireOpen() {
        if (closed) {
            throw new IllegalStateException("this machine is closed");
        }
    }

    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        wake();
        for (Colleague helper : helpers) {
            helper.join();
        }
        for (Worker worker : workers) {
            worker.close();
        }
        rounded.close();
    }

    /** Waits for another thread: spinning at first, then letting others have the core. Returns how often it has waited, up to a limit. */
    @SuppressWarnings("ThreadPriorityCheck") // results do not depend on it, and the awaited thread may need this core
    private static int pause(int spins) {
        if (spins < SPINS) {
            Thread.onSpinWait();
            return spins + 1;
        }
        Thread.yield();
        return spins;
    }

    /**
     * Items that workers take in portions until none is left. The next job begins when every item of this one is done, so who has taken
     * some finds here what belongs to them.
     */
    private static final class Job {

        /**
         * The number of the job in the upper half, and in the lower the items that nobody has taken. Who takes some exchanges both, and
         * so takes none of a job that began after he looked.
         */
        private final AtomicLong open = new AtomicLong();

        private final AtomicInteger done = new AtomicInteger();
        private Body body = (worker, from, to) -> {};
        private int items;
        private int grain;
        private volatile @Nullable Throwable failure;

        /** Brings the next job. Whoever sees its number sees the rest of it. */
        void begin(Body next, int count, int portion) {
            body = next;
            items = count;
            grain = portion;
            failure = null;
            done.set(0);
            open.set((long) (number() + 1) << Integer.SIZE | count);
        }

        int number() {
            return (int) (open.get() >>> Integer.SIZE);
        }

        void work(Worker worker) {
            for (long seen = open.get(); (int) seen > 0; seen = open.get()) {
                int left = (int) seen;
                int portion = Math.min(grain, left);
                if (open.compareAndSet(seen, seen - portion)) {
                    work(worker, items - left, items - left + portion);
                }
            }
        }

        private void work(Worker worker, int from, int to) {
            try {
                if (failure == null) {
                    body.run(worker, from, to);
                }
            } catch (Throwable e) { // whatever it is, the caller must see it and the pool must live
                failure = e;
            } finally {
                done.addAndGet(to - from);
            }
        }

        void await() {
            int spins = 0;
            while (done.get() < items) {
                spins = pause(spins);
            }
            switch (failure) {
                case null -> {}
                case RuntimeException e -> throw e;
                case Error e -> throw e;
                case Throwable e -> throw new IllegalStateException(e);
            }
        }
    }

    /** A thread beside the caller's. */
    private final class Colleague implements Runnable {
        private static final long AWAKE_NANOS = 2_000_000;

        private final Worker worker;
        private final Thread thread;

        Colleague(Worker worker, int index) {
            this.worker = worker;
            thread = Thread.ofPlatform().daemon().name("weir-cpu-" + index).unstarted(this);
        }

        @Override
        public void run() {
            int last = 0;
            while (!closed) {
                last = awaitAfter(last);
                job.work(worker);
            }
        }

        private int awaitAfter(int last) {
            long start = System.nanoTime();
            int spins = 0;
            while (job.number() == last && !closed) {
                if (spins == SPINS && System.nanoTime() - start > AWAKE_NANOS) {
                    sleepAfter(last);
                } else {
                    spins = pause(spins);
                }
            }
            return job.number();
        }

        private void sleepAfter(int last) {
            asleep.incrementAndGet();
            while (job.number() == last && !closed) {
                LockSupport.park(this);
            }
            asleep.decrementAndGet();
        }

        void join() {
            boolean interrupted = false;
            while (true) {
                try {
                    thread.join();
                    break;
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
