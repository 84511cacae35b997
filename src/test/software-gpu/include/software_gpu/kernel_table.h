// The table of kernels. What a launch must know of a kernel's parameters is deduced from the kernel's own type.
#pragma once
#include <type_traits>
#include <utility>

#include "thread.h"

#pragma GCC visibility push(default)
namespace software_gpu {

struct Parameter {
  uint32_t bytes;
  bool pointer;
};

struct Kernel {
  const char* name;
  const Parameter* parameters;
  size_t parameter_count;
  void (*invoke)(void* const* arguments);  // runs one thread
};

template <auto Function> struct KernelOf;

template <class... Parameters, void (*Function)(Parameters...)> struct KernelOf<Function> {
  static constexpr Parameter parameters[] = {{sizeof(Parameters), std::is_pointer_v<Parameters>}..., {0, false}};

  template <size_t... I> static void call(void* const* arguments, std::index_sequence<I...>) {
    Function(*(std::remove_cv_t<Parameters>*)arguments[I]...);
  }
  static void invoke(void* const* arguments) { call(arguments, std::index_sequence_for<Parameters...>{}); }

  static Kernel named(const char* name) { return {name, parameters, sizeof...(Parameters), invoke}; }
};

// Of every kernel there are two builds: a fast one, and one that checks what it does.
void add_kernel(const Kernel& kernel, bool checked);

// The build script appends one of these for every __global__ function of a file.
struct KernelEntry {
  KernelEntry(const Kernel& kernel, bool checked) { add_kernel(kernel, checked); }
};

}  // namespace software_gpu
#pragma GCC visibility pop
