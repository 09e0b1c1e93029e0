// One training run of a mask network. No printing.
#pragma once

#include <torch/optim/adamw.h>

#include <memory>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "train/random.h"
#include "train/segment/augment.h"
#include "train/segment/mask_module.h"
#include "train/segment/segment_options.h"

namespace tempera::train {

class SegmentTrainer {
 public:
  // encoder: the pretrained one's weights, or null. Same options and pictures: same losses, with the same
  // number of threads.
  static Result<std::unique_ptr<SegmentTrainer>> Create(const SegmentOptions& options, MaskPairs pairs,
                                                        std::vector<media::RgbImage> backgrounds,
                                                        const Safetensors* encoder);

  // One step of AdamW. Losses that are no numbers are an error.
  Result<MaskLosses> Step();
  bool done() const { return progress() >= 1; }
  double progress() const;
  int64_t step() const { return step_; }
  double elapsed_s() const { return elapsed_s_; }
  double left_s() const;
  double learning_rate() const;

  // The network as it is to be used: its weights averaged over the last steps.
  const MaskModule& averaged() const { return *averaged_; }
  // Shares of the classes [classes, height, width] of a picture, of those averaged weights; the picture is
  // taken at its own size, filled up to the network's multiple.
  torch::Tensor Shares(const media::RgbImage& image);

  Status Save(const std::string& path);
  // Both networks and the optimizer, of the same recipe.
  Status Resume(const std::string& path);
  // The weights alone: those that agree in name and shape. An error when none does.
  Status InitFrom(const std::string& path);
  std::string RecipeLine() const;

 private:
  SegmentTrainer(const SegmentOptions& options, MaskPairs pairs, std::vector<media::RgbImage> backgrounds)
      : options_(options), pairs_(std::move(pairs)), backgrounds_(std::move(backgrounds)) {}
  void MakeOptimizer();
  void Average();
  struct Batch {
    torch::Tensor images, masks;  // with motion the second frames behind the first
    std::vector<ViewMotion> motion;
  };
  Batch DrawBatch(int count, bool motion);

  SegmentOptions options_;
  MaskPairs pairs_;
  std::vector<media::RgbImage> backgrounds_;
  std::unique_ptr<Augmenter> augmenter_;
  Random random_{0};
  std::shared_ptr<MaskModule> net_, averaged_;
  std::unique_ptr<torch::optim::AdamW> optimizer_;
  torch::Tensor class_weights_;
  int64_t step_ = 0;
  double elapsed_s_ = 0;
};

// Planes [3, h, w] of RGB -1..1.
torch::Tensor ToPlanes11(const media::RgbImage& image);

}  // namespace tempera::train
