// out = function(x), element by element
//
// out, x [count]; function is the ordinal of an Activation, -1 copies. A thread does four neighbours a turn where the addresses allow
// it. Moves 8 x count bytes. The result does not depend on the grid, which may be any.
// launch: block 256, grid (any), shared 0
#include "numbers.cuh"

/// The elements from..to, WIDTH at a time; to - from is a multiple of WIDTH.
template <int WIDTH>
__device__ __forceinline__ void activateGroups(float* out, const float* x, size_t from, size_t to, int function) {
    size_t thread = static_cast<size_t>(blockIdx.x) * blockDim.x + threadIdx.x;
    size_t step = static_cast<size_t>(gridDim.x) * blockDim.x * WIDTH;
    for (size_t i = from + thread * WIDTH; i < to; i += step) {
        Group<WIDTH> group = loadGroup<WIDTH>(x + i);
#pragma unroll
        for (int k = 0; k < WIDTH; k++) {
            group.of[k] = activated(function, group.of[k]);
        }
        storeGroup(out + i, group);
    }
}

extern "C" __global__ void __launch_bounds__(256)
        activate(float* __restrict__ out, const float* __restrict__ x, int count, int function) {
    int fours = aligned16(out) && aligned16(x) ? count / 4 * 4 : 0;
    activateGroups<4>(out, x, 0, fours, function);
    activateGroups<1>(out, x, fours, count, function);
}
