// A tile of a matrix product on float32 cores, exactly: each output is one chain of fmaf over k ascending from 0 (docs/numerics.md).
//
// A block stages 8 or 16 inputs of its rows of x and of its columns of W, k-major, in one of two buffers, while it multiplies from the other; a thread
// keeps 8 x 8 or 8 x 4 sums in registers. Weights of 2 bytes are widened when they are staged. What lies beyond the depth is staged as
// x = -0 and w = +0: their product is -0, which changes no sum, not even -0.
//
// Banks: a lane stores the four inputs that it fetched into four rows of the buffer; there the columns are swizzled by k / 4, so that the lanes of a
// warp, which hold 8 or 16 rows of x, meet no bank twice. The 16-byte reads of a warp are 4 neighbouring groups of x (broadcast) and 8 of W.
#pragma once

#include "numbers.cuh"

/// ROWS x COLUMNS outputs, DEPTH (8 or 16) inputs at a time, by ROWS / 32 x COLUMNS / (8 * WIDE) warps of 32 x 8 WIDE outputs; a thread has 8 x WIDE of them.
template <int ROWS, int COLUMNS, int WIDE, int DEPTH> struct Tile {
    static constexpr int FOURS = DEPTH / 4;
    static constexpr int SWIZZLE = 32 / FOURS;
    static constexpr int WARP_COLUMNS = 8 * WIDE;
    static constexpr int WARPS_ACROSS = COLUMNS / WARP_COLUMNS;
    static constexpr int THREADS = ROWS / 32 * WARPS_ACROSS * WARP;
    static constexpr int GROUPS = WIDE / 4;

    struct Buffer {
        float x[DEPTH][ROWS];
        float weights[DEPTH][COLUMNS];
    };
    struct alignas(16) Shared {
        Buffer buffers[2];
    };

    /// Four inputs of a row in one load.
    template <class T> static __device__ __forceinline__ float4 loadFour(const T* from) {
        struct alignas(4 * sizeof(T)) Four {
            T of[4];
        };
        Four four = *reinterpret_cast<const Four*>(from);
        return make_float4(widen(four.of[0]), widen(four.of[1]), widen(four.of[2]), widen(four.of[3]));
    }

    /// Four inputs of a row one by one, beyond its end `beyond`.
    template <class T> static __device__ __forceinline__ float4 loadEach(const T* row, int k, int depth, float beyond) {
        float4 v;
        v.x = k < depth ? widen(row[k]) : beyond;
        v.y = k + 1 < depth ? widen(row[k + 1]) : beyond;
        v.z = k + 2 < depth ? widen(row[k + 2]) : beyond;
        v.w = k + 3 < depth ? widen(row[k + 3]) : beyond;
        return v;
    }

    /// COUNT rows of a matrix on their way to shared memory: a thread has four inputs of every (THREADS / FOURS)th row.
    template <class T, int COUNT> struct Staged {
        static constexpr int LOADS = COUNT * FOURS / THREADS;
        float4 values[LOADS];

        /// `aligned`: four inputs may be loaded at once.
        __device__ __forceinline__ void fetch(const T* rows, int pitch, int last, int k0, int depth, bool aligned, float beyond) {
            int k = k0 + threadIdx.x % FOURS * 4;
            if (aligned && k + 4 <= depth) {
#pragma unroll
                for (int i = 0; i < LOADS; i++) {
                    values[i] = loadFour(rows + rowOf(i, last) * pitch + k);
                }
            } else {
#pragma unroll
                for (int i = 0; i < LOADS; i++) {
                    values[i] = loadEach(rows + rowOf(i, last) * pitch, k, depth, beyond);
                }
            }
        }

        static __device__ __forceinline__ int rowOf(int load, int last) { return min(static_cast<int>(threadIdx.x) / FOURS + load * (THREADS / FOURS), last); }

        __device__ __forceinline__ void store(float (&buffer)[DEPTH][COUNT]) const {
            int k = threadIdx.x % FOURS * 4;
#pragma unroll
            for (int i = 0; i < LOADS; i++) {
                int row = (threadIdx.x / FOURS + i * (THREADS / FOURS)) ^ (k / 4 * SWIZZLE);
                buffer[k][row] = values[i].x;
                buffer[k + 1][row] = values[i].y;
                buffer[k + 2][row] = values[i].z;
                buffer[k + 3][row] = values[i].w;
            }
        }
    };

    static __device__ __forceinline__ void loadGroups(float* values, const float* buffer, int first, int k, int groups, int apart) {
#pragma unroll
        for (int g = 0; g < groups; g++) {
            float4 v = *reinterpret_cast<const float4*>(buffer + ((first + g * apart) ^ (k / 4 * SWIZZLE)));
            values[4 * g] = v.x;
            values[4 * g + 1] = v.y;
            values[4 * g + 2] = v.z;
            values[4 * g + 3] = v.w;
        }
    }

    /// The chains go on over the inputs of one buffer.
    static __device__ __forceinline__ void multiply(float (&sums)[8][WIDE], const Buffer& buffer, int firstRow, int firstColumn) {
#pragma unroll
        for (int k = 0; k < DEPTH; k++) {
            float x[8], w[WIDE];
            loadGroups(x, buffer.x[k], firstRow, k, 2, 16);
            loadGroups(w, buffer.weights[k], firstColumn, k, GROUPS, 32);
#pragma unroll
            for (int r = 0; r < 8; r++) {
#pragma unroll
                for (int c = 0; c < WIDE; c++) {
                    sums[r][c] = fmaf(x[r], w[c], sums[r][c]);
                }
            }
        }
    }

    /// Hands the sums to finish(row, column, sum), neighbouring lanes neighbouring columns: each warp passes four of its rows at a time through shared
    /// memory.
    template <class Finish>
    static __device__ __forceinline__ void finishAll(const float (&sums)[8][WIDE], Shared& shared, int row0, int column0, int rows, int columns, Finish finish) {
        int lane = threadIdx.x % WARP;
        float* staged = shared.buffers[0].x[0] + threadIdx.x / WARP * (4 * WARP_COLUMNS);
        static_assert(sizeof(Shared) >= THREADS / WARP * 4 * WARP_COLUMNS * sizeof(float), "the sums in passing fit into the buffers");
#pragma unroll
        for (int r = 0; r < 8; r++) {
#pragma unroll
            for (int g = 0; g < GROUPS; g++) {
                *reinterpret_cast<float4*>(staged + lane / 8 * WARP_COLUMNS + lane % 8 * 4 + 32 * g) =
                    make_float4(sums[r][4 * g], sums[r][4 * g + 1], sums[r][4 * g + 2], sums[r][4 * g + 3]);
            }
            __syncwarp();
#pragma unroll 1
            for (int i = lane; i < 4 * WARP_COLUMNS; i += WARP) {
                int row = row0 + i / WARP_COLUMNS * 4 + r % 4 + r / 4 * 16;
                int column = column0 + i % WARP_COLUMNS;
                if (row < rows && column < columns) {
                    finish(row, column, staged[i]);
                }
            }
            __syncwarp();
        }
    }

    /// The tile that begins at (row0, column0) of the product of x [rows, depth], its rows xPitch apart, and weight [columns, depth] (out-major), its rows
    /// `stride` apart. finish(row, column, sum) is called once for every output inside the matrix.
    template <class T, class Finish>
    static __device__ __forceinline__ void product(
        Shared& shared, const float* x, int xPitch, const T* weight, int stride, int rows, int depth, int columns, int row0, int column0, Finish finish) {
        bool xAligned = xPitch % 4 == 0 && aligned16(x);
        bool weightAligned = reinterpret_cast<uintptr_t>(weight) % (4 * sizeof(T)) == 0 && stride % 4 == 0;
        int warp = threadIdx.x / WARP, lane = threadIdx.x % WARP;
        int warpRow = warp / WARPS_ACROSS * 32, warpColumn = warp % WARPS_ACROSS * WARP_COLUMNS;

        const float* xRows = x + static_cast<size_t>(row0) * xPitch;
        const T* weightRows = weight + static_cast<size_t>(column0) * stride;
        Staged<float, ROWS> nextX;
        Staged<T, COLUMNS> nextWeights;
        float sums[8][WIDE] = {};
        nextX.fetch(xRows, xPitch, rows - 1 - row0, 0, depth, xAligned, -0.0f);
        nextWeights.fetch(weightRows, stride, columns - 1 - column0, 0, depth, weightAligned, 0.0f);
        for (int k0 = 0, b = 0; k0 < depth; k0 += DEPTH, b ^= 1) {
            nextX.store(shared.buffers[b].x);
            nextWeights.store(shared.buffers[b].weights);
            __syncthreads();
            if (k0 + DEPTH < depth) {
                nextX.fetch(xRows, xPitch, rows - 1 - row0, k0 + DEPTH, depth, xAligned, -0.0f);
                nextWeights.fetch(weightRows, stride, columns - 1 - column0, k0 + DEPTH, depth, weightAligned, 0.0f);
            }
            multiply(sums, shared.buffers[b], warpRow + lane / 8 * 4, warpColumn + lane % 8 * 4);
        }
        __syncthreads();
        finishAll(sums, shared, row0 + warpRow, column0 + warpColumn, rows, columns, finish);
    }
};
