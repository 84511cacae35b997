// g++ -fsanitize=thread calls a function before every access to memory that threads may share. Its own runtime looks for races of
// the host's threads; this one, in its place, looks for races of a kernel's threads in shared memory: two accesses to a word, not
// both of them reads, by different threads, with neither a barrier nor (in one warp) a __syncwarp between them. Unlike on a real
// GPU, the threads take turns in a fixed order, so a race is found whether or not it did any harm this time. grid_hazards.cpp does as
// much for the blocks of a cooperative launch and global memory.
#include "hazards.h"

#include <sys/mman.h>

#include <string>

#include "block.h"
#include "source_line.h"

namespace software_gpu {

bool strict = false;
uint32_t synchronisations = 1;

namespace {

// Who accessed a word: one thread, several of one warp, or several warps.
struct Who {
  enum Kind : uint8_t { thread, warp, block } kind;
  uint16_t number;  // of the thread or warp
};

struct Access {
  uint32_t time;  // 0: never
  Who who;
  const void* instruction;
};

struct Word {
  Access write, read;
  uint8_t written_bytes;  // of the four: neighbours of 2 bytes do not disturb each other
  bool pending;           // an asynchronous copy will write here
};

constexpr size_t word_bytes = 4;

uintptr_t watched_start = 0;
size_t watched_bytes = 0;
Word* words = nullptr;

bool is_watched(const void* address) { return (uintptr_t)address - watched_start < watched_bytes; }

bool is_ordered(const Access& before, const Order& now) {
  if (before.time < now.barrier) return true;
  switch (before.who.kind) {
    case Who::thread:
      if (before.who.number == now.thread) return true;
      return before.who.number / warp_lanes == now.warp && before.time < now.warp_operation;
    case Who::warp: return before.who.number == now.warp && before.time < now.warp_operation;
    case Who::block: return false;
  }
  return false;
}

std::string lines(const char* now, const char* before, const Access& access) {
  Place place = access.instruction ? source_line(access.instruction) : Place{};
  std::string text = std::string("race in shared memory: ") + now + " here, without a barrier after another thread's " + before;
  return place.file ? text + " at " + place.file + ":" + std::to_string(place.line) : text;
}

[[noreturn]] void report(const void* instruction, const std::string& message) {
  Place place = instruction ? source_line(instruction) : Place{};
  fault(Fault::synchronisation, place.file ? place : running_place(), message.c_str());
}

void check_initialised(const Word& word, const Order& now, const void* instruction) {
  bool written = word.write.time >= now.start;
  if (written && word.pending) report(instruction, "shared memory is read before the wait for the asynchronous copy that fills it");
  if (!written && strict) report(instruction, "shared memory is read that no thread has written");
}

uint8_t bytes_of_word(const void* address, size_t bytes) {
  size_t first = (uintptr_t)address % word_bytes;
  return (uint8_t)(((1u << bytes) - 1) << first & 0xF);
}

Access merged(const Access& before, const Order& now, const void* instruction) {
  bool same_time = before.time >= now.barrier;
  Who who{Who::thread, (uint16_t)now.thread};
  if (same_time && before.who.kind == Who::block) who = before.who;
  if (same_time && before.who.kind == Who::warp) who = before.who.number == now.warp ? before.who : Who{Who::block, 0};
  if (same_time && before.who.kind == Who::thread && before.who.number != now.thread)
    who = before.who.number / warp_lanes == now.warp ? Who{Who::warp, (uint16_t)now.warp} : Who{Who::block, 0};
  return {synchronisations, who, instruction};
}

Word& word_at(const void* address, size_t offset) { return words[((uintptr_t)address + offset - watched_start) / word_bytes]; }

void on_read(const void* address, size_t bytes, const void* instruction) {
  Order now = running_order();
  uint8_t touched = bytes < word_bytes ? bytes_of_word(address, bytes) : 0xF;
  for (size_t offset = 0; offset < bytes; offset += word_bytes) {
    Word& word = word_at(address, offset);
    if (word.write.time < now.start || word.pending) check_initialised(word, now, instruction);
    else if (word.written_bytes & touched && !is_ordered(word.write, now)) report(instruction, lines("a read", "write", word.write));
    if (word.read.time != synchronisations || word.read.who.kind != Who::thread || word.read.who.number != now.thread)
      word.read = merged(word.read, now, instruction);
  }
}

void on_write(const void* address, size_t bytes, const void* instruction) {
  Order now = running_order();
  uint8_t touched = bytes < word_bytes ? bytes_of_word(address, bytes) : 0xF;
  for (size_t offset = 0; offset < bytes; offset += word_bytes) {
    Word& word = word_at(address, offset);
    if (word.read.time >= now.start && touched == 0xF && !is_ordered(word.read, now)) report(instruction, lines("a write", "read", word.read));
    bool adds = word.write.time == synchronisations && word.write.who.number == now.thread;
    word.written_bytes = adds ? word.written_bytes | touched : touched;
    word.write = {synchronisations, {Who::thread, (uint16_t)now.thread}, instruction};
    word.pending = false;
  }
}

}  // namespace

void watch(const void* start, size_t bytes) {
  watched_start = (uintptr_t)start;
  watched_bytes = bytes;
  words = (Word*)mmap(nullptr, bytes / word_bytes * sizeof(Word), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

void note_pending(const void* at, size_t bytes) {
  on_write(at, bytes, nullptr);
  for (size_t offset = 0; offset < bytes; offset += word_bytes) word_at(at, offset).pending = true;
}

void note_landed(const void* at, size_t bytes) { on_write(at, bytes, nullptr); }

}  // namespace software_gpu

#define HOOK extern "C" __attribute__((visibility("default"))) void

#define READ_HOOK(name, bytes, ...)                                                                                      \
  HOOK name(const void* address __VA_ARGS__) {                                                                           \
    const void* instruction = __builtin_return_address(0);                                                               \
    if (software_gpu::is_watched(address)) software_gpu::on_read(address, bytes, instruction);                           \
    else if (software_gpu::comparing_blocks) software_gpu::compare_read(address, bytes, instruction);                    \
  }
#define WRITE_HOOK(name, bytes, ...)                                                                                     \
  HOOK name(const void* address __VA_ARGS__) {                                                                           \
    const void* instruction = __builtin_return_address(0);                                                               \
    if (software_gpu::is_watched(address)) software_gpu::on_write(address, bytes, instruction);                          \
    else if (software_gpu::comparing_blocks) software_gpu::compare_write(address, bytes, instruction);                   \
  }
#define ACCESS_HOOKS(bytes)               \
  READ_HOOK(__tsan_read##bytes, bytes, )  \
  WRITE_HOOK(__tsan_write##bytes, bytes, )

ACCESS_HOOKS(1)
ACCESS_HOOKS(2)
ACCESS_HOOKS(4)
ACCESS_HOOKS(8)
ACCESS_HOOKS(16)

READ_HOOK(__tsan_read_range, bytes, , size_t bytes)
WRITE_HOOK(__tsan_write_range, bytes, , size_t bytes)
HOOK __tsan_init() {}
HOOK __tsan_func_entry(void*) {}
HOOK __tsan_func_exit() {}
