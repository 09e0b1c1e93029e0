// What happens to a small mask between the network and its edges. Planes of one size, a number or a byte a
// pixel, without gaps.
#pragma once

#include <cstdint>
#include <vector>

#include "src/base/thread_pool.h"
#include "src/stylize/geometry.h"
#include "src/stylize/steady/motion_field.h"

namespace tempera::stylize {

// Has the edge lie where the share is `threshold` (above 0 and below 1) instead of a half. `certain`: what is
// within a sixteenth of nothing, or of everything, is that.
std::vector<uint8_t> ShareTable(float threshold, bool certain);

// Takes out what is no thing but a speck: parts that hang together and whose pixels of more than a half are
// fewer than a thousandth of the picture.
class SpeckRemover {
 public:
  void Run(Size size, uint8_t* mask);

 private:
  // Pixels of a row, one beside the other: [begin, end) of the mask.
  struct Pixels {
    int begin, end;
    int part;  // another run that it hangs together with, or itself: then `sure` is of all that do
    int sure;  // of more than a half
  };
  int PartOf(int run);
  void Join(int one, int other);

  std::vector<Pixels> runs_;
};

// Moves masks to where their pixels are now. Near an edge of a mask each pixel chooses, among the motions
// that were found about it, the one by which the frame before shows most nearly what it shows now: a thing's
// edge goes with the thing, not half with the ground. The same for any number of threads.
class MaskMover {
 public:
  // `field`: of frames of twice this size. before, now: the pictures of this size, three planes. All are
  // looked at in Run and Hold, which come after it.
  void FindMotion(const MotionField& field, Size size, const float* before, const float* now,
                  ThreadPool* pool);
  void Run(const std::vector<uint8_t>& before, uint8_t* mask);
  // Hysteresis: where the picture shows what it showed, wherever that was, and the network is not sure, its
  // word of before counts. hold: 0..1. luma: of the picture, nominal 0..255. What the picture showed where
  // `before` was found out is `luma_then`, which goes the way that the mask goes.
  void Hold(float hold, const float* luma, std::vector<float>* luma_then, const std::vector<uint8_t>& before,
            uint8_t* mask);
  // The share of the picture that shows what the one before did not, wherever it was moved from; of that part
  // of it where `mask`, of the picture before, is more than a half: 0 where that is no more than a speck.
  float Unexplained() const;
  float Unexplained(const std::vector<uint8_t>& mask) const;

 private:
  struct Motion {
    float x = 0, y = 0;  // from a pixel to where it was
  };
  Motion MotionOf(int bx, int by) const;
  float Distance(int x, int y, const Motion& by) const;
  bool Explains(int bx, int by) const;
  float Lighter() const;
  Motion BestMotion(int x, int y) const;
  // Found once a pixel and picture; by one thread at a time.
  const Motion& MotionAt(int x, int y);
  struct HeldBy {
    float weight = 0;  // 0..1: how much the word of before counts
    float was = 0;     // that word, 0..255
    Motion by;         // and where it is
  };
  // `share`, 0..255: what the network says now.
  HeldBy Held(const std::vector<float>& luma_then, const float* luma, int x, int y,
              const std::vector<uint8_t>& before, float share);

  const MotionField* field_ = nullptr;
  Size size_;
  const float* before_ = nullptr;
  const float* now_ = nullptr;
  ThreadPool* pool_ = nullptr;
  int reach_ = 0;  // no motion is longer
  std::vector<Motion> motions_;
  std::vector<uint8_t> known_;  // which of them
  std::vector<uint8_t> new_;    // blocks that the picture before does not explain
  std::vector<float> then_;
};

}  // namespace tempera::stylize
