// linear_chain: x W + bias for few rows, exactly: each output is one chain of fmaf over k ascending from 0, then + bias, then the function
// (docs/numerics.md), the CPU's bits for every type of weights and any number of rows. Shapes: linear.cuh.
//
// launch: block 256, grid (ceil(columns / 8), ceil(rows / 8), parts), shared 0
//
// A block makes 8 columns of 8 rows, one thread an output. A chain cannot be split, so all parallelism is in the outputs: few columns a block make
// many blocks. Weights and x flow through a ring in shared memory by cp.async, begun by all threads, which keeps the loads coalesced and four stages
// in flight while each of the 64 walks along its own column; rows of the ring are padded by 16 bytes, so that a warp's 16-byte reads meet no bank twice.
// The result does not depend on the grid.
//
// Bytes moved: the weights once for every 8 rows (x comes from L2). Floor of a chain: 4 cycles a link, 1.8 us for depth 768 and 7 us for 3072 at
// 1.75 GHz; floor of the bytes at 3.35 TB/s (H100), F32: 768x768 0.7 us, 768x3072 and 3072x768 2.8 us, 768x50257 46 us. Only the last is bound by memory.
#include "linear_chain.cuh"

extern "C" __global__ void __launch_bounds__(BLOCK) linear_chain_f32(LINEAR_PARAMETERS(f32)) {
    __shared__ __align__(16) LinearChain<f32>::Ring ring;
    LinearChain<f32>{LINEAR(f32)}.at(here(), ring);
}

extern "C" __global__ void __launch_bounds__(BLOCK) linear_chain_bf16(LINEAR_PARAMETERS(bf16)) {
    __shared__ __align__(16) LinearChain<bf16>::Ring ring;
    LinearChain<bf16>{LINEAR(bf16)}.at(here(), ring);
}

extern "C" __global__ void __launch_bounds__(BLOCK) linear_chain_f16(LINEAR_PARAMETERS(f16)) {
    __shared__ __align__(16) LinearChain<f16>::Ring ring;
    LinearChain<f16>{LINEAR(f16)}.at(here(), ring);
}
