// One training run: network, frozen features, losses, optimizer, random crops. No files, no printing.
#pragma once

#include <torch/optim/adam.h>

#include <memory>
#include <string>

#include "media/image.h"
#include "src/base/status.h"
#include "train/checkpoint.h"
#include "train/features.h"
#include "train/loss_content.h"
#include "train/loss_style.h"
#include "train/losses.h"
#include "train/network.h"
#include "train/options.h"
#include "train/photos.h"

namespace tempera::train {

class Trainer {
 public:
  // Same options, photographs and machine: same losses. A different number of threads may change the last
  // digits.
  static Result<std::unique_ptr<Trainer>> Create(const Options& options, Vgg19 vgg, Photos photos,
                                                 const media::RgbImage& style);

  // Weights of another run (`--init`): layers that match by name and shape are taken. An error when none
  // does.
  Status InitFrom(const std::string& checkpoint);
  // Goes on where a run of the same recipe stopped (`--resume`).
  Status ResumeFrom(const std::string& checkpoint);
  Status Save(const std::string& checkpoint);

  // One step of Adam. `seconds` spent before this step count towards --time. Non-finite losses are an error.
  Result<Losses> Step();

  bool done() const;
  const TrainingState& state() const { return state_; }
  int64_t step() const { return state_.step; }
  double elapsed_s() const { return state_.elapsed_s; }
  double left_s() const;
  double learning_rate() const;

  // Losses of a picture (multiples of 4 in size), without learning.
  Result<Losses> Evaluate(const media::RgbImage& image);
  // The painted picture, same size.
  media::RgbImage Paint(const media::RgbImage& image);

  TransformerNet& net() { return *net_; }

 private:
  Trainer(const Options& options, Vgg19 vgg, Photos photos, torch::Device device)
      : options_(options), vgg_(std::move(vgg)), photos_(std::move(photos)), device_(device) {}
  double ProgressShare() const;
  Losses Compute(const torch::Tensor& images, torch::Tensor* total);

  Options options_;
  Vgg19 vgg_;
  Photos photos_;
  torch::Device device_;
  bool bf16_ = false;
  Random random_{0};
  TrainingState state_;
  std::shared_ptr<TransformerNet> net_;
  std::unique_ptr<torch::optim::Adam> optimizer_;
  std::unique_ptr<StyleLoss> style_loss_;
  std::unique_ptr<ContentLoss> content_loss_;
};

// The settings that a resumed run must share, as one line.
std::string RecipeLine(const Options& options);

// The device that --device names: "auto" is CUDA where libtorch has it.
Result<torch::Device> ChooseDevice(const std::string& name);

// Features of plain photographs, the yardstick of the losses: 16 crops, drawn with a seed of their own.
std::vector<FeatureMap> YardstickFeatures(const Vgg19& vgg, const Photos& photos, int crop_size,
                                          uint64_t seed, torch::Device device);

}  // namespace tempera::train
