// Graphs: what a stream captured, and what replays it.
#pragma once
#include "stream.h"

namespace software_gpu {

struct GraphExecution {
  Context& context;
  std::vector<Work> works;
};

extern Handles<Graph> graphs;
extern Handles<GraphExecution> graph_executions;

void release_graphs(Context& context);

}  // namespace software_gpu
