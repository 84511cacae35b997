// out = a + b, element by element
//
// out, a, b [count]. A thread adds four neighbours a turn where the addresses allow it. Moves 12 x count bytes.
// The result does not depend on the grid, which may be any.
// launch: block 256, grid (any), shared 0
#include "numbers.cuh"

/// The elements from..to, WIDTH at a time; to - from is a multiple of WIDTH.
template <int WIDTH>
__device__ __forceinline__ void addGroups(float* out, const float* a, const float* b, size_t from, size_t to) {
    size_t thread = static_cast<size_t>(blockIdx.x) * blockDim.x + threadIdx.x;
    size_t step = static_cast<size_t>(gridDim.x) * blockDim.x * WIDTH;
    for (size_t i = from + thread * WIDTH; i < to; i += step) {
        Group<WIDTH> left = loadGroup<WIDTH>(a + i);
        Group<WIDTH> right = loadGroup<WIDTH>(b + i);
        Group<WIDTH> sum;
#pragma unroll
        for (int k = 0; k < WIDTH; k++) {
            sum.of[k] = left.of[k] + right.of[k];
        }
        storeGroup(out + i, sum);
    }
}

extern "C" __global__ void __launch_bounds__(256)
        add(float* __restrict__ out, const float* __restrict__ a, const float* __restrict__ b, int count) {
    int fours = aligned16(out) && aligned16(a) && aligned16(b) ? count / 4 * 4 : 0;
    addGroups<4>(out, a, b, 0, fours);
    addGroups<1>(out, a, b, fours, count);
}
