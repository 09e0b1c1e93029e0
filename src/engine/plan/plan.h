// A plan: what a session runs. Steps in order, and the memory they work on.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "src/base/host.h"
#include "src/engine/plan/norm.h"
#include "src/engine/plan/step.h"
#include "src/engine/precision/setting.h"
#include "src/engine/types/inputs.h"
#include "src/graph/graph.h"

namespace tempera::engine {

class SharedConvs;

struct Storage : StorageData {
  // This storage may take over the memory of one of these, when the node that writes it is the last that
  // reads that one. By preference.
  std::vector<StorageId> may_replace;
};

// Planners write nodes, storages, norms and numbers; steps are made from these (step_maker.h).
struct Plan {
  std::unique_ptr<graph::Graph> graph;  // steps refer to its constants
  std::vector<NodeData> nodes;
  std::vector<Storage> storages;
  std::vector<NormData> norm_data;                          // in node order
  std::vector<std::unique_ptr<std::vector<float>>> floats;  // PlanData::numbers, at fixed places
  std::vector<size_t> constant_outputs;                     // outputs known without running
  std::vector<std::unique_ptr<Step>> steps;                 // one for each node
  std::vector<std::unique_ptr<InstanceNorm>> norms;         // one for each of norm_data
};

struct PlanOptions {
  const Host* host = nullptr;  // may cancel
  bool reference = false;      // only reference steps
  int64_t highway_bit = 0;     // the target of fast steps
  std::string target_name;
  std::vector<ConvSetting> convs;  // one per tempera.Conv, in node order; empty: all in fp32
  NormStatistics statistics = NormStatistics::kExact;
  float smoothing = 0;  // as SessionOptions::norm_smoothing
  // When given: one entry per tempera.Conv, in which every Run joins what its input held.
  std::vector<ChannelRanges>* observed = nullptr;
  SharedConvs* shared_convs = nullptr;  // with other plans of this graph (shared_convs.h); may be nullptr
};

// Marks what keeps its numbers between runs: all inputs but the picture, and the outputs of states.
void MarkKept(const KnownInputs& inputs, Plan* plan);
// The plan as data, but for where and how long storages live (FillPlaces). Of `inputs` the picture, the
// states and what the others begin with.
PlanData PlanDataOf(const Plan& plan, const KnownInputs& inputs);

// Nodes, storages, norms and numbers, and no step. `graph` is specialised, and rewritten by the passes unless
// options.reference.
Result<Plan> PlanNodes(graph::Graph graph, const PlanOptions& options);
// With its steps. The graph's constants that no step keeps are then gone.
Result<Plan> MakePlan(graph::Graph graph, const PlanOptions& options);

}  // namespace tempera::engine
