// Frames in, painted frames out: one imported model, the session planned for the current size,
// and the way from pixels to tensors and back. The body of the C API (tempera.h), which states
// the rules for sizes, formats and threads.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/base/host.h"
#include "src/base/status.h"
#include "src/engine/run/session.h"
#include "src/metadata/model_metadata.h"
#include "src/metadata/parameters.h"
#include "src/stylize/frame_blender.h"
#include "src/stylize/frame_ends.h"
#include "src/stylize/frame_params.h"
#include "src/stylize/frame_tensors.h"
#include "src/stylize/geometry.h"
#include "src/stylize/painting_look.h"
#include "src/stylize/steady/steadier.h"

namespace tempera::stylize {

struct StylizerOptions {
  std::shared_ptr<const Host> host;  // what the program lends; nullptr: nothing
  int num_threads = 0;               // where the host lends no pool: as ThreadPool::Create takes it
  engine::Precision precision = engine::Precision::kAuto;
  Size working;                // {0, 0} = the frame's own; one zero = by the frame's aspect ratio
  int working_short_side = 0;  // above 0, and `working` {0, 0}: what longer sides are scaled down to
  bool pin_threads = false;    // as num_threads
  engine::NormStatistics norm_statistics = engine::NormStatistics::kExact;
  bool through_tensors = false;  // also where the network could read and write the frame itself (tests)
  bool reference = false;        // only the operators' plain loops (tests)
  int64_t chain_bytes = 0;       // as engine::SessionOptions has it (tests)
  // What is said of the model beside its file: goes before what the file says.
  std::vector<std::pair<std::string, std::string>> metadata = {};
};

class Stylizer {
 public:
  // Refuses a model that does not map one picture to another: [1, 3, H, W] of floats, or what
  // metadata::WithPictureEnds makes such of.
  // `name` is what messages call the model: its path, or "the model".
  static Result<std::unique_ptr<Stylizer>> Create(engine::ModelPtr model, std::string name,
                                                  const StylizerOptions& options);

  // Makes a plan for frames of this size, of subsampled formats too where `subsampled` says so, unless the
  // one that is there serves. Process then makes none.
  Status Prepare(Size frame, bool subsampled);
  // in and out have one size. Plans anew when it differs from the last frame's. kCancelled when the host says
  // so: `out` is then half painted, or untouched, and the next frame begins anew.
  Status Process(const Image& in, const Image& out, const FrameParams& params = {});

  // What a frame is made of. `in` and `under` may lie in the frame that is written as a whole, not in part.
  static Status CheckFrame(const Image& in, const Image& under, const Image& out);

  // The next frame shares no statistics and no states with those before it.
  void Reset();

  // Read and set from any thread.
  metadata::Parameters& parameters() { return *parameters_; }
  const metadata::Parameters& parameters() const { return *parameters_; }
  Result<Size> WorkingSizeFor(Size frame) const;
  engine::MemoryInfo memory() const;
  bool paints_alpha() const { return metadata_.alpha_output.has_value(); }
  // What was guessed of the model, and what looked wrong in its first painting; a line each. Strings live as
  // long as this.
  const std::deque<std::string>& notices() const { return notices_; }
  // Since it was created.
  int plans_made() const { return plans_made_; }
  // Whether the network reads and writes the last frame's bytes itself.
  bool reads_frame() const { return session_ && session_->reads_source(); }
  bool writes_frame() const { return session_ && session_->writes_sink(); }
  // nullptr when the model has none of that name.
  const std::string* Metadata(std::string_view key) const { return metadata::FindMetadata(*model_, key); }

 private:
  Stylizer(engine::ModelPtr model, std::string name, const StylizerOptions& options)
      : model_(std::move(model)), name_(std::move(name)), options_(options) {}

  // Sees what the parameters are at this moment.
  Status Paint(const Image& in, const Image& out, const FrameParams& params);
  void TakeParameters();
  Status PrepareSize(Size frame, bool subsampled);
  // Hands those that the file declares to the network.
  void GiveParameters();
  // 1 where the network is given what it was given for the frame before, less by how far a value of it has
  // gone, 0 from a twentieth of its range on.
  float LikeBefore();
  // Has the steadier where `steadiness` asks for one.
  Status MakeSteadier(Size frame);
  // Where the network has no part in the frame.
  Status ShowUnder(const Blending& blending);
  // Reads what is said of the model, and gives its graph the ends that pictures need.
  Status ReadModel();
  // Does the graph, at some size, turn a picture into a picture? Shapes only, nothing is run.
  Status CheckPictureModel();
  void Notice(const std::string& line);
  // The painting's own transparency, where its network gives one and `out` can hold it; nullptr otherwise.
  const uint8_t* PaintedAlpha(const Image& out);
  // The first frame that shows something is looked at, once.
  PaintingLook* BeginLook(const Image& in);
  void EndLook(const PaintingLook& look);
  // Shapes of all inputs for a padded picture.
  Result<std::vector<Shape>> InputShapes(Size padded, const Host* host) const;
  // The output shape for a padded input, and the activations' estimate; or why the graph refuses it.
  struct Probe {
    Size painted;
    int64_t bytes = 0;
  };
  Result<Probe> ProbeSize(Size padded, const Host* host) const;

  // At which size the network paints a frame: its own, or, where the graph takes only the one that the file
  // declares, that. Shapes only, so that it is the same before and after a plan.
  struct Placement {
    Size working, padded;
    Result<Probe> probe;     // of padded
    bool only_size = false;  // the graph takes no other
  };
  Result<Placement> Place(Size frame, const Host* host) const;

  // For frames of this size; of subsampled formats too where `subsampled` says so.
  Status Plan(Size frame, bool subsampled);
  Status PlanAt(Size frame, const Placement& place);
  // Why there is no memory for that, and what helps.
  Status TooLarge(const Placement& place, const Status& reason, double bytes) const;

  engine::ModelPtr model_;
  std::string name_;
  StylizerOptions options_;
  metadata::ModelMetadata metadata_;
  int multiple_ = 4;                                // the metadata's
  Size declared_;                                   // the input size the file names; zeros where it is open
  bool fixed_size_ = false;                         // the graph runs at declared_ only
  std::optional<metadata::Parameters> parameters_;  // from Create on
  std::vector<float> turned_;                       // their values, of the frame that is painted
  float strength_ = 1;                              // likewise
  bool keep_colors_ = false;                        // likewise
  float steadiness_ = 0, brightness_ = 0, contrast_ = 1;  // likewise
  std::vector<float> given_, given_before_;  // what the network is given of turned_; of the frame before
  std::vector<float> shown_rows_;            // by thread, of ShowUnder
  int64_t last_us_ = 0;                      // the time of the frame before
  std::deque<std::string> notices_;
  bool looked_ = false;               // at a painting
  std::optional<PaintingLook> look_;  // at the one that is painted
  Levels source_levels_;              // of its source
  const PixelKernels* kernels_ = nullptr;
  const kernels::MotionKernels* motion_ = nullptr;
  HostPtr host_;  // its pool serves the pixels at both ends and every session
  std::optional<FrameBlender> blender_;
  std::optional<FrameMask> mask_;

  // `image`, or a copy of it in `bytes` where the session would write over its pixels before it has read them
  // all.
  Image Kept(const Image& image, const Image& out, std::vector<uint8_t>* bytes) const;

  int plans_made_ = 0;
  // The plan for the current frame size.
  Size frame_;
  bool any_format_ = true;             // sink_ takes subsampled formats
  std::optional<FrameSource> source_;  // read by session_, instead of to_tensor_
  std::optional<FrameSink> sink_;      // written by session_, instead of from_tensor_
  std::unique_ptr<engine::Session> session_;
  engine::CalibrationPtr calibration_;  // kept when the size changes
  std::optional<FrameToTensor> to_tensor_;
  std::optional<TensorToFrame> from_tensor_;
  std::optional<TensorToFrame> alpha_from_tensor_;  // where the network gives transparency
  std::vector<uint8_t> alpha_, alpha_pixels_;       // of the last frame; in RGB, on the way
  bool told_of_alpha_ = false;
  std::vector<uint8_t> kept_source_, kept_under_;
  // Of frames of frame_, from the first one on that is to be steady.
  std::unique_ptr<Steadier> steadier_;
};

}  // namespace tempera::stylize
