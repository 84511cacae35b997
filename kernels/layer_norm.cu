// scale = sqrt(mean((x - mean(x))^2) + epsilon), normalized = (x - mean(x)) / scale, out = normalized * weight + bias
//
// out, normalized, x [rows, columns], scale [rows], weight and bias [columns]; scale and normalized may be null.
// A block does one row. Moves rows x columns x 8 bytes, and 4 more for normalized.
// The sums are the CPU's sixteen lanes: the result does not depend on the grid or the block.
// launch: block 128, grid (rows), shared 4 * columns
#include "layer_norm.cuh"

template <int WIDTH>
__device__ __forceinline__ void normalizeLoaded(const Norm& norm, float* staged, const float* x, int columns) {
    normalizeRow<WIDTH>(norm, staged, columns, [&](int first) { return loadGroup<WIDTH>(x + first); });
}

extern "C" __global__ void __launch_bounds__(NORM_BLOCK) layer_norm(
        float* __restrict__ out,
        float* __restrict__ scale,
        float* __restrict__ normalized,
        const float* __restrict__ x,
        const float* __restrict__ weight,
        const float* __restrict__ bias,
        int columns,
        float epsilon) {
    extern __shared__ __align__(16) float staged[];
    Norm norm = Norm{out, scale, normalized, weight, bias, epsilon}.ofRow(blockIdx.x, columns);
    const float* row = x + static_cast<size_t>(blockIdx.x) * columns;
    if (norm.byFours(columns) && aligned16(row)) {
        normalizeLoaded<4>(norm, staged, row, columns);
    } else {
        normalizeLoaded<1>(norm, staged, row, columns);
    }
}
