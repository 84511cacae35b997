#include "graph.h"

#include <pthread.h>

namespace software_gpu {

Handles<Graph> graphs;
Handles<GraphExecution> graph_executions;

namespace {

// Every stream that took part must have come back to the one where the capture began.
bool is_joined(Capture& capture) {
  const Progress& known = capture.known[capture.origin];
  for (auto& [stream, progress] : capture.known) {
    auto own = progress.find(stream);
    if (stream == capture.origin || own == progress.end()) continue;
    auto seen = known.find(stream);
    if (seen == known.end() || seen->second < own->second) return false;
  }
  return true;
}

}  // namespace

void release_graphs(Context& context) {
  graphs.remove_if([&](Graph& graph) { return &graph.context == &context; });
  graph_executions.remove_if([&](GraphExecution& execution) { return &execution.context == &context; });
}

API cuStreamBeginCapture_v2(void* handle, int mode) {
  return in_context([&](Context& context) {
    std::shared_ptr<Stream> stream = stream_of(context, handle);
    if (!stream) return refuse(INVALID_HANDLE, "no such stream in the current context");
    if (stream == context.null_stream) return refuse(STREAM_CAPTURE_UNSUPPORTED, "the null stream cannot be captured");
    if (stream->capture) return refuse(INVALID_VALUE, "this stream is being captured already");
    auto graph = std::make_shared<Graph>(Graph{context, {}});
    stream->capture = std::make_shared<Capture>(Capture{graph, stream.get(), mode, (uint64_t)pthread_self(), false, {}});
    return SUCCESS;
  });
}

API cuStreamEndCapture(void* handle, void** graph) {
  return in_context([&](Context& context) {
    *graph = nullptr;
    std::shared_ptr<Stream> stream = stream_of(context, handle);
    if (!stream) return refuse(INVALID_HANDLE, "no such stream in the current context");
    std::shared_ptr<Capture> capture = stream->capture;
    if (!capture) return refuse(INVALID_VALUE, "this stream is not being captured");
    if (capture->origin != stream.get()) return refuse(INVALID_VALUE, "the capture began in another stream");
    for (auto& other : context.streams)
      if (other->capture == capture) other->capture = nullptr;
    if (capture->invalid) return refuse(STREAM_CAPTURE_INVALIDATED, "the capture of this stream was invalidated");
    if (!is_joined(*capture)) return refuse(STREAM_CAPTURE_UNJOINED, "a stream that took part in the capture was not joined again");
    *graph = graphs.add(capture->graph);
    return SUCCESS;
  });
}

API cuThreadExchangeStreamCaptureMode(int* mode) {
  *mode = 0;
  return SUCCESS;
}

API cuGraphInstantiateWithFlags(void** execution, void* handle, unsigned long long) {
  return in_context([&](Context& context) {
    std::shared_ptr<Graph> graph = graphs.find(handle);
    if (!graph) return refuse(INVALID_HANDLE, "no such graph");
    *execution = graph_executions.add(std::make_shared<GraphExecution>(GraphExecution{context, graph->works}));
    return SUCCESS;
  });
}

API cuGraphInstantiate_v2(void** execution, void* graph, void*, char*, size_t) { return cuGraphInstantiateWithFlags(execution, graph, 0); }

API cuGraphLaunch(void* handle, void* stream_handle) {
  return in_context([&](Context& context) {
    std::shared_ptr<GraphExecution> execution = graph_executions.find(handle);
    std::shared_ptr<Stream> stream = stream_of(context, stream_handle);
    if (!execution || !stream) return refuse(INVALID_HANDLE, "no such graph or stream in the current context");
    for (const Work& work : execution->works)
      if (CUresult result = issue(*stream, work)) return result;
    return SUCCESS;
  });
}

API cuGraphUpload(void* handle, void*) {
  return in_context([&](Context&) { return graph_executions.find(handle) ? SUCCESS : refuse(INVALID_HANDLE, "no such graph"); });
}

API cuGraphExecDestroy(void* handle) {
  return in_context([&](Context&) { return graph_executions.remove(handle) ? SUCCESS : refuse(INVALID_HANDLE, "no such graph"); });
}

API cuGraphDestroy(void* handle) {
  return in_context([&](Context&) { return graphs.remove(handle) ? SUCCESS : refuse(INVALID_HANDLE, "no such graph"); });
}

// Only the number of nodes is known here.
API cuGraphGetNodes(void* handle, void** nodes, size_t* count) {
  return in_context([&](Context&) {
    std::shared_ptr<Graph> graph = graphs.find(handle);
    if (!graph) return refuse(INVALID_HANDLE, "no such graph");
    if (nodes) return refuse(NOT_SUPPORTED, "the nodes of a graph");
    *count = graph->works.size();
    return SUCCESS;
  });
}

}  // namespace software_gpu
