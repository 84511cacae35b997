// The shared memory of the running block, and its asynchronous copies.
#pragma once
#include <string>

#include "software_gpu/asynchronous_copy.h"
#include "software_gpu/shared_memory.h"

namespace software_gpu {

void begin_shared_memory(unsigned dynamic_bytes);

// Which shared variable was written past its end, in words; empty if none.
std::string shared_memory_overrun();

void begin_asynchronous_copies(unsigned threads);

}  // namespace software_gpu
