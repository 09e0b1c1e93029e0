// One training run: network, frozen features, losses, optimizer, random crops. No files, no printing.
#pragma once

#include <torch/optim/adam.h>

#include <memory>
#include <string>

#include "media/image.h"
#include "src/base/status.h"
#include "train/checkpoint.h"
#include "train/features/feature_network.h"
#include "train/loss_colour.h"
#include "train/loss_content.h"
#include "train/loss_style.h"
#include "train/losses.h"
#include "train/motion/film_pairs.h"
#include "train/motion/pair.h"
#include "train/network.h"
#include "train/options.h"
#include "train/photos.h"

namespace tempera::train {

// What one picture of a batch is to become: shares of the network's affine rows.
struct Pick {
  int style = 0, other = 0;  // two styles
  double other_share = 0;    // of the second
  double bold = 0;           // share of the bold rows
  bool identity = false;     // the picture as it is
};

class Trainer {
 public:
  // Same options, photographs and machine: same losses. A different number of threads may change the last
  // digits. paintings: in the order of options.styles.
  static Result<std::unique_ptr<Trainer>> Create(const Options& options,
                                                 std::shared_ptr<const FeatureNetwork> features,
                                                 Photos photos,
                                                 const std::vector<media::RgbImage>& paintings);
  static Result<std::unique_ptr<Trainer>> Create(const Options& options, Vgg19 vgg, Photos photos,
                                                 const std::vector<media::RgbImage>& paintings) {
    return Create(options, AsFeatureNetwork(std::move(vgg)), std::move(photos), paintings);
  }

  // Starts from these weights (`--base`): a network of the same config. Which of them are trained is
  // options.train_layers; then nothing else changes, and what the frozen part saves is saved.
  Status StartFrom(const TransformerNet& net);
  // Motion of films (`--clips`, `--truth`) for options.motion_share of the steps that have any. Before the
  // first step and before resuming.
  void TakeFilms(std::shared_ptr<const FilmPairs> films);
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

  // Losses of a picture (multiples of 8 in size) in the first style, without learning.
  Result<Losses> Evaluate(const media::RgbImage& image);
  // The painted picture, same size (multiples of 8).
  media::RgbImage Paint(const media::RgbImage& image, const Pick& pick = {});

  TransformerNet& net() { return *net_; }

 private:
  Trainer(const Options& options, std::shared_ptr<const FeatureNetwork> features, Photos photos,
          torch::Device device)
      : options_(options), features_(std::move(features)), photos_(std::move(photos)), device_(device) {}
  double ProgressShare() const;
  Status AddTargets(const std::vector<media::RgbImage>& paintings);
  std::vector<Pick> DrawPicks();
  RowMix MixOf(const std::vector<Pick>& picks) const;
  torch::Tensor SharesOf(const std::vector<Pick>& picks) const;
  void MakeOptimizer();
  bool TrainsRowsOnly() const { return !options_.base.empty() && options_.train_layers == "rows"; }
  torch::Tensor ContentOf(const torch::Tensor& images);
  torch::Tensor DrawFromPool(torch::Tensor* content);
  // The pictures of a step and what they are to become, with their motion from options.temporal_start on;
  // `content`: their features, where known.
  torch::Tensor DrawBatch(std::vector<Pick>* picks, MotionPair* motion, torch::Tensor* content);
  // What changes along the motion, with its weight. painted, encoded: of the first pictures, then of the
  // second.
  torch::Tensor TemporalTerm(const torch::Tensor& painted, const torch::Tensor& encoded,
                             const MotionPair& motion, Losses* losses) const;
  // The pictures painted, and what their second ones cost (`temporal`, left undefined without motion).
  torch::Tensor PaintPair(const torch::Tensor& images, RowMix mix, const MotionPair* motion,
                          torch::Tensor* temporal, Losses* losses);
  // The same of a network that is fed with its own painting: one of the frames, which `images` becomes.
  torch::Tensor PaintFed(const RowMix& mix, const MotionPair& motion, torch::Tensor* images,
                         torch::Tensor* temporal, Losses* losses);
  // content: features of the images, where they are known already.
  Losses Compute(const torch::Tensor& batch, const std::vector<Pick>& picks, const MotionPair* motion,
                 torch::Tensor* total, torch::Tensor content = {});

  Options options_;
  std::shared_ptr<const FeatureNetwork> features_;
  Photos photos_;
  std::shared_ptr<const FilmPairs> films_;  // may be null
  torch::Device device_;
  bool bf16_ = false;
  Random random_{0};
  TrainingState state_;
  std::string content_layer_;
  std::shared_ptr<TransformerNet> net_;
  std::unique_ptr<torch::optim::Adam> optimizer_;
  std::vector<StyleLoss> style_losses_;  // of the picture, of its half
  std::unique_ptr<ContentLoss> content_loss_;
  std::unique_ptr<ColourLoss> colour_loss_;
  // A row is 784 numbers: a fixed set of crops teaches it as well as ever new ones, and is looked at once.
  torch::Tensor pool_;                       // [crops, 3, size, size]
  std::vector<torch::Tensor> pool_content_;  // features of each, once it was drawn
};

// Squares of `size`, cut anywhere from squares of photos.crop_size(): [count, 3, size, size] RGB 0..255.
torch::Tensor DrawCrops(const Photos& photos, Random& random, int count, int size);

// The settings that a resumed run must share, as one line.
std::string RecipeLine(const Options& options);

// The device that --device names: "auto" is CUDA where libtorch has it.
Result<torch::Device> ChooseDevice(const std::string& name);

}  // namespace tempera::train
