// scores[j] = scale * (q . keys[j]) for the keys j up to the row's position, pattern = softmax(scores), z = sum over j of
// pattern[j] * values[j]; for each head of each row, in the order of docs/numerics.md
//
// z, q [rows, heads x headWidth]; scores, pattern [rows, heads x shownKeys], where a key after the row's position scores minus
// infinity and weighs 0; keys, values [slots x context, heads x headWidth]; slots, positions [rows]. z, scores and pattern may be null.
// A block does one head of one row: a thread takes whole keys, then whole columns of z, so every chain of fused multiply-adds is one
// thread's; the sum of the softmax is the CPU's sixteen lanes.
// Moves 8 x headWidth bytes a key, head and row. The result does not depend on the grid or the block: it is the CPU's, to the bit.
// launch: block 128, grid (rows, heads), shared 4 * (context + headWidth)
#include "attention.cuh"

/// Fills weights[0..seen) with the scores. Returns the largest of this thread's.
template <int WIDTH>
__device__ __forceinline__ float score(
        float* weights, const float* query, const float* keys, int seen, int headWidth, int stride, float scale) {
    float largest = -INFINITY;
    for (int j = threadIdx.x; j < seen; j += BLOCK) {
        float value = product<WIDTH>(query, keys + static_cast<size_t>(j) * stride, headWidth) * scale;
        weights[j] = value;
        largest = fmaxf(largest, value);
    }
    return largest;
}

/// Writes a row of scores or of a pattern for those who look; `masked` stands for the keys that the row does not see.
__device__ __forceinline__ void show(float* shown, const float* weights, int seen, int shownKeys, float masked) {
    if (shown == nullptr) {
        return;
    }
    float* keys = shown + (static_cast<size_t>(blockIdx.x) * gridDim.y + blockIdx.y) * shownKeys;
    for (int j = threadIdx.x; j < shownKeys; j += BLOCK) {
        keys[j] = j < seen ? weights[j] : masked;
    }
}

extern "C" __global__ void __launch_bounds__(BLOCK, 8) attention_exact(
        float* __restrict__ z,
        float* __restrict__ scores,
        float* __restrict__ pattern,
        const float* __restrict__ q,
        const float* __restrict__ keys,
        const float* __restrict__ values,
        const int* __restrict__ slots,
        const int* __restrict__ positions,
        int heads,
        int headWidth,
        int context,
        int shownKeys,
        float scale) {
    extern __shared__ float shared[];
    float* weights = shared;
    float* query = shared + context;
    int stride = heads * headWidth;
    int seen = positions[blockIdx.x] + 1;
    size_t inRow = static_cast<size_t>(blockIdx.x) * stride + blockIdx.y * headWidth;
    size_t inCache = static_cast<size_t>(slots[blockIdx.x]) * context * stride + blockIdx.y * headWidth;

    for (int i = threadIdx.x; i < headWidth; i += BLOCK) {
        query[i] = q[inRow + i];
    }
    __syncthreads();
    float largest = headWidth % 4 == 0 && aligned16(keys)
            ? score<4>(weights, query, keys + inCache, seen, headWidth, stride, scale)
            : score<1>(weights, query, keys + inCache, seen, headWidth, stride, scale);
    largest = blockMax(largest);
    show(scores, weights, seen, shownKeys, -INFINITY);
    __syncthreads();
    softmax(weights, seen, largest);
    show(pattern, weights, seen, shownKeys, 0.0f);

    if (z != nullptr) {
        for (int column = threadIdx.x; column < headWidth; column += BLOCK) {
            z[inRow + column] = mixed(weights, values + inCache + column, seen, stride);
        }
    }
}
