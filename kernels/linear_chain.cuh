// Few rows times a matrix, one chain an output: for linear_chain.cu, which says how and why.
#pragma once

#include "linear.cuh"
#include "ptx.cuh"

namespace chain {

constexpr int COLUMNS = 8;
constexpr int ROWS = 8;
constexpr int DEPTH = 128;
constexpr int STAGES = 5;

template <class T> struct Stage {
    T weights[COLUMNS][DEPTH + PACK<T>];
    float x[ROWS][DEPTH + PACK<float>];
};

/// Begins the copies of the inputs k0 .. k0 + DEPTH; what lies beyond the matrix becomes zero.
template <class T>
__device__ __forceinline__ void fetch(Stage<T>& stage, const LinearProduct<T>& p, int row0, int column0, int k0) {
    constexpr int PACKS = DEPTH / PACK<T>;
#pragma unroll
    for (int i = threadIdx.x; i < COLUMNS * PACKS; i += BLOCK) {
        int column = i / PACKS, k = i % PACKS * PACK<T>;
        bool inside = column0 + column < p.columns && k0 + k < p.stride;
        const T* from = inside ? p.weight + static_cast<size_t>(column0 + column) * p.stride + k0 + k : p.weight;
        ptx::copyAsync16(&stage.weights[column][k], from, inside ? 16 : 0);
    }
    int rows = min(ROWS, p.rows - row0);
    if (rowsAligned16(p.x, p.depth)) {
        for (int i = threadIdx.x; i < rows * (DEPTH / 4); i += BLOCK) {
            int row = i / (DEPTH / 4), k = i % (DEPTH / 4) * 4;
            bool inside = k0 + k < p.depth;
            ptx::copyAsync16(&stage.x[row][k], inside ? p.x + static_cast<size_t>(row0 + row) * p.depth + k0 + k : p.x, inside ? 16 : 0);
        }
    } else {
        for (int i = threadIdx.x; i < rows * DEPTH; i += BLOCK) {
            int row = i / DEPTH, k = i % DEPTH;
            bool inside = k0 + k < p.depth;
            ptx::copyAsync4(&stage.x[row][k], inside ? p.x + static_cast<size_t>(row0 + row) * p.depth + k0 + k : p.x, inside ? 4 : 0);
        }
    }
}

/// The chain goes on over one stage: all of it, or its first `count` inputs.
template <class T>
__device__ __forceinline__ float onward(float sum, const T* weights, const float* x, int count) {
    if (count >= DEPTH) {
#pragma unroll
        for (int k = 0; k < DEPTH; k += PACK<T>) {
            Pack<T> w = *reinterpret_cast<const Pack<T>*>(weights + k);
#pragma unroll
            for (int i = 0; i < PACK<T>; i += 4) {
                float4 v = *reinterpret_cast<const float4*>(x + k + i);
                sum = fmaf(v.x, widen(w.of[i]), sum);
                sum = fmaf(v.y, widen(w.of[i + 1]), sum);
                sum = fmaf(v.z, widen(w.of[i + 2]), sum);
                sum = fmaf(v.w, widen(w.of[i + 3]), sum);
            }
        }
    } else {
        for (int k = 0; k < count; k++) {
            sum = fmaf(x[k], widen(weights[k]), sum);
        }
    }
    return sum;
}

}  // namespace chain

template <class T> struct LinearChain {
    Linear<T> linear;

    using Ring = chain::Stage<T>[chain::STAGES];

    __device__ __forceinline__ void at(Place place, Ring& ring) const {
        using namespace chain;
        LinearProduct<T> p = linear.product(place.z);
        int row0 = place.y * ROWS, column0 = place.x * COLUMNS;
        int column = threadIdx.x % COLUMNS, row = threadIdx.x / COLUMNS;
        bool wanted = row < ROWS && row0 + row < p.rows && column0 + column < p.columns;
        for (int i = 0; i < STAGES - 1; i++) {
            fetch(ring[i], p, row0, column0, i * DEPTH);
            ptx::copyAsyncCommit();
        }
        float sum = 0;
        int reading = 0, writing = STAGES - 1;
        for (int k0 = 0; k0 < p.depth; k0 += DEPTH) {
            ptx::copyAsyncWait<STAGES - 2>();
            __syncthreads();
            if (k0 + (STAGES - 1) * DEPTH < p.depth) {
                fetch(ring[writing], p, row0, column0, k0 + (STAGES - 1) * DEPTH);
            }
            ptx::copyAsyncCommit();
            if (wanted) {
                sum = onward(sum, ring[reading].weights[column], ring[reading].x[row], p.depth - k0);
            }
            reading = reading + 1 == STAGES ? 0 : reading + 1;
            writing = writing + 1 == STAGES ? 0 : writing + 1;
        }
        ptx::copyAsyncWait<0>(); // of stages beyond the depth, too: the ring may have another use
        if (wanted) {
            p.finish(row0 + row, column0 + column, sum);
        }
    }
};
