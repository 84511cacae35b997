// A stretch of a step by one launch, for weights of bfloat16: step.cuh. A file for each type, because a driver compiles a file whole.
// launch: block 256, grid (as many blocks as live at once, at most), shared 640 + the most that one of the instructions needs
#include "step.cuh"

extern "C" __global__ void __launch_bounds__(BLOCK, 2)
        step_bf16(const void* instructions, unsigned* barrier, int count) {
    step::followAll<bf16>(instructions, count, barrier);
}
