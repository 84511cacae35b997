// Initialisation, devices, contexts and the texts of errors.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "block.h"
#include "control.h"
#include "driver.h"
#include "graph.h"
#include "memory.h"
#include "module.h"
#include "signals.h"
#include "stream.h"

namespace software_gpu {

std::recursive_mutex driver_lock;
std::vector<std::unique_ptr<Device>> devices;

namespace {

bool initialised = false;
std::string message;
thread_local std::vector<Context*> current;  // the last one is current

int number_in(const char* variable, int otherwise) {
  const char* text = getenv(variable);
  return text && *text ? atoi(text) : otherwise;
}

// 80 is the oldest that our kernels are built for.
int compute_capability() { return number_in("SOFTWARE_GPU_COMPUTE", 80); }

Context* make_context(Device& device) {
  auto* context = new Context{device};  // never deleted: other threads may still have it as their current one
  context->null_stream = std::make_shared<Stream>(*context, false);
  return context;
}

void destroy(Context& context) {
  bool healthy = !context.failure && !context.device.lost;
  if (healthy) {
    finish_all(context);
    Holdings device = holdings(Home::device, &context), pinned = holdings(Home::pinned, &context);
    note_leak(device.count, device.bytes, pinned.count, pinned.bytes);
  }
  release_graphs(context);
  release_modules(context);
  release_streams(context);
  release_all(context);
  context.destroyed = true;
}

template <class Body> CUresult with_device(CUdevice number, Body body) {
  Lock lock(driver_lock);
  if (!initialised) return refuse(NOT_INITIALIZED, "cuInit was not called");
  Device* device = device_of(number);
  return device ? body(*device) : refuse(INVALID_DEVICE, "no device " + std::to_string(number));
}

}  // namespace

Device* device_of(CUdevice number) { return number >= 0 && number < (int)devices.size() ? devices[number].get() : nullptr; }

Context* current_context() { return current.empty() ? nullptr : current.back(); }

CUresult refuse(CUresult code, const std::string& text) {
  message = text;
  return code;
}

CUresult kill(Context& context, CUresult code, const std::string& text) {
  message = text;
  return context.failure = code;
}

const std::string& last_message() { return message; }

API cuInit(unsigned) {
  Lock lock(driver_lock);
  if (!initialised) {
    int count = number_in("SOFTWARE_GPU_DEVICES", 1);
    for (int i = 0; i < count; i++) devices.push_back(std::make_unique<Device>(Device{i}));
    if (const char* lazily = getenv("SOFTWARE_GPU_LAZY")) lazy = strcmp(lazily, "0") != 0;
    catch_signals();
    initialised = true;
  }
  return devices.empty() ? refuse(NO_DEVICE, "no device") : SUCCESS;
}

API cuDriverGetVersion(int* version) {
  *version = 12060;
  return SUCCESS;
}

API cuDeviceGetCount(int* count) {
  Lock lock(driver_lock);
  *count = devices.size();
  return initialised ? SUCCESS : refuse(NOT_INITIALIZED, "cuInit was not called");
}

API cuDeviceGet(CUdevice* device, int ordinal) {
  return with_device(ordinal, [&](Device&) {
    *device = ordinal;
    return SUCCESS;
  });
}

API cuDeviceGetName(char* name, int bytes, CUdevice number) {
  return with_device(number, [&](Device&) {
    snprintf(name, bytes, "software GPU");
    return SUCCESS;
  });
}

API cuDeviceTotalMem_v2(size_t* bytes, CUdevice number) {
  return with_device(number, [&](Device&) {
    *bytes = device_bytes;
    return SUCCESS;
  });
}

API cuDeviceComputeCapability(int* major, int* minor, CUdevice number) {
  return with_device(number, [&](Device&) {
    *major = compute_capability() / 10;
    *minor = compute_capability() % 10;
    return SUCCESS;
  });
}

API cuDeviceGetUuid(char* uuid, CUdevice number) {
  return with_device(number, [&](Device&) {
    memset(uuid, number + 1, 16);
    return SUCCESS;
  });
}
API cuDeviceGetUuid_v2(char* uuid, CUdevice number) { return cuDeviceGetUuid(uuid, number); }

API cuDeviceGetPCIBusId(char* id, int bytes, CUdevice number) {
  return with_device(number, [&](Device&) {
    snprintf(id, bytes, "0000:%02x:00.0", number);
    return SUCCESS;
  });
}

// The numbers of CUdevice_attribute in the driver API.
API cuDeviceGetAttribute(int* value, int attribute, CUdevice number) {
  return with_device(number, [&](Device&) {
    switch (attribute) {
      case 1: case 2: case 3: *value = most_threads; break;   // threads per block, block x, block y
      case 4: *value = 64; break;                             // block z
      case 5: *value = 0x7fffffff; break;                     // grid x
      case 6: case 7: *value = 65535; break;                  // grid y, grid z
      case 8: *value = most_static_shared_bytes; break;       // shared memory per block
      case 9: *value = 65536; break;                          // constant memory
      case 10: *value = warp_lanes; break;
      case 12: *value = 65536; break;                         // registers per block
      case 13: *value = 1000000; break;                       // clock, kHz
      case 16: *value = multiprocessors; break;
      case 36: *value = 1000000; break;                       // memory clock, kHz
      case 37: *value = 64; break;                            // width of the memory bus, bits
      case 38: *value = 4 << 20; break;                       // L2 cache, bytes
      case 39: *value = 2048; break;                          // threads per multiprocessor
      case 41: *value = 1; break;                             // unified addressing
      case 75: *value = compute_capability() / 10; break;
      case 76: *value = compute_capability() % 10; break;
      case 95: *value = cooperative_blocks > 0; break;        // cooperative launch
      case 81: case 97: *value = most_shared_bytes; break;    // shared memory per multiprocessor, per block after opting in
      case 82: *value = 65536; break;                         // registers per multiprocessor
      default: *value = 0;
    }
    return SUCCESS;
  });
}

// ---- contexts --------------------------------------------------------------------------------------------------------

API cuCtxCreate_v2(void** context, unsigned, CUdevice number) {
  return with_device(number, [&](Device& device) {
    if (device.lost) return device.lost;
    *context = make_context(device);
    current.push_back((Context*)*context);
    return SUCCESS;
  });
}

API cuCtxDestroy_v2(void* handle) {
  Lock lock(driver_lock);
  auto* context = (Context*)handle;
  if (!context || context->destroyed) return refuse(INVALID_CONTEXT, "no such context");
  destroy(*context);
  if (current_context() == context) current.pop_back();
  return SUCCESS;
}

API cuDevicePrimaryCtxRetain(void** context, CUdevice number) {
  return with_device(number, [&](Device& device) {
    if (device.lost) return device.lost;
    if (!device.primary) device.primary = make_context(device);
    device.primary_uses++;
    *context = device.primary;
    return SUCCESS;
  });
}

API cuDevicePrimaryCtxReset_v2(CUdevice number) {
  return with_device(number, [&](Device& device) {
    if (device.primary) destroy(*device.primary);
    device.primary = nullptr;
    device.primary_uses = 0;
    return SUCCESS;
  });
}

API cuDevicePrimaryCtxRelease_v2(CUdevice number) {
  return with_device(number, [&](Device& device) {
    if (!device.primary_uses) return refuse(INVALID_CONTEXT, "the primary context is not in use");
    return --device.primary_uses ? SUCCESS : cuDevicePrimaryCtxReset_v2(number);
  });
}

API cuDevicePrimaryCtxSetFlags_v2(CUdevice number, unsigned) {
  return with_device(number, [](Device&) { return SUCCESS; });
}

API cuDevicePrimaryCtxGetState(CUdevice number, unsigned* flags, int* active) {
  return with_device(number, [&](Device& device) {
    *flags = 0;
    *active = device.primary != nullptr;
    return SUCCESS;
  });
}

API cuCtxSetCurrent(void* context) {
  if (!current.empty()) current.pop_back();
  if (context) current.push_back((Context*)context);
  return SUCCESS;
}

API cuCtxGetCurrent(void** context) {
  *context = current_context();
  return SUCCESS;
}

API cuCtxPushCurrent_v2(void* context) {
  if (!context) return refuse(INVALID_CONTEXT, "no context");
  current.push_back((Context*)context);
  return SUCCESS;
}

API cuCtxPopCurrent_v2(void** context) {
  if (current.empty()) return refuse(INVALID_CONTEXT, "no context is current on this thread");
  if (context) *context = current.back();
  current.pop_back();
  return SUCCESS;
}

API cuCtxGetDevice(CUdevice* device) {
  return in_context([&](Context& context) {
    *device = context.device.number;
    return SUCCESS;
  });
}

API cuCtxGetStreamPriorityRange(int* least, int* greatest) {
  *least = 0;
  *greatest = 0;
  return SUCCESS;
}

API cuCtxSetLimit(int, size_t) {
  return in_context([](Context&) { return SUCCESS; });
}

API cuCtxSetCacheConfig(int) {
  return in_context([](Context&) { return SUCCESS; });
}

// ---- the texts of errors ---------------------------------------------------------------------------------------------

namespace {

struct ErrorText {
  CUresult code;
  const char* name;
  const char* text;
};

// As the driver has them.
constexpr ErrorText error_texts[] = {
    {SUCCESS, "CUDA_SUCCESS", "no error"},
    {INVALID_VALUE, "CUDA_ERROR_INVALID_VALUE", "invalid argument"},
    {OUT_OF_MEMORY, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory"},
    {NOT_INITIALIZED, "CUDA_ERROR_NOT_INITIALIZED", "initialization error"},
    {NO_DEVICE, "CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected"},
    {INVALID_DEVICE, "CUDA_ERROR_INVALID_DEVICE", "invalid device ordinal"},
    {INVALID_IMAGE, "CUDA_ERROR_INVALID_IMAGE", "device kernel image is invalid"},
    {INVALID_CONTEXT, "CUDA_ERROR_INVALID_CONTEXT", "invalid device context"},
    {ECC_UNCORRECTABLE, "CUDA_ERROR_ECC_UNCORRECTABLE", "uncorrectable ECC error encountered"},
    {INVALID_HANDLE, "CUDA_ERROR_INVALID_HANDLE", "invalid resource handle"},
    {NOT_FOUND, "CUDA_ERROR_NOT_FOUND", "named symbol not found"},
    {NOT_READY, "CUDA_ERROR_NOT_READY", "device not ready"},
    {ILLEGAL_ADDRESS, "CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered"},
    {CONTEXT_IS_DESTROYED, "CUDA_ERROR_CONTEXT_IS_DESTROYED", "context is destroyed"},
    {ASSERT, "CUDA_ERROR_ASSERT", "device-side assert triggered"},
    {MISALIGNED_ADDRESS, "CUDA_ERROR_MISALIGNED_ADDRESS", "misaligned address"},
    {LAUNCH_FAILED, "CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure"},
    {COOPERATIVE_LAUNCH_TOO_LARGE, "CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE", "too many blocks in cooperative launch"},
    {NOT_PERMITTED, "CUDA_ERROR_NOT_PERMITTED", "operation not permitted"},
    {NOT_SUPPORTED, "CUDA_ERROR_NOT_SUPPORTED", "operation not supported"},
    {STREAM_CAPTURE_UNSUPPORTED, "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED", "operation not permitted when stream is capturing"},
    {STREAM_CAPTURE_INVALIDATED, "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED", "operation failed due to a previous error during capture"},
    {STREAM_CAPTURE_UNJOINED, "CUDA_ERROR_STREAM_CAPTURE_UNJOINED", "capturing stream has unjoined work"},
};

const ErrorText* text_of(int code) {
  for (const ErrorText& known : error_texts)
    if (known.code == code) return &known;
  return nullptr;
}

}  // namespace

API cuGetErrorName(int code, const char** name) {
  const ErrorText* known = text_of(code);
  *name = known ? known->name : nullptr;
  return known ? SUCCESS : INVALID_VALUE;
}

// The driver's text and, in brackets, what only a software GPU can know.
API cuGetErrorString(int code, const char** text) {
  Lock lock(driver_lock);
  const ErrorText* known = text_of(code);
  static thread_local std::string kept;
  if (known) kept = known->text + (code != SUCCESS && !message.empty() ? " (" + message + ")" : "");
  *text = known ? kept.c_str() : nullptr;
  return known ? SUCCESS : INVALID_VALUE;
}

}  // namespace software_gpu
