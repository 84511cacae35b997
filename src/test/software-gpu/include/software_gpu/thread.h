// What a running kernel sees of the software GPU: its thread, its block, the barrier, and the way to report a fault.
// A thread is a fiber; the threads of a block take turns on one thread of the operating system, and change over only at
// barriers and warp operations. The blocks of a cooperative launch take turns too, whenever one waits for another. Everything declared here without a body lives in libcuda.so.1.
#pragma once
#include <cstddef>
#include <cstdint>

#include "vector_types.h"

#pragma GCC visibility push(default)
namespace software_gpu {

// A line of a kernel's source.
struct Place {
  const char* file;
  int line;
};

// The last parameter of everything that can fail: the line of the caller.
#define SOFTWARE_GPU_PLACE software_gpu::Place place = {__builtin_FILE(), __builtin_LINE()}

struct Thread {
  uint3 index;
  unsigned number;  // in its block
  unsigned lane;    // in its warp
};

struct Block {
  Thread* running;
  uint3 index;
  dim3 size, grid;
};

// All stacks of a block's threads lie in one region of this size and alignment, with the Block at its start: so the stack
// pointer leads to it, which is cheaper than a thread-local variable.
constexpr size_t region_bytes = 32u << 20;

inline __attribute__((always_inline)) Block& block() {
  uintptr_t stack;
  asm("mov %%rsp, %0" : "=r"(stack));
  return *(Block*)(stack & ~(uintptr_t)(region_bytes - 1));
}

inline __attribute__((always_inline)) Thread& thread() { return *block().running; }

enum class Fault { memory, synchronisation, assertion, misaligned };

// Ends the launch: the context is unusable afterwards, as on a real device.
[[noreturn]] void fault(Fault fault, Place place, const char* message);

struct Votes {
  int count;
  bool all;
};

// __syncthreads: waits for all threads of the block, and counts how many of them came with a true vote.
Votes barrier(bool vote, Place place);

// The *_sync operations of a warp: once every living lane of the mask has come, `exchange` is called once with the argument of
// each lane (null outside of the mask); then all go on.
using Exchange = void (*)(void* const* arguments, unsigned mask);
void exchange(unsigned mask, void* argument, Exchange exchange, Place place);

// The lanes of this thread's warp that have not returned.
unsigned living_lanes();

// What blocks tell each other by: adds to a word of global memory, and gives what was there before. Who sees the sum by
// load_acquire sees also what this block wrote before.
uint32_t add_release(uint32_t* word, uint32_t amount);

// Reads such a word. A thread that looks again although nothing has been told since waits, while the other blocks have their turns.
uint32_t load_acquire(const uint32_t* word);

// Whether blocks run at once and their accesses to global memory are compared: in a cooperative launch of the checked build.
extern bool comparing_blocks;
void compare_read_only(const void* from, size_t bytes);

// Memory is read in a way that is allowed only where nobody writes during the launch.
inline void note_read_only(const void* from, size_t bytes) {
  if (comparing_blocks) compare_read_only(from, bytes);
}

}  // namespace software_gpu
#pragma GCC visibility pop

inline void __syncthreads(SOFTWARE_GPU_PLACE) { software_gpu::barrier(false, place); }
inline int __syncthreads_count(int vote, SOFTWARE_GPU_PLACE) { return software_gpu::barrier(vote != 0, place).count; }
inline int __syncthreads_or(int vote, SOFTWARE_GPU_PLACE) { return software_gpu::barrier(vote != 0, place).count > 0; }
inline int __syncthreads_and(int vote, SOFTWARE_GPU_PLACE) { return software_gpu::barrier(vote != 0, place).all; }
inline void __threadfence() {}
inline void __threadfence_block() {}
[[noreturn]] inline void __trap(SOFTWARE_GPU_PLACE) { software_gpu::fault(software_gpu::Fault::assertion, place, "__trap()"); }
