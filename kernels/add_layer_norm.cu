// sum = a + b; then the layer norm of sum: scale = sqrt(mean((sum - mean(sum))^2) + epsilon), normalized = (sum - mean(sum)) / scale,
// out = normalized * weight + bias
//
// sum, out, normalized, a, b [rows, columns], scale [rows], weight and bias [columns]; scale and normalized may be null.
// A block does one row: the sum goes to memory and, staged, into the norm. Moves rows x columns x 16 bytes, and 4 more for normalized.
// The sums are the CPU's sixteen lanes: the result does not depend on the grid or the block.
// launch: block 128, grid (rows), shared 4 * columns
#include "layer_norm.cuh"

template <int WIDTH>
__device__ __forceinline__ void normalizeSum(
        const Norm& norm, float* staged, float* sum, const float* a, const float* b, int columns) {
    normalizeRow<WIDTH>(norm, staged, columns, [&](int first) {
        Group<WIDTH> group = loadGroup<WIDTH>(a + first);
        Group<WIDTH> other = loadGroup<WIDTH>(b + first);
#pragma unroll
        for (int k = 0; k < WIDTH; k++) {
            group.of[k] += other.of[k];
        }
        storeGroup(sum + first, group);
        return group;
    });
}

extern "C" __global__ void __launch_bounds__(NORM_BLOCK) add_layer_norm(
        float* __restrict__ sum,
        float* __restrict__ out,
        float* __restrict__ scale,
        float* __restrict__ normalized,
        const float* __restrict__ a,
        const float* __restrict__ b,
        const float* __restrict__ weight,
        const float* __restrict__ bias,
        int columns,
        float epsilon) {
    extern __shared__ __align__(16) float staged[];
    Norm norm = Norm{out, scale, normalized, weight, bias, epsilon}.ofRow(blockIdx.x, columns);
    size_t row = static_cast<size_t>(blockIdx.x) * columns;
    if (norm.byFours(columns) && aligned16(sum + row) && aligned16(a + row) && aligned16(b + row)) {
        normalizeSum<4>(norm, staged, sum + row, a + row, b + row, columns);
    } else {
        normalizeSum<1>(norm, staged, sum + row, a + row, b + row, columns);
    }
}
