// Runs the blocks of a launch, one after the other or, in a cooperative launch, by turns, on the calling thread.
#pragma once
#include <optional>
#include <string>

#include "software_gpu/kernel_table.h"
#include "software_gpu/thread.h"

namespace software_gpu {

struct Grid {
  const Kernel* kernel;
  dim3 blocks, threads;
  unsigned shared_bytes;
  void* const* arguments;
  bool reverse;  // the last thread of the last block runs first
  bool cooperative;  // blocks may wait for each other
};

// Why a launch ended early.
struct Failure {
  Fault fault;
  std::string text;                 // kernel, block, thread, line, and what happened there
  std::optional<uint64_t> address;  // that was not accessible
};

std::optional<Failure> run(const Grid& grid);

// For the signal handler: ends the launch if a kernel's thread is running on this stack, else returns.
void stop_kernel_at(const void* instruction, Fault fault, std::optional<uint64_t> address, const char* message);

// The line of the running thread's newest barrier, warp operation or asynchronous copy: for faults that know no better.
Place& running_place();

constexpr unsigned most_threads = 1024, warp_lanes = 32;
constexpr unsigned most_blocks_at_once = 128;
constexpr unsigned most_static_shared_bytes = 48 << 10, most_shared_bytes = 227 << 10;

}  // namespace software_gpu
