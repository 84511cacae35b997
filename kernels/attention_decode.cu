// z = softmax(scale * q . keys) . values for the keys up to the row's position; few rows, fast: not the CPU's order, but a fixed one
//
// z, q [rows, heads x headWidth]; keys, values [rows of all pages, heads x headWidth]; slots, positions [rows]; pages, pageShift: pages.cuh; headWidth up to 512;
// partial [rows, heads, splits, headWidth + 2]: of each split the weighted sum of its values, the largest score m and the sum l of the
// weights exp(score - m). With one split attention_decode writes z; with more it writes partial, and attention_combine merges.
//
// The keys that a row sees are cut into at most `splits` stretches of whole tiles, whatever the context: a block does one stretch of
// one head of one row, and a block that is left without keys ends. Within a block, teams of 16 or 32 lanes take keys in turn, each
// with a softmax of its own (Milakov and Gimelshein 2018): 16 bytes of a key a lane and piece, its product summed over the team by
// shuffles, all the keys and values of a tile asked for before the first is used. Teams merge in a tree at the end.
// Moves 8 x headWidth bytes a key, head and row, once. The result depends on splits, and on nothing else: not on the other rows, nor
// on the context.
// launch attention_decode: block 256, grid (splits, heads, rows), shared 0
// launch attention_combine: block 256, grid (heads, rows), shared 0
#include "attention_decode.cuh"

extern "C" __global__ void __launch_bounds__(BLOCK, 2) attention_decode(
        float* __restrict__ z,
        float* __restrict__ partial,
        const float* __restrict__ q,
        const float* __restrict__ keys,
        const float* __restrict__ values,
        const int* __restrict__ slots,
        const int* __restrict__ positions,
        const int* __restrict__ pages,
        int heads,
        int headWidth,
        int context,
        int pageShift,
        int splits,
        float scale) {
    __shared__ AttentionDecode::Shared shared;
    AttentionDecode{z, partial, q, keys, values, slots, positions, pages, heads, headWidth, context, pageShift, splits, scale}
            .at(here(), shared);
}

extern "C" __global__ void __launch_bounds__(BLOCK) attention_combine(
        float* __restrict__ z,
        const float* __restrict__ partial,
        const int* __restrict__ positions,
        int heads,
        int headWidth,
        int context,
        int splits) {
    AttentionCombine{z, partial, positions, heads, headWidth, context, splits}.at(here());
}
