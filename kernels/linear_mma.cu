// linear_mma: x W + bias for many rows, fast, weights BF16 or F16: tensor cores. x is rounded to the weights' type on its way into shared memory, products
// are exact, sums float32. Shapes: linear.cuh.
//
// launch linear_mma_T: block 256, grid (ceil(columns / 128), ceil(rows / 128), parts), shared 0
// launch linear_mma_small_T: block 128, grid (ceil(columns / 64), ceil(rows / 64), parts), shared 0
//
// A block makes 128 x 128 outputs, or 64 x 64 where larger tiles would leave multiprocessors without work: use the small ones while there are fewer
// than two large tiles for each. A warp has 64 x 32 (32 x 32) of them, as 16 x 8 products of mma.m16n8k16. Three stages of 32 inputs lie in shared
// memory: while one is multiplied, the weights of the others arrive by cp.async, and x waits in registers to be rounded. The 16-byte pieces of a staged
// row are swizzled by (row / 2) % 4, so that neither ldmatrix nor the stores meet a bank twice. Finished sums pass through shared memory, so that
// neighbouring lanes write neighbouring columns.
//
// The sum of an output takes its inputs 16 at a time, k ascending; within 16 the order is the tensor core's. It does not depend on the tile, on the other
// rows or on the grid. Beside float32 arithmetic the error is that of rounding x: at most 2^-8 (BF16) or 2^-11 (F16) of sum |x[k] w[k][n]|. In F16 an x
// beyond 65504 becomes infinite.
//
// Floor: 2 rows depth columns flops. Of the 990 TFLOP/s of an H100 (dense, 16 bits) mma.sync reaches about 620: 512 rows of 768x768 1 us, 768x3072 and
// 3072x768 4 us, 768x50257 64 us. Bytes moved: x once for every tile of columns, the weights once for every tile of rows, mostly from L2.
// What would pay on sm_90, once it can be measured: wgmma with both operands in shared memory, TMA, and a producer warp: up to 1.5 times.
#include "linear.cuh"
#include "ptx.cuh"

namespace {

constexpr int DEPTH = 32;
constexpr int STAGES = 3;
constexpr int PIECES = DEPTH / 8;  // of 16 bytes, in a staged row

/// Where piece `piece` of a staged row begins.
__device__ __forceinline__ int staged(int row, int piece) { return row * DEPTH + ((piece ^ (row / 2 % PIECES)) * 8); }

template <class T> __device__ __forceinline__ uint32_t narrowPair(float low, float high) {
    T pair[2] = {narrow<T>(low), narrow<T>(high)};
    uint32_t bits;
    memcpy(&bits, pair, sizeof bits);
    return bits;
}

__device__ __forceinline__ void multiplyAdd(bf16, float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) { ptx::multiplyAddBf16(d, a, b0, b1); }
__device__ __forceinline__ void multiplyAdd(f16, float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) { ptx::multiplyAddF16(d, a, b0, b1); }

/// ROWS x COLUMNS outputs by WARPS_DOWN x WARPS_ACROSS warps.
template <class T, int ROWS, int COLUMNS, int WARPS_DOWN, int WARPS_ACROSS> struct Mma {
    static constexpr int THREADS = WARPS_DOWN * WARPS_ACROSS * WARP;
    static constexpr int WARP_ROWS = ROWS / WARPS_DOWN, WARP_COLUMNS = COLUMNS / WARPS_ACROSS;
    static constexpr int M = WARP_ROWS / 16, N = WARP_COLUMNS / 8;

    struct Stage {
        T x[ROWS * DEPTH];
        T weights[COLUMNS * DEPTH];
    };
    struct alignas(16) Shared {
        Stage stages[STAGES];
    };

    /// Begins the copies of the weights; beyond the matrix they are zero.
    static __device__ __forceinline__ void fetchWeights(Stage& stage, const LinearProduct<T>& p, int column0, int k0) {
#pragma unroll
        for (int i = 0; i < COLUMNS * PIECES / THREADS; i++) {
            int column = threadIdx.x / PIECES + i * (THREADS / PIECES), piece = threadIdx.x % PIECES;
            int k = k0 + piece * 8;
            bool inside = column0 + column < p.columns && k < p.stride;
            const T* from = inside ? p.weight + static_cast<size_t>(column0 + column) * p.stride + k : p.weight;
            ptx::copyAsync16(&stage.weights[staged(column, piece)], from, inside ? 16 : 0);
        }
    }

    /// Inputs of x on their way: four of every (THREADS / 8)th row.
    struct Inputs {
        static constexpr int LOADS = ROWS * 8 / THREADS;
        float4 values[LOADS];

        __device__ __forceinline__ void fetch(const float* x, int last, int k0, int depth, bool aligned) {
            int k = k0 + threadIdx.x % 8 * 4;
            if (aligned && k < depth) {
#pragma unroll
                for (int i = 0; i < LOADS; i++) {
                    values[i] = __ldg(reinterpret_cast<const float4*>(x + rowOf(i, last) * depth + k));
                }
            } else {
#pragma unroll
                for (int i = 0; i < LOADS; i++) {
                    const float* row = x + rowOf(i, last) * depth;
                    values[i].x = k < depth ? __ldg(row + k) : 0.0f;
                    values[i].y = k + 1 < depth ? __ldg(row + k + 1) : 0.0f;
                    values[i].z = k + 2 < depth ? __ldg(row + k + 2) : 0.0f;
                    values[i].w = k + 3 < depth ? __ldg(row + k + 3) : 0.0f;
                }
            }
        }

        static __device__ __forceinline__ int rowOf(int load, int last) { return min(static_cast<int>(threadIdx.x) / 8 + load * (THREADS / 8), last); }

        __device__ __forceinline__ void store(Stage& stage) const {
#pragma unroll
            for (int i = 0; i < LOADS; i++) {
                int row = threadIdx.x / 8 + i * (THREADS / 8), four = threadIdx.x % 8;
                uint2 bits = make_uint2(narrowPair<T>(values[i].x, values[i].y), narrowPair<T>(values[i].z, values[i].w));
                *reinterpret_cast<uint2*>(&stage.x[staged(row, four / 2) + four % 2 * 4]) = bits;
            }
        }
    };

    static __device__ __forceinline__ void multiply(float (&sums)[M][N][4], const Stage& stage, int warpRow, int warpColumn) {
        int lane = threadIdx.x % WARP;
#pragma unroll
        for (int k = 0; k < DEPTH; k += 16) {
            uint32_t a[M][4];
#pragma unroll
            for (int m = 0; m < M; m++) {
                ptx::loadMatrix4(a[m], &stage.x[staged(warpRow + m * 16 + lane % 16, k / 8 + lane / 16)]);
            }
#pragma unroll
            for (int n = 0; n < N; n += 2) {
                uint32_t b[4];
                ptx::loadMatrix4(b, &stage.weights[staged(warpColumn + n * 8 + lane / 16 * 8 + lane % 8, k / 8 + lane / 8 % 2)]);
#pragma unroll
                for (int m = 0; m < M; m++) {
                    multiplyAdd(T(), sums[m][n], a[m], b[0], b[1]);
                    multiplyAdd(T(), sums[m][n + 1], a[m], b[2], b[3]);
                }
            }
        }
    }

    /// Each warp passes sixteen of its rows at a time through shared memory.
    static __device__ __forceinline__ void finishAll(const float (&sums)[M][N][4], Shared& shared, const LinearProduct<T>& p, int row0, int column0) {
        constexpr int PITCH = WARP_COLUMNS + 8;
        static_assert(sizeof(Shared) >= THREADS / WARP * 16 * PITCH * sizeof(float), "the sums in passing fit into the stages");
        float* passing = reinterpret_cast<float*>(&shared) + threadIdx.x / WARP * (16 * PITCH);
        int lane = threadIdx.x % WARP;
#pragma unroll
        for (int m = 0; m < M; m++) {
            float* to = passing + lane / 4 * PITCH + lane % 4 * 2;
#pragma unroll
            for (int n = 0; n < N; n++) {
                *reinterpret_cast<float2*>(to + n * 8) = make_float2(sums[m][n][0], sums[m][n][1]);
                *reinterpret_cast<float2*>(to + n * 8 + 8 * PITCH) = make_float2(sums[m][n][2], sums[m][n][3]);
            }
            __syncwarp();
#pragma unroll 1
            for (int i = lane; i < 16 * WARP_COLUMNS; i += WARP) {
                int row = row0 + m * 16 + i / WARP_COLUMNS, column = column0 + i % WARP_COLUMNS;
                if (row < p.rows && column < p.columns) {
                    p.finish(row, column, passing[i / WARP_COLUMNS * PITCH + i % WARP_COLUMNS]);
                }
            }
            __syncwarp();
        }
    }

    static __device__ __forceinline__ void product(const LinearProduct<T>& p, Shared& shared) {
        int row0 = blockIdx.y * ROWS, column0 = blockIdx.x * COLUMNS;
        int warp = threadIdx.x / WARP;
        int warpRow = warp / WARPS_ACROSS * WARP_ROWS, warpColumn = warp % WARPS_ACROSS * WARP_COLUMNS;
        const float* x = p.x + static_cast<size_t>(row0) * p.depth;
        int last = p.rows - 1 - row0;
        bool aligned = rowsAligned16(p.x, p.depth);

        Inputs next;
        for (int i = 0; i < STAGES - 1; i++) {
            fetchWeights(shared.stages[i], p, column0, i * DEPTH);
            ptx::copyAsyncCommit();
            next.fetch(x, last, i * DEPTH, p.depth, aligned);
            next.store(shared.stages[i]);
        }
        float sums[M][N][4] = {};
        int reading = 0;
        for (int k0 = 0; k0 < p.depth; k0 += DEPTH) {
            ptx::copyAsyncWait<STAGES - 2>();
            __syncthreads();
            int ahead = k0 + (STAGES - 1) * DEPTH;
            int writing = reading == 0 ? STAGES - 1 : reading - 1;
            if (ahead < p.depth) {
                fetchWeights(shared.stages[writing], p, column0, ahead);
                next.fetch(x, last, ahead, p.depth, aligned);
            }
            ptx::copyAsyncCommit();
            multiply(sums, shared.stages[reading], warpRow, warpColumn);
            if (ahead < p.depth) {
                next.store(shared.stages[writing]);
            }
            reading = reading + 1 == STAGES ? 0 : reading + 1;
        }
        ptx::copyAsyncWait<0>();
        __syncthreads();
        finishAll(sums, shared, p, row0 + warpRow, column0 + warpColumn);
    }
};

template <class T> using Large = Mma<T, 128, 128, 2, 4>;
template <class T> using Small = Mma<T, 64, 64, 2, 2>;

}  // namespace

extern "C" __global__ void __launch_bounds__(256, 2) linear_mma_bf16(LINEAR_PARAMETERS(bf16)) {
    __shared__ Large<bf16>::Shared shared;
    Large<bf16>::product(LINEAR(bf16).product(blockIdx.z), shared);
}

extern "C" __global__ void __launch_bounds__(256, 2) linear_mma_f16(LINEAR_PARAMETERS(f16)) {
    __shared__ Large<f16>::Shared shared;
    Large<f16>::product(LINEAR(f16).product(blockIdx.z), shared);
}

extern "C" __global__ void __launch_bounds__(128, 4) linear_mma_small_bf16(LINEAR_PARAMETERS(bf16)) {
    __shared__ Small<bf16>::Shared shared;
    Small<bf16>::product(LINEAR(bf16).product(blockIdx.z), shared);
}

extern "C" __global__ void __launch_bounds__(128, 4) linear_mma_small_f16(LINEAR_PARAMETERS(f16)) {
    __shared__ Small<f16>::Shared shared;
    Small<f16>::product(LINEAR(f16).product(blockIdx.z), shared);
}
