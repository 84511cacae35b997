package dev.weir.bench;

import dev.weir.model.ModelConfig;
import dev.weir.tensor.DType;
import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.IntStream;

/**
 * What was measured of a case.
 *
 * @param rates tokens per second, of all sequences together, one for each round
 * @param limits of the machine, measured between the rounds
 */
public record Result(ModelConfig config, DType dtype, Case what, List<Double> rates, Limits limits) {

    public Result {
        rates = List.copyOf(rates);
    }

    /** The rates by size. */
    public Sample sample() {
        return new Sample(rates.stream().mapToDouble(rate -> rate).toArray());
    }

    /** Of the peak of multiply-adds in a prefill, and of the bandwidth in decoding; empty where nothing measures the limit. */
    public OptionalDouble share() {
        double each = cost();
        OptionalDouble limit = isPrefill() ? limits.gigaflops() : OptionalDouble.of(limits.gigabytes());
        return limit.isEmpty()
                ? OptionalDouble.empty()
                : OptionalDouble.of(each * sample().median() / (limit.getAsDouble() * 1e9));
    }

    /** Of one token: the operations of a prefill, or the bytes that decoding reads, half-way. */
    public double cost() {
        Workload workload = what.workload();
        return isPrefill()
                ? Cost.ofPrefill(config, dtype, workload.tokens()).operations() / workload.tokens()
                : Cost.ofDecode(config, dtype, workload.depth() + workload.tokens() / 2, workload.sequences())
                                .bytes()
                        / workload.sequences();
    }

    /** Whether {@link #cost} is of arithmetic. */
    public boolean isPrefill() {
        return what.workload().phase() == Phase.PREFILL;
    }

    /** How much faster this is than another, round by round, in the middle. */
    public double ratio(Result other) {
        return new Sample(IntStream.range(0, rates.size())
                        .mapToDouble(round -> rates.get(round) / other.rates.get(round))
                        .toArray())
                .median();
    }
}
