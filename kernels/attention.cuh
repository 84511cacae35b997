// Attention in the order of docs/numerics.md, of one head of one row: for attention_exact.cu, which does all of it, and for
// attention_scores.cu, attention_pattern.cu and attention_mix.cu, which do a part each and leave room for an edit between them.
#pragma once

#include "numbers.cuh"

constexpr int BLOCK = 128;

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
__device__ __forceinline__ float blockMax(float value) {
    __shared__ float largest[BLOCK / WARP];
    value = warpMax(value);
    if (threadIdx.x % WARP == 0) {
        largest[threadIdx.x / WARP] = value;
    }
    __syncthreads();
    value = largest[0];
#pragma unroll
    for (int warp = 1; warp < BLOCK / WARP; warp++) {
        value = fmaxf(value, largest[warp]);
    }
    return value;
}

/// exp(x - max(x)) / sum(exp(x - max(x))) of the block's scores, in place; thread t brings those of the keys t, t + BLOCK, ... Every
/// thread sees the results.
__device__ __forceinline__ void softmax(float* weights, int seen, float largest) {
    __shared__ float total;
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

/// One column of z: the weights of a head with one column of the values, keys ascending.
__device__ __forceinline__ float mixed(const float* weights, const float* values, int seen, int stride) {
    float sum = 0;
#pragma unroll 16
    for (int j = 0; j < seen; j++) {
        sum = fmaf(weights[j], values[static_cast<size_t>(j) * stride], sum);
    }
    return sum;
}
