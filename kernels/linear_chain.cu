// linear_chain: x W + bias for few rows, exactly: each output is one chain of fmaf over k ascending from 0, then + bias, then the function
// (docs/numerics.md), the CPU's bits for every type of weights and any number of rows. Shapes: linear.cuh.
//
// launch: block 64, grid (ceil(columns / 8), ceil(rows / 8), parts), shared 0
//
// A block makes 8 columns of 8 rows, one thread an output. A chain cannot be split, so all parallelism is in the outputs: few columns a block make
// many blocks. Weights and x flow through a ring in shared memory by cp.async, which keeps the loads coalesced and four stages in flight while each
// thread walks along its own column; rows of the ring are padded by 16 bytes, so that a warp's 16-byte reads meet no bank twice.
// The result does not depend on the grid.
//
// Bytes moved: the weights once for every 8 rows (x comes from L2). Floor of a chain: 4 cycles a link, 1.8 us for depth 768 and 7 us for 3072 at
// 1.75 GHz; floor of the bytes at 3.35 TB/s (H100), F32: 768x768 0.7 us, 768x3072 and 3072x768 2.8 us, 768x50257 46 us. Only the last is bound by memory.
#include "linear.cuh"
#include "ptx.cuh"

namespace {

constexpr int COLUMNS = 8;
constexpr int ROWS = 8;
constexpr int THREADS = COLUMNS * ROWS;
constexpr int DEPTH = 128;
constexpr int STAGES = 5;

template <class T> struct Stage {
    T weights[COLUMNS][DEPTH + PACK<T>];
    float x[ROWS][DEPTH + PACK<float>];
};

/// Begins the copies of the inputs k0 .. k0 + DEPTH; what lies beyond the matrix becomes zero.
template <class T>
__device__ __forceinline__ void fetch(Stage<T>& stage, const LinearProduct<T>& p, int row0, int column0, int k0) {
    constexpr int PACKS = DEPTH / PACK<T>;
#pragma unroll
    for (int i = threadIdx.x; i < COLUMNS * PACKS; i += THREADS) {
        int column = i / PACKS, k = i % PACKS * PACK<T>;
        bool inside = column0 + column < p.columns && k0 + k < p.stride;
        const T* from = inside ? p.weight + static_cast<size_t>(column0 + column) * p.stride + k0 + k : p.weight;
        ptx::copyAsync16(&stage.weights[column][k], from, inside ? 16 : 0);
    }
    int rows = min(ROWS, p.rows - row0);
    if (rowsAligned16(p.x, p.depth)) {
        for (int i = threadIdx.x; i < rows * (DEPTH / 4); i += THREADS) {
            int row = i / (DEPTH / 4), k = i % (DEPTH / 4) * 4;
            bool inside = k0 + k < p.depth;
            ptx::copyAsync16(&stage.x[row][k], inside ? p.x + static_cast<size_t>(row0 + row) * p.depth + k0 + k : p.x, inside ? 16 : 0);
        }
    } else {
        for (int i = threadIdx.x; i < rows * DEPTH; i += THREADS) {
            int row = i / DEPTH, k = i % DEPTH;
            bool inside = k0 + k < p.depth;
            ptx::copyAsync4(&stage.x[row][k], inside ? p.x + static_cast<size_t>(row0 + row) * p.depth + k0 + k : p.x, inside ? 4 : 0);
        }
    }
}

/// The chain goes on over one stage: all of it, or its first `count` inputs.
template <class T>
__device__ __forceinline__ float onward(float sum, const T* weights, const float* x, int count) {
    if (count >= DEPTH) {
#pragma unroll
        for (int k = 0; k < DEPTH; k += PACK<T>) {
            Pack<T> w = *reinterpret_cast<const Pack<T>*>(weights + k);
#pragma unroll
            for (int i = 0; i < PACK<T>; i += 4) {
                float4 v = *reinterpret_cast<const float4*>(x + k + i);
                sum = fmaf(v.x, widen(w.of[i]), sum);
                sum = fmaf(v.y, widen(w.of[i + 1]), sum);
                sum = fmaf(v.z, widen(w.of[i + 2]), sum);
                sum = fmaf(v.w, widen(w.of[i + 3]), sum);
            }
        }
    } else {
        for (int k = 0; k < count; k++) {
            sum = fmaf(x[k], widen(weights[k]), sum);
        }
    }
    return sum;
}

template <class T>
__device__ __forceinline__ void chain(const LinearProduct<T>& p, Stage<T>* ring) {
    int row0 = blockIdx.y * ROWS, column0 = blockIdx.x * COLUMNS;
    int column = threadIdx.x % COLUMNS, row = threadIdx.x / COLUMNS;
    bool wanted = row0 + row < p.rows && column0 + column < p.columns;
    for (int i = 0; i < STAGES - 1; i++) {
        fetch(ring[i], p, row0, column0, i * DEPTH);
        ptx::copyAsyncCommit();
    }
    float sum = 0;
    int reading = 0, writing = STAGES - 1;
    for (int k0 = 0; k0 < p.depth; k0 += DEPTH) {
        ptx::copyAsyncWait<STAGES - 2>();
        __syncthreads();
        if (k0 + (STAGES - 1) * DEPTH < p.depth) {
            fetch(ring[writing], p, row0, column0, k0 + (STAGES - 1) * DEPTH);
        }
        ptx::copyAsyncCommit();
        if (wanted) {
            sum = onward(sum, ring[reading].weights[column], ring[reading].x[row], p.depth - k0);
        }
        reading = reading + 1 == STAGES ? 0 : reading + 1;
        writing = writing + 1 == STAGES ? 0 : writing + 1;
    }
    if (wanted) {
        p.finish(row0 + row, column0 + column, sum);
    }
}

}  // namespace

extern "C" __global__ void __launch_bounds__(THREADS) linear_chain_f32(LINEAR_PARAMETERS(f32)) {
    __shared__ __align__(16) Stage<f32> ring[STAGES];
    chain(LINEAR_PRODUCT(f32), ring);
}

extern "C" __global__ void __launch_bounds__(THREADS) linear_chain_bf16(LINEAR_PARAMETERS(bf16)) {
    __shared__ __align__(16) Stage<bf16> ring[STAGES];
    chain(LINEAR_PRODUCT(bf16), ring);
}

extern "C" __global__ void __launch_bounds__(THREADS) linear_chain_f16(LINEAR_PARAMETERS(f16)) {
    __shared__ __align__(16) Stage<f16> ring[STAGES];
    chain(LINEAR_PRODUCT(f16), ring);
}
