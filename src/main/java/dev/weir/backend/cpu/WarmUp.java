package dev.weir.backend.cpu;

import dev.weir.backend.cpu.Kernels.Normalization;
import dev.weir.program.Activation;
import dev.weir.tensor.DType;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Has the fast kernels compiled, on small values of its own and on a thread of its own, while {@link EarlyKernels} do the work. The
 * compiler belongs to the process, so one warm-up is enough for all machines. When it is over changes no bit of any result.
 *
 * <p>Compiling takes the processors away from the work, so it begins when there has been work for a while: a process that has little
 * to do is over before.
 */
final class WarmUp implements Runnable {

    /** For kernels that are as fast as they will be. */
    static final WarmUp NONE = new WarmUp(ScalarKernels::new, true);

    /** Compiled kernels take less for an operation, on any machine; before that they take a hundred times as long. */
    private static final double NANOS_PER_OPERATION = 8;

    /** About what compiling takes: whoever has worked for so long may have as much before him. */
    private static final long DELAY_MILLIS = 1000;

    /** A norm, an activation and a softmax do at least so much to each value. */
    private static final int OPERATIONS_OF_A_FORMULA = 4;

    private static final long PATIENCE_NANOS = 10_000_000_000L;
    private static final int DEPTH = 64;
    private static final int COLUMNS = 512;

    private final Supplier<? extends Kernels> kernels;
    private final CountDownLatch firstWork = new CountDownLatch(1);
    private final CountDownLatch hurry = new CountDownLatch(1);
    private final CountDownLatch end = new CountDownLatch(1);
    private volatile boolean isOver;

    private WarmUp(Supplier<? extends Kernels> kernels, boolean isOver) {
        this.kernels = kernels;
        this.isOver = isOver;
        if (isOver) {
            end.countDown();
        }
    }

    /** Waits in the background for work. */
    static WarmUp begin(Supplier<? extends Kernels> kernels) {
        var warmUp = new WarmUp(kernels, false);
        Thread.ofPlatform().daemon().name("weir-warm-up").start(warmUp);
        return warmUp;
    }

    /** Whether the fast kernels are fast. Whoever asks has work. */
    boolean isOver() {
        if (!isOver && firstWork.getCount() > 0) {
            firstWork.countDown();
        }
        return isOver;
    }

    /** Begins now, and waits for the end. */
    void finish() {
        hurry.countDown();
        firstWork.countDown();
        boolean isInterrupted = false;
        while (true) {
            try {
                end.await();
                break;
            } catch (InterruptedException e) {
                isInterrupted = true;
            }
        }
        if (isInterrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Something to do with the kernels, and how many operations it is. */
    private record Exercise(int operations, Runnable run) {}

    @Override
    public void run() {
        try (Arena arena = Arena.ofConfined()) {
            firstWork.await();
            hurry.await(DELAY_MILLIS, TimeUnit.MILLISECONDS);
            List<Exercise> slow = exercises(kernels.get(), arena);
            long begin = System.nanoTime();
            while (!slow.isEmpty() && System.nanoTime() - begin < PATIENCE_NANOS) {
                slow.removeIf(WarmUp::isFast);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            isOver = true;
            end.countDown();
        }
    }

    private static boolean isFast(Exercise exercise) {
        long begin = System.nanoTime();
        exercise.run.run();
        return System.nanoTime() - begin < NANOS_PER_OPERATION * exercise.operations;
    }

    private static List<Exercise> exercises(Kernels kernels, Arena arena) {
        var exercises = new ArrayList<Exercise>();
        for (int rows = 1; rows <= kernels.tileRows(); rows++) {
            addProduct(exercises, kernels, rows, 4, arena);
            addProduct(exercises, kernels, rows, 1, arena);
        }
        Window a = room(1, COLUMNS, arena);
        Window b = room(1, COLUMNS, arena);
        var norm = new Normalization(a, a, 1, b, null, null);
        int ofFormula = OPERATIONS_OF_A_FORMULA * COLUMNS;
        exercises.add(new Exercise(ofFormula, () -> kernels.normalize(norm, a, 0, 1, COLUMNS)));
        exercises.add(new Exercise(ofFormula, () -> kernels.activate(Activation.GELU_NEW, a, 0, 1, 0, COLUMNS, b)));
        exercises.add(new Exercise(ofFormula, () -> kernels.softmax(b, 0, COLUMNS)));
        exercises.add(new Exercise(COLUMNS, () -> kernels.scale(b, 0, COLUMNS, 1)));
        exercises.add(new Exercise(COLUMNS, () -> kernels.add(a, a, 0, 1, COLUMNS, b)));
        return exercises;
    }

    private static void addProduct(List<Exercise> to, Kernels kernels, int rows, int panels, Arena arena) {
        int width = kernels.panelWidth();
        int columns = panels * width;
        var x = new RowTiles(rows);
        x.begin(rows, DEPTH);
        long bytes = panels * Panels.panelBytes(DType.FLOAT32, DEPTH, width);
        Panels w = Panels.dense(arena.allocate(bytes, Slab.ALIGNMENT), 0, DType.FLOAT32, DEPTH, columns, width);
        Window out = room(rows, columns, arena);
        to.add(new Exercise(rows * DEPTH * columns, () -> kernels.multiply(x, 0, 1, w, 0, columns, out, 0, false)));
    }

    private static Window room(int rows, int columns, Arena arena) {
        return new Window(arena.allocate((long) rows * columns * Float.BYTES, Slab.ALIGNMENT), 0, columns);
    }
}
