// The mask of a session that paints: opened beside it as it is asked for, and turned.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "live/mask/mask_layers.h"
#include "live/opening.h"
#include "live/painter.h"

namespace tempera::live {

// One thread, but for Stop.
class MaskFollower {
 public:
  MaskFollower(PainterOptions options, FindMaskFn find)
      : options_(std::move(options)), find_(std::move(find)) {}

  // Opens what is asked for, or goes on with what there is: with another mask, or with none. `first`: nothing
  // was painted yet, so that it is waited for, and what cannot be opened is an error.
  Status Follow(const Settings& settings, const media::Frame& like, bool first, Change* change);
  // Numbers of the mask, and values of its styles; those that a style does not have are not its.
  void Turn(const Settings& settings, Change* change);
  // It cannot mask this frame: nothing is masked before something else is asked for.
  void GiveUp(const Status& why, Change* change);
  // As if it had been opened for this frame.
  void SayAll(Change* change) const;

  // What paints now; null: nothing is masked.
  MaskLayers* layers() const { return masks_ ? layers_.get() : nullptr; }
  // Of the network that was opened last.
  std::vector<std::string> classes() const;
  // Grows with each network that was opened.
  uint64_t version() const { return version_; }
  bool opening() const { return opening_ != nullptr; }
  // What was asked for and cannot be had, one line; "" when nothing.
  std::string trouble() const;
  // The same, with what to ask for instead, where there is something: then it is no trouble any more.
  std::optional<RefusedMask> TakeRefused();
  // From any thread.
  void Stop();

 private:
  Result<MaskCast> Meant(const MaskSettings& asked);
  void FollowOff(const MaskSettings& asked, Change* change);
  void Refuse(const MaskSettings& asked, const MaskFault& fault, const Status& why);
  void Watch(const MaskCast* wanted, int height);
  Status Arrive();
  Status Begin(const MaskCast& cast, int height, const media::Frame& like);
  void MaskWithIt(Change* change);
  void Unmask(Change* change);

  const PainterOptions options_;
  const FindMaskFn find_;
  std::mutex mutex_;  // of layers_ and opening_ as Stop sees them
  bool stopped_ = false;
  std::unique_ptr<MaskLayers> layers_;  // kept while it is switched off
  std::unique_ptr<Opening<MaskLayers>> opening_;
  bool masks_ = false;
  uint64_t version_ = 0;
  bool asked_ = false;
  MaskSettings words_;  // that were looked for last
  Result<MaskCast> meant_ = MaskCast();
  MaskFault meant_fault_;             // where that is none
  std::optional<MaskSettings> held_;  // that were followed last
  std::optional<RefusedMask> taken_back_;
  std::string open_trouble_, value_trouble_;
  Status refused_status_;
  std::unique_ptr<MaskCast> refused_;  // not tried again before something else is asked for
  int refused_height_ = 0;
  MaskFault refused_fault_;
};

}  // namespace tempera::live
