// Where a block works. The body of a kernel that a decoding step runs is a function of its place in the grid, which it gets as a value: a kernel of
// its own hands it blockIdx, and a kernel that does many ops one after another walks through the places of each with the blocks that it has.
#pragma once

#include "numbers.cuh"

/// Threads of a block, for every body that gets a place.
constexpr int BLOCK = 256;
constexpr int WARPS = BLOCK / WARP;

struct Place {
    int x;
    int y;
    int z;
};

/// The place of this block in the grid of its launch.
__device__ __forceinline__ Place here() {
    return {static_cast<int>(blockIdx.x), static_cast<int>(blockIdx.y), static_cast<int>(blockIdx.z)};
}
