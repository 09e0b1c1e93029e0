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
  std::string value = {};              // the graph's name for what is first written here
  DataType type = DataType::kFloat32;  // of the value; interleaved ones are stored in fp16
  Shape shape = {};
  Planes picture = {};
  StorageLayout layout = StorageLayout::kDense;
  StorageKind kind = StorageKind::kArena;
  size_t index = 0;
  uint64_t bytes = 0;
  // From the first node that touches it to the last, both included: an input is there before the first node
  // (-1), an output until behind the last (their number). Nodes of a stage run interleaved, so memory is kept
  // for the whole stages.
  int32_t first_node = 0, last_node = 0;
  // In the arena; -1: a tensor of its own, or, with 0 bytes, none at all: the CPU's picture ends.
  int64_t offset = -1;
  // An input or output that keeps its numbers from one run to the next (a state, or an input that is written
  // now and then): never in the arena.
  bool kept = false;
  // It lies where that one lay, whose last reader writes it number by number; -1: where nothing else does
  // while it lives.
  StorageId replaces = -1;
};

// What goes into the graph.
struct InputData {
  std::string name = {};
  DataType type = DataType::kFloat32;
  Shape shape = {};
  StorageId storage = -1;
  bool is_picture = false;  // written anew before each run; all others are StorageData::kept
  // What it holds until somebody writes there; one number stands for all. Empty: zeros.
  std::vector<float> initial = {};
};

// What comes out: dense in its storage, in its own shape, which may be another view than the storage's.
struct OutputData {
  std::string name = {};
  DataType type = DataType::kFloat32;
  Shape shape = {};
  StorageId storage = -1;
  std::string constant = {};  // where no node makes it: which constant it is
};

// An output that comes back: the next run reads at `input` what this one wrote at `output`; indices into
// PlanData::outputs and inputs, of one type and shape. It begins with zeros, and does so again behind a cut.
// Both are there at a time, so it takes two tensors, which change places after each run.
struct StateData {
  size_t output = 0, input = 0;
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
  std::string name = {};
  int64_t images = 1, channels = 0;
  int64_t group_channels = 1;  // channels that share their mean and variance; divides their number
  float epsilon = 1e-5f;
  std::string gamma = {},
              beta = {};  // constants, a number for each channel; "": a ParametersWork brings them
  bool given = false;     // its statistics are set from outside, and no node gathers them
  // One number per channel whenever these inputs of the graph are (flat.h): the result is then beta (alone in
  // its group), not what rounding errors divided by epsilon give.
  FlatInputs flat_inputs = kNeverFlat;
};

struct PlanData {
  int opset = 0;                // of the graph: plain loops ask for it
  std::vector<NodeData> nodes;  // in the order they run
  std::vector<StorageData> storages;
  std::vector<InputData> inputs;    // of the graph, in its order
  std::vector<OutputData> outputs;  // likewise
  std::vector<StateData> states;
  std::vector<NormData> norms;
  std::vector<std::vector<float>> numbers;
  uint64_t arena_bytes = 0;    // without the threads' scratch
  uint64_t scratch_bytes = 0;  // of all threads
};

// What is wrong with it, or Ok. Of a plan that passes it is known that
// - every index is in range, every list of numbers as long as what it is for, every work of the sizes of what
//   it reads and writes, and no read or write leaves its storage;
// - what is read was written before, a norm's scale and shift were made of statistics gathered (or given) and
//   parameters brought before;
// - storages live from the first node that touches them to the last, and two that live at a time overlap only
//   where one replaces the other: the node that writes it works number by number and is the last to read it;
// - inputs, outputs and states have the types, shapes and storages that they say.
// Constants are named, not there: theirs are not checked.
Status CheckPlanData(const PlanData& plan);

}  // namespace tempera::engine
