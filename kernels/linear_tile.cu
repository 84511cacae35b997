// linear_tile: x W + bias for many rows, exactly: the chains of linear_chain, the CPU's bits, as a register-tiled product on float32 cores (tile.cuh).
// It is also the fast product for F32 weights. Shapes: linear.cuh.
//
// launch linear_tile_T: block 256, grid (ceil(columns / 128), ceil(rows / 128), parts), shared 0
// launch linear_tile_small_T: block 128, grid (ceil(columns / 64), ceil(rows / 64), parts), shared 0
//
// A block makes 128 x 128 outputs, or 64 x 64 where larger tiles would leave multiprocessors without work: use the small ones while there are fewer
// than two large tiles for each. Both give the same bits; the result does not depend on the grid.
//
// Floor: 2 rows depth columns flops at 67 TFLOP/s (H100, float32): 512 rows of 768x768 9 us, 768x3072 and 3072x768 36 us, 768x50257 590 us. Bytes moved:
// x once for every tile of columns, the weights once for every tile of rows, mostly from L2; at 512 rows and F32 (128 x 128 tiles) 768x768 19 MB.
#include "linear.cuh"
#include "tile.cuh"

namespace {

using Large = Tile<128, 128, 8, 8>;
using Small = Tile<64, 64, 4, 16>;

template <class Shape, int ROWS, int COLUMNS, class T>
__device__ __forceinline__ void linearTile(const LinearProduct<T>& p, typename Shape::Shared& shared) {
    Shape::product(shared, p.x, p.depth, p.weight, p.stride, p.rows, p.depth, p.columns, blockIdx.y * ROWS, blockIdx.x * COLUMNS,
        [&](int row, int column, float sum) { p.finish(row, column, sum); });
}

}  // namespace

extern "C" __global__ void __launch_bounds__(Large::THREADS, 2) linear_tile_f32(LINEAR_PARAMETERS(f32)) {
    __shared__ Large::Shared shared;
    linearTile<Large, 128, 128>(LINEAR(f32).product(blockIdx.z), shared);
}

extern "C" __global__ void __launch_bounds__(Large::THREADS, 2) linear_tile_bf16(LINEAR_PARAMETERS(bf16)) {
    __shared__ Large::Shared shared;
    linearTile<Large, 128, 128>(LINEAR(bf16).product(blockIdx.z), shared);
}

extern "C" __global__ void __launch_bounds__(Large::THREADS, 2) linear_tile_f16(LINEAR_PARAMETERS(f16)) {
    __shared__ Large::Shared shared;
    linearTile<Large, 128, 128>(LINEAR(f16).product(blockIdx.z), shared);
}

extern "C" __global__ void __launch_bounds__(Small::THREADS) linear_tile_small_f32(LINEAR_PARAMETERS(f32)) {
    __shared__ Small::Shared shared;
    linearTile<Small, 64, 64>(LINEAR(f32).product(blockIdx.z), shared);
}

extern "C" __global__ void __launch_bounds__(Small::THREADS) linear_tile_small_bf16(LINEAR_PARAMETERS(bf16)) {
    __shared__ Small::Shared shared;
    linearTile<Small, 64, 64>(LINEAR(bf16).product(blockIdx.z), shared);
}

extern "C" __global__ void __launch_bounds__(Small::THREADS) linear_tile_small_f16(LINEAR_PARAMETERS(f16)) {
    __shared__ Small::Shared shared;
    linearTile<Small, 64, 64>(LINEAR(f16).product(blockIdx.z), shared);
}
