// Attention of few rows, the keys split over blocks: for attention_decode.cu, which says how and why.
#pragma once

#include "pages.cuh"
#include "place.cuh"

namespace decode {

/// How a block divides its keys, by the width of a head.
///
/// @tparam Lanes of a team
/// @tparam Pieces of four columns that a lane has of each key
template <int Lanes, int Pieces> struct Shape {
    static constexpr int LANES_OF_TEAM = Lanes;
    static constexpr int PIECES = Pieces;
    static constexpr int TEAMS = BLOCK / Lanes;
    /// Keys that a team asks for at once: 128 bytes a lane, and as much of the values.
    static constexpr int KEYS = 8 / Pieces;
    static constexpr int TILE = TEAMS * KEYS;
    static constexpr int WIDTH = Lanes * Pieces * 4;
};

using Upto64 = Shape<16, 1>;
using Upto128 = Shape<32, 1>;
using Upto256 = Shape<32, 2>;
using Upto512 = Shape<32, 4>;

/// Calls work(Shape) for the narrowest shape that a head fits.
template <class Work> __device__ __forceinline__ void withShape(int headWidth, Work work) {
    if (headWidth <= Upto64::WIDTH) {
        work(Upto64());
    } else if (headWidth <= Upto128::WIDTH) {
        work(Upto128());
    } else if (headWidth <= Upto256::WIDTH) {
        work(Upto256());
    } else {
        work(Upto512());
    }
}

/// How many keys a split has when a row sees `seen` of them: whole tiles, as even as they go.
__device__ __forceinline__ int keysOfSplit(int seen, int splits, int tile) {
    int tiles = (seen + tile - 1) / tile;
    return (tiles + splits - 1) / splits * tile;
}

/// What a softmax over some keys has come to: `sum` weighs the values by exp(score - largest), `total` sums these weights.
template <int Pieces> struct State {
    float largest = -INFINITY;
    float total = 0;
    float sum[Pieces][4] = {};
};

/// What scores are compared with: the largest of them, or 0 while there is none, so that minus infinity weighs 0 and not NaN.
__device__ __forceinline__ float baseOf(float largest) { return largest == -INFINITY ? 0.0f : largest; }

/// Four columns of a row, of which `left` are left: zeros beyond them.
template <bool Aligned> __device__ __forceinline__ Group<4> loadColumns(const float* columns, int left) {
    Group<4> group = {};
    if (Aligned) {
        if (left > 0) {
            group = loadGroup<4>(columns);
        }
    } else {
#pragma unroll
        for (int k = 0; k < 4; k++) {
            if (k < left) {
                group.of[k] = columns[k];
            }
        }
    }
    return group;
}

/// The first column of a lane's piece: neighbours in a team read neighbouring 16 bytes.
template <class Shape> __device__ __forceinline__ int columnOf(int piece) {
    int lane = threadIdx.x % Shape::LANES_OF_TEAM;
    return (piece * Shape::LANES_OF_TEAM + lane) * 4;
}

template <class Shape> __device__ __forceinline__ float sumOfTeam(float value) {
#pragma unroll
    for (int distance = Shape::LANES_OF_TEAM / 2; distance > 0; distance /= 2) {
        value += __shfl_xor_sync(ALL_LANES, value, distance);
    }
    return value;
}

/// Takes up to KEYS keys of a tile into a team's state: first, first + TEAMS, ... before `end`.
template <class Shape, bool Aligned>
__device__ __forceinline__ void attendTile(
        State<Shape::PIECES>& state,
        const float (&query)[Shape::PIECES][4],
        const float* keys,
        const float* values,
        const Pages& where,
        int first,
        int end,
        int headWidth,
        int stride) {
    Group<4> key[Shape::KEYS][Shape::PIECES];
    Group<4> value[Shape::KEYS][Shape::PIECES];
#pragma unroll
    for (int i = 0; i < Shape::KEYS; i++) {
        int j = first + i * Shape::TEAMS;
        size_t row = j < end ? where.row(j) : 0;
#pragma unroll
        for (int piece = 0; piece < Shape::PIECES; piece++) {
            int column = columnOf<Shape>(piece);
            int left = j < end ? headWidth - column : 0;
            size_t at = row * stride + column;
            key[i][piece] = loadColumns<Aligned>(keys + at, left);
            value[i][piece] = loadColumns<Aligned>(values + at, left);
        }
    }

    float score[Shape::KEYS];
    float largest = state.largest;
#pragma unroll
    for (int i = 0; i < Shape::KEYS; i++) {
        float product = 0;
#pragma unroll
        for (int piece = 0; piece < Shape::PIECES; piece++) {
#pragma unroll
            for (int k = 0; k < 4; k++) {
                product = fmaf(query[piece][k], key[i][piece].of[k], product);
            }
        }
        product = sumOfTeam<Shape>(product);
        score[i] = first + i * Shape::TEAMS < end ? product : -INFINITY;
        largest = fmaxf(largest, score[i]);
    }

    float base = baseOf(largest);
    float shrink = formulas::exp(state.largest - base);
    state.largest = largest;
    state.total *= shrink;
#pragma unroll
    for (int piece = 0; piece < Shape::PIECES; piece++) {
#pragma unroll
        for (int k = 0; k < 4; k++) {
            state.sum[piece][k] *= shrink;
        }
    }
#pragma unroll
    for (int i = 0; i < Shape::KEYS; i++) {
        float weight = formulas::exp(score[i] - base);
        state.total += weight;
#pragma unroll
        for (int piece = 0; piece < Shape::PIECES; piece++) {
#pragma unroll
            for (int k = 0; k < 4; k++) {
                state.sum[piece][k] = fmaf(weight, value[i][piece].of[k], state.sum[piece][k]);
            }
        }
    }
}

/// What a team leaves in shared memory to be merged.
template <class Shape> struct alignas(16) TeamResult {
    float sum[Shape::WIDTH];
    float largest;
    float total;
};

/// Where a block's result goes: z itself when it has all the keys, else a split's place in partial.
struct Result {
    float* to;
    bool whole;
};

/// Merges the teams of a block in the order of their numbers.
template <class Shape>
__device__ __forceinline__ void mergeTeams(const TeamResult<Shape>* teams, int headWidth, const Result& result) {
    float largest = -INFINITY;
#pragma unroll
    for (int team = 0; team < Shape::TEAMS; team++) {
        largest = fmaxf(largest, teams[team].largest);
    }
    float base = baseOf(largest);
    float factor[Shape::TEAMS];
    float total = 0;
#pragma unroll
    for (int team = 0; team < Shape::TEAMS; team++) {
        factor[team] = formulas::exp(teams[team].largest - base);
        total = fmaf(factor[team], teams[team].total, total);
    }
    for (int column = threadIdx.x; column < headWidth; column += BLOCK) {
        float sum = 0;
#pragma unroll
        for (int team = 0; team < Shape::TEAMS; team++) {
            sum = fmaf(factor[team], teams[team].sum[column], sum);
        }
        result.to[column] = result.whole ? sum / total : sum;
    }
    if (!result.whole && threadIdx.x == 0) {
        result.to[headWidth] = largest;
        result.to[headWidth + 1] = total;
    }
}

/// One stretch of keys, from..end, of one head.
template <class Shape, bool Aligned>
__device__ __forceinline__ void attend(
        TeamResult<Shape>* teams,
        const float* q,
        const float* keys,
        const float* values,
        const Pages& where,
        int from,
        int end,
        int headWidth,
        int stride,
        float scale,
        const Result& result) {
    float query[Shape::PIECES][4];
#pragma unroll
    for (int piece = 0; piece < Shape::PIECES; piece++) {
        int column = columnOf<Shape>(piece);
        Group<4> group = loadColumns<Aligned>(q + column, headWidth - column);
#pragma unroll
        for (int k = 0; k < 4; k++) {
            query[piece][k] = group.of[k] * scale;
        }
    }

    int team = threadIdx.x / Shape::LANES_OF_TEAM;
    State<Shape::PIECES> state;
    for (int tile = from; tile < end; tile += Shape::TILE) {
        attendTile<Shape, Aligned>(state, query, keys, values, where, tile + team, end, headWidth, stride);
    }

#pragma unroll
    for (int piece = 0; piece < Shape::PIECES; piece++) {
        const float(&sum)[4] = state.sum[piece];
        storeGroup(teams[team].sum + columnOf<Shape>(piece), Group<4>{{sum[0], sum[1], sum[2], sum[3]}});
    }
    if (threadIdx.x % Shape::LANES_OF_TEAM == 0) {
        teams[team].largest = state.largest;
        teams[team].total = state.total;
    }
    __syncthreads();
    mergeTeams<Shape>(teams, headWidth, result);
}

/// How many of a row's splits have keys.
__device__ __forceinline__ int splitsWithKeys(int seen, int splits, int headWidth) {
    int used = 0;
    withShape(headWidth, [&](auto shape) {
        int keysHere = keysOfSplit(seen, splits, decltype(shape)::TILE);
        used = (seen + keysHere - 1) / keysHere;
    });
    return used;
}

/// A column of z, from what the splits of its head have left in `partial`.
__device__ __forceinline__ float combined(const float* parts, int used, int headWidth, int column) {
    int width = headWidth + 2;
    float largest = -INFINITY;
#pragma unroll 4
    for (int split = 0; split < used; split++) {
        largest = fmaxf(largest, parts[split * width + headWidth]);
    }
    float base = baseOf(largest);
    float sum = 0;
    float total = 0;
#pragma unroll 4
    for (int split = 0; split < used; split++) {
        const float* part = parts + split * width;
        float factor = formulas::exp(part[headWidth] - base);
        total = fmaf(factor, part[headWidth + 1], total);
        sum = fmaf(factor, part[column], sum);
    }
    return sum / total;
}

}  // namespace decode

struct AttentionDecode {
    float* z;
    float* partial;
    const float* q;
    const float* keys;
    const float* values;
    const int* slots;
    const int* positions;
    const int* pages;
    int heads;
    int headWidth;
    int context;
    int pageShift;
    int splits;
    float scale;

    using Shared = decode::TeamResult<decode::Upto512>[decode::Upto512::TEAMS];

    __device__ __forceinline__ void at(Place place, Shared& shared) const {
        int split = place.x;
        int head = place.y;
        int row = place.z;
        int stride = heads * headWidth;
        int seen = min(positions[row] + 1, context);
        size_t headOfRow = static_cast<size_t>(row) * heads + head;
        int inCache = head * headWidth;
        Pages where(pages, slots[row], context, pageShift);
        bool whole = splits == 1;
        decode::Result result = {
                whole ? z + headOfRow * headWidth : partial + (headOfRow * splits + split) * (headWidth + 2), whole};

        decode::withShape(headWidth, [&](auto shape) {
            using Fitting = decltype(shape);
            auto* teams = reinterpret_cast<decode::TeamResult<Fitting>*>(shared);
            static_assert(sizeof(decode::TeamResult<Fitting>[Fitting::TEAMS]) <= sizeof(Shared), "teams fit");
            int keysHere = decode::keysOfSplit(seen, splits, Fitting::TILE);
            int from = split * keysHere;
            int end = min(from + keysHere, seen);
            if (from >= end) {
                return;
            }
            const float* query = q + headOfRow * headWidth;
            if (headWidth % 4 == 0 && aligned16(q) && aligned16(keys) && aligned16(values)) {
                decode::attend<Fitting, true>(
                        teams, query, keys + inCache, values + inCache, where, from, end, headWidth, stride, scale, result);
            } else {
                decode::attend<Fitting, false>(
                        teams, query, keys + inCache, values + inCache, where, from, end, headWidth, stride, scale, result);
            }
        });
    }
};

struct AttentionCombine {
    float* z;
    const float* partial;
    const int* positions;
    int heads;
    int headWidth;
    int context;
    int splits;

    __device__ __forceinline__ void at(Place place) const {
        int row = place.y;
        size_t headOfRow = static_cast<size_t>(row) * heads + place.x;
        int used = decode::splitsWithKeys(min(positions[row] + 1, context), splits, headWidth);
        const float* parts = partial + headOfRow * splits * (headWidth + 2);
        for (int column = threadIdx.x; column < headWidth; column += BLOCK) {
            z[headOfRow * headWidth + column] = decode::combined(parts, used, headWidth, column);
        }
    }
};
