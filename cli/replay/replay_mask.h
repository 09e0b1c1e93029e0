// The mask of a timeline, as it is painted again.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "cli/replay/replay.h"
#include "live/mask/mask_layers.h"
#include "live/timeline/timeline.h"

namespace tempera::cli {

class ReplayMask {
 public:
  // `name`: what messages call the timeline. found: where its files are; it and options outlive this.
  ReplayMask(std::string name, const ReplayOptions& options, const std::map<std::string, std::string>* found)
      : name_(std::move(name)), options_(options), found_(found) {}

  // What is open is not what masks from now on.
  void Forget();
  // A value of a style of its regions, from the next frame on.
  void Set(size_t style, const std::map<std::string, std::vector<float>>& values);
  // The session's own style is opened anew.
  void ForgetOwn();
  // The next frame follows none.
  void Reset() { cut_ = true; }

  // To what holds for this frame; opens what is not open.
  Status Apply(const live::TimelineMask& mask, const media::Frame& like);
  // mirrored: `in` is the film's frame with left and right exchanged. A mask is then the film's all the same,
  // so that it can be given with it; a cut-out is mirrored as the painting is.
  Status Paint(tempera_stylizer* own, const media::Frame& in, bool mirrored, media::Frame* out);
  // Where the session had no mask, all of the frame is within.
  Status MakeAll(media::Frame* out);
  // How much of the last frame is within, where that is asked for.
  double share() const { return share_; }

 private:
  Status Open(const live::TimelineMask& mask, const media::Frame& like);
  Status Hold();
  void NoteOnce(const std::string& what);
  Status Make(media::Frame* out);

  const std::string name_;
  const ReplayOptions& options_;
  const std::map<std::string, std::string>* const found_;
  std::unique_ptr<live::MaskLayers> layers_;
  std::vector<std::map<std::string, std::vector<float>>> turned_;  // not set yet
  bool cut_ = false;
  std::vector<size_t> chosen_;  // of the regions, those that are cut out or written as a mask
  std::vector<uint8_t> mask_, one_;
  double share_ = -1;
  std::set<std::string> noted_;
};

}  // namespace tempera::cli
