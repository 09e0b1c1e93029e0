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
#include "src/graph/graph.h"
#include "src/kernels/pointwise.h"

namespace tempera::engine {

struct Storage {
  enum class Kind {
    kArena,   // between steps
    kInput,   // the session's input tensor `index`
    kOutput,  // the session's output tensor `index`
  };
  size_t bytes = 0;
  graph::ValueId value = graph::kNoValue;  // what is first written here
  StorageLayout layout = StorageLayout::kDense;
  Planes picture;  // as who writes it lays it out; a view of it is read as another one (SamePicture)
  Kind kind = Kind::kArena;
  size_t index = 0;
  // An input or output that keeps its numbers from one run to the next: never in the arena, whatever the
  // options say of inputs and outputs.
  bool kept = false;
  // This storage may take over the memory of one of these, when the step that writes it is the last that
  // reads that one. By preference.
  std::vector<StorageId> may_replace;
};

struct Plan {
  std::unique_ptr<const graph::Graph> graph;  // steps refer to its nodes and constants
  std::vector<std::unique_ptr<Step>> steps;
  std::vector<NodeData> nodes;  // what each step is, as data; names and order are filled in by PlanDataOf
  std::vector<Storage> storages;
  std::vector<std::unique_ptr<std::vector<float>>> floats;  // what pending Pointwise point to
  std::vector<std::unique_ptr<InstanceNorm>> norms;         // in node order
  std::vector<size_t> constant_outputs;                     // outputs known without running
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
};

// The plan as data, but for where and how long storages live, which is up to who runs it.
PlanData PlanDataOf(const Plan& plan);

// `graph` is specialised, and rewritten by the passes unless options.reference.
Result<Plan> MakePlan(graph::Graph graph, const PlanOptions& options);

}  // namespace tempera::engine
