#include "train/frozen_conv.h"

#include <torch/torch.h>

#include <utility>

#include "train/autocast.h"
#include "train/compute/parallel.h"

namespace tempera::train {
namespace {

torch::Tensor Run(const torch::Tensor& input, const torch::Tensor& mask, const WinogradWeights& weights,
                  const torch::Tensor& bias, bool relu) {
  torch::Tensor output = torch::empty({input.size(0), weights.out_channels, input.size(2), input.size(3)},
                                      input.options(), torch::MemoryFormat::ChannelsLast);
  WinogradConv conv;
  conv.weights = &weights;
  conv.input = input.data_ptr<float>();
  conv.mask = mask.defined() ? mask.data_ptr<float>() : nullptr;
  conv.bias = bias.defined() ? bias.data_ptr<float>() : nullptr;
  conv.relu = relu;
  conv.n = static_cast<int>(input.size(0));
  conv.h = static_cast<int>(input.size(2));
  conv.w = static_cast<int>(input.size(3));
  conv.output = output.data_ptr<float>();
  ParallelFor(conv.BlockCount(), [&](int64_t block) { conv.RunBlocks(block, block + 1); });
  return output;
}

}  // namespace

struct WinogradFunction : torch::autograd::Function<WinogradFunction> {
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& x,
                               const FrozenConvRelu* layer) {
    const torch::Tensor input = x.contiguous(torch::MemoryFormat::ChannelsLast);
    torch::Tensor output = Run(input, {}, layer->winograd_->forward, layer->bias_, /*relu=*/true);
    context->save_for_backward({output});
    context->saved_data["layer"] = reinterpret_cast<int64_t>(layer);
    return output;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto* layer = reinterpret_cast<const FrozenConvRelu*>(context->saved_data["layer"].toInt());
    const torch::Tensor output = context->get_saved_variables()[0];
    const torch::Tensor gradient = gradients[0].contiguous(torch::MemoryFormat::ChannelsLast);
    // The ReLU passes gradients where its result was positive: the mask.
    return {Run(gradient, output, layer->winograd_->backward, {}, /*relu=*/false), {}};
  }
};

FrozenConvRelu::FrozenConvRelu(torch::Tensor weight, torch::Tensor bias)
    : weight_(std::move(weight)), bias_(std::move(bias)) {
  const int out = static_cast<int>(weight_.size(0)), in = static_cast<int>(weight_.size(1));
  if (weight_.is_cpu() && CpuHasBf16()) weight_ = weight_.contiguous(torch::MemoryFormat::ChannelsLast);
  if (!weight_.is_cpu() || out % 16 != 0 || in % 16 != 0) return;
  const torch::Tensor w = weight_.contiguous();
  auto winograd = std::make_shared<Winograd>();
  winograd->forward = TransformWeights(w.data_ptr<float>(), out, in, /*transposed=*/false);
  winograd->backward = TransformWeights(w.data_ptr<float>(), out, in, /*transposed=*/true);
  winograd_ = std::move(winograd);
}

torch::Tensor FrozenConvRelu::Forward(const torch::Tensor& x) const {
  if (winograd_ != nullptr && !Bf16Autocast::active() && x.scalar_type() == torch::kFloat) {
    return WinogradFunction::apply(x, this);
  }
  return torch::relu(torch::conv2d(x, weight_, bias_, /*stride=*/1, /*padding=*/1));
}

}  // namespace tempera::train
