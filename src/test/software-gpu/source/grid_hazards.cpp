// Races of blocks in global memory. Every block counts its own time, which goes on whenever it tells something by a word of memory, and
// knows how far it has seen into the time of the others, which goes on whenever it learns from such a word (vector clocks: Mattern 1989;
// Flanagan and Freund's FastTrack, 2009). Two accesses to a word, not both of them reads, of which the later one's block has not seen the
// time of the earlier, are a race, whether or not it did any harm this time.
#include <algorithm>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "block.h"
#include "hazards.h"
#include "memory.h"
#include "source_line.h"

namespace software_gpu {

bool comparing_blocks = false;

namespace {

using Clock = std::vector<uint32_t>;  // a time of every block

struct Toucher {
  uint32_t time = 0;  // 0: nobody
  uint32_t block = 0;
  const void* instruction = nullptr;
};

struct Word {
  Toucher write, read;
  std::unique_ptr<Clock> reads;  // where several blocks read
  bool read_only = false;        // somebody reads it as what nobody writes
};

constexpr size_t word_bytes = 4, page_bytes = 4096;
using Page = Word[page_bytes / word_bytes];

std::vector<Clock> seen;  // by each block
std::unordered_map<const void*, Clock> told;
std::unordered_map<uintptr_t, std::unique_ptr<Page>> pages;

Word& word_at(uintptr_t address) {
  auto& page = pages[address / page_bytes];
  if (!page) page.reset((Page*)new Page);
  return (*page)[address % page_bytes / word_bytes];
}

void learn(Clock& clock, const Clock& other) {
  for (size_t i = 0; i < clock.size(); i++) clock[i] = std::max(clock[i], other[i]);
}

bool has_seen(unsigned block, const Toucher& other) { return other.time <= seen[block][other.block]; }

[[noreturn]] void report(const void* instruction, const std::string& now, const Toucher& before) {
  Place place = instruction ? source_line(instruction) : Place{};
  Place other = before.instruction ? source_line(before.instruction) : Place{};
  std::string text = "race in global memory: " + now + " block " + std::to_string(before.block);
  if (other.file) text += std::string(" at ") + other.file + ":" + std::to_string(other.line);
  fault(Fault::synchronisation, place.file ? place : running_place(), text.c_str());
}

void read(Word& word, unsigned block, const void* instruction) {
  if (word.write.time && !has_seen(block, word.write)) report(instruction, "a read here, without a barrier of the grid after the write of", word.write);
  uint32_t now = seen[block][block];
  if (word.read.time && word.read.block != block && !word.reads) {
    word.reads = std::make_unique<Clock>(seen.size());
    (*word.reads)[word.read.block] = word.read.time;
  }
  if (word.reads) (*word.reads)[block] = now;
  word.read = {now, block, instruction};
}

void write(Word& word, unsigned block, const void* instruction) {
  if (word.read_only) report(instruction, "a write here of what is read, in the same launch, as what nobody writes, by", word.read);
  if (word.write.time && !has_seen(block, word.write)) report(instruction, "a write here, without a barrier of the grid after the write of", word.write);
  if (word.read.time && !has_seen(block, word.read)) report(instruction, "a write here, without a barrier of the grid after the read of", word.read);
  if (word.reads)
    for (unsigned other = 0; other < seen.size(); other++)
      if ((*word.reads)[other] > seen[block][other]) report(instruction, "a write here, without a barrier of the grid after the read of", {1, other, nullptr});
  word.reads = nullptr;
  word.read = {};
  word.write = {seen[block][block], block, instruction};
}

template <class Touch> void touch(const void* address, size_t bytes, const void* instruction, Touch touch) {
  if (!is_of_allocations(address)) return;
  unsigned block = running_order().block;
  auto start = (uintptr_t)address / word_bytes * word_bytes;
  for (uintptr_t at = start; at < (uintptr_t)address + bytes; at += word_bytes) touch(word_at(at), block, instruction);
}

}  // namespace

void begin_comparing(unsigned blocks) {
  comparing_blocks = true;
  seen.assign(blocks, Clock(blocks, 0));
  for (unsigned i = 0; i < blocks; i++) seen[i][i] = 1;
}

void end_comparing() {
  comparing_blocks = false;
  seen.clear();
  told.clear();
  pages.clear();
}

void note_release(const void* word) {
  if (!comparing_blocks) return;
  unsigned block = running_order().block;
  Clock& clock = told.try_emplace(word, seen.size(), 0).first->second;
  learn(clock, seen[block]);
  seen[block][block]++;
}

void note_acquire(const void* word) {
  auto found = told.find(word);
  if (comparing_blocks && found != told.end()) learn(seen[running_order().block], found->second);
}

void compare_read(const void* address, size_t bytes, const void* instruction) { touch(address, bytes, instruction, read); }

void compare_write(const void* address, size_t bytes, const void* instruction) { touch(address, bytes, instruction, write); }

void compare_read_only(const void* address, size_t bytes) {
  touch(address, bytes, __builtin_return_address(0), [](Word& word, unsigned block, const void* instruction) {
    if (word.write.time) report(instruction, "a read here, as of what nobody writes, after a write in the same launch by", word.write);
    word.read_only = true;
    if (!word.read.time) word.read = {seen[block][block], block, instruction};
  });
}

}  // namespace software_gpu
