// head_results: what each head adds to the stream, out[r, h, n] = sum over i of z[r, h * headWidth + i] W_O[h * headWidth + i, n]: one chain of fmaf
// over i ascending from 0 (docs/numerics.md), the CPU's bits.
//
// launch: block 128, grid (ceil(columns / 64), ceil(rows / 64), heads), shared 0
//
// z [rows, heads * headWidth]; weight W_O [heads * headWidth, columns] stored out-major: weight[n * stride + h * headWidth + i]; out [rows, heads *
// columns]. A block makes a 64 x 64 tile of one head (tile.cuh); the result does not depend on the grid.
//
// Bytes moved: W_O once for every 64 rows, out once: it is `heads` times as wide as the stream. Floor at 3.35 TB/s (H100), 12 heads, D = 768, F32: one row
// 0.7 us, 512 rows 19 MB, 5.6 us.
#include "numbers.cuh"
#include "tile.cuh"

namespace {

using Head = Tile<64, 64, 4, 16>;

template <class T>
__device__ __forceinline__ void headResults(Head::Shared& shared, float* out, const float* z, const T* weight, int heads, int headWidth, int stride, int columns, int rows) {
    int head = blockIdx.z, first = head * headWidth;
    size_t outPitch = static_cast<size_t>(heads) * columns;
    Head::product(shared, z + first, heads * headWidth, weight + first, stride, rows, headWidth, columns, blockIdx.y * 64, blockIdx.x * 64,
        [=](int row, int column, float sum) { out[row * outPitch + static_cast<size_t>(head) * columns + column] = sum; });
}

}  // namespace

extern "C" __global__ void __launch_bounds__(Head::THREADS)
    head_results_f32(float* out, const float* z, const f32* weight, int heads, int headWidth, int stride, int columns, int rows) {
    __shared__ Head::Shared shared;
    headResults(shared, out, z, weight, heads, headWidth, stride, columns, rows);
}

extern "C" __global__ void __launch_bounds__(Head::THREADS)
    head_results_bf16(float* out, const float* z, const bf16* weight, int heads, int headWidth, int stride, int columns, int rows) {
    __shared__ Head::Shared shared;
    headResults(shared, out, z, weight, heads, headWidth, stride, columns, rows);
}

extern "C" __global__ void __launch_bounds__(Head::THREADS)
    head_results_f16(float* out, const float* z, const f16* weight, int heads, int headWidth, int stride, int columns, int rows) {
    __shared__ Head::Shared shared;
    headResults(shared, out, z, weight, heads, headWidth, stride, columns, rows);
}
