// Few rows times a matrix, the depth split over a block: for linear_gemv.cu, which says how and why.
#pragma once

#include "attention_decode.cuh"
#include "layer_norm.cuh"
#include "linear.cuh"
#include "pages.cuh"
#include "ptx.cuh"

namespace gemv {

constexpr int COLUMNS = 8;
constexpr int ROWS = 8;

using Partial = float[WARPS][COLUMNS * ROWS];

/// How rows of x lie: in shared memory, or in global memory with every row aligned to 16 bytes, or anyhow.
enum class Lying { SHARED, ALIGNED, ANYHOW };

/// The rows of x that a block multiplies.
template <Lying LYING> struct Rows {
    const float* first;
    int count;
    int pitch;
    int depth;

    /// The inputs k .. k + 4 of a row, or of the last one; beyond its end zero.
    __device__ __forceinline__ float4 load(int row, int k) const {
        const float* x = first + min(row, count - 1) * pitch + k;
        float4 v = make_float4(0, 0, 0, 0);
        if (LYING != Lying::ANYHOW) {
            if (k < depth) {
                v = *reinterpret_cast<const float4*>(x);
            }
        } else {
            v.x = k < depth ? x[0] : 0.0f;
            v.y = k + 1 < depth ? x[1] : 0.0f;
            v.z = k + 2 < depth ? x[2] : 0.0f;
            v.w = k + 3 < depth ? x[3] : 0.0f;
        }
        return v;
    }
};

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
///
/// @param weight the matrix, of which the columns from column0 on are wanted; beyond the last the last is taken again
template <class T, int N, int TOGETHER, Lying LYING>
__device__ __forceinline__ void sumSlices(
        const T* weight, int stride, int columns, int column0, const Rows<LYING>& rows, float* partial) {
    const T* weights[TOGETHER];
#pragma unroll
    for (int c = 0; c < TOGETHER; c++) {
        weights[c] = weight + static_cast<size_t>(min(column0 + c, columns - 1)) * stride;
    }
    float sums[TOGETHER * N] = {};
#pragma unroll 1
    for (int k = threadIdx.x * PACK<T>; k < stride; k += BLOCK * PACK<T>) {
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
                float4 v = rows.load(r, k + i);
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

}  // namespace gemv

/// A null pointer stands for what is not wanted: of all of these a plain product has out, x and a matrix.
template <class T> struct LinearGemv {
    float* out[3];
    float* cache[3];
    float* pre;
    float* scale;
    float* normalized;
    float* made;
    const float* x;
    const T* weight[3];
    const float* bias[3];
    const float* residual;
    const float* normWeight;
    const float* normBias;
    const float* partial;
    const int* slots;
    const int* positions;
    const int* pages;
    int rows, depth, stride, columns, function, context, pageShift, heads, splits;
    float epsilon;

    struct Shared {
        gemv::Partial partial;
        RowMoments moments[gemv::ROWS];
    };

    /// Once before the first place of a block, whose others have the same y: makes their rows where a norm or attention is still to be finished.
    ///
    /// @param staged shared memory, if there is such a thing, for the rows, each padded to a multiple of 4 floats
    __device__ __forceinline__ void prepare(Place first, Shared& shared, float* staged) const {
        if (!isMade()) {
            return;
        }
        prefetch(first);
        bool shows = first.x == 0 && first.z == 0;
        if (partial != nullptr) {
            combine(first.y * gemv::ROWS, shows ? made : nullptr, staged);
        } else {
            norm(first.y * gemv::ROWS, shows, shared, staged);
        }
        if (static_cast<int>(threadIdx.x) < rowsAt(first.y * gemv::ROWS)) {
            for (int column = depth; column < pitch(); column++) {
                staged[threadIdx.x * pitch() + column] = 0;
            }
        }
        __syncthreads();
    }

    __device__ __forceinline__ void at(Place place, Shared& shared, const float* staged) const {
        int row0 = place.y * gemv::ROWS;
        const float* from = x + static_cast<size_t>(row0) * depth;
        if (isMade()) {
            multiply(place, gemv::Rows<gemv::Lying::SHARED>{staged, rowsAt(row0), pitch(), depth}, shared.partial);
        } else if (rowsAligned16(x, depth)) {
            multiply(place, gemv::Rows<gemv::Lying::ALIGNED>{from, rowsAt(row0), depth, depth}, shared.partial);
        } else {
            multiplyAnyhow(place, from, shared.partial);
        }
    }

    /// Whether the rows of x are made here.
    __device__ __forceinline__ bool isMade() const { return normWeight != nullptr || partial != nullptr; }

    __device__ __forceinline__ int rowsAt(int row0) const { return min(gemv::ROWS, rows - row0); }

    __device__ __forceinline__ int pitch() const { return (depth + 3) / 4 * 4; }

    /// What a part of the grid has; nothing is indexed, so that nothing needs an address.
    template <class P> static __device__ __forceinline__ P ofPart(P const (&three)[3], int part) {
        return part == 0 ? three[0] : part == 1 ? three[1] : three[2];
    }

    /// Asks for the weights of a place, which come from memory while its rows are normed: 128 bytes a thread and turn.
    __device__ __forceinline__ void prefetch(Place place) const {
        constexpr int LINE = 128 / static_cast<int>(sizeof(T));
        int column0 = place.x * gemv::COLUMNS;
        int wanted = min(gemv::COLUMNS, columns - column0) * stride;
        const T* from = ofPart(weight, place.z) + static_cast<size_t>(column0) * stride;
        for (int i = threadIdx.x * LINE; i < wanted; i += BLOCK * LINE) {
            ptx::prefetch(from + i);
        }
    }

    __device__ __forceinline__ void norm(int row0, bool shows, Shared& shared, float* staged) const {
        const float* from = x + static_cast<size_t>(row0) * depth;
        Norm shown = {nullptr, nullptr, nullptr, normWeight, normBias, epsilon};
        if (shows) {
            shown = Norm{made, scale, normalized, normWeight, normBias, epsilon}.fromRow(row0, depth);
        }
        if (shown.byFours(depth) && aligned16(from)) {
            normByGroups<4>(shown, rowsAt(row0), from, shared, staged);
        } else {
            normByGroups<1>(shown, rowsAt(row0), from, shared, staged);
        }
    }

    template <int WIDTH>
    __device__ __forceinline__ void normByGroups(
            const Norm& shown, int count, const float* from, Shared& shared, float* staged) const {
        auto load = [&](int row, int first) { return loadGroup<WIDTH>(from + row * depth + first); };
        normalizeRows<WIDTH, true>(shown, count, shared.moments, staged, pitch(), depth, load);
    }

    /// Rows of attention's z from what its splits have left.
    __device__ __forceinline__ void combine(int row0, float* shown, float* staged) const {
        int headWidth = depth / heads;
        for (int r = 0; r < rowsAt(row0); r++) {
            int row = row0 + r;
            int used = decode::splitsWithKeys(min(positions[row] + 1, context), splits, headWidth);
            for (int column = threadIdx.x; column < depth; column += BLOCK) {
                size_t headOfRow = static_cast<size_t>(row) * heads + column / headWidth;
                const float* parts = partial + headOfRow * splits * (headWidth + 2);
                float z = decode::combined(parts, used, headWidth, column % headWidth);
                staged[r * pitch() + column] = z;
                if (shown != nullptr) {
                    shown[static_cast<size_t>(row) * depth + column] = z;
                }
            }
        }
    }

    template <gemv::Lying LYING>
    __device__ __forceinline__ void multiply(Place place, const gemv::Rows<LYING>& from, gemv::Partial& sums) const {
        int row0 = place.y * gemv::ROWS;
        if (from.count == 1) {
            multiplyUpTo<1, 8>(place, row0, from, sums);
        } else if (from.count == 2) {
            multiplyUpTo<2, 8>(place, row0, from, sums);
        } else if (from.count <= 4) {
            multiplyUpTo<4, 4>(place, row0, from, sums);
        } else {
            multiplyUpTo<8, sizeof(T) == 4 ? 4 : 2>(place, row0, from, sums); // what 80 registers hold
        }
    }

    /// Row by row: the bits are the same, and the weights are read again. Only of a depth that is no multiple of 4.
    __device__ __forceinline__ void multiplyAnyhow(Place place, const float* from, gemv::Partial& sums) const {
        int row0 = place.y * gemv::ROWS;
#pragma unroll 1
        for (int r = 0; r < rowsAt(row0); r++) {
            gemv::Rows<gemv::Lying::ANYHOW> one = {from + r * depth, 1, depth, depth};
            multiplyUpTo<1, 8>(place, row0 + r, one, sums);
            __syncthreads();
        }
    }

    /// 8 columns of up to N rows, TOGETHER columns at a time.
    template <int N, int TOGETHER, gemv::Lying LYING>
    __device__ __forceinline__ void multiplyUpTo(
            Place place, int row0, const gemv::Rows<LYING>& from, gemv::Partial& sums) const {
        int column0 = place.x * gemv::COLUMNS;
        const T* matrix = ofPart(weight, place.z);
#pragma unroll 1
        for (int c = 0; c < gemv::COLUMNS; c += TOGETHER) {
            gemv::sumSlices<T, N, TOGETHER>(
                    matrix, stride, columns, column0 + c, from, sums[threadIdx.x / WARP] + c * N);
        }
        __syncthreads();
        int column = column0 + threadIdx.x / N, row = row0 + threadIdx.x % N;
        if (threadIdx.x < gemv::COLUMNS * N && column < columns && row < row0 + from.count) {
            float sum = sums[0][threadIdx.x];
#pragma unroll
            for (int warp = 1; warp < WARPS; warp++) {
                sum += sums[warp][threadIdx.x];
            }
            finish(place.z, row, column, sum);
        }
    }

    /// What becomes of the finished sum of an output.
    __device__ __forceinline__ void finish(int part, int row, int column, float sum) const {
        const float* added = ofPart(bias, part);
        float* to = ofPart(out, part);
        float* cached = ofPart(cache, part);
        if (added != nullptr) {
            sum += __ldg(added + column);
        }
        size_t at = static_cast<size_t>(row) * columns + column;
        if (pre != nullptr) {
            pre[at] = sum;
        }
        float value = activated(function, sum);
        if (residual != nullptr) {
            value = residual[at] + value;
        }
        if (to != nullptr) {
            to[at] = value;
        }
        if (cached != nullptr) {
            size_t line = Pages(pages, slots[row], context, pageShift).row(positions[row]);
            cached[line * columns + column] = value;
        }
    }
};
