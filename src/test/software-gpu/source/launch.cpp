// Launches of kernels.
#include <algorithm>
#include <cstring>
#include <memory>

#include "block.h"
#include "control.h"
#include "memory.h"
#include "module.h"
#include "shared_memory.h"
#include "stream.h"

namespace software_gpu {
namespace {

// Arguments are copied at the call: later changes of the caller's block do not matter, in a graph either.
struct Launch {
  const Kernel& kernel;
  const Kernel& checked_kernel;
  dim3 blocks, threads;
  unsigned shared_bytes;
  bool cooperative;
  std::vector<uint64_t> values;  // 8-byte cells
  std::vector<void*> arguments;  // where each parameter's value starts in them
};

CUresult code_of(Fault fault) {
  switch (fault) {
    case Fault::memory: return ILLEGAL_ADDRESS;
    case Fault::misaligned: return MISALIGNED_ADDRESS;
    case Fault::assertion: return ASSERT;
    case Fault::synchronisation: return LAUNCH_FAILED;
  }
  return LAUNCH_FAILED;
}

void copy_arguments(Launch& launch, void* const* from) {
  const Kernel& kernel = launch.kernel;
  size_t cells = 0;
  for (size_t i = 0; i < kernel.parameter_count; i++) cells += (kernel.parameters[i].bytes + 7) / 8;
  launch.values.resize(cells);
  uint64_t* cell = launch.values.data();
  for (size_t i = 0; i < kernel.parameter_count; i++) {
    memcpy(cell, from[i], kernel.parameters[i].bytes);
    launch.arguments.push_back(cell);
    cell += (kernel.parameters[i].bytes + 7) / 8;
  }
}

uint64_t pointer_argument(const Launch& launch, size_t parameter) { return *(uint64_t*)launch.arguments[parameter]; }

// What a pointer parameter points into; null for a null pointer, for a number, and for an address of nobody.
Allocation* target(const Launch& launch, size_t parameter) {
  if (!launch.kernel.parameters[parameter].pointer) return nullptr;
  uint64_t address = pointer_argument(launch, parameter);
  return address ? allocation_at(address) : nullptr;
}

std::string name_of(const Launch& launch, size_t parameter) {
  return "parameter " + std::to_string(parameter) + " of kernel " + launch.kernel.name;
}

// A real device would fault later, or not at all: here a bad pointer is named before anything runs.
std::string bad_pointer(const Launch& launch, const Context& context) {
  for (size_t i = 0; i < launch.kernel.parameter_count; i++) {
    if (!launch.kernel.parameters[i].pointer || !pointer_argument(launch, i)) continue;
    Allocation* buffer = target(launch, i);
    if (!buffer || !buffer->live) return name_of(launch, i) + " points " + describe(pointer_argument(launch, i));
    if (buffer->home == Home::device && &buffer->context->device != &context.device)
      return name_of(launch, i) + " points to memory of device " + std::to_string(buffer->context->device.number);
  }
  return {};
}

std::string overwritten_slack(const Launch& launch) {
  for (size_t i = 0; i < launch.kernel.parameter_count; i++) {
    Allocation* buffer = target(launch, i);
    if (buffer && buffer->live && !slack_is_clean(*buffer))
      return std::string("kernel ") + launch.kernel.name + ": a thread wrote past the end of the buffer of " + std::to_string(buffer->bytes) + " bytes that is its parameter " + std::to_string(i);
  }
  return {};
}

// Which parameter leads to the buffer that was missed.
std::string parameter_near(const Launch& launch, uint64_t address) {
  for (size_t i = 0; i < launch.kernel.parameter_count; i++) {
    Allocation* buffer = target(launch, i);
    constexpr uint64_t reach = 4096;
    if (buffer && address + reach >= buffer->address && address < buffer->address + buffer->room + reach) return " (parameter " + std::to_string(i) + ")";
  }
  return {};
}

std::string where(const Launch& launch, uint64_t address) {
  constexpr uint64_t first_addresses = 1 << 20;
  if (address < first_addresses) return "near the address 0";
  std::string shared = describe_shared(address);
  return shared.empty() ? describe(address) + parameter_near(launch, address) : shared;
}

CUresult run_launch(Context& context, const Launch& launch) {
  if (CUresult lost = lose_device_in_turn(context.device)) return lost;
  if (launch_shall_fail()) return kill(context, LAUNCH_FAILED, std::string("kernel ") + launch.kernel.name + " was ordered to fail");
  std::string bad = bad_pointer(launch, context);
  if (!bad.empty()) return kill(context, ILLEGAL_ADDRESS, bad);
  launch_count++;
  std::optional<Failure> failure =
      run(Grid{checking ? &launch.checked_kernel : &launch.kernel, launch.blocks, launch.threads, launch.shared_bytes, launch.arguments.data(), reverse_order, launch.cooperative});
  if (failure) {
    if (failure->address) failure->text += " " + where(launch, *failure->address);
    return kill(context, code_of(failure->fault), failure->text);
  }
  std::string overwritten = overwritten_slack(launch);
  return overwritten.empty() ? SUCCESS : kill(context, ILLEGAL_ADDRESS, overwritten);
}

bool is_launchable(dim3 blocks, dim3 threads) {
  bool grid = blocks.x >= 1 && blocks.x <= 0x7fffffff && blocks.y >= 1 && blocks.y <= 65535 && blocks.z >= 1 && blocks.z <= 65535;
  bool block = threads.x >= 1 && threads.x <= most_threads && threads.y >= 1 && threads.y <= most_threads && threads.z >= 1 && threads.z <= 64;
  return grid && block && (uint64_t)threads.x * threads.y * threads.z <= most_threads;
}

CUresult check(const Function& function, dim3 blocks, dim3 threads, unsigned shared_bytes, void** arguments) {
  std::string name = std::string("launch of ") + function.kernel.name + ": ";
  if (!is_launchable(blocks, threads)) return refuse(INVALID_VALUE, name + "the grid or the block is empty or too large");
  if ((int)shared_bytes > function.most_dynamic_shared_bytes)
    return refuse(INVALID_VALUE, name + std::to_string(shared_bytes) + " bytes of dynamic shared memory, allowed are " + std::to_string(function.most_dynamic_shared_bytes));
  for (size_t i = 0; i < function.kernel.parameter_count; i++)
    if (!arguments || !arguments[i]) return refuse(INVALID_VALUE, name + "argument " + std::to_string(i) + " is missing");
  return SUCCESS;
}

// The blocks of a cooperative launch all live at once, or none does.
CUresult check_cooperative(const Function& function, dim3 blocks, dim3 threads, unsigned shared_bytes) {
  if (!cooperative_blocks) return refuse(NOT_SUPPORTED, "a cooperative launch");
  uint64_t wanted = (uint64_t)blocks.x * blocks.y * blocks.z;
  unsigned most = std::min(cooperative_blocks, multiprocessors * blocks_of_multiprocessor(function, threads.x * threads.y * threads.z, shared_bytes));
  if (wanted <= most) return SUCCESS;
  return refuse(COOPERATIVE_LAUNCH_TOO_LARGE,
                std::string("launch of ") + function.kernel.name + ": " + std::to_string(wanted) + " blocks, " + std::to_string(most) + " can live at once");
}

struct Sizes {
  dim3 blocks, threads;
  unsigned shared_bytes;
};

CUresult launch(void* handle, const Sizes& sizes, void* stream_handle, void** arguments, bool cooperative) {
  return in_context([&](Context& context) {
    auto& [blocks, threads, shared_bytes] = sizes;
    Function* function = function_of(context, handle);
    std::shared_ptr<Stream> stream = stream_of(context, stream_handle);
    if (!function || !stream) return refuse(INVALID_HANDLE, "no such function or stream in the current context");
    if (CUresult result = check(*function, blocks, threads, shared_bytes, arguments)) return result;
    if (CUresult result = cooperative ? check_cooperative(*function, blocks, threads, shared_bytes) : SUCCESS) return result;
    auto launch = std::make_shared<Launch>(Launch{function->kernel, function->checked_kernel, blocks, threads, shared_bytes, cooperative, {}, {}});
    copy_arguments(*launch, arguments);
    return issue(*stream, {WorkKind::kernel, [launch](Context& context) { return run_launch(context, *launch); }});
  });
}

}  // namespace

API cuLaunchKernel(void* handle, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x, unsigned block_y, unsigned block_z,
                   unsigned shared_bytes, void* stream, void** arguments, void** extra) {
  if (extra) return refuse(NOT_SUPPORTED, "launch arguments in `extra`");
  return launch(handle, {dim3(grid_x, grid_y, grid_z), dim3(block_x, block_y, block_z), shared_bytes}, stream, arguments, false);
}

API cuLaunchCooperativeKernel(void* handle, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x, unsigned block_y, unsigned block_z,
                              unsigned shared_bytes, void* stream, void** arguments) {
  return launch(handle, {dim3(grid_x, grid_y, grid_z), dim3(block_x, block_y, block_z), shared_bytes}, stream, arguments, true);
}

}  // namespace software_gpu
