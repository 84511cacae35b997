// Element by element: the sum of two arrays, for add.cu, and a function of one, for activate.cu.
#pragma once

#include "place.cuh"

/// Elements of a block.
constexpr int EACH = 4 * BLOCK;

/// Calls work(Group, i) for the groups of elements of a place: four neighbours a thread where `byFours`, else one by one.
template <class Work> __device__ __forceinline__ void forEach(Place place, int count, bool byFours, Work work) {
    int from = place.x * EACH;
    int to = from + min(EACH, count - from);
    int fours = byFours ? to / 4 * 4 : from;
    int mine = from + static_cast<int>(threadIdx.x) * 4;
    if (mine < fours) {
        work(Group<4>(), mine);
    }
    for (int i = fours + threadIdx.x; i < to; i += BLOCK) {
        work(Group<1>(), i);
    }
}

struct Add {
    float* out;
    const float* a;
    const float* b;
    int count;

    __device__ __forceinline__ void at(Place place) const {
        bool byFours = aligned16(out) && aligned16(a) && aligned16(b);
        forEach(place, count, byFours, [&](auto group, int i) {
            constexpr int WIDTH = sizeof(group) / sizeof(float);
            group = loadGroup<WIDTH>(a + i);
            Group<WIDTH> other = loadGroup<WIDTH>(b + i);
#pragma unroll
            for (int k = 0; k < WIDTH; k++) {
                group.of[k] += other.of[k];
            }
            storeGroup(out + i, group);
        });
    }
};

struct Activate {
    float* out;
    const float* x;
    int count;
    int function;

    __device__ __forceinline__ void at(Place place) const {
        forEach(place, count, aligned16(out) && aligned16(x), [&](auto group, int i) {
            constexpr int WIDTH = sizeof(group) / sizeof(float);
            group = loadGroup<WIDTH>(x + i);
#pragma unroll
            for (int k = 0; k < WIDTH; k++) {
                group.of[k] = activated(function, group.of[k]);
            }
            storeGroup(out + i, group);
        });
    }
};
