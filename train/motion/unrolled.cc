#include "train/motion/unrolled.h"

#include <ATen/autocast_mode.h>
#include <torch/torch.h>

#include <vector>

#include "train/motion/synthetic.h"
#include "train/motion/temporal_loss.h"

namespace tempera::train {
namespace {

torch::Tensor DrawHistory(TransformerNet& net, const RowMix& mix, const torch::Tensor& frame,
                          Random& random) {
  torch::NoGradGuard no_grad;
  const int64_t kind = random.Below(5);
  if (kind < 3) return torch::zeros_like(frame);
  const torch::Tensor other = frame.roll(1, 0).flip({3});
  if (kind == 3) return other;
  const torch::Tensor painted = net.forward(other, mix);
  // Autocast keeps the weights it made 16 bits of; these were made without a gradient.
  at::autocast::clear_cache();
  return painted;
}

// `next.first` is the frame that `before` led to, with a cut-out over it: there nothing was seen before.
void HideWhatIsNew(const torch::Tensor& frame, MotionPair* before) {
  const torch::Tensor same =
      ((frame - before->second).abs().amax({1}, /*keepdim=*/true) < 0.5).to(torch::kFloat);
  before->visible = before->visible * same;
}

torch::Tensor SquaredDifference(const torch::Tensor& a, const torch::Tensor& b) {
  return ((a - b).to(torch::kFloat) / 255.0).square().mean();
}

}  // namespace

Unrolled PaintUnrolled(TransformerNet& net, const RowMix& mix, const MotionPair& first,
                       const UnrolledOptions& options, Random& random) {
  std::vector<MotionPair> pairs = {first};
  std::vector<torch::Tensor> frames = {first.first};
  for (int i = 2; i < options.frames; ++i) {
    MotionPair next = DrawMotion(pairs.back().second.to(torch::kCPU), random);
    for (torch::Tensor* t : {&next.first, &next.second, &next.grid, &next.visible, &next.lighter})
      *t = t->to(first.first.device());
    HideWhatIsNew(next.first, &pairs.back());
    frames.push_back(next.first);
    pairs.push_back(std::move(next));
  }
  frames.push_back(pairs.back().second);

  std::vector<torch::Tensor> painted;
  torch::Tensor before = DrawHistory(net, mix, frames[0], random);
  for (const torch::Tensor& frame : frames) {
    before = net.Forward(frame, mix, nullptr, before);
    painted.push_back(before);
  }
  Unrolled result;
  result.temporal = torch::zeros({}, first.first.device());
  for (size_t i = 0; i < pairs.size(); ++i)
    result.temporal = result.temporal + CompoundLoss(painted[i], painted[i + 1], pairs[i]);
  result.temporal = result.temporal / static_cast<double>(pairs.size());
  result.ping_pong = torch::zeros({}, first.first.device());
  if (options.ping_pong) {
    for (size_t i = frames.size() - 1; i-- > 0;) {
      before = net.Forward(frames[i], mix, nullptr, before);
      result.ping_pong = result.ping_pong + SquaredDifference(before, painted[i]);
    }
    result.ping_pong = result.ping_pong / static_cast<double>(frames.size() - 1);
  }
  const auto judged = static_cast<size_t>(random.Below(static_cast<int64_t>(frames.size())));
  result.judged = static_cast<int>(judged);
  result.frame = frames[judged];
  result.painted = painted[judged];
  return result;
}

}  // namespace tempera::train
