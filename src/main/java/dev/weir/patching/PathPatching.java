package dev.weir.patching;

import dev.weir.engine.Weir;
import dev.weir.hook.Edit;
import dev.weir.hook.Edits;
import dev.weir.hook.Heads;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Site;
import dev.weir.hook.Span;
import dev.weir.model.ModelConfig;
import dev.weir.patching.PatchedRuns.Result;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Path patching: what a sender of the clean prompt brings back along the direct paths to receivers. The corrupted prompt runs twice. In
 * the first pass the sender writes what it writes in the clean prompt while everything that could pass it on is held as it is in the
 * corrupted one, and the receivers tell what they read; in the second the receivers read that, and everything else goes its way.
 * Sources: Wang et al., "Interpretability in the wild", 2022; Goldowsky-Dill et al., "Localizing model behavior with path patching",
 * 2023.
 */
public final class PathPatching {

    private static final int AT_ONCE = 32;

    private final Weir weir;
    private final PromptPair prompts;
    private final Metric metric;
    private final Map<HookPoint, Edit.OnMachine> clean;
    private final Map<HookPoint, Edit.OnMachine> held;
    private final float[] logitsOfClean;

    /**
     * What lies between a sender and its receivers.
     *
     * <p>In the one case MLPs are held like attention, so that the path is the stream alone; in the other they react, as in "Interpretability
     * in the wild", and the path may lead through them.
     */
    public enum Between {
        THE_STREAM,
        THE_STREAM_AND_MLPS
    }

    /** @throws IllegalArgumentException for tokens that the model does not have, or more of them than its context */
    public PathPatching(Weir weir, PromptPair prompts, Metric metric, Between between) {
        this.weir = weir;
        this.prompts = prompts;
        this.metric = metric;
        metric.requireWithin(weir.config().vocabulary());
        clean = ActivationPatching.replacements(weir, prompts.clean(), points(Site.Z, Site.MLP_OUT));
        List<HookPoint> holding =
                switch (between) {
                    case THE_STREAM -> points(Site.Z, Site.MLP_OUT);
                    case THE_STREAM_AND_MLPS -> points(Site.Z);
                };
        held = ActivationPatching.replacements(weir, prompts.corrupted(), holding);
        logitsOfClean = ActivationPatching.logits(weir, prompts.clean());
    }

    private List<HookPoint> points(Site... sites) {
        return IntStream.range(0, weir.config().layers())
                .boxed()
                .flatMap(layer -> Stream.of(sites).map(site -> HookPoint.of(layer, site)))
                .toList();
    }

    /** Every head and every MLP as a sender, one after another: rows are layers, columns heads and the MLP. */
    public PatchingMap sweep(List<Receiver> receivers, PatchingListener listener) {
        ModelConfig config = weir.config();
        var senders = new ArrayList<Sender>();
        for (int layer = 0; layer < config.layers(); layer++) {
            for (int head = 0; head < config.heads(); head++) {
                senders.add(new Sender.Head(layer, head));
            }
            senders.add(new Sender.Mlp(layer));
        }
        int columns = config.heads() + 1;
        Patched patched = patch(senders, receivers, listener);
        return new PatchingMap(
                "paths to "
                        + String.join(
                                ", ", receivers.stream().map(Receiver::label).toList()),
                new PatchingMap.Axis("layer", numbers(config.layers())),
                new PatchingMap.Axis(
                        "head",
                        Stream.concat(numbers(config.heads()).stream(), Stream.of("MLP"))
                                .toList()),
                IntStream.range(0, config.layers())
                        .mapToObj(row -> patched.values.subList(row * columns, (row + 1) * columns))
                        .toList(),
                metric.of(logitsOfClean, logitsOfClean),
                metric.of(ActivationPatching.logits(weir, prompts.corrupted()), logitsOfClean),
                patched.plans);
    }

    private static List<String> numbers(int count) {
        return IntStream.range(0, count).mapToObj(String::valueOf).toList();
    }

    /** The metric when one sender is patched along its paths to receivers. */
    public double patch(Sender sender, List<Receiver> receivers) {
        return patch(List.of(sender), receivers, PatchingListener.NONE).values.getFirst();
    }

    private record Patched(List<Double> values, long plans) {}

    private Patched patch(List<Sender> senders, List<Receiver> receivers, PatchingListener listener) {
        senders.forEach(this::require);
        SortedMap<HookPoint, Heads> reading = reading(receivers);
        var values = new ArrayList<Double>();
        int atOnce = Math.min(AT_ONCE, senders.size());
        try (var first = new PatchedRuns(weir, prompts.corrupted(), atOnce, reading.keySet());
                var second = new PatchedRuns(weir, prompts.corrupted(), 1, List.of())) {
            first.run(senders.size(), run -> sending(senders.get(run)), (run, result) -> {
                float[] logits = reading.isEmpty()
                        ? result.logits()
                        : second.run(received(reading, result)).logits();
                values.add(metric.of(logits, logitsOfClean));
                listener.onCells(run + 1, senders.size());
            });
            return new Patched(values, first.plans() + second.plans());
        }
    }

    /** What is held, and over it what the sender writes; the edits of the other senders keep their places. */
    private Edits sending(Sender sender) {
        Edits edits = Edits.NONE;
        for (var written : clean.entrySet()) {
            HookPoint point = written.getKey();
            Optional<Edit.OnMachine> hold = Optional.ofNullable(held.get(point));
            edits = hold.isPresent() ? edits.and(point, hold.get()) : edits;
            boolean writes = point.equals(sender.point());
            edits = edits.and(
                    point, writes ? restricted(written.getValue(), sender.heads()) : never(written.getValue()));
        }
        return edits;
    }

    private static Edit.OnMachine never(Edit.OnMachine edit) {
        return edit.at(Span.NEVER);
    }

    static Edit.OnMachine restricted(Edit.OnMachine edit, Heads heads) {
        return new Edit.OnMachine(edit.arithmetic(), edit.operand(), edit.strength(), edit.span(), heads);
    }

    /** What the receivers read in the first pass, put where they read in the second. */
    private Edits received(SortedMap<HookPoint, Heads> reading, Result result) {
        Edits edits = Edits.NONE;
        for (var read : reading.entrySet()) {
            Edit.OnMachine replacement = Edit.replace(result.tapped(read.getKey()), prompts.length());
            edits = edits.and(read.getKey(), restricted(replacement, read.getValue()));
        }
        return edits;
    }

    /** Where the receivers read; empty for the logits, which are what the first pass ends with. */
    private SortedMap<HookPoint, Heads> reading(List<Receiver> receivers) {
        if (receivers.isEmpty() || (receivers.size() > 1 && receivers.contains(new Receiver.Logits()))) {
            throw new IllegalArgumentException(
                    "receivers: expected the logits alone, or heads and MLPs, got " + receivers);
        }
        var reading = new TreeMap<HookPoint, Heads>();
        for (Receiver receiver : receivers) {
            require(receiver);
            receiver.point().ifPresent(point -> reading.merge(point, receiver.heads(), PathPatching::both));
        }
        return reading;
    }

    private static Heads both(Heads some, Heads others) {
        return new Heads(some.bits() | others.bits());
    }

    private void require(Sender sender) {
        switch (sender) {
            case Sender.Head h -> require(h.layer(), h.head());
            case Sender.Mlp m -> require(m.layer(), 0);
        }
    }

    private void require(Receiver receiver) {
        switch (receiver) {
            case Receiver.Head h -> require(h.layer(), h.head());
            case Receiver.Mlp m -> require(m.layer(), 0);
            case Receiver.Logits l -> {}
        }
    }

    private void require(int layer, int head) {
        ModelConfig config = weir.config();
        if (layer < 0 || layer >= config.layers() || head < 0 || head >= config.heads()) {
            throw new IllegalArgumentException("path: expected a layer below " + config.layers() + " and a head below "
                    + config.heads() + ", got layer " + layer + ", head " + head);
        }
    }
}
