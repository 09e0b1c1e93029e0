// A picture in, a mask out: networks that say where in a picture something is, for FrameParams::mask or for
// whatever else a caller does with a plane of bytes. The body of tempera_mask_* (tempera.h).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/host.h"
#include "src/base/status.h"
#include "src/engine/run/session.h"
#include "src/metadata/mask_model.h"
#include "src/metadata/model_metadata.h"
#include "src/stylize/frame_tensors.h"
#include "src/stylize/geometry.h"
#include "src/stylize/mask/frame_mask.h"
#include "src/stylize/mask/mask_classes.h"
#include "src/stylize/mask/mask_params.h"
#include "src/stylize/stylizer.h"

namespace tempera::stylize {

// Where a mask is written: one byte a pixel in the caller's memory.
struct MaskTarget {
  uint8_t* pixels = nullptr;   // the first of the top row
  ptrdiff_t stride_bytes = 0;  // from a row to the one below
  Size size;                   // any; it shows the whole frame
};

class Masker {
 public:
  // Refuses a model that does not map one picture, and states that come back, to planes
  // (metadata/mask_model.h). `name` is what messages call the model. Of the options those count that are no
  // painter's alone.
  static Result<std::unique_ptr<Masker>> Create(engine::ModelPtr model, std::string name,
                                                const StylizerOptions& options);

  // Makes a plan for frames of this size, unless the one that is there serves. Process then makes none.
  Status Prepare(Size frame) {
    TEMPERA_RETURN_IF_ERROR(host_->CheckCancelled());
    return session_ && frame == frame_ ? OkStatus() : Plan(frame);
  }
  // Plans anew when the frame's size differs from the last one's. kCancelled when the host says so.
  Status Process(const Image& in, const MaskTarget& out);
  // The two halves of Process, where one look at a picture serves several masks: Read as often as wanted, of
  // what the last Run saw. `channel` is an index of classes().
  Status Run(const Image& in);
  void Read(int channel, const MaskTarget& out);
  // What it remembers of frames is forgotten: as behind a cut, and as a new size does by itself.
  void Reset() {
    if (session_) session_->ResetState();
  }
  // The two halves of Run: a picture is brought to the network's size; then the network runs. In between, and
  // without the second, CopyPicture gives that small picture: planes of red, green and blue, 0..255, each of
  // working() without gaps.
  Status Look(const Image& in);
  Status Think() { return session_->Run(); }
  void CopyPicture(float* planes) const;
  Size working() const { return working_; }
  // The size at which what the network says of the last frame lies, without its margin.
  Size grid() const { return grid_; }

  const MaskClasses& classes() const { return classes_; }
  // A class by name or number, as MaskClasses::Find.
  Result<int> FindClass(std::string_view name) const { return classes_.Find(name, name_); }
  const HostPtr& host() const { return host_; }
  // How tempera_regions_* are to make masks of what this says.
  MaskParams params;

  // nullptr when the model has none of that name.
  const std::string* Metadata(std::string_view key) const { return metadata::FindMetadata(*model_, key); }

 private:
  Masker(engine::ModelPtr model, std::string name, const StylizerOptions& options)
      : model_(std::move(model)), name_(std::move(name)), options_(options) {}

  // Shapes only: the output for a padded input, [1, C, H', W'].
  Result<metadata::MaskOutput> ProbeSize(Size padded) const;
  Status ReadClasses(int64_t count, std::vector<std::string>* notices);
  // Metadata tempera.mask.long_side, where the options name no working size.
  Status ReadLongSide();
  Result<Size> WorkingSizeFor(Size frame) const;
  Status Plan(Size frame);
  void MeasureOutput(Size mask);
  // One channel of the network's output as bytes, one a pixel.
  void ReadOutput(int channel);

  engine::ModelPtr model_;
  std::string name_;
  StylizerOptions options_;
  metadata::ValueFormat values_;
  int multiple_ = 32;  // satisfies five halvings, where the file says nothing
  metadata::MaskModel mask_model_;
  MaskClasses classes_;
  int long_side_ = 0;  // of the working size, where the options name none; 0: the file names none either
  Size declared_;      // the input size the file names; zeros where it is open
  bool declares_size_ = false;  // of both sides
  bool fixed_size_ = false;     // the graph runs at declared_ only
  const PixelKernels* kernels_ = nullptr;
  HostPtr host_;

  // The plan for the current frame size.
  Size frame_, working_, padded_;
  std::unique_ptr<engine::Session> session_;
  engine::CalibrationPtr calibration_;  // kept when the size changes
  std::optional<FrameToTensor> to_tensor_;
  Size output_;  // of the network
  Size grid_;    // its part that shows the frame, in whole pixels

  // From output_ to the caller's size.
  Size mask_;
  MaskAxis x_, y_;
  std::vector<uint8_t> bytes_;  // [output_.height, output_.width], of one channel
  struct Scratch {
    std::vector<uint32_t> sums;
    std::vector<uint16_t> row, wide;
  };
  std::vector<Scratch> scratch_;  // by thread
};

}  // namespace tempera::stylize
