// What tests may set and see beyond the driver API: see control.cpp.
#pragma once
#include <cstdint>

#include "driver.h"

namespace software_gpu {

extern bool reverse_order;
extern bool checking;            // the checked builds of kernels run
extern size_t device_bytes;      // of every device
extern int64_t launch_count;     // kernels run so far
extern unsigned multiprocessors;
extern unsigned blocks_each;         // that a multiprocessor has room for at most
extern unsigned cooperative_blocks;  // that a cooperative launch may have at most; 0: there is no such launch

// Each says, by its count, whether this is the one that shall fail.
bool allocation_shall_fail();
bool launch_shall_fail();

// Loses the device if it is its turn; `operation` is a launch or a copy about to run.
CUresult lose_device_in_turn(Device& device);

// Counts what a healthy context still held when it was destroyed.
void note_leak(size_t device_count, size_t device_bytes, size_t pinned_count, size_t pinned_bytes);

}  // namespace software_gpu
