// out[r] = table[ids[r]], widened to float32
//
// out [rows, columns], table [V, columns] of T in rows of `stride` elements, ids [rows].
// A block copies one row, 16 bytes of the table a thread and turn. Moves rows x columns x (sizeof(T) + 4) bytes.
// An exact copy: the result does not depend on the grid's order or the block's size.
// launch: block 128, grid (rows), shared 0
#include "numbers.cuh"

template <class T, int WIDTH>
__device__ __forceinline__ void widenRow(float* __restrict__ out, const T* __restrict__ row, int columns) {
#pragma unroll 4
    for (int first = threadIdx.x * PACK<T>; first < columns; first += blockDim.x * PACK<T>) {
        Pack<T> pack = loadPack(row + first);
#pragma unroll
        for (int i = 0; i < PACK<T>; i += WIDTH) {
            Group<WIDTH> group;
#pragma unroll
            for (int k = 0; k < WIDTH; k++) {
                group.of[k] = widen(pack.of[i + k]);
            }
            if (first + i < columns) {
                storeGroup(out + first + i, group);
            }
        }
    }
}

template <class T>
__device__ __forceinline__ void embed(float* out, const T* table, const int* ids, int columns, int stride) {
    const T* row = table + static_cast<size_t>(ids[blockIdx.x]) * stride;
    float* to = out + static_cast<size_t>(blockIdx.x) * columns;
    if (columns % 4 == 0 && aligned16(out)) {
        widenRow<T, 4>(to, row, columns);
    } else {
        widenRow<T, 1>(to, row, columns);
    }
}

extern "C" __global__ void __launch_bounds__(128) embed_f32(
        float* __restrict__ out, const f32* __restrict__ table, const int* __restrict__ ids, int columns, int stride) {
    embed(out, table, ids, columns, stride);
}

extern "C" __global__ void __launch_bounds__(128) embed_bf16(
        float* __restrict__ out, const bf16* __restrict__ table, const int* __restrict__ ids, int columns, int stride) {
    embed(out, table, ids, columns, stride);
}

extern "C" __global__ void __launch_bounds__(128) embed_f16(
        float* __restrict__ out, const f16* __restrict__ table, const int* __restrict__ ids, int columns, int stride) {
    embed(out, table, ids, columns, stride);
}
