// Finds threads that touch the same word of shared memory without a barrier in between.
#pragma once
#include <cstddef>
#include <cstdint>

#include "software_gpu/thread.h"

namespace software_gpu {

// Reading shared memory that nobody wrote is a fault too, not only poison. Off, because a kernel may load what it then drops.
extern bool strict;

// Time is counted in synchronisations. Whatever happened before a thread's newest one is in order with what the thread does next.
extern uint32_t synchronisations;

// What hazards need to know of the running thread.
struct Order {
  unsigned thread, warp;
  uint32_t barrier;         // when its block last passed a barrier
  uint32_t warp_operation;  // when it last passed a __syncwarp
};
Order running_order();

// Shared memory lies there.
void watch(const void* start, size_t bytes);

// A new block: nobody has written anything yet.
void forget_accesses();

// An asynchronous copy is on its way there; and has landed.
void note_pending(const void* at, size_t bytes);
void note_landed(const void* at, size_t bytes);

}  // namespace software_gpu
