// sum = a + b; then the layer norm of sum: scale = sqrt(mean((sum - mean(sum))^2) + epsilon), normalized = (sum - mean(sum)) / scale,
// out = normalized * weight + bias
//
// sum, out, normalized, a, b [rows, columns], scale [rows], weight and bias [columns]; scale and normalized may be null.
// A block does one row: the sum goes to memory and, staged, into the norm. Moves rows x columns x 16 bytes, and 4 more for normalized.
// The sums are the CPU's sixteen lanes: the result does not depend on the grid or the block.
// launch: block 256, grid (rows), shared 4 * columns
#include "layer_norm.cuh"

extern "C" __global__ void __launch_bounds__(BLOCK) add_layer_norm(
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
    __shared__ RowMoments moments;
    AddLayerNorm{sum, out, scale, normalized, a, b, weight, bias, columns, epsilon}.at(here(), moments, staged);
}
