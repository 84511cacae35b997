// Few rows times a matrix, the depth split over a block: for linear_gemv.cu, which says how and why.
#pragma once

#include "linear.cuh"
#include "ptx.cuh"

namespace gemv {

constexpr int COLUMNS = 8;
constexpr int ROWS = 8;

using Partial = float[WARPS][COLUMNS * ROWS];

/// The inputs k .. k + 4 of a row of x; beyond its end zero.
__device__ __forceinline__ float4 loadInputs(const float* row, int k, int depth, bool aligned) {
    if (aligned && k + 4 <= depth) {
        return *reinterpret_cast<const float4*>(row + k);
    }
    float4 x;
    x.x = k < depth ? row[k] : 0.0f;
    x.y = k + 1 < depth ? row[k + 1] : 0.0f;
    x.z = k + 2 < depth ? row[k + 2] : 0.0f;
    x.w = k + 3 < depth ? row[k + 3] : 0.0f;
    return x;
}

/// Adds up COUNT values over the lanes, all by the same tree. While more than one is left, two lanes share them out: each sends the half that it
/// gives up and keeps the other. In the end lane i has the sums i * COUNT / 32 ... (COUNT >= 32), or the one sum i / (32 / COUNT).
template <int COUNT>
__device__ __forceinline__ void sumOverLanes(float (&values)[COUNT]) {
    int lane = threadIdx.x % WARP;
    int left = COUNT;
#pragma unroll
    for (int distance = WARP / 2; distance > 0; distance /= 2) {
        if (left > 1) {
            left /= 2;
            bool upper = (lane & distance) != 0;
#pragma unroll
            for (int i = 0; i < COUNT / 2; i++) {
                if (i < left) {
                    float given = upper ? values[i] : values[i + left];
                    float kept = upper ? values[i + left] : values[i];
                    values[i] = kept + __shfl_xor_sync(ALL_LANES, given, distance);
                }
            }
        } else {
            values[0] += __shfl_xor_sync(ALL_LANES, values[0], distance);
        }
    }
}

/// This warp's share of the sums of TOGETHER columns of N rows, to its row of `partial`.
template <class T, int N, int TOGETHER>
__device__ __forceinline__ void sumSlices(const LinearProduct<T>& p, int row0, int column0, float* partial) {
    const T* weights[TOGETHER];
#pragma unroll
    for (int c = 0; c < TOGETHER; c++) {
        weights[c] = p.weight + static_cast<size_t>(min(column0 + c, p.columns - 1)) * p.stride;
    }
    const float* x = p.x + static_cast<size_t>(row0) * p.depth;
    int last = p.rows - 1 - row0;
    bool aligned = rowsAligned16(p.x, p.depth);
    float sums[TOGETHER * N] = {};
    for (int k = threadIdx.x * PACK<T>; k < p.stride; k += BLOCK * PACK<T>) {
        Pack<T> w[TOGETHER];
#pragma unroll
        for (int c = 0; c < TOGETHER; c++) {
            uint4 bits = ptx::loadOnce16(weights[c] + k);
            memcpy(&w[c], &bits, sizeof bits);
        }
#pragma unroll
        for (int i = 0; i < PACK<T>; i += 4) {
#pragma unroll
            for (int r = 0; r < N; r++) {
                float4 v = loadInputs(x + min(r, last) * p.depth, k + i, p.depth, aligned);
#pragma unroll
                for (int c = 0; c < TOGETHER; c++) {
                    float& sum = sums[c * N + r];
                    sum = fmaf(v.x, widen(w[c].of[i]), sum);
                    sum = fmaf(v.y, widen(w[c].of[i + 1]), sum);
                    sum = fmaf(v.z, widen(w[c].of[i + 2]), sum);
                    sum = fmaf(v.w, widen(w[c].of[i + 3]), sum);
                }
            }
        }
    }
    sumOverLanes(sums);
    constexpr int SUMS = TOGETHER * N;
    int lane = threadIdx.x % WARP;
    if constexpr (SUMS < WARP) {
        if (lane % (WARP / SUMS) == 0) {
            partial[lane / (WARP / SUMS)] = sums[0];
        }
    } else {
#pragma unroll
        for (int i = 0; i < SUMS / WARP; i++) {
            partial[lane * (SUMS / WARP) + i] = sums[i];
        }
    }
}

/// 8 columns of up to N rows, TOGETHER columns at a time.
template <class T, int N, int TOGETHER>
__device__ __forceinline__ void multiplyRows(const LinearProduct<T>& p, int row0, int column0, Partial& partial) {
#pragma unroll 1
    for (int c = 0; c < COLUMNS; c += TOGETHER) {
        sumSlices<T, N, TOGETHER>(p, row0, column0 + c, partial[threadIdx.x / WARP] + c * N);
    }
    __syncthreads();
    int column = column0 + threadIdx.x / N, row = row0 + threadIdx.x % N;
    if (threadIdx.x < COLUMNS * N && column < p.columns && row < p.rows) {
        float sum = partial[0][threadIdx.x];
#pragma unroll
        for (int warp = 1; warp < WARPS; warp++) {
            sum += partial[warp][threadIdx.x];
        }
        p.finish(row, column, sum);
    }
}

}  // namespace gemv

template <class T> struct LinearGemv {
    Linear<T> linear;

    __device__ __forceinline__ void at(Place place, gemv::Partial& partial) const {
        LinearProduct<T> product = linear.product(place.z);
        int row0 = place.y * gemv::ROWS;
        int column0 = place.x * gemv::COLUMNS;
        int rows = linear.rows - row0;
        if (rows == 1) {
            gemv::multiplyRows<T, 1, 8>(product, row0, column0, partial);
        } else if (rows == 2) {
            gemv::multiplyRows<T, 2, 8>(product, row0, column0, partial);
        } else if (rows <= 4) {
            gemv::multiplyRows<T, 4, 4>(product, row0, column0, partial);
        } else {
            gemv::multiplyRows<T, 8, 4>(product, row0, column0, partial);
        }
    }
};
