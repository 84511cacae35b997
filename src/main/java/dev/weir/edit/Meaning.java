package dev.weir.edit;

import dev.weir.hook.Dimensions;
import dev.weir.hook.Edit;
import dev.weir.hook.Edits;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Hooks;
import dev.weir.hook.Site;
import dev.weir.hook.Span;
import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What sentences mean for a model: the edits of its points. */
final class Meaning {

    private static final Pattern BRANCH = Pattern.compile("(blocks\\.(?:[^.{}]+|\\{[^}]*}))(\\.attn|\\.mlp)?");

    private final Dimensions dimensions;
    private final Sources sources;

    Meaning(Dimensions dimensions) {
        this.dimensions = dimensions;
        this.sources = new Sources(dimensions);
    }

    /** @throws IllegalArgumentException for a sentence that cannot be honoured */
    Edits of(Sentence sentence) throws IOException {
        try {
            requireThatStrengthHasAMeaning(sentence);
            Matcher branch = BRANCH.matcher(sentence.target());
            return branch.matches()
                    ? atBranch(sentence, branch.group(1), branch.group(2))
                    : atPoints(sentence, points(sentence.target()));
        } catch (IllegalArgumentException e) {
            throw Sentence.refusal(sentence.text(), e);
        }
    }

    private static void requireThatStrengthHasAMeaning(Sentence sentence) {
        boolean means = sentence.change() instanceof Change.Add || sentence.change() instanceof Change.Project;
        if (sentence.strength().isPresent() && !means) {
            throw new IllegalArgumentException("strength: expected one with add or project, got one with "
                    + sentence.change().word());
        }
    }

    private Collection<HookPoint> points(String target) {
        if (target.contains("@")) {
            throw new IllegalArgumentException(
                    "target '" + target + "': expected no @ before the colon; positions come at the end");
        }
        return Hooks.select(target, HookPoint.all(dimensions.layers())).taps().keySet();
    }

    /** @param branch {@code null} for both branches of a block */
    private Edits atBranch(Sentence sentence, String blocks, @Nullable String branch) {
        if (sentence.heads().areSome()) {
            throw new IllegalArgumentException(
                    "heads " + sentence.heads() + ": expected none for a branch, which has none");
        }
        Edits edits = Edits.NONE;
        for (HookPoint point : points(blocks + "." + Site.RESID_POST.suffix())) {
            if (!".mlp".equals(branch)) {
                edits = edits.and(atAttention(point.layer(), sentence.change()));
            }
            if (!".attn".equals(branch)) {
                edits = edits.and(atMlp(point.layer(), sentence.change()));
            }
        }
        return sentence.spans().isEmpty() ? edits : at(sentence.spans(), edits);
    }

    private static Edits atAttention(int layer, Change change) {
        return switch (change) {
            case Change.Skip skip -> Edits.skipAttention(layer);
            case Change.Plain plain -> Edits.plainAttention(layer);
            case Change.Scale scale -> Edits.scaleAttention(layer, scale.factor());
            case Change.Add c -> throw noBranch(c);
            case Change.Mean c -> throw noBranch(c);
            case Change.Replace c -> throw noBranch(c);
            case Change.Project c -> throw noBranch(c);
        };
    }

    private static Edits atMlp(int layer, Change change) {
        return switch (change) {
            case Change.Skip skip -> Edits.skipMlp(layer);
            case Change.Plain plain -> Edits.plainMlp(layer);
            case Change.Scale scale -> Edits.scaleMlp(layer, scale.factor());
            case Change.Add c -> throw noBranch(c);
            case Change.Mean c -> throw noBranch(c);
            case Change.Replace c -> throw noBranch(c);
            case Change.Project c -> throw noBranch(c);
        };
    }

    private static IllegalArgumentException noBranch(Change change) {
        return new IllegalArgumentException("expected skip, plain or scale= for a branch, got " + change.word()
                + "; a point such as blocks.0.hook_mlp_out can be written to so");
    }

    private static Edits at(List<Span> spans, Edits edits) {
        Edits placed = Edits.NONE;
        for (Edits.At at : edits.all()) {
            if (at.edit() instanceof Edit.OnMachine edit) {
                for (Span span : spans) {
                    placed = placed.and(at.point(), edit.at(span));
                }
            }
        }
        return placed;
    }

    private Edits atPoints(Sentence sentence, Collection<HookPoint> points) throws IOException {
        Edits edits = Edits.NONE;
        for (HookPoint point : points) {
            Edit.OnMachine edit = edit(sentence, point);
            List<Span> spans = sentence.spans().isEmpty() ? List.of(edit.span()) : sentence.spans();
            for (Span span : spans) {
                edits = edits.and(
                        point,
                        new Edit.OnMachine(edit.arithmetic(), edit.operand(), edit.strength(), span, sentence.heads()));
            }
        }
        return edits;
    }

    private Edit.OnMachine edit(Sentence sentence, HookPoint point) throws IOException {
        float strength = sentence.strength().orElse(1f);
        return switch (sentence.change()) {
            case Change.Add add -> {
                PointRows rows = sources.rows(add.source(), point);
                yield onItsRows(rows, Edit.add(rows.values(), rows.rows(), strength));
            }
            case Change.Replace replace -> {
                PointRows rows = sources.rows(replace.source(), point);
                yield onItsRows(rows, Edit.replace(rows.values(), rows.rows()));
            }
            case Change.Mean mean -> Edit.replace(sources.mean(mean.source(), point), 1);
            case Change.Project project ->
                Edit.projectOut(direction(sources.rows(project.source(), point)))
                        .withStrength(strength);
            case Change.Scale scale -> Edit.scale(scale.factor());
            case Change.Skip skip -> throw needsBranch(skip, point);
            case Change.Plain plain -> throw needsBranch(plain, point);
        };
    }

    /** One row is for every position; several are for the positions that they were seen at. */
    private static Edit.OnMachine onItsRows(PointRows rows, Edit.OnMachine edit) {
        return rows.rows() == 1 ? edit : edit.between(0, rows.rows());
    }

    private static float[] direction(PointRows rows) {
        if (rows.rows() != 1) {
            throw new IllegalArgumentException("project: expected one direction, got " + rows.rows() + " rows");
        }
        return rows.values();
    }

    private static IllegalArgumentException needsBranch(Change change, HookPoint point) {
        String branch = point.site().inBlock() ? "blocks." + point.layer() : "blocks.0";
        return new IllegalArgumentException("expected a branch for " + change.word() + ", such as " + branch + ", "
                + branch + ".attn or " + branch + ".mlp, got " + point);
    }
}
