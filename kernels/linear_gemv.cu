// linear_gemv: x W + bias for few rows, fast: bound by reading the weights. x and the sums stay float32. Shapes: linear.cuh.
//
// launch: block 256, grid (ceil(columns / 8), ceil(rows / 8), parts), shared 0
//
// A block makes 8 columns of up to 8 rows. The depth is dealt out in slices of 32 lanes times 16 bytes of weights: warp w takes the slices w, w + 8,
// ..., for all its columns, so 4 or 8 loads of 16 bytes are in flight in every lane at once and a value of x, once loaded, serves all columns.
// Weights pass by the L1 cache, which is left to x.
//
// The order of a sum is fixed: each lane adds up its inputs ascending with fmaf; then lane i takes lane i ^ 16, ^ 8, ^ 4, ^ 2, ^ 1; then the warps'
// sums are added from 0 to 7. It depends on the depth and the type, not on the number of rows, the columns or the grid, so a row's bits are the same
// alone and among others, and from run to run.
//
// Bytes moved: the weights once for every 8 rows. Floor at 3.35 TB/s (H100), F32 (half of it for BF16 and F16): 768x768 0.7 us, 768x3072 and 3072x768
// 2.8 us, 768x50257 46 us. 768x768 is 2.4 MB, less than what a full device has in flight: a launch is latency, not bandwidth.
// What would pay on sm_90, once it can be measured: weights by cp.async.bulk into a ring that is filled before the x of the step is there
// (programmatic dependent launch), which hides the ramp of each launch.
#include "linear_gemv.cuh"

extern "C" __global__ void __launch_bounds__(BLOCK, 3) linear_gemv_f32(LINEAR_PARAMETERS(f32)) {
    __shared__ gemv::Partial partial;
    LinearGemv<f32>{LINEAR(f32)}.at(here(), partial);
}

extern "C" __global__ void __launch_bounds__(BLOCK, 3) linear_gemv_bf16(LINEAR_PARAMETERS(bf16)) {
    __shared__ gemv::Partial partial;
    LinearGemv<bf16>{LINEAR(bf16)}.at(here(), partial);
}

extern "C" __global__ void __launch_bounds__(BLOCK, 3) linear_gemv_f16(LINEAR_PARAMETERS(f16)) {
    __shared__ gemv::Partial partial;
    LinearGemv<f16>{LINEAR(f16)}.at(here(), partial);
}
