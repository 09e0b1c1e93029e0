// What each region of a frame covers, and how much of it is laid over what lies below.
//
// Masks are feathered first, each as its region wants. Where several meet, the later region goes before the
// earlier: what is left of the whole is the earlier one's, and what none takes is the input. Those shares sum
// to one, so that between two regions that meet nothing else shines through; laid one over the other, each
// region's weight is its share of what it and those below it have together.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "src/base/thread_pool.h"
#include "src/stylize/image_rows.h"
#include "src/stylize/mask/frame_mask.h"

namespace tempera::stylize {

class Coverage {
 public:
  // kernels and pool must outlive this.
  Coverage(const PixelKernels& kernels, ThreadPool* pool) : kernels_(&kernels), pool_(pool) {}

  struct Wish {
    const uint8_t* mask =
        nullptr;        // of the frame's size, rows without gaps; nullptr: what no other one covers
    float feather = 0;  // pixels of the frame, 0..kMostFeather
  };
  // The masks stay as they are while FindShares is called, and where a region is not feathered: mask() is
  // then theirs.
  void Make(Size frame, std::span<const Wish> wishes);

  // What region i covers, feathered; rows of the frame's width without gaps.
  const uint8_t* mask(size_t i) const { return layers_[i].mask; }
  // With which weight it is laid over what lies below: 0 nothing, 255 it alone.
  const uint8_t* weights(size_t i) const { return layers_[i].weights.data(); }
  // Which share of each pixel is region i's, as above, but of masks without feather: what a pixel shows, not
  // how it is to be laid over others. Rows without gaps, in `memory` or a mask; nullptr: all of the frame is.
  const uint8_t* FindShares(size_t i, std::vector<uint8_t>* memory) const;
  bool shows(size_t i) const { return layers_[i].shows; }            // anywhere
  bool covers_all(size_t i) const { return layers_[i].covers_all; }  // nothing below it shows
  enum class Row : uint8_t { kNone, kSome, kAll };
  Row row(size_t i, int y) const { return layers_[i].rows[static_cast<size_t>(y)]; }

 private:
  struct Layer {
    Layer(const PixelKernels& kernels, ThreadPool* pool) : feathered(kernels, pool) {}
    const uint8_t* sharp = nullptr;  // without feather
    const uint8_t* mask = nullptr;
    std::vector<uint8_t> own;  // behind `mask`, where it is no wish's
    std::vector<uint8_t> weights;
    std::vector<Row> rows;
    std::vector<uint8_t> row_shows;
    bool shows = false, covers_all = false;
    FrameMask feathered;
  };
  void Feather(Layer* layer, float feather);
  void FindBackground(std::span<const Wish> wishes, uint8_t* out) const;
  void WeighRow(int y, size_t count, uint8_t* left, uint8_t* shares);

  const PixelKernels* kernels_;
  ThreadPool* pool_;
  Size frame_;
  size_t count_ = 0;  // of the layers, those that are in use
  std::vector<Layer> layers_;
  std::vector<uint8_t> background_;
  std::vector<std::vector<uint8_t>> shares_;  // by thread: a row for each layer, and one of what is left
  std::vector<std::vector<float>> numbers_;   // by thread
};

}  // namespace tempera::stylize
