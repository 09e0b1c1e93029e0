// What the trainer does with motion: batches of it, and what must stay along it.
#include <torch/torch.h>

#include "train/motion/film_motion.h"
#include "train/motion/synthetic.h"
#include "train/motion/temporal_loss.h"
#include "train/motion/unrolled.h"
#include "train/trainer.h"

namespace tempera::train {

torch::Tensor Trainer::TemporalTerm(const torch::Tensor& painted, const torch::Tensor& encoded,
                                    const MotionPair& motion, Losses* losses) const {
  const int64_t n = painted.size(0) / 2;
  const torch::Tensor first = painted.narrow(0, 0, n), second = painted.narrow(0, n, n);
  if (!UsesReconetLoss(options_)) {
    const torch::Tensor loss = CompoundLoss(first, second, motion);
    losses->temporal = loss.item<double>();
    return options_.temporal_weight * loss;
  }
  const torch::Tensor output = OutputTemporalLoss(first, second, motion);
  const torch::Tensor features =
      FeatureTemporalLoss(encoded.narrow(0, 0, n), encoded.narrow(0, n, n), motion);
  losses->temporal = output.item<double>();
  losses->feature_temporal = features.item<double>();
  return options_.temporal_weight * output + options_.feature_temporal_weight * features;
}

torch::Tensor Trainer::PaintPair(const torch::Tensor& images, RowMix mix, const MotionPair* motion,
                                 torch::Tensor* temporal, Losses* losses) {
  torch::Tensor in = images, encoded;
  if (motion != nullptr) {
    in = torch::cat({images, motion->second});
    if (mix.fine.defined())
      mix = {torch::cat({mix.fine, mix.fine}), torch::cat({mix.coarse, mix.coarse}), {}};
  }
  // oneDNN's bf16 convolutions want channels last; the fp32 ones at these few channels do not.
  const torch::Tensor painted =
      net_->Forward(bf16_ ? in.contiguous(torch::MemoryFormat::ChannelsLast) : in, mix, &encoded);
  if (motion != nullptr) *temporal = TemporalTerm(painted, encoded, *motion, losses);
  return painted.narrow(0, 0, images.size(0));
}

torch::Tensor Trainer::PaintFed(const RowMix& mix, const MotionPair& motion, torch::Tensor* images,
                                torch::Tensor* temporal, Losses* losses) {
  const bool ping_pong = options_.ping_pong_weight > 0;
  const Unrolled unrolled = PaintUnrolled(*net_, mix, motion, {options_.unroll, ping_pong}, random_);
  *images = unrolled.frame;
  *temporal = options_.temporal_weight * unrolled.temporal + options_.ping_pong_weight * unrolled.ping_pong;
  losses->temporal = unrolled.temporal.item<double>();
  losses->ping_pong = unrolled.ping_pong.item<double>();
  return unrolled.painted;
}

torch::Tensor Trainer::DrawBatch(std::vector<Pick>* picks, MotionPair* motion, torch::Tensor* content) {
  const bool moves = UsesMotion(options_) && ProgressShare() >= options_.temporal_start;
  if (moves && films_ != nullptr && random_.Uniform() < options_.motion_share) {
    *picks = DrawPicks();
    *motion = DrawFilmMotion(*films_, random_, options_.batch, options_.size);
  } else {
    const torch::Tensor images =
        pool_.defined() ? DrawFromPool(content) : DrawCrops(photos_, random_, options_.batch, options_.size);
    *picks = DrawPicks();
    if (!moves) return images.to(device_);
    *motion = DrawMotion(images, random_);
    *content = torch::Tensor();  // a cut-out lies over the picture
  }
  for (torch::Tensor* t :
       {&motion->first, &motion->second, &motion->grid, &motion->visible, &motion->lighter})
    *t = t->to(device_);
  return motion->first;
}

}  // namespace tempera::train
