// linear_gemv: x W + bias for few rows, fast: bound by reading the weights. x and the sums stay float32. What stands before and behind the product is
// done with it: the norm or the end of attention that makes x, the function, the residual add, the way into the cache.
//
//     x = layer norm of x, with normWeight         out = residual + function(x W + bias)         cache[row of slots[r] and positions[r]] = out[r]
//     or z of the splits in partial, with partial  pre = x W + bias
//
// launch: block 256, grid (min(ceil(columns / 8), 3 a multiprocessor over the parts), ceil(rows / 8), parts), shared 4 * min(rows, 8) * depth rounded up to 4 where x
// is made, else 0
//
// Shapes: linear.cuh; residual as out; scale [rows], normalized and made as x: what the norm, or z, was, for those who look; normWeight and normBias
// [depth]; partial and splits: attention_decode.cu; cache, slots, positions, pages, context, pageShift: append.cu. Every pointer but those of a plain product may be null.
//
// A block makes 8 columns of up to 8 rows, then the next 8 that no other block has. Where x is made, every block makes all of it, once, in shared memory,
// while its first weights are on their way to the L2 cache; the first block writes what is looked at. The depth is dealt out in slices of 32 lanes times 16
// bytes of weights: warp w takes the slices w, w + 8, ..., for all its columns, so 4 or 8 loads of 16 bytes are in flight in every lane at once and a value
// of x, once loaded, serves all columns. Weights pass by the L1 cache, which is left to x.
//
// The order of a sum is fixed: each lane adds up its inputs ascending with fmaf; then lane i takes lane i ^ 16, ^ 8, ^ 4, ^ 2, ^ 1; then the warps'
// sums are added from 0 to 7. It depends on the depth and the type, not on the number of rows, the columns or the grid, so a row's bits are the same
// alone and among others, and from run to run. What is done with it has the bits of the kernel that does it alone.
//
// Bytes moved: the weights once for every 8 rows. Floor at 3.35 TB/s (H100), F32 (half of it for BF16 and F16): 768x768 0.7 us, 768x3072 and 3072x768
// 2.8 us, 768x50257 46 us. 768x768 is 2.4 MB, less than what a full device has in flight: a launch is latency, not bandwidth.
#include "linear_gemv.cuh"

template <class T> __device__ __forceinline__ void run(const LinearGemv<T>& product) {
    extern __shared__ __align__(16) float staged[];
    __shared__ typename LinearGemv<T>::Shared shared;
    Place place = here();
    product.prepare(place, shared, staged);
#pragma unroll 1
    for (; place.x * gemv::COLUMNS < product.columns; place.x += gridDim.x) {
        product.at(place, shared, staged);
        __syncthreads();
    }
}

#define GEMV_PARAMETERS(T)                                                                                                              \
    float *out0, float *out1, float *out2, float *cache0, float *cache1, float *cache2, float *pre, float *scale, float *normalized,    \
        float *made, const float *x, const T *w0, const T *w1, const T *w2, const float *bias0, const float *bias1, const float *bias2, \
        const float *residual, const float *normWeight, const float *normBias, const float *partial, const int *slots,                  \
        const int *positions, const int *pages, int rows, int depth, int stride, int columns, int function, int context, int pageShift, \
        int heads, int splits, float epsilon
#define GEMV(T)                                                                                                                        \
    LinearGemv<T> {                                                                                                                    \
        {out0, out1, out2}, {cache0, cache1, cache2}, pre, scale, normalized, made, x, {w0, w1, w2}, {bias0, bias1, bias2}, residual,  \
                normWeight, normBias, partial, slots, positions, pages, rows, depth, stride, columns, function, context, pageShift, heads, splits,     \
                epsilon                                                                                                              \
    }

extern "C" __global__ void __launch_bounds__(BLOCK, 3) linear_gemv_f32(GEMV_PARAMETERS(f32)) {
    run(GEMV(f32));
}

extern "C" __global__ void __launch_bounds__(BLOCK, 3) linear_gemv_bf16(GEMV_PARAMETERS(bf16)) {
    run(GEMV(bf16));
}

extern "C" __global__ void __launch_bounds__(BLOCK, 3) linear_gemv_f16(GEMV_PARAMETERS(f16)) {
    run(GEMV(f16));
}
