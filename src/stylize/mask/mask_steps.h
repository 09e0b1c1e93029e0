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
  static constexpr int kSquare = 8;  // pixels a side that find their motions together

  // `field`: of frames of this size, twice enlarged and then `shrunk` times made smaller, rounded up. before,
  // now: the pictures of this size, three planes. All are looked at in Run and Hold, which come after it.
  void FindMotion(const MotionField& field, int shrunk, Size size, const float* before, const float* now,
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
  // Of the pixels of a square, row by row.
  struct Found {
    Motion tried[16];
    uint8_t best[kSquare * kSquare];    // of them
    float distance[kSquare * kSquare];  // of the 3x3 pixels about each: levels, on the average
  };
  struct Square {
    int left, top, right, bottom;  // within the picture
    size_t index;
  };
  Size Squares() const;
  Square SquareAt(int column, int row) const;

  Motion MotionOf(int bx, int by) const;
  bool Explains(int bx, int by) const;
  float Lighter() const;
  template <typename T>
  float Moved(const std::vector<T>& plane, int x, int y, const Motion& by) const;
  size_t MotionsAbout(const Square& square, Motion* tried) const;
  // Found once a picture, by one thread at a time.
  const Found& FoundIn(const Square& square);
  bool IsFlat(const std::vector<uint8_t>& mask, const Square& square) const;
  // Whether the network is unsure of a pixel and says something else than before.
  bool Wavers(const Square& square, const std::vector<uint8_t>& before, const uint8_t* mask) const;
  struct Held {
    float weight;  // 0..1: how much the word of before counts, at most
    const float* luma;
    const std::vector<float>* luma_then;
    const std::vector<uint8_t>* before;
  };
  void HoldSquare(const Held& held, const Square& square, uint8_t* mask);

  const MotionField* field_ = nullptr;
  int shrunk_ = 1, side_ = 4;  // of a block of the field, in pixels of this size
  Size size_;
  const float* before_ = nullptr;
  const float* now_ = nullptr;
  ThreadPool* pool_ = nullptr;
  int reach_ = 0;  // no motion is longer
  std::vector<Found> found_;
  std::vector<uint8_t> known_;  // the squares where it is
  std::vector<uint8_t> new_;    // blocks that the picture before does not explain
  std::vector<float> then_;
};

}  // namespace tempera::stylize
