// The functions behind dev.weir.backend.cuda.SoftwareGpu: settings, faults to order, and what is allocated. All take and give
// 64-bit integers, so that one binding serves them all.
#include "control.h"

#include <cstdlib>
#include <cstring>

#include "block.h"
#include "graph.h"
#include "hazards.h"
#include "memory.h"
#include "module.h"
#include "stream.h"

#define CONTROL(type) extern "C" __attribute__((visibility("default"))) type

namespace software_gpu {

namespace {

bool is_set(const char* variable, const char* value) {
  const char* set = getenv(variable);
  return set && !strcmp(set, value);
}

constexpr size_t usual_device_bytes = (size_t)8 << 30;
constexpr unsigned usual_multiprocessors = 4, usual_blocks_each = 32;

// Counts down to the one that fails; 0 is none.
struct Countdown {
  int64_t left = 0;
  bool is_over() { return left > 0 && --left == 0; }
};

Countdown failing_allocation, failing_launch, losing_operation;
CUresult loss = ECC_UNCORRECTABLE;
Holdings leaked_device, leaked_pinned;

void add(Holdings& sum, const Holdings& more) {
  sum.count += more.count;
  sum.bytes += more.bytes;
}

}  // namespace

bool reverse_order = is_set("SOFTWARE_GPU_ORDER", "reverse");
bool checking = is_set("SOFTWARE_GPU_CHECKS", "1");
size_t device_bytes = usual_device_bytes;
int64_t launch_count = 0;
unsigned multiprocessors = usual_multiprocessors;
unsigned blocks_each = usual_blocks_each;
unsigned cooperative_blocks = most_blocks_at_once;

bool allocation_shall_fail() { return failing_allocation.is_over(); }
bool launch_shall_fail() { return failing_launch.is_over(); }

CUresult lose_device_in_turn(Device& device) {
  if (!losing_operation.is_over()) return SUCCESS;
  refuse(loss, "device " + std::to_string(device.number) + " is lost");
  return device.lost = loss;
}

void note_leak(size_t device_count, size_t device_size, size_t pinned_count, size_t pinned_size) {
  add(leaked_device, {device_count, device_size});
  add(leaked_pinned, {pinned_count, pinned_size});
}

// ---- settings --------------------------------------------------------------------------------------------------------

CONTROL(void) software_gpu_set_reverse(int64_t reverse) {
  Lock lock(driver_lock);
  reverse_order = reverse;
}

CONTROL(void) software_gpu_set_checking(int64_t on, int64_t strictly) {
  Lock lock(driver_lock);
  checking = on;
  strict = strictly;
}

CONTROL(void) software_gpu_set_lazy(int64_t on) {
  Lock lock(driver_lock);
  lazy = on;
}

CONTROL(void) software_gpu_set_multiprocessors(int64_t count, int64_t blocks) {
  Lock lock(driver_lock);
  multiprocessors = count;
  blocks_each = blocks;
}

CONTROL(void) software_gpu_set_cooperative_blocks(int64_t most) {
  Lock lock(driver_lock);
  cooperative_blocks = most;
}

CONTROL(void) software_gpu_set_device_bytes(int64_t bytes) {
  Lock lock(driver_lock);
  device_bytes = bytes;
}

CONTROL(void) software_gpu_set_devices(int64_t count) {
  Lock lock(driver_lock);
  while ((int64_t)devices.size() < count) devices.push_back(std::make_unique<Device>(Device{(int)devices.size()}));
  devices.resize(count);
}

// ---- faults to order: the n-th from now, 0 for none ------------------------------------------------------------------

CONTROL(void) software_gpu_fail_allocation(int64_t nth) {
  Lock lock(driver_lock);
  failing_allocation.left = nth;
}

CONTROL(void) software_gpu_fail_launch(int64_t nth) {
  Lock lock(driver_lock);
  failing_launch.left = nth;
}

CONTROL(void) software_gpu_lose_device(int64_t nth, int64_t code) {
  Lock lock(driver_lock);
  losing_operation.left = nth;
  loss = (CUresult)code;
}

// Every device works again; settings are the usual ones; nothing is ordered to fail; leaks are forgotten.
CONTROL(void) software_gpu_reset() {
  Lock lock(driver_lock);
  failing_allocation = failing_launch = losing_operation = {};
  leaked_device = leaked_pinned = {};
  for (auto& device : devices) device->lost = SUCCESS;
  device_bytes = usual_device_bytes;
  multiprocessors = usual_multiprocessors;
  blocks_each = usual_blocks_each;
  cooperative_blocks = most_blocks_at_once;
  reverse_order = is_set("SOFTWARE_GPU_ORDER", "reverse");
  checking = is_set("SOFTWARE_GPU_CHECKS", "1");
  strict = false;
  lazy = true;
}

// ---- what there is ---------------------------------------------------------------------------------------------------

CONTROL(int64_t) software_gpu_launch_count() {
  Lock lock(driver_lock);
  return launch_count;
}

// What is allocated, and what was when its context was destroyed.
CONTROL(int64_t) software_gpu_allocation_count(int64_t pinned) {
  Lock lock(driver_lock);
  return holdings(pinned ? Home::pinned : Home::device, nullptr).count + (pinned ? leaked_pinned : leaked_device).count;
}

CONTROL(int64_t) software_gpu_allocation_bytes(int64_t pinned) {
  Lock lock(driver_lock);
  return holdings(pinned ? Home::pinned : Home::device, nullptr).bytes + (pinned ? leaked_pinned : leaked_device).bytes;
}

// Streams, events, modules and graphs.
CONTROL(int64_t) software_gpu_handle_count() {
  Lock lock(driver_lock);
  return streams.count() + events.count() + modules.count() + graphs.count() + graph_executions.count();
}

// What the last refused call or fault was, in words; copied, so that another thread's does not change it.
CONTROL(void) software_gpu_last_message(int64_t text, int64_t bytes) {
  Lock lock(driver_lock);
  if (bytes > 0) snprintf((char*)text, bytes, "%s", last_message().c_str());
}

}  // namespace software_gpu
