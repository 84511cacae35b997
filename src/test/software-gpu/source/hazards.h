// Finds threads that touch the same word of shared memory without a barrier in between, and blocks that run at once and touch the same
// word of global memory, neither having seen by what the other told it that it was done.
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
  unsigned block, thread, warp;
  uint32_t start;           // when its block began
  uint32_t barrier;         // when its block last passed a barrier
  uint32_t warp_operation;  // when it last passed a __syncwarp
};
Order running_order();

// Shared memory lies there.
void watch(const void* start, size_t bytes);

// An asynchronous copy is on its way there; and has landed.
void note_pending(const void* at, size_t bytes);
void note_landed(const void* at, size_t bytes);

// Blocks begin to run at once; until they are through, what they do to global memory is compared.
void begin_comparing(unsigned blocks);
void end_comparing();
void compare_read(const void* address, size_t bytes, const void* instruction);
void compare_write(const void* address, size_t bytes, const void* instruction);

// The running block tells the others by a word what it did so far; and learns from a word what those did that told by it.
void note_release(const void* word);
void note_acquire(const void* word);

}  // namespace software_gpu
