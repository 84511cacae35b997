#include "memory.h"

#include <sys/mman.h>

#include <cstring>
#include <map>
#include <set>

namespace software_gpu {
namespace {

constexpr size_t page = 4096;

// Addresses are cheap: one reservation of them, handed out from front to back and never twice. Freed memory becomes
// inaccessible again and melts into its neighbours, so any number of allocations fits into the kernel's table of mappings.
struct AddressSpace {
  static constexpr size_t reserved = (size_t)1 << 40;
  char* next = nullptr;
  char* end = nullptr;

  char* take(size_t bytes) {
    if ((size_t)(end - next) < bytes) {
      void* start = mmap(nullptr, reserved, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
      if (start == MAP_FAILED) return nullptr;
      next = (char*)start;
      end = next + reserved;
    }
    char* taken = next;
    next += bytes;
    return taken;
  }
};

AddressSpace addresses;
std::map<uint64_t, Allocation> allocations;  // by address; freed ones stay, to be named by faults
std::set<Allocation*> live;

size_t rounded_up(size_t bytes, size_t to) { return (bytes + to - 1) / to * to; }

void* first_page(const Allocation& allocation) { return (void*)(allocation.address / page * page); }

size_t bytes_of_pages(const Allocation& allocation) {
  return allocation.address + allocation.room - (uint64_t)first_page(allocation);
}

}  // namespace

Allocation* allocate(size_t bytes, Home home, Context* context) {
  size_t room = rounded_up(bytes, allocation_alignment);
  size_t pages = rounded_up(room, page);
  char* guard = addresses.take(pages + 2 * page);
  if (!guard) return nullptr;
  char* body = guard + page;
  if (mprotect(body, pages, PROT_READ | PROT_WRITE)) return nullptr;
  memset(body, poison, pages);
  uint64_t address = (uint64_t)(body + pages - room);  // the end lies at the guard page behind
  Allocation& allocation = allocations[address] = {address, bytes, room, home, context, true};
  live.insert(&allocation);
  return &allocation;
}

void release(Allocation& allocation) {
  allocation.live = false;
  live.erase(&allocation);
  mprotect(first_page(allocation), bytes_of_pages(allocation), PROT_NONE);
  madvise(first_page(allocation), bytes_of_pages(allocation), MADV_DONTNEED);
}

Allocation* allocation_at(uint64_t address) {
  auto after = allocations.upper_bound(address);
  if (after == allocations.begin()) return nullptr;
  Allocation& found = std::prev(after)->second;
  return address <= found.end() ? &found : nullptr;
}

Allocation* allocation_starting_at(uint64_t address, Home home) {
  auto found = allocations.find(address);
  return found != allocations.end() && found->second.live && found->second.home == home ? &found->second : nullptr;
}

bool is_inside(uint64_t address, size_t bytes) {
  Allocation* allocation = allocation_at(address);
  return allocation && allocation->live && address + bytes <= allocation->end();
}

bool is_of_allocations(const void* address) {
  return addresses.end && address < addresses.next && address >= addresses.end - AddressSpace::reserved;
}

bool slack_is_clean(const Allocation& allocation) {
  auto* memory = (const unsigned char*)allocation.address;
  for (size_t at = allocation.bytes; at < allocation.room; at++)
    if (memory[at] != poison) return false;
  return true;
}

std::string describe(uint64_t address) {
  auto after = allocations.upper_bound(address + page);  // from the page before a buffer it is the nearest as well
  if (after == allocations.begin()) return "in no buffer";
  const Allocation& nearest = std::prev(after)->second;
  std::string buffer = std::string(nearest.live ? "a " : "a freed ") + (nearest.home == Home::device ? "device" : "pinned") +
                       " buffer of " + std::to_string(nearest.bytes) + " bytes";
  if (address < nearest.address) return std::to_string(nearest.address - address) + " bytes before " + buffer;
  if (address < nearest.end()) return "at byte " + std::to_string(address - nearest.address) + " of " + buffer;
  if (address < nearest.address + nearest.room + page)
    return address == nearest.end() ? "at the end of " + buffer : std::to_string(address - nearest.end()) + " bytes past the end of " + buffer;
  return "in no buffer";
}

Holdings holdings(Home home, const Context* context) {
  Holdings sum;
  for (const Allocation* allocation : live) {
    if (allocation->home != home || (context && allocation->context != context)) continue;
    sum.count++;
    sum.bytes += allocation->bytes;
  }
  return sum;
}

void release_all(const Context& context) {
  for (Allocation* allocation : std::set<Allocation*>(live))
    if (allocation->context == &context) release(*allocation);
}

}  // namespace software_gpu
