// A plan as data: which nodes run in which order, from and into which memory, and what is still to be done to
// the numbers they read. No pointer, no function: what the CPU's steps are made from, `tempera inspect
// --json` prints, and another back end or an exporter can read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/base/tensor.h"
#include "src/engine/facts/flat.h"
#include "src/engine/plan_data/work.h"
#include "src/engine/types/picture.h"
#include "src/graph/graph.h"

namespace tempera::engine {

// A stretch of memory that nodes read and write: an index into PlanData::storages.
using StorageId = int32_t;

enum class StorageLayout {
  kDense,           // as the graph means it, row-major; a picture in planes [n, c, h, w]
  kInterleavedF16,  // [n, h, w, c] in fp16, c rounded up to whole blocks
};
const char* NameOf(StorageLayout layout);  // "dense", "interleaved"

enum class StorageKind {
  kArena,   // between nodes
  kInput,   // the graph's input `index`
  kOutput,  // the graph's output `index`
};
const char* NameOf(StorageKind kind);  // "arena", "input", "output"

struct StorageData {
  std::string value;                   // the graph's name for what is first written here
  DataType type = DataType::kFloat32;  // of the value; interleaved ones are stored in fp16
  Shape shape;
  Planes picture;
  StorageLayout layout = StorageLayout::kDense;
  StorageKind kind = StorageKind::kArena;
  size_t index = 0;
  size_t bytes = 0;
  // From the first node that touches it to the last, both included: an input is there before the first node
  // (-1), an output until behind the last (their number). Nodes of a stage run interleaved, so memory is kept
  // for the whole stages.
  int32_t first_node = 0, last_node = 0;
  int64_t offset = -1;  // in the arena; -1: a tensor of its own, or a picture end and no memory at all
};

// What is done to each number as it is read: x * scale + shift, then the activation. Constants are indices
// into PlanData::numbers, repeated for each image (n * c); -1: none.
struct PendingData {
  int32_t norm = -1;  // scale and shift are what PlanData::norms[norm] makes of its statistics, in each run
  int32_t scale = -1, shift = -1;
  graph::ActivationKind activation = graph::ActivationKind::kNone;
  float lo = 0, hi = 0;  // of kClamp
  int32_t slope = -1;    // of kSlope

  bool empty() const {
    return norm < 0 && scale < 0 && shift < 0 && activation == graph::ActivationKind::kNone;
  }
};

struct ReadData {
  StorageId storage = -1;
  PendingData pending;
  Shape shape;  // as the node sees it: a view may see another one than the storage has
};

struct NodeData {
  std::string name;       // the graph's node(s), joined by '+'
  std::string operators;  // of ONNX, joined by '+'
  std::string kernel;     // what the CPU runs it with
  Work work;
  std::vector<ReadData> reads;
  std::vector<StorageId> writes;
  // Norms whose statistics it gathers, of what it writes (StatisticsWork: of what it reads).
  std::vector<int32_t> gathers;
  bool runs_in_chain = false;  // interleaved with its neighbours in the same stage
  int32_t stage = 0;
  // What the graph's node said that `work` was made of, for readers; who runs it needs it for LoopWork alone.
  // Empty where the graph has no such node.
  std::string op_type;
  graph::Attributes attributes;
  graph::Fused fused;
  std::vector<std::string> constants;  // which it reads
};

// y = (x - mean) / sqrt(variance + epsilon) * gamma + beta, per image and channel.
struct NormData {
  std::string name;
  int64_t images = 1, channels = 0;
  int64_t group_channels = 1;  // channels that share their mean and variance; divides their number
  float epsilon = 1e-5f;
  std::string gamma, beta;  // constants, a number for each channel; "": a ParametersWork brings them
  // One number per channel whenever these inputs of the graph are (flat.h): the result is then beta (alone in
  // its group), not what rounding errors divided by epsilon give.
  FlatInputs flat_inputs = kNeverFlat;
};

struct PlanData {
  int opset = 0;                // of the graph: plain loops ask for it
  std::vector<NodeData> nodes;  // in the order they run
  std::vector<StorageData> storages;
  std::vector<NormData> norms;
  std::vector<std::vector<float>> numbers;
  size_t arena_bytes = 0;    // without the threads' scratch
  size_t scratch_bytes = 0;  // of all threads
};

// What is wrong with it, or Ok: every storage read was written before or is an input, storages that live at
// the same time do not overlap unless one may take over the other's memory, indices are in range.
Status CheckPlanData(const PlanData& plan);

}  // namespace tempera::engine
