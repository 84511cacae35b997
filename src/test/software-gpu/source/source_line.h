// From an address in a kernel's machine code to the line of its source.
#pragma once
#include "software_gpu/thread.h"

namespace software_gpu {

// No file when the instruction is not a kernel's, or its line is not known.
Place source_line(const void* instruction);

}  // namespace software_gpu
