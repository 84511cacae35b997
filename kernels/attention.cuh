// Attention in the order of docs/numerics.md, of one head of one row: for attention_exact.cu, which does all of it, and for
// attention_scores.cu, attention_pattern.cu and attention_mix.cu, which do a part each and leave room for an edit between them.
#pragma once

#include "pages.cuh"
#include "place.cuh"

namespace attention {

/// What the threads of a block tell each other.
struct Shared {
    float largest[WARPS];
    float total;
};

/// The product of the query with one key, ascending.
template <int WIDTH> __device__ __forceinline__ float product(const float* query, const float* key, int headWidth) {
    float sum = 0;
#pragma unroll 4
    for (int first = 0; first < headWidth; first += WIDTH) {
        Group<WIDTH> group = loadGroup<WIDTH>(key + first);
#pragma unroll
        for (int k = 0; k < WIDTH; k++) {
            sum = fmaf(query[first + k], group.of[k], sum);
        }
    }
    return sum;
}

/// The largest of the block's values, for every thread.
__device__ __forceinline__ float blockMax(float value, float (&largest)[WARPS]) {
    value = warpMax(value);
    if (threadIdx.x % WARP == 0) {
        largest[threadIdx.x / WARP] = value;
    }
    __syncthreads();
    value = largest[0];
#pragma unroll
    for (int warp = 1; warp < WARPS; warp++) {
        value = fmaxf(value, largest[warp]);
    }
    return value;
}

/// exp(x - max(x)) / sum(exp(x - max(x))) of the block's scores, in place; thread t brings those of the keys t, t + BLOCK, ... Every
/// thread sees the results.
__device__ __forceinline__ void softmax(float* weights, int seen, float largest, float& total) {
    for (int j = threadIdx.x; j < seen; j += BLOCK) {
        weights[j] = formulas::exp(weights[j] - largest);
    }
    __syncthreads();
    if (threadIdx.x < WARP) {
        float sum = sumOverRow(seen, [&](float lane, int j) { return lane + weights[j]; });
        if (threadIdx.x == 0) {
            total = sum;
        }
    }
    __syncthreads();
    float sum = total;
    for (int j = threadIdx.x; j < seen; j += BLOCK) {
        weights[j] = weights[j] / sum;
    }
    __syncthreads();
}

/// One column of z: the weights of a head with one column of the values, keys ascending, page after page.
__device__ __forceinline__ float mixed(
        const float* weights, const float* values, const Pages& pages, int seen, int stride) {
    float sum = 0;
    for (int first = 0; first < seen;) {
        const float* page = values + pages.row(first) * stride;
        int count = min(pages.last(first), seen - 1) + 1 - first;
#pragma unroll 16
        for (int j = 0; j < count; j++) {
            sum = fmaf(weights[first + j], page[static_cast<size_t>(j) * stride], sum);
        }
        first += count;
    }
    return sum;
}

}  // namespace attention

/// A key after the position of its row scores minus infinity and weighs 0.
struct AttentionExact {
    float* z;
    float* scores;
    float* pattern;
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
    int shownKeys;
    float scale;

    /// @param staged shared memory for context + headWidth floats
    __device__ __forceinline__ void at(Place place, attention::Shared& shared, float* staged) const {
        int row = place.x, head = place.y;
        float* weights = staged;
        float* query = staged + context;
        int stride = heads * headWidth;
        int seen = positions[row] + 1;
        size_t inRow = static_cast<size_t>(row) * stride + head * headWidth;
        int inCache = head * headWidth;
        Pages where(pages, slots[row], context, pageShift);

        for (int i = threadIdx.x; i < headWidth; i += BLOCK) {
            query[i] = q[inRow + i];
        }
        __syncthreads();
        float largest = headWidth % 4 == 0 && aligned16(keys)
                ? score<4>(weights, query, keys + inCache, where, seen, stride)
                : score<1>(weights, query, keys + inCache, where, seen, stride);
        largest = attention::blockMax(largest, shared.largest);
        show(place, scores, weights, seen, -INFINITY);
        __syncthreads();
        attention::softmax(weights, seen, largest, shared.total);
        show(place, pattern, weights, seen, 0.0f);

        if (z != nullptr) {
            for (int column = threadIdx.x; column < headWidth; column += BLOCK) {
                z[inRow + column] = attention::mixed(weights, values + inCache + column, where, seen, stride);
            }
        }
    }

    /// Fills weights[0..seen) with the scores. Returns the largest of this thread's.
    template <int WIDTH>
    __device__ __forceinline__ float score(
            float* weights, const float* query, const float* keysOfHead, const Pages& where, int seen, int stride) const {
        float largest = -INFINITY;
        for (int j = threadIdx.x; j < seen; j += BLOCK) {
            const float* key = keysOfHead + where.row(j) * stride;
            float value = attention::product<WIDTH>(query, key, headWidth) * scale;
            weights[j] = value;
            largest = fmaxf(largest, value);
        }
        return largest;
    }

    /// Writes a row of scores or of a pattern for those who look; `masked` stands for the keys that the row does not see.
    __device__ __forceinline__ void show(
            Place place, float* shown, const float* weights, int seen, float masked) const {
        if (shown == nullptr) {
            return;
        }
        float* to = shown + (static_cast<size_t>(place.x) * heads + place.y) * shownKeys;
        for (int j = threadIdx.x; j < shownKeys; j += BLOCK) {
            to[j] = j < seen ? weights[j] : masked;
        }
    }
};

struct AttentionScores {
    float* scores;
    const float* q;
    const float* keys;
    const int* slots;
    const int* positions;
    const int* pages;
    int heads;
    int headWidth;
    int context;
    int pageShift;
    int shownKeys;
    float scale;

    /// @param query shared memory for headWidth floats
    __device__ __forceinline__ void at(Place place, float* query) const {
        int row = place.x;
        int head = place.y;
        int stride = heads * headWidth;
        for (int i = threadIdx.x; i < headWidth; i += BLOCK) {
            query[i] = q[static_cast<size_t>(row) * stride + head * headWidth + i];
        }
        __syncthreads();
        int j = place.z * BLOCK + threadIdx.x;
        if (j >= shownKeys) {
            return;
        }
        float score = -INFINITY;
        if (j <= positions[row]) {
            size_t inCache = Pages(pages, slots[row], context, pageShift).row(j);
            const float* key = keys + inCache * stride + head * headWidth;
            bool aligned = headWidth % 4 == 0 && aligned16(keys);
            score = scale
                    * (aligned ? attention::product<4>(query, key, headWidth)
                               : attention::product<1>(query, key, headWidth));
        }
        scores[(static_cast<size_t>(row) * heads + head) * shownKeys + j] = score;
    }
};

struct AttentionPattern {
    float* pattern;
    const float* scores;
    const int* positions;
    int heads;
    int shownKeys;

    __device__ __forceinline__ void at(Place place, attention::Shared& shared) const {
        size_t first = (static_cast<size_t>(place.x) * heads + place.y) * shownKeys;
        int seen = positions[place.x] + 1;
        float* weights = pattern + first;

        float largest = -INFINITY;
        for (int j = threadIdx.x; j < seen; j += BLOCK) {
            float score = scores[first + j];
            weights[j] = score;
            largest = fmaxf(largest, score);
        }
        attention::softmax(weights, seen, attention::blockMax(largest, shared.largest), shared.total);
        for (int j = seen + threadIdx.x; j < shownKeys; j += BLOCK) {
            weights[j] = 0;
        }
    }
};

struct AttentionMix {
    float* z;
    const float* pattern;
    const float* values;
    const int* slots;
    const int* positions;
    const int* pages;
    int heads;
    int headWidth;
    int context;
    int pageShift;
    int shownKeys;

    __device__ __forceinline__ void at(Place place) const {
        int row = place.x;
        int stride = heads * headWidth;
        int column = place.y * BLOCK + threadIdx.x;
        if (column >= stride) {
            return;
        }
        const float* weights = pattern + (static_cast<size_t>(row) * heads + column / headWidth) * shownKeys;
        Pages where(pages, slots[row], context, pageShift);
        z[static_cast<size_t>(row) * stride + column] =
                attention::mixed(weights, values + column, where, positions[row] + 1, stride);
    }
};
