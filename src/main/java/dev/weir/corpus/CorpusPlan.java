package dev.weir.corpus;

import dev.weir.engine.Weir;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Positions;
import dev.weir.hook.Site;
import dev.weir.tensor.DType;
import dev.weir.tokenizer.Tokenizer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;

/** What a dump will be, to the byte, before anything runs: which prompts go into which shard, and what each of its rows holds. */
public final class CorpusPlan {

    private final TokenizedPrompts prompts;
    private final SortedMap<HookPoint, Positions> taps;
    private final Positions positions;
    private final Recipe recipe;
    private final List<Manifest.Shard> shards;

    /**
     * What is asked for.
     *
     * @param taps the points, and the positions that are kept, the same at each of them
     * @param type how values are stored: float32, float16 or bfloat16
     * @param maxShardBytes the largest that a file may be
     * @param weirVersion that the dump names as its maker
     */
    public record Request(SortedMap<HookPoint, Positions> taps, DType type, long maxShardBytes, String weirVersion) {}

    private CorpusPlan(TokenizedPrompts prompts, Request request, Positions positions, Recipe recipe) {
        this.prompts = prompts;
        this.taps = request.taps;
        this.positions = positions;
        this.recipe = recipe;
        this.shards = new Sharding(prompts, positions, format()).shards();
    }

    /**
     * Plans a dump.
     *
     * @throws IllegalArgumentException for a prompt longer than the model's context, a square point, points with different positions, a type
     *     that is none of the three, or shards that are too small for a prompt
     * @throws IOException if the files of the tokenizer cannot be read
     */
    public static CorpusPlan of(Weir weir, TokenizedPrompts prompts, Request request) throws IOException {
        requireFits(prompts, weir.config().context());
        request.taps.keySet().forEach(CorpusPlan::requireRows);
        if (!request.type.isModelFloat()) {
            throw new IllegalArgumentException(
                    "dtype: expected float32, float16 or bfloat16, got " + request.type.label());
        }
        Positions positions = positions(request.taps.values());
        return new CorpusPlan(prompts, request, positions, recipe(weir, prompts, request, positions));
    }

    private static void requireFits(TokenizedPrompts prompts, int context) {
        for (int sequence = 0; sequence < prompts.count(); sequence++) {
            if (prompts.length(sequence) > context) {
                throw new IllegalArgumentException("prompt " + sequence + ": expected at most the " + context
                        + " positions of the model's context, got " + prompts.length(sequence) + " tokens");
            }
        }
    }

    private static void requireRows(HookPoint point) {
        if (point.site().form() == Site.Form.SQUARE) {
            throw new IllegalArgumentException("hook point " + point
                    + ": expected a point with as many values for every token, got one with a value for every key;"
                    + " 'weir trace --prompts' writes those");
        }
    }

    private static Positions positions(Collection<Positions> all) {
        var distinct = new LinkedHashSet<>(all);
        if (distinct.size() != 1) {
            throw new IllegalArgumentException(
                    "hooks: expected one or more with the same positions, so that rows belong together, got "
                            + (distinct.isEmpty() ? "none" : "positions " + distinct));
        }
        return distinct.getFirst();
    }

    private static Recipe recipe(Weir weir, TokenizedPrompts prompts, Request request, Positions positions)
            throws IOException {
        Optional<Tokenizer> tokenizer = weir.tokenizer();
        return new Recipe(
                weir.name(),
                weir.sha256(),
                tokenizer.isEmpty() ? null : Digest.ofFiles(tokenizer.get().files()),
                weir.dtype().label(),
                weir.gpu().isEmpty() ? "CPU" : weir.machine(),
                request.weirVersion,
                prompts.count(),
                prompts.tokens(),
                prompts.sha256(),
                positions.toString(),
                request.type.label(),
                request.maxShardBytes,
                columns(weir, prompts, request, positions));
    }

    private static List<Recipe.Column> columns(
            Weir weir, TokenizedPrompts prompts, Request request, Positions positions) {
        long rows = prompts.lengths().mapToLong(positions::count).sum();
        var columns = new ArrayList<Recipe.Column>();
        for (HookPoint point : request.taps.keySet()) {
            List<Integer> row = weir.config().dimensions().shape(point.site(), 1, 1, 1);
            long width = weir.config().dimensions().columns(point.site(), 1);
            columns.add(new Recipe.Column(point.name(), List.of(rows, width), row.subList(2, row.size())));
        }
        return columns;
    }

    /** Everything that decides the bytes. */
    public Recipe recipe() {
        return recipe;
    }

    /** The files, none of them written. */
    public List<Manifest.Shard> shards() {
        return shards;
    }

    /** The exact bytes of all files, the manifest included. */
    public long bytes() {
        String digest = "0".repeat(64); // as long as any
        var done = shards.stream().map(shard -> shard.written(digest)).toList();
        return ManifestFile.bytes(Manifest.of(recipe, done)).length
                + shards.stream().mapToLong(Manifest.Shard::bytes).sum();
    }

    /** What goes through the model. */
    public TokenizedPrompts prompts() {
        return prompts;
    }

    SortedMap<HookPoint, Positions> taps() {
        return taps;
    }

    ShardFormat format() {
        return new ShardFormat(recipe);
    }

    /** Whether the row of a token is kept. */
    boolean keeps(int sequence, int position) {
        return switch (positions) {
            case Positions.Last last -> position == prompts.length(sequence) - 1;
            case Positions.All all -> true;
            case Positions.Ranges ranges -> ranges.contains(position);
        };
    }

    /** Where in a shard the rows of each of its sequences begin, and where the last of them ends. */
    long[] offsets(Manifest.Shard shard) {
        long[] offsets = new long[shard.sequences() + 1];
        for (int i = 0; i < shard.sequences(); i++) {
            offsets[i + 1] = offsets[i] + positions.count(prompts.length(shard.firstSequence() + i));
        }
        return offsets;
    }

    /** Tokens that go through the model for a shard. */
    long tokens(Manifest.Shard shard) {
        return prompts.lengths()
                .skip(shard.firstSequence())
                .limit(shard.sequences())
                .asLongStream()
                .sum();
    }
}
