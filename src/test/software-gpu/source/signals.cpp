#include "signals.h"

#include <signal.h>
#include <ucontext.h>

#include "block.h"

namespace software_gpu {
namespace {

struct sigaction handlers_before[NSIG];

void pass_on(int signal, siginfo_t* info, void* context) {
  struct sigaction& before = handlers_before[signal];
  if (before.sa_flags & SA_SIGINFO) return before.sa_sigaction(signal, info, context);
  if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN) return before.sa_handler(signal);
  ::signal(signal, SIG_DFL);
  raise(signal);
}

void on_signal(int signal, siginfo_t* info, void* context) {
  auto& registers = ((ucontext_t*)context)->uc_mcontext.gregs;
  auto* instruction = (const void*)registers[REG_RIP];
  constexpr long long written = 2;  // bit of the page fault's error code
  if (signal == SIGFPE) stop_kernel_at(instruction, Fault::assertion, {}, "integer division by zero");
  else stop_kernel_at(instruction, Fault::memory, (uint64_t)info->si_addr, registers[REG_ERR] & written ? "write" : "read");
  pass_on(signal, info, context);
}

void catch_one(int signal) {
  struct sigaction ours = {};
  ours.sa_sigaction = on_signal;
  ours.sa_flags = SA_SIGINFO | SA_RESTART | SA_NODEFER;  // the handler is left by a change of stacks, so it must block nothing
  sigaction(signal, &ours, &handlers_before[signal]);
}

}  // namespace

void catch_signals() {
  catch_one(SIGSEGV);
  catch_one(SIGBUS);
  catch_one(SIGFPE);
}

}  // namespace software_gpu
