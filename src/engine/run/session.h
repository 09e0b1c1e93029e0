// A model made ready for one input size, and run: the engine's door.
//
//   ModelPtr model = LoadModelFile("style.onnx")    // import once
//   Session s   = Session::Create(model, {{1, 3, 480, 640}}, options)   // plan once per size
//   s.input(0) <- numbers; s.Run(); s.output(0) -> numbers               // per frame
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "src/base/host.h"
#include "src/base/status.h"
#include "src/base/tensor.h"
#include "src/engine/ends/picture_ends.h"
#include "src/engine/plan_data/plan_data.h"
#include "src/engine/precision/input_shapes.h"
#include "src/engine/types/inputs.h"
#include "src/engine/types/precision.h"
#include "src/engine/types/statistics.h"
#include "src/engine/types/step_info.h"
#include "src/graph/graph.h"

namespace tempera::engine {

struct SessionOptions {
  // What the program lends; nullptr: nothing. Findings about precisions are kept in its cache.
  std::shared_ptr<const Host> host = nullptr;
  int num_threads = 0;  // where the host lends no pool: as ThreadPool::Create takes it
  Precision precision = Precision::kFp32;
  bool reference = false;  // only the operators' plain loops (tests)
  std::string cpu = {};    // CPU target, as ChooseCpuTarget takes it; "" = TEMPERA_CPU, or the best
  // The input that is the picture: input_range, rewrites_inputs and source are about this one. All others
  // keep what was written to Session::input(i) over any number of Runs, in memory of their own.
  size_t picture_input = 0;
  // What the pictures put in will hold; int8 clamps to it. Unset: metadata `tempera.value_range`, or 0..255.
  std::optional<ValueRange> input_range = {};
  // The same of the other inputs, by input; may be shorter than they are many. Convolutions that read what
  // follows from an input of which nothing is said run in fp32, unless a norm stands between; other pictures
  // (more than one pixel a channel) are taken to hold what the picture does.
  std::vector<std::optional<InputValues>> input_values = {};
  // Outputs that come back: the input holds zeros in the first Run and in that behind ResetState, and else
  // what the output held after the Run before. Both then are one tensor. An input or output is in one link at
  // most, and the picture in none.
  std::vector<StateLink> states = {};
  // The caller writes the picture anew before every Run, and has read the outputs by then: these may then lie
  // in memory that the steps use too.
  bool rewrites_inputs = false;
  bool measures_precision = false;  // finds PrecisionInfo::psnr_db also where nothing depends on it
  bool plain_dot_kernels = false;   // lower precisions also where only plain loops serve (tests)
  NormStatistics norm_statistics = NormStatistics::kExact;
  float norm_smoothing = 0.8f;  // with kSmoothed, 0..1: the share of the pictures before
  // Session::calibration() of an earlier session of the same model: saves finding out again. Taken
  // where it fits the model and these options.
  CalibrationPtr calibration = nullptr;
  // Steps run together, a band of rows after the other (chains/stages.h), where that takes no more memory
  // than one step after the other, or than this. -1: one after the other; the results are the same (tests).
  int64_t chain_bytes = 0;
  bool pin_threads = false;  // as num_threads: each worker stays on a core of its own
  // The picture comes from the source and output 0 goes to the sink, row by row and without a tensor, where
  // the session can (reads_source, writes_sink). They outlive it.
  const PictureSource* source = nullptr;
  const PictureSink* sink = nullptr;
};

// What they say of a graph's inputs, but for the range of the picture.
inline KnownInputs InputsOf(const SessionOptions& options) {
  return {{}, options.picture_input, options.input_values, options.states};
}

struct MemoryInfo {
  uint64_t activation_bytes = 0;  // the arena, planned once
  uint64_t kept_bytes = 0;        // inputs besides the picture; states, each of them twice
  uint64_t end_bytes = 0;         // the picture and outputs that lie outside the arena
  uint64_t weight_bytes = 0;      // packed weights and constants
};

// Reads, checks and imports. Thread-safe to share afterwards (immutable).
using ModelPtr = std::shared_ptr<const graph::Graph>;
// (declared here, so that callers need one header)
Result<ModelPtr> LoadModelFile(const std::string& path);
Result<ModelPtr> LoadModelMemory(std::span<const uint8_t> bytes);

class Session {
 public:
  // Shapes: one per graph input, concrete (InputShapesFor). Fails when the graph cannot take them, and when a
  // state's output then has another shape or type than its input.
  // kCancelled, between steps of planning and of calibrating, when the host says so.
  static Result<std::unique_ptr<Session>> Create(ModelPtr model, std::vector<Shape> input_shapes,
                                                 const SessionOptions& options);
  virtual ~Session() = default;

  // Input tensors are owned here: write into them before Run. Output tensors are valid until the next Run.
  // NCHW, row-major, dense. Of a state (SessionOptions::states) input and output are the same tensor, which
  // is another one after every Run: ask again. Whoever writes there sets the state.
  virtual size_t input_count() const = 0;
  virtual size_t output_count() const = 0;
  virtual Tensor& input(size_t index) = 0;
  virtual const Tensor& output(size_t index) const = 0;

  // Whether SessionOptions::source and sink are used: the picture is read by one convolution and by nothing
  // else; the graph's first output is what a convolution stores, nobody else reads it, it is no state, and
  // its tiles begin and end as regions must. The tensor is then empty.
  virtual bool reads_source() const = 0;
  virtual bool writes_sink() const = 0;
  // Whether the picture that the ends show may be read, by the source or by a sink that blends with it, after
  // the sink has written the same pixels.
  virtual bool mixes_ends() const = 0;

  // No lookup, and no allocation but in plain loops; a lock only where threads sleep or the pool serves other
  // sessions too. One caller at a time. kCancelled between steps when the host says so: outputs (and the
  // sink's picture) are then half done, and the next Run begins anew as after ResetStatistics.
  // States move on when it succeeds.
  virtual Status Run() = 0;
  // The next Run reads zeros where states come back, as the first one did.
  virtual void ResetState() = 0;

  // With NormStatistics::kSmoothed and kCarried: the next Run starts anew, as after a cut.
  virtual void ResetStatistics() = 0;
  // Of the last Run, or as given; one per instance norm, in the order of the graph.
  virtual std::vector<ChannelStatistics> statistics() const = 0;
  // For kGiven. kInvalidArgument when they are not those of this graph's norms.
  virtual Status SetStatistics(std::span<const ChannelStatistics> given) = 0;

  virtual PrecisionInfo precision() const = 0;
  virtual CalibrationPtr calibration() const = 0;  // nullptr for fp32

  virtual void set_profiling(bool on) = 0;
  virtual std::span<const StepInfo> steps() const = 0;
  virtual MemoryInfo memory() const = 0;
  // What is run, as data: made anew by each call, for whoever looks at it or runs it elsewhere.
  virtual PlanData plan() const = 0;
};

}  // namespace tempera::engine
