// The shared memory of the running block, and its asynchronous copies.
#pragma once
#include <string>

#include "software_gpu/asynchronous_copy.h"
#include "software_gpu/shared_memory.h"

namespace software_gpu {

void begin_shared_memory(unsigned dynamic_bytes);

// Which shared variable was written past its end, in words; empty if none.
std::string shared_memory_overrun();

// "past the end of the dynamic shared memory of 128 bytes"; empty if the address has nothing to do with shared memory.
std::string describe_shared(uint64_t address);

void begin_asynchronous_copies(unsigned threads);

}  // namespace software_gpu
