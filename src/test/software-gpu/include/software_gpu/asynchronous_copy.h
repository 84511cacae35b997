// cp.async: a copy from global to shared memory that lands no sooner than the wait which covers it, so that a kernel that
// forgets the wait reads poison.
#pragma once
#include "thread.h"

#pragma GCC visibility push(default)
namespace software_gpu {

// Poisons `bytes` at `to`; later `from` lands there, but zeros after its first `present` bytes (cp.async's source size).
void begin_copy(void* to, const void* from, unsigned bytes, unsigned present, Place place);

// Closes the group of the copies begun since the last commit.
void commit_copies();

// Lands every group but the newest `left`.
void wait_for_copies(unsigned left);

}  // namespace software_gpu
#pragma GCC visibility pop
