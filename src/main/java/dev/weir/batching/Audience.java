package dev.weir.batching;

import dev.weir.engine.Generation.FinishReason;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/** Tells an observer, and goes on when that throws. Counts how requests end, for a shutdown. */
final class Audience implements Observer {

    private static final Logger LOG = System.getLogger(Audience.class.getName());

    private final Observer told;
    private boolean counts;
    private int finished;
    private int cancelled;
    private boolean complained;

    Audience(Observer told) {
        this.told = told;
    }

    /** From now on endings are counted. */
    synchronized void count() {
        counts = true;
    }

    /** What was counted. */
    synchronized Scheduler.Shutdown shutdown() {
        return new Scheduler.Shutdown(finished, cancelled);
    }

    private synchronized void count(boolean isFinished) {
        finished += counts && isFinished ? 1 : 0;
        cancelled += counts && !isFinished ? 1 : 0;
    }

    @Override
    public void onRefused() {
        guarded(told::onRefused);
    }

    @Override
    public void onBegun(long waited, int promptTokens, int sharedTokens) {
        guarded(() -> told.onBegun(waited, promptTokens, sharedTokens));
    }

    @Override
    public void onFirstToken(long since) {
        guarded(() -> told.onFirstToken(since));
    }

    @Override
    public void onToken(long since) {
        guarded(() -> told.onToken(since));
    }

    @Override
    public void onStep(int sequences, int promptRows, int decodeRows, long took) {
        guarded(() -> told.onStep(sequences, promptRows, decodeRows, took));
    }

    @Override
    public void onEnded(FinishReason reason, int newTokens) {
        count(reason != FinishReason.CANCELLED);
        guarded(() -> told.onEnded(reason, newTokens));
    }

    @Override
    public void onFailed(Throwable cause) {
        count(false);
        guarded(() -> told.onFailed(cause));
    }

    private void guarded(Runnable telling) {
        try {
            telling.run();
        } catch (RuntimeException e) {
            if (!complained) {
                complained = true;
                LOG.log(Level.WARNING, "an observer of the scheduler threw; if it does so again, nothing is said", e);
            }
        }
    }
}
