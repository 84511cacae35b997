// The memory of the software GPU: every allocation alone between guard pages, full of poison, and never at an address that
// was used before, so that a kernel that goes astray faults and the fault names the buffer.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

namespace software_gpu {

struct Context;

enum class Home { device, pinned };

struct Allocation {
  uint64_t address;
  size_t bytes;
  size_t room;  // what may be touched without a fault: `bytes` rounded up to the alignment
  Home home;
  Context* context;
  bool live;

  uint64_t end() const { return address + bytes; }
};

constexpr size_t allocation_alignment = 256;  // as cuMemAlloc promises
constexpr unsigned char poison = 0xFF;        // NaN as a float of any width, -1 as an integer

// Null when the system gives no memory.
Allocation* allocate(size_t bytes, Home home, Context* context);

// The memory goes back to the system, the address stays forbidden for ever.
void release(Allocation& allocation);

// The allocation that holds the address, or ends there; freed ones too. Null if there is none.
Allocation* allocation_at(uint64_t address);

// The live allocation that starts at this address, or null.
Allocation* allocation_starting_at(uint64_t address, Home home);

// Whether [address, address + bytes) lies in one live allocation.
bool is_inside(uint64_t address, size_t bytes);

// Whether an allocation, of whatever age, may lie there: neither a stack nor anything else of the host's.
bool is_of_allocations(const void* address);

// Whether nobody wrote between the end of the allocation and its guard page.
bool slack_is_clean(const Allocation& allocation);

// "4 bytes past the end of a device buffer of 1024 bytes".
std::string describe(uint64_t address);

struct Holdings {
  size_t count = 0, bytes = 0;
};

// What is allocated at present, in one context or (null) in all.
Holdings holdings(Home home, const Context* context);

// Releases what the context still has.
void release_all(const Context& context);

}  // namespace software_gpu
