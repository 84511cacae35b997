#include "shared_memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <vector>

#include "block.h"
#include "hazards.h"
#include "memory.h"

namespace software_gpu {

uint64_t block_serial = 0;

namespace {

constexpr size_t alignment = 128, fence = 128, page = 4096;
constexpr size_t room = 256 << 10, window_bytes = 2 * room + 3 * page;

size_t rounded_up(size_t bytes, size_t to) { return (bytes + to - 1) / to * to; }

struct Placed {
  SharedVariable* variable;
  char* address;
};

struct Copy {
  void* to;
  const void* from;
  unsigned bytes, present, group;
  Place place;
};

struct Copies {
  std::vector<Copy> pending;
  unsigned groups = 0;
};

// Where a block has its shared memory: static variables and dynamic memory, two areas between guard pages.
struct Window {
  char* statics;
  char* dynamics;
  char* dynamic_start = nullptr;
  unsigned dynamic_bytes = 0;
  size_t statics_used = 0, statics_bytes = 0;
  uint64_t serial = 0;  // of the block
  std::vector<Placed> placed;
  std::vector<Copies> copies;  // of each thread
};

char* reserve_windows() {
  size_t bytes = most_blocks_at_once * window_bytes;
  auto* memory = (char*)mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  watch(memory, bytes);
  return memory;
}

Window make_window(size_t number) {
  static char* const memory = reserve_windows();
  char* start = memory + number * window_bytes;
  mprotect(start + page, room, PROT_READ | PROT_WRITE);
  mprotect(start + 2 * page + room, room, PROT_READ | PROT_WRITE);
  return {start + page, start + 2 * page + room};
}

std::deque<Window> windows;
Window* window = nullptr;  // of the running block

// Up to the next variable.
size_t fence_bytes(const SharedVariable& variable) { return rounded_up(variable.bytes, alignment) + fence - variable.bytes; }

bool fence_is_whole(const Placed& placed) {
  const char* start = placed.address + placed.variable->bytes;
  for (size_t at = 0; at < fence_bytes(*placed.variable); at++)
    if ((unsigned char)start[at] != poison) return false;
  return true;
}

// A block that comes back finds its variables where it left them.
char* known_place(const SharedVariable& variable) {
  for (const Placed& placed : window->placed)
    if (placed.variable == &variable) return placed.address;
  return nullptr;
}

char* new_place(SharedVariable& variable, Place place) {
  window->statics_bytes += variable.bytes;
  if (window->statics_bytes > most_static_shared_bytes) fault(Fault::memory, place, "more than 48 KiB of static shared memory");
  char* address = window->statics + window->statics_used;
  size_t bytes = variable.bytes + fence_bytes(variable);
  memset(address, poison, bytes);
  window->statics_used += bytes;
  window->placed.push_back({&variable, address});
  return address;
}

}  // namespace

void enter_shared_memory(unsigned number) {
  while (windows.size() <= number) windows.push_back(make_window(windows.size()));
  window = &windows[number];
  block_serial = window->serial;
}

void begin_shared_memory(unsigned asked_bytes, unsigned threads) {
  static uint64_t blocks = 0;
  window->serial = block_serial = ++blocks;
  window->dynamic_bytes = asked_bytes;
  window->placed.clear();
  window->statics_used = window->statics_bytes = 0;
  size_t bytes = rounded_up(asked_bytes, 16);
  window->dynamic_start = window->dynamics + room - bytes;
  memset(window->dynamic_start, poison, bytes);
  window->copies.resize(std::max<size_t>(window->copies.size(), threads));
  for (unsigned i = 0; i < threads; i++) window->copies[i] = {};
}

void place_shared(SharedVariable& variable, Place place) {
  char* known = known_place(variable);
  variable.address = known ? known : new_place(variable, place);
  variable.place = place;
  variable.block = block_serial;
}

void* dynamic_shared_memory() { return window->dynamic_start; }

std::string shared_memory_overrun() {
  for (const Placed& placed : window->placed)
    if (!fence_is_whole(placed))
      return "a thread wrote past the end of the shared variable of " + std::to_string(placed.variable->bytes) + " bytes declared at " +
             placed.variable->place.file + ":" + std::to_string(placed.variable->place.line);
  return {};
}

std::string describe_shared(uint64_t address) {
  auto* at = (const char*)address;
  if (!window || at < window->statics - page || at >= window->dynamics + room + page) return {};
  if (at >= window->dynamics + room) return "past the end of the dynamic shared memory of " + std::to_string(window->dynamic_bytes) + " bytes";
  return at < window->statics ? "before the shared variables" : "past the end of the shared variables, or before the dynamic shared memory";
}

// ---- asynchronous copies ---------------------------------------------------------------------------------------------

namespace {

void land(const Copy& copy) {
  running_place() = copy.place;
  memcpy(copy.to, copy.from, copy.present);
  memset((char*)copy.to + copy.present, 0, copy.bytes - copy.present);
  note_landed(copy.to, copy.bytes);
}

}  // namespace

void begin_copy(void* to, const void* from, unsigned bytes, unsigned present, Place place) {
  if ((uintptr_t)to % bytes || (present && (uintptr_t)from % bytes)) fault(Fault::misaligned, place, "cp.async at a misaligned address");
  running_place() = place;
  if (present) {  // an address that cannot be read faults here, at the kernel's line, not at the wait
    (void)*(const volatile char*)from;
    (void)*((const volatile char*)from + present - 1);
  }
  memset(to, poison, bytes);
  note_pending(to, bytes);
  Copies& copies = window->copies[thread().number];
  copies.pending.push_back({to, from, bytes, present, copies.groups, place});
}

void commit_copies() { window->copies[thread().number].groups++; }

void wait_for_copies(unsigned left) {
  Copies& copies = window->copies[thread().number];
  size_t kept = 0;
  for (const Copy& copy : copies.pending) {
    if (copy.group + left < copies.groups) land(copy);
    else copies.pending[kept++] = copy;
  }
  copies.pending.resize(kept);
}

}  // namespace software_gpu
