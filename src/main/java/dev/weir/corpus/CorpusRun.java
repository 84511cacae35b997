package dev.weir.corpus;

import dev.weir.engine.Session;
import dev.weir.engine.Weir;
import dev.weir.hook.Hooks;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Queue;

/**
 * A dump being made, or made further: of whatever a run before this one left, the shards that are whole are kept and the others are
 * made again, so the files in the end are those of a run that nobody disturbed, byte for byte.
 *
 * <p>A shard that the manifest lists with its digest is on the disk, not on its way there. Killing the process at any moment loses the
 * shard that it was at, and so does a power cut, as far as the disk keeps what it says that it has written; a shard that was damaged anyway is found by its
 * digest and made again.
 */
public final class CorpusRun implements AutoCloseable {

    private final CorpusFolder folder;
    private final CorpusPlan plan;
    private Manifest manifest;

    private record Unrecorded(PackedStep step, Session.StepResult result) {}

    /** Hears how far a run is. */
    public interface Listener {

        /** Hears nothing. */
        Listener NONE = new Listener() {};

        /** So many more tokens went through the model. */
        default void onTokens(int tokens) {}

        /** A shard is on the disk. */
        default void onShard(Manifest.Shard shard) {}
    }

    private CorpusRun(CorpusFolder folder, CorpusPlan plan, Manifest manifest) {
        this.folder = folder;
        this.plan = plan;
        this.manifest = manifest;
    }

    /**
     * Takes a folder for a dump: one that is new or empty, or one where this very dump was begun. What an interrupted run left half-written is
     * deleted, and whole shards are read once to check their digests.
     *
     * @throws IllegalArgumentException if something else is in the folder, a dump with other options or one that is being made, naming what differs, or
     *     if its disk has no room for what is missing
     * @throws CorpusException if there is a manifest that cannot be understood
     * @throws IOException if the folder cannot be read or written
     */
    public static CorpusRun begin(Path path, CorpusPlan plan) throws IOException {
        CorpusFolder folder = CorpusFolder.open(path);
        try {
            Manifest manifest = folder.resume(Manifest.of(plan.recipe(), plan.shards()));
            folder.requireRoom(missingBytes(manifest));
            ManifestFile.write(path, manifest);
            return new CorpusRun(folder, plan, manifest);
        } catch (IOException | RuntimeException e) {
            folder.close();
            throw e;
        }
    }

    private static long missingBytes(Manifest manifest) {
        return manifest.shards().stream()
                .filter(shard -> !shard.written())
                .mapToLong(Manifest.Shard::bytes)
                .sum();
    }

    /** How far the dump is. */
    public Manifest manifest() {
        return manifest;
    }

    /** Tokens that are still to go through the model. */
    public long missingTokens() {
        return manifest.shards().stream()
                .filter(shard -> !shard.written())
                .mapToLong(plan::tokens)
                .sum();
    }

    /** Makes the shards that are missing. */
    public void finish(Weir weir, Listener listener) throws IOException {
        finish(weir, StepLimits.of(plan, weir.config()), listener);
    }

    /** The same in steps of a chosen size, which changes no bit where the machine keeps one order of operations. */
    void finish(Weir weir, StepLimits limits, Listener listener) throws IOException {
        if (manifest.complete()) {
            return;
        }
        try (Session session = weir.session(limits.slots(), plan.prompts().longest())) {
            for (int number = 0; number < manifest.shards().size(); number++) {
                Manifest.Shard shard = manifest.shards().get(number);
                if (!shard.written()) {
                    make(shard, new StepPacking(plan.prompts(), shard, limits), session, listener);
                    settle(number, shard, listener);
                }
            }
        }
    }

    private void make(Manifest.Shard shard, StepPacking steps, Session session, Listener listener) throws IOException {
        var hooks = Hooks.tap(plan.taps().keySet());
        try (ShardWriter writer = ShardWriter.create(folder.path(), plan, shard)) {
            Queue<Unrecorded> unrecorded = new ArrayDeque<>();
            while (steps.hasNext()) {
                PackedStep step = steps.next();
                step.beginning().forEach(session::reset);
                unrecorded.add(new Unrecorded(step, session.step(step.rows(), hooks)));
                record(unrecorded, session.stepsKept(), writer);
                listener.onTokens(step.rows().count());
            }
            record(unrecorded, 0, writer);
            writer.commit();
        }
    }

    /** Late, so that a machine that computes on its own is not waited for. */
    private static void record(Queue<Unrecorded> steps, int rest, ShardWriter writer) throws IOException {
        while (steps.size() > rest) {
            Unrecorded oldest = steps.remove();
            writer.add(oldest.step, oldest.result);
        }
    }

    /** The file first, then the manifest that vouches for it, and with it the names of both. */
    private void settle(int number, Manifest.Shard shard, Listener listener) throws IOException {
        Path file = folder.path().resolve(shard.file());
        Durable.force(file);
        Manifest.Shard done = shard.written(Digest.ofFile(file));
        manifest = manifest.with(number, done);
        ManifestFile.write(folder.path(), manifest);
        listener.onShard(done);
    }

    /** Lets go of the folder. */
    @Override
    public void close() throws IOException {
        folder.close();
    }
}
