// linear_gemv: x W + bias for few rows, fast: bound by reading the weights. x and the sums stay float32. Shapes: linear.cuh.
//
// launch: block 256, grid (ceil(columns / 8), ceil(rows / 8), parts), shared 0
//
// A block makes 8 columns of up to 8 rows. The depth is dealt out in slices of 32 lanes times 16 bytes of weights: warp w takes the slices w, w + 8,
// ..., for all its columns, so 4 or 8 loads of 16 bytes are in flight in every lane at once and a value of x, once loaded, serves all columns.
// Weights pass by the L1 cache, which is left to x.
//
// The order of a sum is fixed: each lane adds up its inputs ascending with fmaf; then lane i takes lane i ^ 16, ^ 8, ^ 4, ^ 2, ^ 1; then the warps'
// sums are added from 0 to 7. It depends on the depth and the type, not on the number of rows, the columns or the grid, so a row's bits are the same
// alone and among others, and from run to run.
//
// Bytes moved: the weights once for every 8 rows. Floor at 3.35 TB/s (H100), F32 (half of it for BF16 and F16): 768x768 0.7 us, 768x3072 and 3072x768
// 2.8 us, 768x50257 46 us. 768x768 is 2.4 MB, less than what a full device has in flight: a launch is latency, not bandwidth.
// What would pay on sm_90, once it can be measured: weights by cp.async.bulk into a ring that is filled before the x of the step is there
// (programmatic dependent launch), which hides the ramp of each launch.
#include "linear.cuh"
#include "ptx.cuh"

namespace {

constexpr int COLUMNS = 8;
constexpr int ROWS = 8;
constexpr int WARPS = 8;
constexpr int THREADS = WARPS * WARP;

using Partial = float[WARPS][COLUMNS * ROWS];

/// The inputs k .. k + 4 of a row of x; beyond its end zero.
__device__ __forceinline__ float4 loadInputs(const float* row, int k, int depth, bool aligned) {
    if (aligned && k + 4 <= depth) {
        return __ldg(reinterpret_cast<const float4*>(row + k));
    }
    float4 x;
    x.x = k < depth ? __ldg(row + k) : 0.0f;
    x.y = k + 1 < depth ? __ldg(row + k + 1) : 0.0f;
    x.z = k + 2 < depth ? __ldg(row + k + 2) : 0.0f;
    x.w = k + 3 < depth ? __ldg(row + k + 3) : 0.0f;
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
    for (int k = threadIdx.x * PACK<T>; k < p.stride; k += THREADS * PACK<T>) {
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
__device__ __forceinline__ void gemvRows(const LinearProduct<T>& p, Partial& partial) {
    int row0 = blockIdx.y * ROWS, column0 = blockIdx.x * COLUMNS;
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

template <class T>
__device__ __forceinline__ void gemv(const LinearProduct<T>& p, Partial& partial) {
    int rows = p.rows - blockIdx.y * ROWS;
    if (rows == 1) {
        gemvRows<T, 1, 8>(p, partial);
    } else if (rows == 2) {
        gemvRows<T, 2, 8>(p, partial);
    } else if (rows <= 4) {
        gemvRows<T, 4, 4>(p, partial);
    } else {
        gemvRows<T, 8, 4>(p, partial);
    }
}

}  // namespace

extern "C" __global__ void __launch_bounds__(THREADS, 3) linear_gemv_f32(LINEAR_PARAMETERS(f32)) {
    __shared__ Partial partial;
    gemv(LINEAR_PRODUCT(f32), partial);
}

extern "C" __global__ void __launch_bounds__(THREADS, 3) linear_gemv_bf16(LINEAR_PARAMETERS(bf16)) {
    __shared__ Partial partial;
    gemv(LINEAR_PRODUCT(bf16), partial);
}

extern "C" __global__ void __launch_bounds__(THREADS, 3) linear_gemv_f16(LINEAR_PARAMETERS(f16)) {
    __shared__ Partial partial;
    gemv(LINEAR_PRODUCT(f16), partial);
}
