// What is said of a session's mask in its figures.
#pragma once

#include <cstdint>
#include <string>

namespace tempera::live {

// The mask that the painter painted its last frame with.
struct PaintedMask {
  std::string name;  // of the network's file: "person"; "": nothing was masked
  double ms = 0;  // what the network takes for a frame, whatever the working size: found when it was opened
  double share = -1;  // of this frame, 0 to 1; negative: it was not looked at
};

struct MaskFigures {
  std::string name;        // of the mask that masked last; "": there was none
  bool on = false;         // the last frame was masked
  double ms = 0;           // as PaintedMask has it
  double share = 0;        // of the frames that were looked at, the mean, since that network masks
  double share_now = 0;    // of the last one
  double empty_share = 0;  // of those frames, in how many nothing was found
};

// One thread at a time.
class MaskMeter {
 public:
  // Less of a frame than this is called nothing. A part that is no speck is a thousandth of it, more than
  // half masked.
  static constexpr double kNothing = 0.0005;
  void Add(const PaintedMask& mask);
  MaskFigures figures() const;

 private:
  MaskFigures last_;
  int64_t looks_ = 0, empty_ = 0;
  double sum_ = 0;
};

}  // namespace tempera::live
