// Allocations, copies and fills.
#include <algorithm>
#include <cstring>

#include "control.h"
#include "memory.h"
#include "stream.h"

namespace software_gpu {
namespace {

CUresult allocate_for(Context& context, size_t bytes, Home home, uint64_t* address) {
  const char* call = home == Home::device ? "cuMemAlloc" : "cuMemHostAlloc";
  if (CUresult result = forbidden_while_capturing(context, call)) return result;
  if (bytes == 0) return refuse(INVALID_VALUE, std::string(call) + " of 0 bytes");
  if (allocation_shall_fail()) return refuse(OUT_OF_MEMORY, std::string(call) + " was ordered to fail");
  size_t used = holdings(Home::device, &context).bytes;
  if (home == Home::device && (bytes > device_bytes || used > device_bytes - bytes))
    return refuse(OUT_OF_MEMORY, std::to_string(bytes) + " bytes, free are " + std::to_string(device_bytes - std::min(used, device_bytes)));
  Allocation* allocation = allocate(bytes, home, &context);
  if (!allocation) return refuse(OUT_OF_MEMORY, "the host gives no memory");
  *address = allocation->address;
  return SUCCESS;
}

CUresult free_of(Context& context, uint64_t address, Home home) {
  const char* call = home == Home::device ? "cuMemFree" : "cuMemFreeHost";
  if (CUresult result = forbidden_while_capturing(context, call)) return result;
  if (!address) return SUCCESS;
  if (CUresult result = finish_all(context)) return result;
  Allocation* allocation = allocation_starting_at(address, home);
  if (!allocation) return refuse(INVALID_VALUE, std::string(call) + " of an address that is not the start of a live allocation");
  bool clean = slack_is_clean(*allocation);
  release(*allocation);
  return clean ? SUCCESS : kill(context, ILLEGAL_ADDRESS, "somebody wrote past the end of a buffer of " + std::to_string(allocation->bytes) + " bytes");
}

enum class Side { device, host };

struct Range {
  uint64_t address;
  size_t bytes;
  Side side;

  bool is_pinned() const { return side == Side::host && is_inside(address, bytes); }
  bool is_pageable() const { return side == Side::host && !is_pinned(); }
  bool is_bad() const { return side == Side::device && !is_inside(address, bytes); }
};

CUresult run_copy(Context& context, uint64_t to, uint64_t from, size_t bytes) {
  if (CUresult lost = lose_device_in_turn(context.device)) return lost;
  memmove((void*)to, (const void*)from, bytes);
  return SUCCESS;
}

// Memory may have been freed between the call and its turn.
CUresult run_checked_copy(Context& context, Range to, Range from) {
  if (to.is_bad()) return kill(context, ILLEGAL_ADDRESS, "a copy to memory " + describe(to.address));
  if (from.is_bad()) return kill(context, ILLEGAL_ADDRESS, "a copy from memory " + describe(from.address));
  return run_copy(context, to.address, from.address, to.bytes);
}

CUresult bad_range(const char* what, const Range& range) {
  return refuse(INVALID_VALUE, std::string("copy ") + what + " " + std::to_string(range.bytes) + " bytes " + describe(range.address) + ": not inside one live allocation");
}

// The driver reads pageable memory before the call returns.
CUresult copy_from_pageable(Stream& stream, Range to, Range from) {
  auto staged = std::make_shared<std::vector<char>>((const char*)from.address, (const char*)from.address + from.bytes);
  return issue(stream, {WorkKind::copy, [=](Context& context) {
                          return run_checked_copy(context, to, {(uint64_t)staged->data(), to.bytes, Side::host});
                        }});
}

CUresult copy(Stream& stream, Range to, Range from) {
  if (to.bytes == 0) return SUCCESS;
  if (to.is_bad()) return bad_range("to", to);
  if (from.is_bad()) return bad_range("from", from);
  bool pageable = to.is_pageable() || from.is_pageable();
  if (stream.capture && pageable) {
    stream.capture->invalid = true;
    return refuse(STREAM_CAPTURE_UNSUPPORTED, "a copy of pageable memory in a stream that is being captured");
  }
  if (from.is_pageable()) return copy_from_pageable(stream, to, from);
  CUresult result = issue(stream, {WorkKind::copy, [=](Context& context) { return run_checked_copy(context, to, from); }});
  return result || !to.is_pageable() ? result : finish(stream);  // a copy to pageable memory is done when the call returns
}

CUresult copy_now(Range to, Range from) {
  return in_context([&](Context& context) {
    if (CUresult result = forbidden_while_capturing(context, "a synchronous copy")) return result;
    if (CUresult result = copy(*context.null_stream, to, from)) return result;
    return finish(*context.null_stream);
  });
}

CUresult copy_in(void* handle, Range to, Range from) {
  return in_context([&](Context& context) {
    std::shared_ptr<Stream> stream = stream_of(context, handle);
    return stream ? copy(*stream, to, from) : refuse(INVALID_HANDLE, "no such stream in the current context");
  });
}

template <class Value> CUresult fill(void* handle, CUdeviceptr to, Value value, size_t count) {
  return in_context([&](Context& context) {
    std::shared_ptr<Stream> stream = stream_of(context, handle);
    if (!stream) return refuse(INVALID_HANDLE, "no such stream in the current context");
    if (!is_inside(to, count * sizeof(Value))) return bad_range("of a value to", {to, count * sizeof(Value), Side::device});
    return issue(*stream, {WorkKind::fill, [=](Context& context) {
                             if (!is_inside(to, count * sizeof(Value))) return kill(context, ILLEGAL_ADDRESS, "a fill of memory " + describe(to));
                             std::fill_n((Value*)to, count, value);
                             return SUCCESS;
                           }});
  });
}

}  // namespace

// ---- memory ----------------------------------------------------------------------------------------------------------

API cuMemGetInfo_v2(size_t* free, size_t* total) {
  return in_context([&](Context& context) {
    size_t used = holdings(Home::device, &context).bytes;
    *total = device_bytes;
    *free = device_bytes - std::min(used, device_bytes);
    return SUCCESS;
  });
}

API cuMemAlloc_v2(CUdeviceptr* address, size_t bytes) {
  return in_context([&](Context& context) { return allocate_for(context, bytes, Home::device, address); });
}

API cuMemFree_v2(CUdeviceptr address) {
  return in_context([&](Context& context) { return free_of(context, address, Home::device); });
}

API cuMemAllocHost_v2(void** memory, size_t bytes) {
  return in_context([&](Context& context) { return allocate_for(context, bytes, Home::pinned, (uint64_t*)memory); });
}

API cuMemHostAlloc(void** memory, size_t bytes, unsigned) { return cuMemAllocHost_v2(memory, bytes); }

API cuMemFreeHost(void* memory) {
  return in_context([&](Context& context) { return free_of(context, (uint64_t)memory, Home::pinned); });
}

API cuMemHostGetDevicePointer_v2(CUdeviceptr* address, void* memory, unsigned) {
  return in_context([&](Context&) {
    *address = (CUdeviceptr)memory;
    return SUCCESS;
  });
}

API cuMemGetAddressRange_v2(CUdeviceptr* start, size_t* bytes, CUdeviceptr address) {
  return in_context([&](Context&) {
    Allocation* allocation = allocation_at(address);
    if (!allocation || !allocation->live) return refuse(NOT_FOUND, "an address " + describe(address));
    if (start) *start = allocation->address;
    if (bytes) *bytes = allocation->bytes;
    return SUCCESS;
  });
}

// ---- copies ----------------------------------------------------------------------------------------------------------

API cuMemcpyHtoD_v2(CUdeviceptr to, const void* from, size_t bytes) {
  return copy_now({to, bytes, Side::device}, {(uint64_t)from, bytes, Side::host});
}

API cuMemcpyDtoH_v2(void* to, CUdeviceptr from, size_t bytes) {
  return copy_now({(uint64_t)to, bytes, Side::host}, {from, bytes, Side::device});
}

API cuMemcpyDtoD_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes) {
  return copy_now({to, bytes, Side::device}, {from, bytes, Side::device});
}

API cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void* from, size_t bytes, void* stream) {
  return copy_in(stream, {to, bytes, Side::device}, {(uint64_t)from, bytes, Side::host});
}

API cuMemcpyDtoHAsync_v2(void* to, CUdeviceptr from, size_t bytes, void* stream) {
  return copy_in(stream, {(uint64_t)to, bytes, Side::host}, {from, bytes, Side::device});
}

API cuMemcpyDtoDAsync_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes, void* stream) {
  return copy_in(stream, {to, bytes, Side::device}, {from, bytes, Side::device});
}

// ---- fills -----------------------------------------------------------------------------------------------------------

API cuMemsetD8_v2(CUdeviceptr to, unsigned char value, size_t count) { return fill(nullptr, to, value, count); }
API cuMemsetD16_v2(CUdeviceptr to, unsigned short value, size_t count) { return fill(nullptr, to, value, count); }
API cuMemsetD32_v2(CUdeviceptr to, unsigned value, size_t count) { return fill(nullptr, to, value, count); }
API cuMemsetD8Async(CUdeviceptr to, unsigned char value, size_t count, void* stream) { return fill(stream, to, value, count); }
API cuMemsetD16Async(CUdeviceptr to, unsigned short value, size_t count, void* stream) { return fill(stream, to, value, count); }
API cuMemsetD32Async(CUdeviceptr to, unsigned value, size_t count, void* stream) { return fill(stream, to, value, count); }

}  // namespace software_gpu
