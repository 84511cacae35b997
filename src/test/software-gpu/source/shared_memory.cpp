#include "shared_memory.h"

#include <sys/mman.h>

#include <cstring>
#include <vector>

#include "block.h"
#include "hazards.h"
#include "memory.h"

namespace software_gpu {

uint64_t block_serial = 0;

namespace {

constexpr size_t alignment = 128, fence = 128, page = 4096;
constexpr size_t room = 256 << 10;

size_t rounded_up(size_t bytes, size_t to) { return (bytes + to - 1) / to * to; }

// Static variables and dynamic shared memory: two areas between guard pages.
char* make_room() {
  size_t bytes = 2 * room + 3 * page;
  auto* memory = (char*)mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  mprotect(memory + page, room, PROT_READ | PROT_WRITE);
  mprotect(memory + 2 * page + room, room, PROT_READ | PROT_WRITE);
  watch(memory, bytes);
  return memory;
}

char* const statics = make_room() + page;
char* const dynamics = statics + room + page;
char* dynamic_start;
unsigned dynamic_bytes;
size_t statics_used, statics_bytes;
std::vector<const SharedVariable*> placed;

const char* end_of(const SharedVariable& variable) { return (const char*)variable.address + variable.bytes; }

// Up to the next variable.
size_t fence_bytes(const SharedVariable& variable) { return rounded_up(variable.bytes, alignment) + fence - variable.bytes; }

bool fence_is_whole(const SharedVariable& variable) {
  const char* start = end_of(variable);
  for (size_t at = 0; at < fence_bytes(variable); at++)
    if ((unsigned char)start[at] != poison) return false;
  return true;
}

}  // namespace

void begin_shared_memory(unsigned asked_bytes) {
  dynamic_bytes = asked_bytes;
  block_serial++;
  forget_accesses();
  placed.clear();
  statics_used = statics_bytes = 0;
  size_t bytes = rounded_up(dynamic_bytes, 16);
  dynamic_start = dynamics + room - bytes;
  memset(dynamic_start, poison, bytes);
}

void place_shared(SharedVariable& variable, Place place) {
  statics_bytes += variable.bytes;
  if (statics_bytes > most_static_shared_bytes) fault(Fault::memory, place, "more than 48 KiB of static shared memory");
  variable.place = place;
  variable.address = statics + statics_used;
  variable.block = block_serial;
  size_t bytes = variable.bytes + fence_bytes(variable);
  memset(variable.address, poison, bytes);
  statics_used += bytes;
  placed.push_back(&variable);
}

void* dynamic_shared_memory() { return dynamic_start; }

std::string shared_memory_overrun() {
  for (const SharedVariable* variable : placed)
    if (!fence_is_whole(*variable))
      return "a thread wrote past the end of the shared variable of " + std::to_string(variable->bytes) + " bytes declared at " +
             variable->place.file + ":" + std::to_string(variable->place.line);
  return {};
}

std::string describe_shared(uint64_t address) {
  auto* at = (const char*)address;
  if (at < statics - page || at >= dynamics + room + page) return {};
  if (at >= dynamics + room) return "past the end of the dynamic shared memory of " + std::to_string(dynamic_bytes) + " bytes";
  return at < statics ? "before the shared variables" : "past the end of the shared variables, or before the dynamic shared memory";
}

// ---- asynchronous copies ---------------------------------------------------------------------------------------------

namespace {

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
Copies copies_of[most_threads];

void land(const Copy& copy) {
  running_place() = copy.place;
  memcpy(copy.to, copy.from, copy.present);
  memset((char*)copy.to + copy.present, 0, copy.bytes - copy.present);
  note_landed(copy.to, copy.bytes);
}

}  // namespace

void begin_asynchronous_copies(unsigned threads) {
  for (unsigned i = 0; i < threads; i++) {
    copies_of[i].pending.clear();
    copies_of[i].groups = 0;
  }
}

void begin_copy(void* to, const void* from, unsigned bytes, unsigned present, Place place) {
  if ((uintptr_t)to % bytes || (present && (uintptr_t)from % bytes)) fault(Fault::misaligned, place, "cp.async at a misaligned address");
  running_place() = place;
  if (present) {  // an address that cannot be read faults here, at the kernel's line, not at the wait
    (void)*(const volatile char*)from;
    (void)*((const volatile char*)from + present - 1);
  }
  memset(to, poison, bytes);
  note_pending(to, bytes);
  Copies& copies = copies_of[thread().number];
  copies.pending.push_back({to, from, bytes, present, copies.groups, place});
}

void commit_copies() { copies_of[thread().number].groups++; }

void wait_for_copies(unsigned left) {
  Copies& copies = copies_of[thread().number];
  size_t kept = 0;
  for (const Copy& copy : copies.pending) {
    if (copy.group + left < copies.groups) land(copy);
    else copies.pending[kept++] = copy;
  }
  copies.pending.resize(kept);
}

}  // namespace software_gpu
