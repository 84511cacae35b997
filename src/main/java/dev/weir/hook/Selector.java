package dev.weir.hook;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The language in which people name hook points: selectors joined by commas, each one of
 *
 * <ul>
 *   <li>a full name, {@code blocks.3.hook_resid_post};
 *   <li>a glob on full names, {@code blocks.*.hook_resid_post}, {@code blocks.{3..7}.attn.hook_z}, {@code blocks.{0,5}.hook_*};
 *   <li>a short form with a layer or for all of them, {@code resid_post.5}, {@code pattern};
 * </ul>
 *
 * followed, if not every position is wanted, by {@code @} and {@link Positions#parse positions}: {@code resid_post@last}. A
 * selector that matches nothing is refused. {@code attn.hook_result} is selected only by a selector that says {@code result}, and so with the other
 * sites that are {@linkplain Site#onRequestOnly on request only}.
 */
final class Selector {

    private static final Map<String, Site> SHORT_FORMS = Map.ofEntries(
            Map.entry("embed", Site.EMBED),
            Map.entry("pos_embed", Site.POS_EMBED),
            Map.entry("resid_pre", Site.RESID_PRE),
            Map.entry("resid_mid", Site.RESID_MID),
            Map.entry("resid_post", Site.RESID_POST),
            Map.entry("attn_out", Site.ATTN_OUT),
            Map.entry("mlp_out", Site.MLP_OUT),
            Map.entry("q", Site.Q),
            Map.entry("k", Site.K),
            Map.entry("v", Site.V),
            Map.entry("z", Site.Z),
            Map.entry("attn_scores", Site.ATTN_SCORES),
            Map.entry("pattern", Site.PATTERN),
            Map.entry("result", Site.RESULT),
            Map.entry("attn_skip", Site.ATTN_SKIP),
            Map.entry("mlp_in", Site.MLP_IN),
            Map.entry("mlp_skip", Site.MLP_SKIP),
            Map.entry("mlp_pre", Site.MLP_PRE),
            Map.entry("mlp_post", Site.MLP_POST),
            Map.entry("logits", Site.UNEMBED_OUT));

    private static final Pattern SHORT = Pattern.compile("([a-z_]+)(?:\\.(\\d{1,6}))?");
    private static final Pattern RANGE = Pattern.compile("(\\d{1,6})\\.\\.(\\d{1,6})");
    private static final int MAX_RANGE = 100_000;

    private Selector() {}

    static SortedMap<HookPoint, Positions> select(String selectors, Collection<HookPoint> available) {
        var taps = new TreeMap<HookPoint, Positions>();
        for (String selector : splitOutsideBraces(selectors)) {
            int at = selector.indexOf('@');
            String name = at < 0 ? selector : selector.substring(0, at);
            Positions positions = at < 0 ? Positions.ALL : Positions.parse(selector.substring(at + 1));
            for (HookPoint point : match(name.strip(), available)) {
                Positions before = taps.putIfAbsent(point, positions);
                if (before != null && !before.equals(positions)) {
                    throw new IllegalArgumentException(
                            "hook selectors '" + selectors + "': expected one set of positions for " + point + ", got "
                                    + before + " and " + positions);
                }
            }
        }
        return taps;
    }

    private static List<HookPoint> match(String name, Collection<HookPoint> available) {
        Pattern pattern = Pattern.compile(shortForm(name).orElseGet(() -> globToRegex(name)));
        var points = available.stream()
                .filter(p -> name.contains(p.site().word()))
                .filter(p -> pattern.matcher(p.name()).matches())
                .toList();
        if (points.isEmpty()) {
            throw new IllegalArgumentException(
                    "hook selector '" + name + "': matches no point of this model, which has "
                            + blocks(available) + "; expected a name, a glob or a short form such as "
                            + "blocks.0.hook_resid_post, blocks.*.attn.hook_z or resid_post.0");
        }
        return points;
    }

    /** The regular expression of a short form, if the name is one. */
    private static Optional<String> shortForm(String name) {
        Matcher matcher = SHORT.matcher(name);
        Site site = matcher.matches() ? SHORT_FORMS.get(matcher.group(1)) : null;
        if (site == null) {
            return Optional.empty();
        }
        String layer = matcher.group(2);
        if (!site.inBlock()) {
            if (layer != null) {
                throw new IllegalArgumentException("hook selector '" + name + "': expected no layer, got " + layer);
            }
            return Optional.of(Pattern.quote(site.suffix()));
        }
        return Optional.of("blocks\\." + (layer == null ? "\\d+" : Integer.parseInt(layer)) + "\\."
                + Pattern.quote(site.suffix()));
    }

    private static String globToRegex(String glob) {
        String name =
                glob.replaceFirst("\\.hook_in$", ".hook_resid_pre").replaceFirst("\\.hook_out$", ".hook_resid_post");
        if (glob.startsWith("unembed.")) {
            name = glob;
        }
        var regex = new StringBuilder();
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (c == '*') {
                regex.append(".*");
            } else if (c == '?') {
                regex.append('.');
            } else if (c == '{') {
                int end = name.indexOf('}', i);
                if (end < 0) {
                    throw new IllegalArgumentException("hook selector '" + glob + "': expected a } after the {");
                }
                regex.append(alternatives(glob, name.substring(i + 1, end)));
                i = end;
            } else {
                regex.append(Pattern.quote(String.valueOf(c)));
            }
        }
        return regex.toString();
    }

    private static String alternatives(String glob, String inside) {
        return Arrays.stream(inside.split(",", -1))
                .flatMap(part -> {
                    Matcher range = RANGE.matcher(part);
                    if (!range.matches()) {
                        return Stream.of(Pattern.quote(part));
                    }
                    int from = Integer.parseInt(range.group(1));
                    int to = Integer.parseInt(range.group(2));
                    if (to < from || to - from > MAX_RANGE) {
                        throw new IllegalArgumentException(
                                "hook selector '" + glob + "': expected an ascending range, got " + part);
                    }
                    return IntStream.rangeClosed(from, to).mapToObj(Integer::toString);
                })
                .collect(Collectors.joining("|", "(?:", ")"));
    }

    private static List<String> splitOutsideBraces(String selectors) {
        var parts = new ArrayList<String>();
        int depth = 0;
        int from = 0;
        for (int i = 0; i < selectors.length(); i++) {
            char c = selectors.charAt(i);
            depth += c == '{' ? 1 : c == '}' ? -1 : 0;
            if (c == ',' && depth == 0) {
                parts.add(selectors.substring(from, i).strip());
                from = i + 1;
            }
        }
        parts.add(selectors.substring(from).strip());
        if (parts.stream().anyMatch(String::isEmpty)) {
            throw new IllegalArgumentException("hook selectors '" + selectors + "': expected names between the commas");
        }
        return parts;
    }

    private static String blocks(Collection<HookPoint> available) {
        long blocks = available.stream()
                .filter(p -> p.site().inBlock())
                .map(HookPoint::layer)
                .distinct()
                .count();
        return blocks + (blocks == 1 ? " block" : " blocks");
    }
}
