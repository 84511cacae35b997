// Streams: queues of work that runs when somebody waits for it.
#pragma once
#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "driver.h"

namespace software_gpu {

// A node's type as cuGraphNodeGetType counts.
enum class WorkKind { kernel = 0, copy = 1, fill = 2, host = 3, wait = 6, record = 7 };

struct Work {
  WorkKind kind;
  std::function<CUresult(Context&)> run;
};

struct Graph {
  Context& context;
  std::vector<Work> works;  // in an order that its dependencies allow: the order of capture
};

// What one stream knows to have happened in each captured stream: how many works of it.
using Progress = std::map<Stream*, size_t>;

struct Capture {
  std::shared_ptr<Graph> graph;
  Stream* origin;
  int mode;
  uint64_t thread;
  bool invalid = false;
  std::map<Stream*, Progress> known;  // of every stream that takes part
};

struct Stream : std::enable_shared_from_this<Stream> {
  Context& context;
  bool waits_for_null_stream;
  std::deque<Work> queue;
  uint64_t issued = 0, finished = 0;
  std::shared_ptr<Capture> capture;

  Stream(Context& context, bool waits_for_null_stream) : context(context), waits_for_null_stream(waits_for_null_stream) {}
};

struct Event {
  Context& context;
  bool timed;
  std::shared_ptr<Stream> stream;  // where it was recorded last, unless in a capture
  uint64_t position = 0;           // in that stream: the event has happened when so many works are finished
  std::shared_ptr<std::chrono::steady_clock::time_point> time;
  std::shared_ptr<Capture> capture;  // it was recorded in
  Progress known;                    // there and then
};

extern Handles<Stream> streams;
extern Handles<Event> events;

// Off: work runs at once, when it is issued.
extern bool lazy;

// The stream of a handle, in this context; null if there is none.
std::shared_ptr<Stream> stream_of(Context& context, void* handle);

// Queues the work, or captures it, or runs it.
CUresult issue(Stream& stream, Work work);

// Runs what was issued to the stream, up to that position.
CUresult finish(Stream& stream, uint64_t position = UINT64_MAX);

// Runs everything that was issued in the context.
CUresult finish_all(Context& context);

// Whether a capture forbids a call that waits or allocates; such a call invalidates the capture.
CUresult forbidden_while_capturing(Context& context, const char* call);

void release_streams(Context& context);

}  // namespace software_gpu
