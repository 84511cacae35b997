#include "stream.h"

#include <pthread.h>

#include <algorithm>

namespace software_gpu {

Handles<Stream> streams;
Handles<Event> events;
bool lazy = true;

namespace {

void* const legacy_handle = (void*)1;
void* const per_thread_handle = (void*)2;

bool is_null_stream(const Stream& stream) { return stream.context.null_stream.get() == &stream; }

CUresult run(Stream& stream, const Work& work) {
  Context& context = stream.context;
  if (context.device.lost) return context.device.lost;
  if (context.failure) return context.failure;
  return work.run(context);
}

// The null stream waits for the others, and they for it, except those made as non-blocking.
CUresult order_with_null_stream(Stream& stream) {
  if (!is_null_stream(stream)) return stream.waits_for_null_stream ? finish(*stream.context.null_stream) : SUCCESS;
  CUresult result = SUCCESS;
  for (auto& other : stream.context.streams)
    if (other->waits_for_null_stream && !other->capture) result = std::max(result, finish(*other));
  return result;
}

CUresult capture_work(Stream& stream, Work work) {
  Capture& capture = *stream.capture;
  if (capture.invalid) return refuse(STREAM_CAPTURE_INVALIDATED, "the capture of this stream was invalidated");
  capture.graph->works.push_back(std::move(work));
  capture.known[&stream][&stream]++;
  return SUCCESS;
}

void merge(Progress& into, const Progress& from) {
  for (auto& [stream, count] : from) into[stream] = std::max(into[stream], count);
}

}  // namespace

std::shared_ptr<Stream> stream_of(Context& context, void* handle) {
  if (handle == nullptr || handle == legacy_handle || handle == per_thread_handle) return context.null_stream;
  std::shared_ptr<Stream> stream = streams.find(handle);
  return stream && &stream->context == &context ? stream : nullptr;
}

CUresult issue(Stream& stream, Work work) {
  if (stream.capture) return capture_work(stream, std::move(work));
  if (CUresult result = order_with_null_stream(stream)) return result;
  stream.issued++;
  stream.queue.push_back(std::move(work));
  return lazy ? SUCCESS : finish(stream);
}

CUresult finish(Stream& stream, uint64_t position) {
  while (!stream.queue.empty() && stream.finished < position) {
    Work work = std::move(stream.queue.front());
    stream.queue.pop_front();
    stream.finished++;
    if (CUresult result = run(stream, work)) return result;
  }
  return SUCCESS;
}

CUresult finish_all(Context& context) {
  if (CUresult result = finish(*context.null_stream)) return result;
  for (size_t i = 0; i < context.streams.size(); i++)
    if (CUresult result = finish(*context.streams[i])) return result;
  return SUCCESS;
}

CUresult forbidden_while_capturing(Context& context, const char* call) {
  constexpr int global = 0, thread_local_mode = 1;
  CUresult result = SUCCESS;
  for (auto& stream : context.streams) {
    if (!stream->capture) continue;
    Capture& capture = *stream->capture;
    if (capture.mode != global && !(capture.mode == thread_local_mode && capture.thread == (uint64_t)pthread_self())) continue;
    capture.invalid = true;
    result = refuse(STREAM_CAPTURE_UNSUPPORTED, std::string(call) + " while a stream is being captured");
  }
  return result;
}

void release_streams(Context& context) {
  for (auto& stream : context.streams) stream->capture = nullptr;
  context.streams.clear();
  streams.remove_if([&](Stream& stream) { return &stream.context == &context; });
  events.remove_if([&](Event& event) { return &event.context == &context; });
}

// ---- the API: streams ------------------------------------------------------------------------------------------------

namespace {

template <class Body> CUresult with_stream(void* handle, Body body) {
  return in_context([&](Context& context) {
    std::shared_ptr<Stream> stream = stream_of(context, handle);
    return stream ? body(*stream) : refuse(INVALID_HANDLE, "no such stream in the current context");
  });
}

template <class Body> CUresult with_event(void* handle, Body body) {
  return in_context([&](Context& context) {
    std::shared_ptr<Event> event = events.find(handle);
    return event && &event->context == &context ? body(*event) : refuse(INVALID_HANDLE, "no such event in the current context");
  });
}

}  // namespace

API cuStreamCreate(void** handle, unsigned flags) {
  return in_context([&](Context& context) {
    constexpr unsigned non_blocking = 1;
    auto stream = std::make_shared<Stream>(context, !(flags & non_blocking));
    context.streams.push_back(stream);
    *handle = streams.add(stream);
    return SUCCESS;
  });
}

API cuStreamCreateWithPriority(void** handle, unsigned flags, int) { return cuStreamCreate(handle, flags); }

API cuStreamDestroy_v2(void* handle) {
  return in_context([&](Context& context) {
    std::shared_ptr<Stream> stream = streams.remove(handle);
    if (!stream) return refuse(INVALID_HANDLE, "no such stream");
    auto& all = context.streams;
    all.erase(std::remove(all.begin(), all.end(), stream), all.end());
    stream->capture = nullptr;
    return finish(*stream);
  });
}

API cuStreamSynchronize(void* handle) {
  return with_stream(handle, [](Stream& stream) {
    if (!stream.capture) return finish(stream);
    stream.capture->invalid = true;
    return refuse(STREAM_CAPTURE_UNSUPPORTED, "cuStreamSynchronize of a stream that is being captured");
  });
}

API cuStreamQuery(void* handle) {
  return with_stream(handle, [](Stream& stream) { return stream.queue.empty() ? SUCCESS : NOT_READY; });
}

API cuStreamIsCapturing(void* handle, int* status) {
  return with_stream(handle, [&](Stream& stream) {
    *status = !stream.capture ? 0 : stream.capture->invalid ? 2 : 1;
    return SUCCESS;
  });
}

API cuStreamGetPriority(void* handle, int* priority) {
  return with_stream(handle, [&](Stream&) {
    *priority = 0;
    return SUCCESS;
  });
}

API cuLaunchHostFunc(void* handle, void (*function)(void*), void* data) {
  return with_stream(handle, [&](Stream& stream) {
    return issue(stream, {WorkKind::host, [=](Context&) {
                            function(data);
                            return SUCCESS;
                          }});
  });
}

API cuCtxSynchronize() {
  return in_context([](Context& context) {
    if (CUresult result = forbidden_while_capturing(context, "cuCtxSynchronize")) return result;
    return finish_all(context);
  });
}

// ---- the API: events -------------------------------------------------------------------------------------------------

API cuEventCreate(void** handle, unsigned flags) {
  return in_context([&](Context& context) {
    constexpr unsigned disable_timing = 2;
    *handle = events.add(std::make_shared<Event>(Event{context, !(flags & disable_timing), {}, 0, {}, {}, {}}));
    return SUCCESS;
  });
}

API cuEventDestroy_v2(void* handle) {
  return in_context([&](Context&) { return events.remove(handle) ? SUCCESS : refuse(INVALID_HANDLE, "no such event"); });
}

API cuEventRecord(void* handle, void* stream_handle) {
  return with_event(handle, [&](Event& event) {
    return with_stream(stream_handle, [&](Stream& stream) {
      event.capture = stream.capture;
      if (stream.capture) {
        event.known = stream.capture->known[&stream];
        return SUCCESS;
      }
      auto time = event.time = std::make_shared<std::chrono::steady_clock::time_point>();
      event.stream = stream.shared_from_this();
      CUresult result = issue(stream, {WorkKind::record, [time](Context&) {
                                         *time = std::chrono::steady_clock::now();
                                         return SUCCESS;
                                       }});
      event.position = stream.issued;
      return result;
    });
  });
}

API cuEventRecordWithFlags(void* handle, void* stream, unsigned) { return cuEventRecord(handle, stream); }

API cuEventSynchronize(void* handle) {
  return with_event(handle, [](Event& event) {
    if (event.capture) return refuse(STREAM_CAPTURE_UNSUPPORTED, "cuEventSynchronize of an event recorded in a capture");
    return event.stream ? finish(*event.stream, event.position) : SUCCESS;
  });
}

API cuEventQuery(void* handle) {
  return with_event(handle, [](Event& event) {
    if (event.capture) return refuse(STREAM_CAPTURE_UNSUPPORTED, "cuEventQuery of an event recorded in a capture");
    return !event.stream || event.stream->finished >= event.position ? SUCCESS : NOT_READY;
  });
}

API cuEventElapsedTime(float* milliseconds, void* from, void* to) {
  return with_event(from, [&](Event& first) {
    return with_event(to, [&](Event& second) {
      if (!first.time || !second.time || !first.timed || !second.timed)
        return refuse(INVALID_HANDLE, "the time between two events, of which one was not recorded or is not timed");
      if (first.stream->finished < first.position || second.stream->finished < second.position) return NOT_READY;
      *milliseconds = std::chrono::duration<float, std::milli>(*second.time - *first.time).count();
      return SUCCESS;
    });
  });
}

API cuStreamWaitEvent(void* stream_handle, void* handle, unsigned) {
  return with_event(handle, [&](Event& event) {
    return with_stream(stream_handle, [&](Stream& stream) {
      if (event.capture) {
        if (stream.capture && stream.capture != event.capture) return refuse(INVALID_VALUE, "two captures would be joined");
        stream.capture = event.capture;
        merge(stream.capture->known[&stream], event.known);
        return SUCCESS;
      }
      if (stream.capture) return refuse(STREAM_CAPTURE_UNSUPPORTED, "a stream that is being captured waits for an event recorded outside");
      if (!event.stream) return SUCCESS;
      return issue(stream, {WorkKind::wait, [source = event.stream, position = event.position](Context&) {
                              return finish(*source, position);
                            }});
    });
  });
}

}  // namespace software_gpu
