// linear_cublas: what a product by cuBLAS needs before and after it. Shapes: linear.cuh.
//
// linear_round_T: out [rows, stride] = x [rows, depth] rounded to nearest, ties to even, each row padded with zeros to the weights' stride, which makes it
//     the left factor of a product with out-major weights whose rows are `stride` apart. Bytes moved: 4 rows depth read, 2 rows stride written.
// linear_finish: pre = product + bias, out = function(pre), for a product [rows, columns]; bias and pre may be null, out may be the product itself.
//     Bytes moved: 4 rows columns read and written, twice written with pre.
//
// launch linear_round_T: block 256, grid (ceil(rows * stride / 1024)), shared 0
// launch linear_finish: block 256, grid (ceil(rows * columns / 1024)), shared 0
//
// Any grid is right: threads take every (256 gridDim.x)th element. The result does not depend on
// the grid. Floor at 3.35 TB/s (H100): 512 rows of 768 to 16 bits 0.7 us; 512 x 3072 finished in place 3.8 us, which is what a product with
// its own epilogue saves.
#include "numbers.cuh"

namespace {

constexpr int THREADS = 256;

template <class T> __device__ __forceinline__ void roundRows(T* out, const float* x, int rows, int depth, int stride) {
    size_t count = static_cast<size_t>(rows) * stride;
#pragma unroll 4
    for (size_t i = static_cast<size_t>(blockIdx.x) * THREADS + threadIdx.x; i < count; i += static_cast<size_t>(gridDim.x) * THREADS) {
        int k = static_cast<int>(i % stride);
        out[i] = narrow<T>(k < depth ? x[i / stride * depth + k] : 0.0f);
    }
}

}  // namespace

extern "C" __global__ void __launch_bounds__(THREADS) linear_round_bf16(bf16* __restrict__ out, const float* __restrict__ x, int rows, int depth, int stride) {
    roundRows(out, x, rows, depth, stride);
}

extern "C" __global__ void __launch_bounds__(THREADS) linear_round_f16(f16* __restrict__ out, const float* __restrict__ x, int rows, int depth, int stride) {
    roundRows(out, x, rows, depth, stride);
}

extern "C" __global__ void __launch_bounds__(THREADS)
    linear_finish(float* out, float* pre, const float* product, const float* bias, int rows, int columns, int function) {
    size_t count = static_cast<size_t>(rows) * columns;
    for (size_t i = static_cast<size_t>(blockIdx.x) * THREADS + threadIdx.x; i < count; i += static_cast<size_t>(gridDim.x) * THREADS) {
        float sum = product[i];
        if (bias != nullptr) {
            sum += __ldg(bias + i % columns);
        }
        if (pre != nullptr) {
            pre[i] = sum;
        }
        out[i] = activated(function, sum);
    }
}
