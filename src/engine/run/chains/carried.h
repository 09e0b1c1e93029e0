// Statistics carried over from a frame before: when they serve, and when a frame needs its own.
#pragma once

#include <memory>
#include <span>

#include "src/engine/plan/norm.h"

namespace tempera::engine {

// For the frames of one video, in order: MayCarry before each frame; then, where it said yes and the frame
// was painted with the statistics that the norms hold, Serves; and where either said no, Renew behind the
// frame painted exactly.
//
// The norms hold those of the last frame that was painted exactly, all of one picture. To take each frame's
// own for the next instead would follow a fade more closely, but a norm's are measured behind norms that were
// a little off, every norm makes that about twice as much, and it takes as many frames as there are norms to
// settle: a still film with the noise of a camera then rings, and the painting pulses in brightness
// (metzinger at 320x180: mean luma 157.9 to 167.6 where exact has 162.8).
//
// Measured with starry-night on four clips, 230 frames: the painting is at least 41 dB from the exact one
// where no norm's change (InstanceNorm::change) is above 0.05, 35 dB up to 0.1, 31 dB up to 0.15, 22 dB up to
// 0.5, and beyond that another picture. So a frame counts only while all changes are small, and a cut is no
// special case.
class CarriedStatistics {
 public:
  // The next frame is exact.
  void Reset() { fresh_ = false; }
  // `flat`: the frame is of one colour (flat.h), whose statistics say nothing about others, nor theirs about
  // it.
  bool MayCarry(bool flat);
  // Whether the norms' own statistics were near enough to those used.
  bool Serves(std::span<const std::unique_ptr<InstanceNorm>> norms);
  void Renew() { fresh_ = true; }

 private:
  bool fresh_ = false;  // the norms hold statistics of a frame before
  bool was_flat_ = false;
  // Frames that are painted exactly before the next attempt, and how many it will be after the next failure:
  // a clip that never holds still pays for one attempt in 32 frames.
  int pause_ = 0, next_pause_ = 0;
};

}  // namespace tempera::engine
