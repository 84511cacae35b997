// The norm of a row by a block, for layer_norm.cu and add_layer_norm.cu, and of a few rows, for linear_gemv.cu.
//
// A row is latency, not bandwidth: everything is asked for at once. The rows go to shared memory while weight and bias come into
// registers; a warp does the two sums of sixteen lanes of a row, each a chain as long as columns / 16; then all threads finish.
#pragma once

#include "place.cuh"

/// Groups of weight and bias that a thread holds ready: up to 2048 columns wait for nothing after the sums.
constexpr int NORM_READY = 2;

/// What the threads of a block tell each other of a row.
struct RowMoments {
    float mean;
    float scale;
};

/// What a norm makes of rows and from what; out, scale and normalized may be null.
struct Norm {
    float* out;
    float* scale;
    float* normalized;
    const float* weight;
    const float* bias;
    float epsilon;

    __device__ __forceinline__ Norm fromRow(int row, int columns) const {
        size_t first = static_cast<size_t>(row) * columns;
        return {out == nullptr ? nullptr : out + first,
                scale == nullptr ? nullptr : scale + row,
                normalized == nullptr ? nullptr : normalized + first,
                weight,
                bias,
                epsilon};
    }

    /// Whether rows of so many columns can be read and written by 16 bytes.
    __device__ __forceinline__ bool byFours(int columns) const {
        return columns % 4 == 0 && aligned16(out) && aligned16(normalized) && aligned16(weight) && aligned16(bias);
    }
};

/// Mean and scale of a row in shared memory, by a whole warp.
__device__ __forceinline__ RowMoments momentsOf(const float* staged, int columns, float epsilon) {
    float mean = sumOverRow(columns, [&](float sum, int c) { return sum + staged[c]; }) / columns;
    float squares = sumOverRow(columns, [&](float sum, int c) {
        float centred = staged[c] - mean;
        return fmaf(centred, centred, sum);
    });
    return {mean, sqrtf(squares / columns + epsilon)};
}

/// Finishes a group of columns of a row; with KEEP it also takes the place of x in shared memory.
template <int WIDTH, bool KEEP>
__device__ __forceinline__ void finishGroup(
        const Norm& norm,
        float* staged,
        int first,
        const RowMoments& moments,
        const Group<WIDTH>& weight,
        const Group<WIDTH>& bias) {
    Group<WIDTH> group = loadGroup<WIDTH>(staged + first);
#pragma unroll
    for (int k = 0; k < WIDTH; k++) {
        group.of[k] = (group.of[k] - moments.mean) / moments.scale;
    }
    if (norm.normalized != nullptr) {
        storeGroup(norm.normalized + first, group);
    }
#pragma unroll
    for (int k = 0; k < WIDTH; k++) {
        group.of[k] = fmaf(group.of[k], weight.of[k], bias.of[k]);
    }
    if (norm.out != nullptr) {
        storeGroup(norm.out + first, group);
    }
    if (KEEP) {
        storeGroup(staged + first, group);
    }
}

/// mean = sum(x) / D; scale = sqrt(sum((x - mean)^2) / D + epsilon); out = fma((x - mean) / scale, weight, bias).
///
/// @tparam KEEP whether the results stay in shared memory
/// @param norm of the first row
/// @param rows a warp each, so at most WARPS
/// @param moments in shared memory, one a row
/// @param staged shared memory for the rows, `pitch` floats each, aligned to 16 bytes
/// @param load load(row, first) gives the WIDTH elements of x from there
template <int WIDTH, bool KEEP, class Load>
__device__ __forceinline__ void normalizeRows(
        const Norm& norm, int rows, RowMoments* moments, float* staged, int pitch, int columns, Load load) {
    constexpr int STEP = BLOCK * WIDTH;
    int mine = threadIdx.x * WIDTH;

    Group<WIDTH> weights[NORM_READY] = {};
    Group<WIDTH> biases[NORM_READY] = {};
#pragma unroll
    for (int i = 0; i < NORM_READY; i++) {
        if (mine + i * STEP < columns) {
            weights[i] = loadGroup<WIDTH>(norm.weight + mine + i * STEP);
            biases[i] = loadGroup<WIDTH>(norm.bias + mine + i * STEP);
        }
    }
    for (int row = 0; row < rows; row++) {
#pragma unroll 4
        for (int first = mine; first < columns; first += STEP) {
            storeGroup(staged + row * pitch + first, load(row, first));
        }
    }
    __syncthreads();

    int warp = threadIdx.x / WARP;
    if (warp < rows) {
        RowMoments ofRow = momentsOf(staged + warp * pitch, columns, norm.epsilon);
        if (threadIdx.x % WARP == 0) {
            moments[warp] = ofRow;
            if (norm.scale != nullptr) {
                norm.scale[warp] = ofRow.scale;
            }
        }
    }
    __syncthreads();

    for (int row = 0; row < rows; row++) {
        Norm ofRow = norm.fromRow(row, columns);
        float* stagedRow = staged + row * pitch;
        RowMoments m = moments[row];
#pragma unroll
        for (int i = 0; i < NORM_READY; i++) {
            if (mine + i * STEP < columns) {
                finishGroup<WIDTH, KEEP>(ofRow, stagedRow, mine + i * STEP, m, weights[i], biases[i]);
            }
        }
        for (int first = mine + NORM_READY * STEP; first < columns; first += STEP) {
            Group<WIDTH> weight = loadGroup<WIDTH>(norm.weight + first);
            finishGroup<WIDTH, KEEP>(ofRow, stagedRow, first, m, weight, loadGroup<WIDTH>(norm.bias + first));
        }
    }
}

struct LayerNorm {
    float* out;
    float* scale;
    float* normalized;
    const float* x;
    const float* weight;
    const float* bias;
    int columns;
    float epsilon;

    __device__ __forceinline__ void at(Place place, RowMoments& moments, float* staged) const {
        Norm norm = Norm{out, scale, normalized, weight, bias, epsilon}.fromRow(place.x, columns);
        const float* row = x + static_cast<size_t>(place.x) * columns;
        if (norm.byFours(columns) && aligned16(row)) {
            normalizeLoaded<4>(norm, moments, staged, row);
        } else {
            normalizeLoaded<1>(norm, moments, staged, row);
        }
    }

    template <int WIDTH>
    __device__ __forceinline__ void normalizeLoaded(
            const Norm& norm, RowMoments& moments, float* staged, const float* row) const {
        auto load = [&](int, int first) { return loadGroup<WIDTH>(row + first); };
        normalizeRows<WIDTH, false>(norm, 1, &moments, staged, 0, columns, load);
    }
};

struct AddLayerNorm {
    float* sum;
    float* out;
    float* scale;
    float* normalized;
    const float* a;
    const float* b;
    const float* weight;
    const float* bias;
    int columns;
    float epsilon;

    __device__ __forceinline__ void at(Place place, RowMoments& moments, float* staged) const {
        Norm norm = Norm{out, scale, normalized, weight, bias, epsilon}.fromRow(place.x, columns);
        size_t row = static_cast<size_t>(place.x) * columns;
        if (norm.byFours(columns) && aligned16(sum + row) && aligned16(a + row) && aligned16(b + row)) {
            normalizeSum<4>(norm, moments, staged, row);
        } else {
            normalizeSum<1>(norm, moments, staged, row);
        }
    }

    template <int WIDTH>
    __device__ __forceinline__ void normalizeSum(
            const Norm& norm, RowMoments& moments, float* staged, size_t row) const {
        auto load = [&](int, int first) {
            Group<WIDTH> group = loadGroup<WIDTH>(a + row + first);
            Group<WIDTH> other = loadGroup<WIDTH>(b + row + first);
#pragma unroll
            for (int k = 0; k < WIDTH; k++) {
                group.of[k] += other.of[k];
            }
            storeGroup(sum + row + first, group);
            return group;
        };
        normalizeRows<WIDTH, false>(norm, 1, &moments, staged, 0, columns, load);
    }
};
