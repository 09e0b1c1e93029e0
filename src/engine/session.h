// A model made ready for one input size, and run. This is the engine's whole door.
//
//   Model model = LoadModel("style.onnx")      // import once
//   Session s   = Session::Create(model, {{1, 3, 480, 640}}, options)   // plan once per size
//   s.input(0) <- numbers; s.Run(); s.output(0) -> numbers               // per frame
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/base/tensor.h"
#include "src/graph/graph.h"

namespace tempera::engine {

enum class Precision { kAuto, kFp32 };

struct SessionOptions {
  int num_threads = 0;  // 0 = one per available CPU
  Precision precision = Precision::kAuto;
  bool reference = false;  // only the operators' plain loops (tests)
  std::string cpu = {};    // CPU target, as ChooseCpuTarget takes it; "" = TEMPERA_CPU, or the best
};

// One line of `tempera inspect` and `bench --per-step`.
struct StepInfo {
  std::string name;       // the node(s) it computes, joined by '+'
  std::string operators;  // "Pad+Conv+InstanceNormalization+Relu"
  std::string kernel;     // "conv_f32 3x3 s1 planar AVX2" or "reference"
  Shape output_shape;
  int64_t macs = 0;    // multiply-accumulates of the graph as written
  int64_t bytes = 0;   // activations read and written once each, and weights
  // Steps whose output it reads, by index into Session::steps(), ascending; -1 for an input of the session.
  std::vector<int32_t> sources;
  double last_ms = 0;  // of the last Run, when profiling is on
};

struct MemoryInfo {
  size_t activation_bytes = 0;  // the arena, planned once
  size_t weight_bytes = 0;      // packed weights and constants
};

// Reads, checks and imports. Thread-safe to share afterwards (immutable).
using ModelPtr = std::shared_ptr<const graph::Graph>;
// (declared here, so that callers need one header)
Result<ModelPtr> LoadModelFile(const std::string& path);
Result<ModelPtr> LoadModelMemory(std::span<const uint8_t> bytes);

class Session {
 public:
  // Shapes: one per graph input, concrete. Fails when the graph cannot take them.
  static Result<std::unique_ptr<Session>> Create(ModelPtr model, std::vector<Shape> input_shapes,
                                                 const SessionOptions& options);
  virtual ~Session() = default;

  // Input tensors are owned here: write into them before Run. Output tensors are
  // valid until the next Run. NCHW, row-major, dense.
  virtual size_t input_count() const = 0;
  virtual size_t output_count() const = 0;
  virtual Tensor& input(size_t index) = 0;
  virtual const Tensor& output(size_t index) const = 0;

  // No allocation, no lock, no lookup. One caller at a time.
  virtual Status Run() = 0;

  virtual void set_profiling(bool on) = 0;
  virtual std::span<const StepInfo> steps() const = 0;
  virtual MemoryInfo memory() const = 0;
};

}  // namespace tempera::engine
