#include "block.h"

#include <sys/mman.h>

#include <cstdio>
#include <cstring>
#include <map>
#include <vector>

#include "control.h"
#include "hazards.h"
#include "shared_memory.h"
#include "source_line.h"

// Saves the registers that a call preserves, changes the stack, and takes the registers from there.
extern "C" void software_gpu_switch(void** save_stack, void* to_stack);
asm(R"(
.text
.local software_gpu_switch
.type software_gpu_switch,@function
software_gpu_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp,(%rdi)
  movq %rsi,%rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size software_gpu_switch,.-software_gpu_switch
)");

namespace software_gpu {
namespace {

constexpr unsigned saved_registers = 6;
constexpr size_t stack_bytes = 24 << 10, stacks_offset = 512 << 10;
constexpr uint64_t stack_end_mark = 0x5afe57ac5afe57ac;

enum class State : uint8_t { ready, at_barrier, at_exchange, at_other_block, ended };

struct Warp;

struct Fiber : Thread {
  void* stack;
  Warp* warp;
  State state;
  Place place;  // of its newest barrier or exchange
  unsigned mask;
  Exchange exchange;
  void* argument;
  uint32_t synchronised;  // when it last passed a __syncwarp
  uint64_t looked;        // when it last looked for what other blocks tell; where it waits for that
  const void* looking;
};

// Sets of lanes.
struct Warp {
  unsigned number;
  unsigned alive, ready, at_barrier, at_exchange;
  Fiber* lanes[warp_lanes];
};

struct RunningBlock : Block {
  const Grid* launch;
  unsigned thread_count, warp_count, alive, arrived;
  uint32_t ready_warps;
  Votes votes;  // of those that have arrived
  Votes result;  // of the last barrier that all passed, until all pass the next
  Place barrier_place;
  unsigned number;        // in its launch
  unsigned looking;       // threads that wait for other blocks
  uint32_t start;         // when it began
  uint32_t synchronised;  // when it last passed a barrier
  void* scheduler_stack;
  bool failed;
  Failure failure;
  Fiber fibers[most_threads];
  Warp warps[most_threads / warp_lanes];

  char* stack_of(unsigned thread) { return (char*)this + stacks_offset + thread * stack_bytes; }
};
static_assert(sizeof(RunningBlock) < stacks_offset && stacks_offset + most_threads * stack_bytes <= region_bytes);

std::vector<RunningBlock*> regions;  // one for each block that lives at the same time; whoever runs kernels holds the driver's lock
RunningBlock* running_region = nullptr;

// What a thread that waits for other blocks may see changes with each of these: a block told something, or ended.
uint64_t news = 1;

RunningBlock& running_block() { return static_cast<RunningBlock&>(block()); }
Fiber& running_fiber() { return *static_cast<Fiber*>(block().running); }

RunningBlock* make_region() {
  auto* space = (char*)mmap(nullptr, 2 * region_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (space == MAP_FAILED) return nullptr;
  auto* region = (char*)(((uintptr_t)space + region_bytes - 1) & ~(uintptr_t)(region_bytes - 1));
  madvise(region, region_bytes, MADV_HUGEPAGE);  // else 256 stacks need 256 entries of the TLB
  return new (region) RunningBlock();
}

RunningBlock& region(unsigned number) {
  while (regions.size() <= number) regions.push_back(make_region());
  return *regions[number];
}

// ---- whose turn it is ------------------------------------------------------------------------------------------------

// Forward: the next higher one of the set, or else the lowest. Reverse: the highest.
unsigned choose(uint32_t set, unsigned after, bool reverse) {
  if (reverse) return 31 - __builtin_clz(set);
  uint32_t higher = set & ~((2u << after) - 1);
  return __builtin_ctz(higher ? higher : set);
}

Fiber* next_fiber(RunningBlock& block, const Fiber& after) {
  if (!block.ready_warps) return nullptr;
  bool reverse = block.launch->reverse;
  unsigned number = after.warp->number;
  bool same = block.ready_warps >> number & 1;
  if (!same) number = choose(block.ready_warps, number, reverse);
  Warp& warp = block.warps[number];
  return warp.lanes[choose(warp.ready, same ? after.lane : 31, reverse)];
}

void set_ready(RunningBlock& block, Warp& warp, uint32_t lanes) {
  warp.ready |= lanes;
  if (warp.ready) block.ready_warps |= 1u << warp.number;
}

void set_waiting(RunningBlock& block, Fiber& fiber) {
  Warp& warp = *fiber.warp;
  warp.ready &= ~(1u << fiber.lane);
  if (!warp.ready) block.ready_warps &= ~(1u << warp.number);
}

void change_to(RunningBlock& block, Fiber& from, Fiber& to) {
  block.running = &to;
  software_gpu_switch(&from.stack, to.stack);
}

// ---- failures --------------------------------------------------------------------------------------------------------

std::string at(Place place) {
  return place.file ? std::string(place.file) + ":" + std::to_string(place.line) : "an unknown line";
}

std::string triple(const char* what, unsigned x, unsigned y, unsigned z) {
  char text[64];
  snprintf(text, sizeof text, "%s (%u,%u,%u)", what, x, y, z);
  return text;
}

void fail(RunningBlock& block, const Fiber* fiber, Fault fault, Place place, const std::string& message,
          std::optional<uint64_t> address = {}) {
  std::string text = std::string("kernel ") + block.launch->kernel->name + ", " + triple("block", block.index.x, block.index.y, block.index.z);
  if (fiber) text += ", " + triple("thread", fiber->index.x, fiber->index.y, fiber->index.z);
  if (place.file) text += ", " + at(place);
  block.failed = true;
  block.failure = {fault, text + ": " + message, address};
}

[[noreturn]] void leave_block(RunningBlock& block) {
  void* never_used_again;
  software_gpu_switch(&never_used_again, block.scheduler_stack);
  __builtin_unreachable();
}

std::string count_of(const std::string& what, size_t count) { return std::to_string(count) + " " + what + (count == 1 ? "" : "s"); }

// Who waits where: "31 threads at the barrier of a.cu:12, 1 thread at the warp operation of a.cu:15".
std::string who_waits_where(RunningBlock& block) {
  struct Group {
    State state;
    Place place;
    size_t count;
  };
  std::vector<Group> groups;
  for (unsigned i = 0; i < block.thread_count; i++) {
    const Fiber& fiber = block.fibers[i];
    if (fiber.state != State::at_barrier && fiber.state != State::at_exchange) continue;
    bool known = false;
    for (Group& group : groups) {
      if (group.state != fiber.state || group.place.line != fiber.place.line || strcmp(group.place.file, fiber.place.file)) continue;
      group.count++;
      known = true;
    }
    if (!known) groups.push_back({fiber.state, fiber.place, 1});
  }
  std::string text;
  for (const Group& group : groups)
    text += (text.empty() ? "" : ", ") + count_of("thread", group.count) + " at the " +
            (group.state == State::at_barrier ? "barrier" : "warp operation") + " of " + at(group.place);
  return text;
}

[[noreturn]] void deadlock(RunningBlock& block, const Fiber& fiber) {
  fail(block, &fiber, Fault::synchronisation, fiber.place, "deadlock: " + who_waits_where(block));
  leave_block(block);
}

// Another thread goes on; where all wait, and some for another block, that block goes on.
void give_turn(RunningBlock& block, Fiber& fiber) {
  Fiber* next = next_fiber(block, fiber);
  if (next) change_to(block, fiber, *next);
  else if (block.looking) software_gpu_switch(&fiber.stack, block.scheduler_stack);
  else deadlock(block, fiber);
}

// The same; returns when it is this thread's turn again.
void wait(RunningBlock& block, Fiber& fiber, State state) {
  fiber.state = state;
  set_waiting(block, fiber);
  give_turn(block, fiber);
  fiber.state = State::ready;
}

// ---- barriers and exchanges ------------------------------------------------------------------------------------------

bool same_place(Place a, Place b) { return a.line == b.line && (a.file == b.file || !strcmp(a.file, b.file)); }

void release_barrier(RunningBlock& block) {
  for (unsigned i = 0; i < block.warp_count; i++) {
    Warp& warp = block.warps[i];
    set_ready(block, warp, warp.at_barrier);
    warp.at_barrier = 0;
  }
  block.arrived = 0;
  block.result = block.votes;
  block.synchronised = ++synchronisations;
}

void note_synchronised(Warp& warp, unsigned mask) {
  synchronisations++;
  for (unsigned left = mask; left; left &= left - 1) warp.lanes[__builtin_ctz(left)]->synchronised = synchronisations;
}

// Runs the exchange that `fiber` waits for, if all lanes of its mask are there.
void complete_exchange(RunningBlock& block, Fiber& fiber) {
  Warp& warp = *fiber.warp;
  unsigned mask = fiber.mask & warp.alive;
  if ((warp.at_exchange & mask) != mask) return;
  void* arguments[warp_lanes] = {};
  for (unsigned left = mask; left; left &= left - 1) {
    Fiber& lane = *warp.lanes[__builtin_ctz(left)];
    if (lane.mask != fiber.mask || lane.exchange != fiber.exchange) {
      fail(block, &lane, Fault::synchronisation, lane.place, "lanes of one warp are at different operations, or pass different masks (another lane: " + at(fiber.place) + ")");
      leave_block(block);
    }
    arguments[lane.lane] = lane.argument;
  }
  if (fiber.exchange) fiber.exchange(arguments, mask);
  else note_synchronised(warp, mask);
  warp.at_exchange &= ~mask;
  set_ready(block, warp, mask);
}

// A thread that returned is no longer waited for.
void end_thread(RunningBlock& block, Fiber& fiber) {
  Warp& warp = *fiber.warp;
  fiber.state = State::ended;
  warp.alive &= ~(1u << fiber.lane);
  block.alive--;
  set_waiting(block, fiber);
  if (block.alive && block.arrived == block.alive) release_barrier(block);
  for (unsigned left = warp.at_exchange; left; left &= left - 1) {
    Fiber& lane = *warp.lanes[__builtin_ctz(left)];
    if (warp.at_exchange >> lane.lane & 1) complete_exchange(block, lane);
  }
}

void fiber_main() {
  RunningBlock& block = running_block();
  block.launch->kernel->invoke(block.launch->arguments);
  Fiber& fiber = running_fiber();
  end_thread(block, fiber);
  if (!block.alive) leave_block(block);
  give_turn(block, fiber);
  __builtin_unreachable();
}

// ---- a block ---------------------------------------------------------------------------------------

uint3 index_in(dim3 size, uint64_t number) {
  return {(unsigned)(number % size.x), (unsigned)(number / size.x % size.y), (unsigned)(number / size.x / size.y)};
}

// A stack on which software_gpu_switch finds zeroed registers and returns into fiber_main.
void* fresh_stack(RunningBlock& block, unsigned thread) {
  char* bottom = block.stack_of(thread);
  *(uint64_t*)bottom = stack_end_mark;
  size_t colour = thread % 61 * 64;  // stacks a power of two apart would all fall into the same sets of the cache
  auto* top = (void**)((uintptr_t)(bottom + stack_bytes - 64 - colour) & ~(uintptr_t)15);
  *--top = nullptr;
  *--top = (void*)&fiber_main;
  for (unsigned i = 0; i < saved_registers; i++) *--top = nullptr;
  return top;
}

void begin_warps(RunningBlock& block) {
  block.ready_warps = 0;
  for (unsigned i = 0; i < block.warp_count; i++) {
    Warp& warp = block.warps[i];
    unsigned lanes = std::min(warp_lanes, block.thread_count - i * warp_lanes);
    warp.number = i;
    warp.alive = warp.ready = lanes == warp_lanes ? ~0u : (1u << lanes) - 1;
    warp.at_barrier = warp.at_exchange = 0;
    block.ready_warps |= 1u << i;
  }
}

void begin_fibers(RunningBlock& block) {
  for (unsigned i = 0; i < block.thread_count; i++) {
    Fiber& fiber = block.fibers[i];
    fiber.number = i;
    fiber.lane = i % warp_lanes;
    fiber.index = index_in(block.size, i);
    fiber.warp = &block.warps[i / warp_lanes];
    fiber.warp->lanes[fiber.lane] = &fiber;
    fiber.state = State::ready;
    fiber.place = {};
    fiber.synchronised = 0;
    fiber.looked = 0;
    fiber.stack = fresh_stack(block, i);
  }
}

void check_stacks(RunningBlock& block) {
  for (unsigned i = 0; i < block.thread_count; i++)
    if (*(uint64_t*)block.stack_of(i) != stack_end_mark)
      return fail(block, &block.fibers[i], Fault::memory, {}, "more than " + std::to_string(stack_bytes) + " bytes of local memory");
}

void enter(RunningBlock& block) {
  running_region = &block;
  enter_shared_memory(block.number);
}

// In the region and window of its number, which is 0 where only one block lives at a time.
void begin(RunningBlock& block, const Grid& grid, uint64_t place, unsigned number) {
  block.launch = &grid;
  block.grid = grid.blocks;
  block.size = grid.threads;
  block.thread_count = grid.threads.x * grid.threads.y * grid.threads.z;
  block.warp_count = (block.thread_count + warp_lanes - 1) / warp_lanes;
  block.index = index_in(block.grid, place);
  block.number = number;
  block.alive = block.thread_count;
  block.arrived = block.looking = 0;
  block.failed = false;
  begin_warps(block);
  begin_fibers(block);
  enter(block);
  begin_shared_memory(grid.shared_bytes, block.thread_count);
  block.start = block.synchronised = ++synchronisations;
}

void check_end(RunningBlock& block) {
  check_stacks(block);
  if (block.failed) return;
  std::string overrun = shared_memory_overrun();
  if (!overrun.empty()) fail(block, nullptr, Fault::memory, {}, overrun);
}

// What the signal handler leaves to be said once the kernel's stack is left.
struct Signalled {
  const void* instruction;
  Fault fault;
  std::optional<uint64_t> address;
  const char* message;
};
Signalled signalled;

void explain_signal(RunningBlock& block) {
  block.failed = false;
  check_stacks(block);  // a thread whose stack another one wrote over may do anything
  if (block.failed) return;
  Fiber& fiber = *static_cast<Fiber*>(block.running);
  Place place = source_line(signalled.instruction);
  if (!place.file) place = fiber.place;
  fail(block, &fiber, signalled.fault, place, signalled.message, signalled.address);
}

// Threads that waited for other blocks look again.
void wake(RunningBlock& block) {
  for (unsigned i = 0; i < block.thread_count && block.looking; i++) {
    Fiber& fiber = block.fibers[i];
    if (fiber.state != State::at_other_block) continue;
    set_ready(block, *fiber.warp, 1u << fiber.lane);
    block.looking--;
  }
}

// Goes on until all its threads have ended, or wait and some for another block, or one has failed.
void resume(RunningBlock& block) {
  enter(block);
  wake(block);
  signalled.instruction = nullptr;
  Warp& warp = block.warps[choose(block.ready_warps, 31, block.launch->reverse)];
  Fiber& first = *warp.lanes[choose(warp.ready, 31, block.launch->reverse)];
  block.running = &first;
  software_gpu_switch(&block.scheduler_stack, first.stack);
  if (signalled.instruction) explain_signal(block);
  else if (!block.failed && !block.alive) check_end(block);
}

const Fiber& looking_fiber(const RunningBlock& block) {
  const Fiber* fiber = block.fibers;
  while (fiber->state != State::at_other_block) fiber++;
  return *fiber;
}

// ---- the blocks of a launch, one after the other ---------------------------------------------------------------------

std::optional<Failure> run_in_turn(const Grid& grid) {
  uint64_t blocks = (uint64_t)grid.blocks.x * grid.blocks.y * grid.blocks.z;
  RunningBlock& block = region(0);
  for (uint64_t i = 0; i < blocks; i++) {
    begin(block, grid, grid.reverse ? blocks - 1 - i : i, 0);
    resume(block);
    if (!block.failed && block.looking) {
      const Fiber& fiber = looking_fiber(block);
      fail(block, &fiber, Fault::synchronisation, source_line(fiber.looking), "a wait for another block, which a cooperative launch alone allows");
    }
    if (block.failed) return std::move(block.failure);
  }
  return {};
}

// ---- the blocks of a cooperative launch, by turns --------------------------------------------------------------------

// Nobody has anything to tell any more: "deadlock: 3 blocks wait for others at a.cu:12, 1 block has ended".
void fail_together(unsigned blocks) {
  std::map<std::string, unsigned> waiting;
  RunningBlock* first = nullptr;
  unsigned ended = 0;
  for (unsigned i = 0; i < blocks; i++) {
    RunningBlock& block = region(i);
    if (!block.alive) {
      ended++;
      continue;
    }
    if (!first) first = &block;
    waiting[at(source_line(looking_fiber(block).looking))]++;
  }
  std::string text = "deadlock of blocks: ";
  for (auto& [place, count] : waiting) text += count_of("block", count) + " at " + place + ", ";
  const Fiber& fiber = looking_fiber(*first);
  fail(*first, &fiber, Fault::synchronisation, source_line(fiber.looking), text + count_of("block", ended) + " ended");
}

// A round: every block goes on as far as it can. Returns the one that failed.
RunningBlock* run_round(const Grid& grid, unsigned blocks) {
  for (unsigned i = 0; i < blocks; i++) {
    RunningBlock& block = region(grid.reverse ? blocks - 1 - i : i);
    if (!block.alive) continue;
    resume(block);
    if (block.failed) return &block;
    if (!block.alive) news++;
  }
  return nullptr;
}

bool any_alive(unsigned blocks) {
  for (unsigned i = 0; i < blocks; i++)
    if (region(i).alive) return true;
  return false;
}

std::optional<Failure> run_together(const Grid& grid) {
  unsigned blocks = grid.blocks.x * grid.blocks.y * grid.blocks.z;
  for (unsigned i = 0; i < blocks; i++) begin(region(i), grid, i, i);
  while (any_alive(blocks)) {
    uint64_t before = news;
    RunningBlock* failed = run_round(grid, blocks);
    if (!failed && news == before) {
      fail_together(blocks);
      for (unsigned i = 0; i < blocks && !failed; i++)
        if (region(i).failed) failed = &region(i);
    }
    if (failed) return std::move(failed->failure);
  }
  return {};
}

}  // namespace

std::optional<Failure> run(const Grid& grid) {
  if (!grid.cooperative) return run_in_turn(grid);
  if (checking) begin_comparing(grid.blocks.x * grid.blocks.y * grid.blocks.z);
  std::optional<Failure> failure = run_together(grid);
  end_comparing();
  return failure;
}

void stop_kernel_at(const void* instruction, Fault fault, std::optional<uint64_t> address, const char* message) {
  char here;
  RunningBlock* running = running_region;
  if (!running || (uintptr_t)&here / region_bytes != (uintptr_t)running / region_bytes) return;
  running->failed = true;
  signalled = {instruction, fault, address, message};
  leave_block(*running);
}

uint32_t add_release(uint32_t* word, uint32_t amount) {
  note_release(word);
  news++;
  uint32_t before = *word;
  *word = before + amount;
  return before;
}

uint32_t load_acquire(const uint32_t* word) {
  RunningBlock& block = running_block();
  Fiber& fiber = running_fiber();
  if (fiber.looked == news) {
    fiber.looking = __builtin_return_address(0);
    block.looking++;
    wait(block, fiber, State::at_other_block);
  }
  fiber.looked = news;
  note_acquire(word);
  return *word;
}

void fault(Fault fault, Place place, const char* message) {
  RunningBlock& block = running_block();
  fail(block, &running_fiber(), fault, place, message);
  leave_block(block);
}

Votes barrier(bool vote, Place place) {
  RunningBlock& block = running_block();
  Fiber& fiber = running_fiber();
  fiber.place = place;
  if (block.arrived == 0) {
    block.votes = {0, true};
    block.barrier_place = place;
  } else if (!same_place(place, block.barrier_place)) {
    fail(block, &fiber, Fault::synchronisation, place, "divergent barrier: other threads of the block wait at the barrier of " + at(block.barrier_place));
    leave_block(block);
  }
  block.votes.count += vote;
  block.votes.all &= vote;
  if (++block.arrived == block.alive) {
    release_barrier(block);
  } else {
    fiber.warp->at_barrier |= 1u << fiber.lane;
    wait(block, fiber, State::at_barrier);
  }
  return block.result;
}

void exchange(unsigned mask, void* argument, Exchange exchange, Place place) {
  RunningBlock& block = running_block();
  Fiber& fiber = running_fiber();
  fiber.place = place;
  if (!(mask >> fiber.lane & 1)) fault(Fault::synchronisation, place, "the calling lane is not in the mask of its warp operation");
  fiber.mask = mask;
  fiber.exchange = exchange;
  fiber.argument = argument;
  fiber.warp->at_exchange |= 1u << fiber.lane;
  set_waiting(block, fiber);
  complete_exchange(block, fiber);
  bool last_to_come = fiber.warp->ready >> fiber.lane & 1;  // goes on without a change of stacks
  if (!last_to_come) wait(block, fiber, State::at_exchange);
}

Order running_order() {
  const Fiber& fiber = running_fiber();
  const RunningBlock& block = running_block();
  return {block.number, fiber.number, fiber.warp->number, block.start, block.synchronised, fiber.synchronised};
}

Place& running_place() { return running_fiber().place; }

unsigned living_lanes() { return running_fiber().warp->alive; }

}  // namespace software_gpu
