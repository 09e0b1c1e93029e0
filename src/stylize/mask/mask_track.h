// The masks of a film's frames, made of what a network says of each: at the frame's size, one byte a pixel,
// with edges where the frame has its own (edge_drawer.h), without specks, held to what was said of the same
// things in the frame before if wished. The mask is always that of the very frame it is made for: where the
// network does not see a frame, the mask of the one before is moved along with what the frame shows.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/kernels/motion/motion.h"
#include "src/stylize/image_rows.h"
#include "src/stylize/mask/edge_drawer.h"
#include "src/stylize/mask/mask_steps.h"
#include "src/stylize/mask/masker.h"
#include "src/stylize/resample.h"

namespace tempera::stylize {

// The same for any number of threads.
class MaskTrack {
 public:
  // All must outlive this. The masker is used by nobody else.
  MaskTrack(Masker* masker, int64_t highway_bit, ThreadPool* pool);

  // Masks of these channels (Masker::classes) of a frame; `cut`: it does not follow from the one before.
  Status Make(const Image& in, bool cut, std::span<const int> channels);
  // Of the i-th of these channels: rows of the last frame's width without gaps, until the next Make.
  const uint8_t* mask(size_t i) const { return masks_[i].pixels.data(); }

  // The next frame follows none.
  void Reset();

 private:
  struct ClassMask {
    std::vector<uint8_t> pixels;   // of the frame
    std::vector<uint8_t> shares;   // at the small size: what the network says, moved and held
    std::vector<float> luma_then;  // what the picture showed where that was found out
    bool explained = false;        // the frame before explains this one there
  };

  Status Follow(const Image& in, std::span<const int> channels);
  // The network's masks enlarged; of a network that draws edges itself, without specks.
  Status EnlargePlainly(const Image& in, std::span<const int> channels);
  // At which size masks are made before they have edges.
  Size SmallSize(Size frame) const;
  Status TakePicture(Size frame);
  void ShrinkLuma(int row, int count, float* out) const;
  Status FindMotion();
  // false: for some class the frame before does not explain this one, as behind a cut that nobody tells of.
  bool FindMovers();
  // hold: 0 where nothing is known of the frame before.
  void Hold(std::span<const int> channels, float hold);
  void Finish(const Image& in, ClassMask* mask);
  // from, to: the same, or apart.
  void Translate(const std::vector<uint8_t>& table, Size size, const uint8_t* from, uint8_t* to) const;

  Masker* masker_;
  const PixelKernels* kernels_;
  const kernels::MotionKernels* motion_kernels_;
  ThreadPool* pool_;
  EdgeDrawer edges_;
  FrameMask enlarged_;
  SpeckRemover specks_;
  MaskMover mover_;
  std::vector<ClassMask> masks_;
  std::vector<int> channels_;  // of them
  Size size_before_;           // of the last frame, whatever was made of it
  Size frame_, small_;         // that of which is there what follows

  std::vector<float> seen_;                      // three planes, as the network sees the frame
  std::vector<float> picture_, picture_before_;  // the same of small_; of the frame before
  Size seen_size_;
  ResampleAxis x_, y_;
  std::optional<RowResampler> resampler_;
  std::vector<float> luma_;  // of small_
  std::optional<MotionField> field_;
  int field_shrunk_ = 1;  // so much smaller than twice small_
  bool field_follows_ = false;
  bool follows_ = false;  // masks_ are those of the frame before
  int age_ = 0;           // frames since the network saw one
  std::vector<uint8_t> work_;
  std::vector<std::vector<float>> rows_;  // by thread
};

}  // namespace tempera::stylize
