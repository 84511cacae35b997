// out[r] = table[ids[r]], widened to float32
//
// out [rows, columns], table [V, columns] of T in rows of `stride` elements, ids [rows].
// A block copies one row, 16 bytes of the table a thread and turn. Moves rows x columns x (sizeof(T) + 4) bytes.
// An exact copy: the result does not depend on the grid's order or the block's size.
// launch: block 256, grid (rows), shared 0
#include "embed.cuh"

extern "C" __global__ void __launch_bounds__(BLOCK) embed_f32(
        float* __restrict__ out, const f32* __restrict__ table, const int* __restrict__ ids, int columns, int stride) {
    Embed<f32>{out, table, ids, columns, stride}.at(here());
}

extern "C" __global__ void __launch_bounds__(BLOCK) embed_bf16(
        float* __restrict__ out, const bf16* __restrict__ table, const int* __restrict__ ids, int columns, int stride) {
    Embed<bf16>{out, table, ids, columns, stride}.at(here());
}

extern "C" __global__ void __launch_bounds__(BLOCK) embed_f16(
        float* __restrict__ out, const f16* __restrict__ table, const int* __restrict__ ids, int columns, int stride) {
    Embed<f16>{out, table, ids, columns, stride}.at(here());
}
