// The next token of a row, for sample.cu, which says how it is chosen.
#pragma once

#include "place.cuh"

namespace sampling {

/// Candidates of a pass: every pass settles three bits.
constexpr int CANDIDATES = 8;

/// Logits that a thread asks for at once.
constexpr int BATCH = 16;

/// The bits of the least weight that counts, 2^-40, and of the largest, 1.
constexpr uint32_t LEAST_BITS = (127u - 40u) << 23;
constexpr uint32_t ONE_BITS = 127u << 23;
constexpr int EVERY_ID = 0x7fffffff;

using uint64 = unsigned long long;

// ---- a slot's sampler -------------------------------------------------------------------------------------------------------------

struct Sampler {
    bool greedy;
    bool penalised;
    bool counted;
    bool biased;
    float penalty;
    float frequency;
    float presence;
    float temperature;
    int topK;
    float topP;
    float minP;
    uint32_t seedLow;
    uint32_t seedHigh;

    /// Whether what was chosen is remembered.
    __device__ __forceinline__ bool remembers() const { return penalised || counted; }
};

constexpr int WORDS = 12;

__device__ __forceinline__ Sampler samplerAt(const int* words) {
    return {(words[0] & 1) != 0,
            (words[0] & 2) != 0,
            (words[0] & 4) != 0,
            (words[0] & 8) != 0,
            __int_as_float(words[1]),
            __int_as_float(words[8]),
            __int_as_float(words[9]),
            __int_as_float(words[2]),
            words[3],
            __int_as_float(words[4]),
            __int_as_float(words[5]),
            static_cast<uint32_t>(words[6]),
            static_cast<uint32_t>(words[7])};
}

/// The first word of Philox4x32-10 for the counter (position, 0, 0, 0), without its low eight bits: Salmon, Moraes, Dror and Shaw,
/// "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
__device__ __forceinline__ uint32_t random24(uint32_t key0, uint32_t key1, uint32_t position) {
    uint32_t c0 = position;
    uint32_t c1 = 0;
    uint32_t c2 = 0;
    uint32_t c3 = 0;
#pragma unroll
    for (int round = 0; round < 10; round++) {
        uint64 product0 = static_cast<uint64>(0xD2511F53u) * c0;
        uint64 product1 = static_cast<uint64>(0xCD9E8D57u) * c2;
        c0 = static_cast<uint32_t>(product1 >> 32) ^ c1 ^ key0;
        c1 = static_cast<uint32_t>(product1);
        c2 = static_cast<uint32_t>(product0 >> 32) ^ c3 ^ key1;
        c3 = static_cast<uint32_t>(product0);
        key0 += 0x9E3779B9u;
        key1 += 0xBB67AE85u;
    }
    return c0 >> 8;
}

// ---- tokens and their weights -----------------------------------------------------------------------------------------------------

/// A prefix of the tokens in the order of their weights: those of larger bits, and of equals those up to an id.
struct Prefix {
    uint32_t bits;
    int id;

    __device__ __forceinline__ bool holds(uint32_t weightBits, int t) const {
        return weightBits > bits || (weightBits == bits && t <= id);
    }
};

struct Tokens {
    const float* logits;
    const int* seen;
    const int* biases;
    int count;
    bool remembers;
    bool counted;
    bool biased;
    float penalty;
    float frequency;
    float presence;
    float temperature;
    float best;

    /// A logit after what a sampler does to it.
    __device__ __forceinline__ float changed(float logit, int known, int bias) const {
        float value = known == 0 ? logit : logit > 0 ? logit / penalty : logit * penalty;
        int times = known >> 1;
        if (counted && times > 0) {
            value = fmaf(-frequency, static_cast<float>(times), value) - presence;
        }
        return biased ? value + __int_as_float(bias) : value;
    }

    /// Calls visit(t, l[t]) for from, from + step, ... before `to`.
    template <class Visit> __device__ __forceinline__ void each(int from, int to, int step, Visit visit) const {
        for (int first = from; first < to; first += BATCH * step) {
            float logit[BATCH];
            int known[BATCH];
            int bias[BATCH];
#pragma unroll
            for (int i = 0; i < BATCH; i++) {
                int t = first + i * step;
                logit[i] = t < to ? logits[t] : 0.0f;
                known[i] = remembers && t < to ? seen[t] : 0;
                bias[i] = biased && t < to ? biases[t] : 0;
            }
#pragma unroll
            for (int i = 0; i < BATCH; i++) {
                int t = first + i * step;
                if (t < to) {
                    visit(t, changed(logit[i], known[i], bias[i]));
                }
            }
        }
    }

    /// Calls visit(t, w[t], its bits) for the tokens of a prefix from there on.
    template <class Visit>
    __device__ __forceinline__ void eachKept(const Prefix& kept, int from, int to, int step, Visit visit) const {
        // One less than the logarithm, so that rounding never loses a token; what is below needs no exp.
        float floor = temperature * (logf(__uint_as_float(kept.bits)) - 1.0f);
        each(from, to, step, [&](int t, float logit) {
            float below = logit == best ? 0.0f : logit - best;
            if (below >= floor) {
                float weight = formulas::exp(below / temperature);
                uint32_t bits = __float_as_uint(weight);
                if (kept.holds(bits, t)) {
                    visit(t, weight, bits);
                }
            }
        });
    }
};

/// A token counts 1: top-k, and ties.
struct Once {
    __device__ __forceinline__ uint64 operator()(float) const { return 1; }
};

/// A token counts its q.
struct Quantum {
    __device__ __forceinline__ uint64 operator()(float weight) const { return __float2ull_rz(weight * 1099511627776.0f); }
};

// ---- sums and maxima over the block -----------------------------------------------------------------------------------------------

/// Of the tokens at or above each candidate: how much they count, and how many they are.
struct Tally {
    uint64 mass[CANDIDATES];
    uint32_t tokens[CANDIDATES];
};

/// What the threads of a block tell each other.
struct Shared {
    uint64 largest[WARPS];
    uint64 sums[WARPS];
    Tally ofWarp[WARPS];
    Tally ofBlock;
};

/// The sum over a warp, for every thread, of what fewer than 2^14 tokens each count.
__device__ __forceinline__ uint64 warpSum(uint64 value) {
    constexpr int LOW = 27;
    uint32_t low = __reduce_add_sync(ALL_LANES, static_cast<uint32_t>(value & ((1ull << LOW) - 1)));
    uint32_t high = __reduce_add_sync(ALL_LANES, static_cast<uint32_t>(value >> LOW));
    return (static_cast<uint64>(high) << LOW) + low;
}

/// The largest of the block's values, for every thread.
__device__ __forceinline__ uint64 blockMax(uint64 value, uint64 (&largest)[WARPS]) {
#pragma unroll
    for (int distance = WARP / 2; distance > 0; distance /= 2) {
        uint64 other = __shfl_xor_sync(ALL_LANES, value, distance);
        value = other > value ? other : value;
    }
    if (threadIdx.x % WARP == 0) {
        largest[threadIdx.x / WARP] = value;
    }
    __syncthreads();
    for (int warp = 0; warp < WARPS; warp++) {
        value = largest[warp] > value ? largest[warp] : value;
    }
    return value;
}

/// Adds up the tallies of the block's threads, for every thread; good until the next call.
__device__ __forceinline__ const Tally& blockSum(const Tally& mine, Shared& shared) {
    auto& ofWarp = shared.ofWarp;
    Tally& ofBlock = shared.ofBlock;
    int warp = threadIdx.x / WARP;
#pragma unroll
    for (int i = 0; i < CANDIDATES; i++) {
        uint64 mass = warpSum(mine.mass[i]);
        uint32_t tokens = __reduce_add_sync(ALL_LANES, mine.tokens[i]);
        if (threadIdx.x % WARP == 0) {
            ofWarp[warp].mass[i] = mass;
            ofWarp[warp].tokens[i] = tokens;
        }
    }
    __syncthreads();
    if (threadIdx.x < CANDIDATES) {
        uint64 mass = 0;
        uint32_t tokens = 0;
        for (int i = 0; i < WARPS; i++) {
            mass += ofWarp[i].mass[threadIdx.x];
            tokens += ofWarp[i].tokens[threadIdx.x];
        }
        ofBlock.mass[threadIdx.x] = mass;
        ofBlock.tokens[threadIdx.x] = tokens;
    }
    __syncthreads();
    return ofBlock;
}

// ---- the steps of sampling --------------------------------------------------------------------------------------------------------

/// Ascends with x, zeros alike; NaN is the largest.
__device__ __forceinline__ uint32_t rankOf(float x) {
    uint32_t bits = __float_as_uint(x + 0.0f);
    uint32_t rank = bits & 0x80000000u ? ~bits : bits | 0x80000000u;
    return x == x ? rank : 0xffffffffu;
}

__device__ __forceinline__ float ofRank(uint32_t rank) {
    return __uint_as_float(rank & 0x80000000u ? rank & 0x7fffffffu : ~rank);
}

/// The rank of the largest logit above the complement of its first id.
__device__ __forceinline__ uint64 largestOf(const Tokens& tokens, Shared& shared) {
    uint64 largest = 0;
    tokens.each(threadIdx.x, tokens.count, BLOCK, [&](int t, float logit) {
        uint64 key = static_cast<uint64>(rankOf(logit)) << 32 | ~static_cast<uint32_t>(t);
        largest = key > largest ? key : largest;
    });
    return blockMax(largest, shared.largest);
}

/// The first token of a prefix, by id, at which the sum of what its tokens count exceeds target(that of all of them), which is less
/// than that.
template <class Mass, class Target>
__device__ __forceinline__ int walk(
        const Tokens& tokens, const Prefix& kept, Mass mass, Target target, Shared& shared) {
    auto& sums = shared.sums;
    int warp = threadIdx.x / WARP;
    int from = 0;
    int to = tokens.count;
    uint64 rest = 0;
    do {
        int chunk = (to - from + WARPS - 1) / WARPS;
        int first = from + warp * chunk;
        uint64 sum = 0;
        tokens.eachKept(
                kept, first + threadIdx.x % WARP, min(first + chunk, to), WARP, [&](int, float weight, uint32_t) {
                    sum += mass(weight);
                });
        sum = warpSum(sum);
        __syncthreads();
        if (threadIdx.x % WARP == 0) {
            sums[warp] = sum;
        }
        __syncthreads();
        bool begins = to - from == tokens.count;
        if (begins) {
            uint64 total = 0;
            for (int i = 0; i < WARPS; i++) {
                total += sums[i];
            }
            rest = target(total);
        }
        int holder = 0;
        while (rest >= sums[holder]) {
            rest -= sums[holder++];
        }
        from += holder * chunk;
        to = min(from + chunk, to);
    } while (to - from > 1);
    return from;
}

/// The tokens of a prefix at or above its end, its end + step, ...; those with bits from `high` on are left out.
template <class Mass>
__device__ __forceinline__ const Tally& tallyOf(
        const Tokens& tokens, const Prefix& kept, uint32_t high, uint32_t step, Mass mass, Shared& shared) {
    Tally tally = {};
    tokens.eachKept(kept, threadIdx.x, tokens.count, BLOCK, [&](int, float weight, uint32_t bits) {
        if (bits < high) {
            uint64 counted = mass(weight);
#pragma unroll
            for (int i = 0; i < CANDIDATES; i++) {
                bool reaches = bits - kept.bits >= i * step;
                tally.mass[i] += reaches ? counted : 0;
                tally.tokens[i] += reaches ? 1 : 0;
            }
        }
    });
    return blockSum(tally, shared);
}

/// How many tokens that count the same make `above` enough.
__device__ __forceinline__ uint32_t fewest(uint64 above, uint64 counted, uint32_t tokens, double needed) {
    uint32_t few = 1;
    uint32_t many = tokens;
    while (few < many) {
        uint32_t middle = (few + many) / 2;
        if (static_cast<double>(above + middle * counted) >= needed) {
            many = middle;
        } else {
            few = middle + 1;
        }
    }
    return few;
}

/// Of `among` the shortest prefix that counts enough(what `among` counts), which is at least 1; or all of it.
template <class Mass, class Enough>
__device__ __forceinline__ Prefix shortest(
        const Tokens& tokens, const Prefix& among, Mass mass, Enough enough, Shared& shared) {
    Prefix kept = among;
    uint32_t high = ONE_BITS + 1;
    uint64 above = 0;
    uint64 within = 0;
    uint32_t tokensWithin = 0;
    double needed = 0;
    // What has bits from `high` on counts `above`, not enough. `kept` counts enough: it has tokensWithin more, which count `within`.
    do {
        uint32_t step = (high - kept.bits + CANDIDATES - 1) / CANDIDATES;
        const Tally& tally = tallyOf(tokens, kept, high, step, mass, shared);
        if (needed == 0) {
            needed = enough(tally.mass[0]);
            if (static_cast<double>(tally.mass[0]) < needed) {
                return among;
            }
        }
        int last = CANDIDATES - 1;
        while (last > 0 && static_cast<double>(above + tally.mass[last]) < needed) {
            last--;
        }
        within = tally.mass[last];
        tokensWithin = tally.tokens[last];
        if (last > 0) {
            kept = {kept.bits + last * step, EVERY_ID};
        }
        if (last + 1 < CANDIDATES) {
            above += tally.mass[last + 1];
            within -= tally.mass[last + 1];
            tokensWithin -= tally.tokens[last + 1];
            high = min(high, kept.bits + step);
        }
        if (static_cast<double>(above + within - 1) < needed || tokensWithin == 1) {
            return kept;
        }
    } while (high - kept.bits > 1);

    uint32_t ties = fewest(above, within / tokensWithin, tokensWithin, needed);
    auto tied = [&](float weight) -> uint64 { return __float_as_uint(weight) == kept.bits ? 1 : 0; };
    int id = walk(tokens, kept, tied, [&](uint64) -> uint64 { return ties - 1; }, shared);
    return {kept.bits, id};
}

/// What top-k, top-p and min-p keep.
__device__ __forceinline__ Prefix keptBy(const Sampler& sampler, const Tokens& tokens, Shared& shared) {
    Prefix kept = {LEAST_BITS, EVERY_ID};
    if (sampler.topK > 0 && sampler.topK < tokens.count) {
        kept = shortest(tokens, kept, Once(), [&](uint64) -> double { return sampler.topK; }, shared);
    }
    if (sampler.topP < 1) {
        auto enough = [&](uint64 total) {
            return fmax(1.0, static_cast<double>(sampler.topP) * static_cast<double>(total));
        };
        kept = shortest(tokens, kept, Quantum(), enough, shared);
    }
    uint32_t least = sampler.minP > 0 ? __float_as_uint(sampler.minP) : 0;
    return least > kept.bits ? Prefix{least, EVERY_ID} : kept;
}

}  // namespace sampling

struct Sample {
    int* chosen;
    int* seen;
    const float* logits;
    const int* samplers;
    const int* biases;
    const int* slots;
    const int* positions;
    const int* outputs;
    int vocabulary;

    __device__ __forceinline__ void at(Place place, sampling::Shared& shared) const {
        using namespace sampling;
        int row = outputs[place.x];
        Sampler sampler = samplerAt(samplers + slots[row] * WORDS);
        int* seenBySlot = seen + static_cast<size_t>(slots[row]) * vocabulary;
        Tokens tokens = {
                logits + static_cast<size_t>(place.x) * vocabulary,
                seenBySlot,
                biases + static_cast<size_t>(slots[row]) * vocabulary,
                vocabulary,
                sampler.remembers(),
                sampler.counted,
                sampler.biased,
                sampler.penalty,
                sampler.frequency,
                sampler.presence,
                sampler.temperature,
                0.0f};

        uint64 largest = largestOf(tokens, shared);
        uint32_t rank = static_cast<uint32_t>(largest >> 32);
        int token = static_cast<int>(~static_cast<uint32_t>(largest));
        if (rank == rankOf(NAN)) {
            if (threadIdx.x == 0) {
                chosen[place.x] = -1 - token;
            }
            return;
        }
        if (!sampler.greedy) {
            tokens.best = ofRank(rank);
            Prefix kept = keptBy(sampler, tokens, shared);
            uint64 random = random24(sampler.seedLow, sampler.seedHigh, static_cast<uint32_t>(positions[row]));
            // floor(random / 2^24 x total), in two parts of which neither overflows.
            auto target = [&](uint64 total) {
                return random * (total >> 24) + (random * (total & 0xffffffu) >> 24);
            };
            token = walk(tokens, kept, Quantum(), target, shared);
        }
        if (threadIdx.x == 0) {
            chosen[place.x] = token;
            if (sampler.remembers()) {
                seenBySlot[token] = (seenBySlot[token] | 1) + 2;
            }
        }
    }
};
