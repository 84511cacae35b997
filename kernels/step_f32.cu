// A stretch of a step by one launch, for weights of float32: step.cuh. A file for each type, because a driver compiles a file whole.
// launch: block 256, grid (as many blocks as live at once, at most), shared 640 + the most that one of the instructions needs
#include "step.cuh"

extern "C" __global__ void __launch_bounds__(BLOCK, 2)
        step_f32(const void* instructions, unsigned* barrier, int count) {
    step::followAll<f32>(instructions, count, barrier);
}
