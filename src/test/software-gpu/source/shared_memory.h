// The shared memory of the running block, and its asynchronous copies.
#pragma once
#include <string>

#include "software_gpu/asynchronous_copy.h"
#include "software_gpu/shared_memory.h"

namespace software_gpu {

// The blocks of a cooperative launch have a window of addresses each; others all have that of number 0.
void enter_shared_memory(unsigned window);

// For a new block in this window.
void begin_shared_memory(unsigned dynamic_bytes, unsigned threads);

// Which shared variable was written past its end, in words; empty if none.
std::string shared_memory_overrun();

// "past the end of the dynamic shared memory of 128 bytes"; empty if the address has nothing to do with shared memory.
std::string describe_shared(uint64_t address);

}  // namespace software_gpu
