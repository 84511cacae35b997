// What every part of the driver API shares: result codes, the lock, devices and contexts.
#pragma once
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

enum CUresult : int {
  SUCCESS = 0,
  INVALID_VALUE = 1,
  OUT_OF_MEMORY = 2,
  NOT_INITIALIZED = 3,
  NO_DEVICE = 100,
  INVALID_DEVICE = 101,
  INVALID_IMAGE = 200,
  INVALID_CONTEXT = 201,
  ECC_UNCORRECTABLE = 214,
  INVALID_HANDLE = 400,
  NOT_FOUND = 500,
  NOT_READY = 600,
  ILLEGAL_ADDRESS = 700,
  CONTEXT_IS_DESTROYED = 709,
  ASSERT = 710,
  MISALIGNED_ADDRESS = 716,
  LAUNCH_FAILED = 719,
  COOPERATIVE_LAUNCH_TOO_LARGE = 720,
  NOT_PERMITTED = 800,
  NOT_SUPPORTED = 801,
  STREAM_CAPTURE_UNSUPPORTED = 900,
  STREAM_CAPTURE_INVALIDATED = 901,
  STREAM_CAPTURE_UNJOINED = 904,
};
using CUdeviceptr = uint64_t;
using CUdevice = int;

#define API extern "C" __attribute__((visibility("default"))) CUresult

namespace software_gpu {

// One call at a time. Recursive, because a host function in a stream may call the driver.
using Lock = std::lock_guard<std::recursive_mutex>;
extern std::recursive_mutex driver_lock;

struct Device {
  int number;
  CUresult lost = SUCCESS;  // what every call answers once the device is lost
  struct Context* primary = nullptr;
  int primary_uses = 0;
};

struct Stream;

struct Context {
  Device& device;
  CUresult failure = SUCCESS;  // sticky: what every call answers after a fault
  bool destroyed = false;
  std::shared_ptr<Stream> null_stream;
  std::vector<std::shared_ptr<Stream>> streams;  // the null stream is none of them
};

// The devices there are; cuInit makes them.
extern std::vector<std::unique_ptr<Device>> devices;
Device* device_of(CUdevice number);

// The context that is current on the calling thread, or null.
Context* current_context();

// Answers a mistake of the caller: the message can be read through cuGetErrorString.
CUresult refuse(CUresult code, const std::string& message);

// A fault on the device: the context is dead from here on.
CUresult kill(Context& context, CUresult code, const std::string& message);

// What was last refused or killed, in words.
const std::string& last_message();

// Runs the body of an API function in the current context, unless that is missing or dead.
template <class Body> CUresult in_context(Body body) {
  Lock lock(driver_lock);
  Context* context = current_context();
  if (!context) return refuse(INVALID_CONTEXT, "no context is current on this thread");
  if (context->destroyed) return refuse(CONTEXT_IS_DESTROYED, "the current context was destroyed");
  if (context->device.lost) return context->device.lost;
  if (context->failure) return context->failure;
  CUresult result = body(*context);
  return context->failure ? context->failure : result;
}

// The objects of one kind that the program holds. A handle is an object's address, but only looked up here.
template <class Object> class Handles {
 public:
  Object* add(std::shared_ptr<Object> object) {
    Object* handle = object.get();
    objects.emplace(handle, std::move(object));
    return handle;
  }
  std::shared_ptr<Object> find(void* handle) const {
    auto found = objects.find((Object*)handle);
    return found == objects.end() ? nullptr : found->second;
  }
  std::shared_ptr<Object> remove(void* handle) {
    std::shared_ptr<Object> object = find(handle);
    objects.erase((Object*)handle);
    return object;
  }
  template <class Test> void remove_if(Test test) {
    for (auto at = objects.begin(); at != objects.end();) at = test(*at->second) ? objects.erase(at) : std::next(at);
  }
  size_t count() const { return objects.size(); }

 private:
  std::unordered_map<Object*, std::shared_ptr<Object>> objects;
};

}  // namespace software_gpu
