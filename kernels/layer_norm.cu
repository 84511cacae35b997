// scale = sqrt(mean((x - mean(x))^2) + epsilon), normalized = (x - mean(x)) / scale, out = normalized * weight + bias
//
// out, normalized, x [rows, columns], scale [rows], weight and bias [columns]; scale and normalized may be null.
// A block does one row. Moves rows x columns x 8 bytes, and 4 more for normalized.
// The sums are the CPU's sixteen lanes: the result does not depend on the grid or the block.
// launch: block 256, grid (rows), shared 4 * columns
#include "layer_norm.cuh"

extern "C" __global__ void __launch_bounds__(BLOCK) layer_norm(
        float* __restrict__ out,
        float* __restrict__ scale,
        float* __restrict__ normalized,
        const float* __restrict__ x,
        const float* __restrict__ weight,
        const float* __restrict__ bias,
        int columns,
        float epsilon) {
    extern __shared__ __align__(16) float staged[];
    __shared__ RowMoments moments;
    LayerNorm{out, scale, normalized, x, weight, bias, columns, epsilon}.at(here(), moments, staged);
}
