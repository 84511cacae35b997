// out = function(x), element by element
//
// out, x [count]; function is the ordinal of an Activation, -1 copies. A thread does four neighbours where the addresses allow it.
// Moves 8 x count bytes. The result does not depend on the grid's order.
// launch: block 256, grid (ceil(count / 1024)), shared 0
#include "each.cuh"

extern "C" __global__ void __launch_bounds__(BLOCK)
        activate(float* __restrict__ out, const float* __restrict__ x, int count, int function) {
    Activate{out, x, count, function}.at(here());
}
