// Modules: a PTX text is checked against the kernels that g++ built, and names those that may be launched.
#pragma once
#include <map>
#include <string>

#include "driver.h"
#include "software_gpu/kernel_table.h"

namespace software_gpu {

struct Function {
  Context& context;
  const Kernel& kernel;
  const Kernel& checked_kernel;
  int own_shared_bytes;  // of the kernel's own __shared__ variables
  int most_dynamic_shared_bytes = (48 << 10) - own_shared_bytes;
};

struct Module {
  Context& context;
  std::map<std::string, Function> functions;
};

extern Handles<Module> modules;

// The function of a handle, in this context; null if there is none.
Function* function_of(Context& context, void* handle);

void release_modules(Context& context);

// How many blocks live at once on a multiprocessor, by what they have of threads and of shared memory. Registers nobody knows here.
unsigned blocks_of_multiprocessor(const Function& function, unsigned threads, unsigned dynamic_shared_bytes);

}  // namespace software_gpu
