// A barrier of all blocks of a launch. They must live at the same time, which a cooperative launch promises.
#pragma once

#include "ptx.cuh"

/// One word of global memory, which was 0 before its first use and may be used by one launch after another, of any number of blocks: a
/// round adds 2^31 in all, so whoever waits for it sees the highest bit change, and the others are as they were.
class GridBarrier {
  public:
    explicit __device__ GridBarrier(unsigned* word) : word(word) {}

    /// Returns when all threads of all blocks have called it; what they wrote before, all see after. Reads through the read-only cache
    /// (__ldg) are no part of this.
    ///
    /// @param meanwhile what a thread does between its coming and the last one's
    template <class Meanwhile> __device__ __forceinline__ void wait(Meanwhile meanwhile) const {
        __syncthreads();
        unsigned before = threadIdx.x == 0 ? arrive() : 0;
        meanwhile();
        if (threadIdx.x == 0) {
            await(before);
        }
        __syncthreads();
    }

    __device__ __forceinline__ void wait() const {
        wait([] {});
    }

  private:
    static constexpr unsigned ROUND = 1u << 31;

    __device__ __forceinline__ unsigned arrive() const {
        return ptx::addRelease(word, blockIdx.x == 0 ? ROUND - (gridDim.x - 1) : 1);
    }

    __device__ __forceinline__ void await(unsigned before) const {
        while (((ptx::loadAcquire(word) ^ before) & ROUND) == 0) {
        }
    }

    unsigned* word;
};
