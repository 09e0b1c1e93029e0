// A 3x3 convolution with frozen weights, bias and ReLU, as one step of autograd.
#pragma once

#include <torch/types.h>

#include <memory>

#include "train/winograd.h"

namespace tempera::train {

class FrozenConvRelu {
 public:
  // weight [out, in, 3, 3], bias [out].
  FrozenConvRelu(torch::Tensor weight, torch::Tensor bias);

  // relu(conv(x) + bias), zero padding 1. Differentiable with respect to x only. On the CPU in fp32, with
  // channels in multiples of 16, by Winograd (results channels-last); otherwise libtorch's own convolution.
  torch::Tensor Forward(const torch::Tensor& x) const;

 private:
  struct Winograd {
    WinogradWeights forward, backward;
  };
  friend struct WinogradFunction;
  torch::Tensor weight_, bias_;
  std::shared_ptr<const Winograd> winograd_;  // null where it does not apply
};

}  // namespace tempera::train
