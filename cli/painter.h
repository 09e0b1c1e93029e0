// What turns a frame into its painting: the C API behind one call, so that the pipeline can be tested
// without a model.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cli/steer/steering.h"
#include "media/frame.h"
#include "media/reader.h"
#include "src/base/status.h"
#include "tempera/tempera.h"

namespace tempera::cli {

class Painter {
 public:
  // What comes out: a painting; a mask in grey, without what belongs to a photograph or a film (colour
  // profile, sound); a painting with transparency around what was cut out.
  enum class Makes { kPainting, kMask, kCutout };

  virtual ~Painter() = default;
  virtual Makes makes() const { return Makes::kPainting; }
  // A film of this kind begins. Once, before its first frame.
  virtual Status Begin(const media::VideoInfo& /*film*/) { return OkStatus(); }
  // `out` has the size of `in` and its own pixels. One thread at a time.
  virtual Status Paint(const media::Frame& in, media::Frame* out) = 0;
  // When in the film frame `index` of it, from 0, is to be painted: mostly once, at its own time. Other
  // painters leave some out, or show one again as time passes; times rise from frame to frame.
  virtual std::vector<int64_t> MomentsOf(int64_t /*index*/, int64_t pts_us) { return {pts_us}; }
  // The next picture is `page` from 1 of the `pages` in a file; 0: the largest of them.
  virtual Status SetPage(int /*page*/, int /*pages*/) { return OkStatus(); }
  // The next picture's mask is in that file, where each has one of its own.
  virtual Status SetMaskFile(const std::string& /*path*/) { return OkStatus(); }
  // What there is to say of the last picture's mask, for who lists it with what else is said of the picture.
  virtual std::vector<std::string> TakeMaskNotices() { return {}; }
  // What is turned with time is now set to what it is `time_s` into the film. Before each frame of one.
  virtual Status SetMoment(double /*time_s*/) { return OkStatus(); }
  // A parameter of the model, from the next frame on.
  virtual Status SetValues(const std::string& /*name*/, const std::vector<float>& /*values*/) {
    return OkStatus();
  }
  // The film is over: whether all went with it that was to.
  virtual Status AtEnd() { return OkStatus(); }
  // How much of the last frame was within the mask, 0 to 1; negative: there is no mask.
  virtual double masked_share() const { return -1; }
  // The network that paints, set to paint a frame like this one: for who composes the paintings of several
  // (cli/mask). It belongs to the painter, until the next call of Lend or Paint.
  virtual Result<tempera_stylizer*> Lend(const media::Frame& /*in*/) {
    return Internal("this painter has no network to lend");
  }
  // Forgets the frames before: the next one does not follow them.
  virtual Status Reset() { return OkStatus(); }
  // Whether it paints transparency where `out` has it.
  virtual bool PaintsAlpha() const { return false; }
  // What was said of the model so far, which notes have told already.
  virtual std::vector<std::string> Notices() const { return {}; }
};

// Room for the painting of a picture: like it, or with transparency where the painter has that and the file
// that is written keeps it; of a mask without.
Result<media::Frame> AllocatePainting(const Painter& painter, const media::Frame& picture, bool keeps_alpha);

struct PaintOptions {
  float strength = 1;     // 0 the source .. 1 the painting; negative: as the file begins
  int working_width = 0;  // what the network sees; 0 as in tempera_options
  int working_height = 0;
  int threads = 0;
  bool pin_threads = false;
  bool keep_colors = false;
  float steadiness = 0;                   // of films
  std::string precision = "auto";         // "auto", "fp32", "bf16", "int8"
  std::string norm_statistics = "exact";  // "exact", "smoothed", "carried"
  std::string stroke = "";                // as ParseStroke takes it; "": as the model has it
  Steering steering = {};
  // Said of the model beside its file (tempera_options).
  std::vector<std::pair<std::string, std::string>> metadata = {};
  // Whose threads and cache are used instead of the ones above; outlives the painter.
  tempera_host* host = nullptr;
  // Where not null: what `steering` turns and the model has not is left out and named here, instead of
  // refused.
  std::vector<std::string>* lacks = nullptr;
};

// Opens a model file.
Result<std::unique_ptr<Painter>> OpenPainter(const std::string& model_path, const PaintOptions& options);

}  // namespace tempera::cli
