// Shared memory. The build script rewrites the two declarations of CUDA:
//   __shared__ float tile[2][64];       ->  auto& tile = software_gpu::shared<float[2][64]>([] {});
//   extern __shared__ float scratch[];  ->  float* const scratch = software_gpu::dynamic_shared<float>();
// so that every block gets each variable poisoned and fenced, instead of what the block before left there.
#pragma once
#include "thread.h"

#pragma GCC visibility push(default)
namespace software_gpu {

// One declaration of a shared variable, in the block that has it now.
struct SharedVariable {
  size_t bytes;
  Place place = {};  // of the declaration
  void* address = nullptr;
  uint64_t block = 0;  // serial number of the block that has this variable at `address`
};

// What makes a variable's address stale: every block that begins has a new number.
extern uint64_t block_serial;

// Gives the running block the variable: poisoned, aligned to 128 bytes, with a fence before and after.
void place_shared(SharedVariable& variable, Place place);

// The end of what was asked for lies at a guard page.
void* dynamic_shared_memory();

// The type of the lambda `site` is what tells two declarations, and two instantiations of one template, from each other.
template <class Type, class Site> inline Type& shared(Site, SOFTWARE_GPU_PLACE) {
  static SharedVariable variable{sizeof(Type)};
  if (variable.block != block_serial) place_shared(variable, place);
  return *(Type*)variable.address;
}

template <class Type> inline Type* dynamic_shared() { return (Type*)dynamic_shared_memory(); }

}  // namespace software_gpu
#pragma GCC visibility pop
