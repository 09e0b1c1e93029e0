#include "train/segment/mask_module.h"

#include <torch/torch.h>

#include <cmath>

namespace tempera::train {
namespace {

constexpr double kEpsilon = 1e-3, kMomentum = 0.1;
constexpr int kPyramidSizes[4] = {1, 2, 3, 6};

torch::Tensor Activate(const torch::Tensor& x, MaskActivation activation) {
  switch (activation) {
    case MaskActivation::kRelu:
      return torch::relu(x);
    case MaskActivation::kHardSwish:
      return torch::hardswish(x);
    case MaskActivation::kNone:
      break;
  }
  return x;
}

torch::Tensor Mean(const torch::Tensor& x) { return x.mean({2, 3}, true); }

}  // namespace

void MaskModule::AddConv(const MaskLayer& spec, const std::string& name, int64_t in, int64_t out,
                         int64_t kernel, int64_t groups, bool norm, Layer* layer) {
  // He et al. (arXiv:1502.01852), by what comes out: depthwise layers would start far too large otherwise.
  const double deviation = std::sqrt(2.0 / static_cast<double>(kernel * kernel * out / groups));
  const double bounded =
      std::min(deviation, std::sqrt(2.0 / static_cast<double>(kernel * kernel * (in / groups))));
  (void)spec;
  layer->weights.push_back(
      register_parameter(name + "_weight", torch::randn({out, in / groups, kernel, kernel}) * bounded));
  layer->biases.push_back(norm ? torch::Tensor() : register_parameter(name + "_bias", torch::zeros({out})));
  layer->scale.push_back(norm ? register_parameter(name + "_scale", torch::ones({out})) : torch::Tensor());
  layer->shift.push_back(norm ? register_parameter(name + "_shift", torch::zeros({out})) : torch::Tensor());
  layer->mean.push_back(norm ? register_buffer(name + "_mean", torch::zeros({out})) : torch::Tensor());
  layer->variance.push_back(norm ? register_buffer(name + "_variance", torch::ones({out})) : torch::Tensor());
}

MaskModule::MaskModule(const MaskNet& net) : net_(net) {
  for (const MaskLayer& spec : net_.layers) {
    Layer layer;
    switch (spec.op) {
      case MaskOp::kConv:
        AddConv(spec, spec.name, spec.in_channels, spec.out_channels, spec.kernel, spec.groups, spec.norm,
                &layer);
        break;
      case MaskOp::kSqueezeExcite:
        AddConv(spec, spec.name + "_reduce", spec.in_channels, spec.squeezed, 1, 1, false, &layer);
        AddConv(spec, spec.name + "_expand", spec.squeezed, spec.in_channels, 1, 1, false, &layer);
        break;
      case MaskOp::kGate:
        AddConv(spec, spec.name, spec.in_channels, spec.out_channels, 1, 1, false, &layer);
        break;
      case MaskOp::kPyramid:
        for (const int size : kPyramidSizes) {
          AddConv(spec, spec.name + std::to_string(size), spec.in_channels, spec.in_channels / 4, 1, 1, true,
                  &layer);
        }
        break;
      case MaskOp::kAdd:
      case MaskOp::kEnlarge:
        break;
    }
    layers_.push_back(std::move(layer));
  }
}

torch::Tensor MaskModule::Rounded(const torch::Tensor& weight) const {
  if (!rounds_) return weight;
  // A norm behind scales whole channels: rounded before or after it is folded in, the weights are the same.
  const torch::Tensor w = weight.detach();
  const torch::Tensor scale = w.abs().amax({1, 2, 3}, true).clamp_min(1e-12) / 127;
  return weight + ((w / scale).round() * scale - w);
}

torch::Tensor MaskModule::Norm(const torch::Tensor& x, Layer& layer, size_t which) {
  torch::Tensor scale = layer.scale[which], shift = layer.shift[which];
  if (calibrates_) {
    torch::NoGradGuard no_grad;
    // The shift holds the file's bias: what comes out is the input and that, as it was before there was a
    // norm.
    const torch::Tensor mean = x.mean({0, 2, 3}), variance = x.var({0, 2, 3}, false);
    layer.mean[which].copy_(mean);
    layer.variance[which].copy_(variance);
    scale.copy_((variance + kEpsilon).sqrt());
    shift.add_(mean);
    return torch::batch_norm(x, scale, shift, layer.mean[which], layer.variance[which], false, kMomentum,
                             kEpsilon, false);
  }
  return torch::batch_norm(x, scale, shift, layer.mean[which], layer.variance[which], is_training(),
                           kMomentum, kEpsilon, false);
}

torch::Tensor MaskModule::Conv(const torch::Tensor& x, size_t index) {
  const MaskLayer& spec = net_.layers[index];
  Layer& layer = layers_[index];
  const int64_t pad = spec.kernel / 2;
  torch::Tensor y =
      torch::conv2d(x, Rounded(layer.weights[0]), layer.biases[0], spec.stride, pad, 1, spec.groups);
  if (spec.norm) {
    if (calibrates_ && spec.pretrained.empty()) {
      // Not from the file: an ordinary norm, which is not to be undone.
      torch::NoGradGuard no_grad;
      layer.mean[0].copy_(y.mean({0, 2, 3}));
      layer.variance[0].copy_(y.var({0, 2, 3}, false));
      y = torch::batch_norm(y, layer.scale[0], layer.shift[0], layer.mean[0], layer.variance[0], false,
                            kMomentum, kEpsilon, false);
    } else {
      y = Norm(y, layer, 0);
    }
  }
  return Activate(y, spec.activation);
}

torch::Tensor MaskModule::Run(const MaskLayer& spec, size_t index, const std::vector<torch::Tensor>& done,
                              const torch::Tensor& images) {
  auto input = [&](size_t i) { return spec.from[i] < 0 ? images : done[static_cast<size_t>(spec.from[i])]; };
  const torch::Tensor x = input(0);
  Layer& layer = layers_[index];
  switch (spec.op) {
    case MaskOp::kConv:
      return Conv(x, index);
    case MaskOp::kSqueezeExcite: {
      torch::Tensor s = torch::relu(torch::conv2d(Mean(x), Rounded(layer.weights[0]), layer.biases[0]));
      return x * torch::hardsigmoid(torch::conv2d(s, Rounded(layer.weights[1]), layer.biases[1]));
    }
    case MaskOp::kGate:
      return x * torch::sigmoid(torch::conv2d(Mean(input(1)), Rounded(layer.weights[0]), layer.biases[0]));
    case MaskOp::kAdd:
      return Activate(x + input(1), spec.activation);
    case MaskOp::kEnlarge:
      return torch::upsample_bilinear2d(x, {x.size(2) * spec.factor, x.size(3) * spec.factor}, false);
    case MaskOp::kPyramid: {
      std::vector<torch::Tensor> parts = {x};
      for (size_t i = 0; i < 4; ++i) {
        torch::Tensor p = torch::adaptive_avg_pool2d(x, {kPyramidSizes[i], kPyramidSizes[i]});
        p = torch::relu(Norm(torch::conv2d(p, Rounded(layer.weights[i])), layer, i));
        parts.push_back(torch::upsample_bilinear2d(p, {x.size(2), x.size(3)}, false));
      }
      return torch::cat(parts, 1);
    }
  }
  return x;
}

torch::Tensor MaskModule::forward(const torch::Tensor& images) {
  std::vector<torch::Tensor> done;
  std::vector<size_t> last_use(net_.layers.size(), 0);
  for (size_t i = 0; i < net_.layers.size(); ++i) {
    for (const int from : net_.layers[i].from) {
      if (from >= 0) last_use[static_cast<size_t>(from)] = i;
    }
  }
  for (size_t i = 0; i < net_.layers.size(); ++i) {
    done.push_back(Run(net_.layers[i], i, done, images));
    for (const int from : net_.layers[i].from) {
      if (from >= 0 && last_use[static_cast<size_t>(from)] == i) done[static_cast<size_t>(from)].reset();
    }
  }
  return done.back();
}

Result<int> MaskModule::TakePretrained(const Safetensors& file, const torch::Tensor& images) {
  torch::NoGradGuard no_grad;
  auto take = [&](const std::string& name, torch::Tensor& to) -> Status {
    const auto it = file.arrays.find(name);
    if (it == file.arrays.end() || it->second.shape != to.sizes().vec())
      return InvalidArgument("the encoder's '" + name + "' is missing or of another shape");
    torch::Tensor numbers =
        torch::from_blob(const_cast<float*>(it->second.values.data()), to.sizes(), torch::kFloat).clone();
    if (const auto scale = file.arrays.find(name + "_scale"); scale != file.arrays.end()) {
      if (static_cast<int64_t>(scale->second.values.size()) != to.size(0))
        return InvalidArgument("the encoder's '" + name + "_scale' is of another shape");
      numbers *= torch::from_blob(const_cast<float*>(scale->second.values.data()), {to.size(0), 1, 1, 1},
                                  torch::kFloat);
    }
    to.copy_(numbers);
    return OkStatus();
  };
  int found = 0;
  for (size_t i = 0; i < net_.layers.size(); ++i) {
    const MaskLayer& spec = net_.layers[i];
    if (spec.pretrained.empty()) continue;
    Layer& layer = layers_[i];
    if (spec.op == MaskOp::kSqueezeExcite) {
      TEMPERA_RETURN_IF_ERROR(take(spec.pretrained + ".conv_reduce.weight", layer.weights[0]));
      TEMPERA_RETURN_IF_ERROR(take(spec.pretrained + ".conv_reduce.bias", layer.biases[0]));
      TEMPERA_RETURN_IF_ERROR(take(spec.pretrained + ".conv_expand.weight", layer.weights[1]));
      TEMPERA_RETURN_IF_ERROR(take(spec.pretrained + ".conv_expand.bias", layer.biases[1]));
    } else {
      TEMPERA_RETURN_IF_ERROR(take(spec.pretrained + ".weight", layer.weights[0]));
      TEMPERA_RETURN_IF_ERROR(take(spec.pretrained + ".bias", layer.shift[0]));
    }
    ++found;
  }
  if (found == 0) return InvalidArgument("this network takes nothing of a pretrained encoder");
  calibrates_ = true;
  forward(images);
  calibrates_ = false;
  return found;
}

bool MaskModule::IsEncoder(const std::string& parameter) const {
  for (const MaskLayer& spec : net_.layers) {
    if (!spec.pretrained.empty() && parameter.rfind(spec.name + "_", 0) == 0) return true;
  }
  return false;
}

std::map<std::string, FloatArray> FoldedWeights(const MaskModule& module) {
  std::map<std::string, torch::Tensor> all;
  for (const auto& item : module.named_parameters()) all[item.key()] = item.value().detach();
  for (const auto& item : module.named_buffers()) all[item.key()] = item.value().detach();
  std::map<std::string, FloatArray> folded;
  auto keep = [&](const std::string& name, const torch::Tensor& t) {
    const torch::Tensor plain = t.to(torch::kCPU, torch::kFloat).contiguous();
    FloatArray& array = folded[name];
    array.shape.assign(plain.sizes().begin(), plain.sizes().end());
    array.values.assign(plain.data_ptr<float>(), plain.data_ptr<float>() + plain.numel());
  };
  for (const auto& [key, tensor] : all) {
    const size_t at = key.rfind("_weight");
    if (at == std::string::npos || at + 7 != key.size()) continue;
    const std::string name = key.substr(0, at);
    if (all.count(name + "_scale") == 0) {
      keep(name + ".weight", tensor);
      keep(name + ".bias", all.at(name + "_bias"));
      continue;
    }
    const torch::Tensor gain = all.at(name + "_scale") / (all.at(name + "_variance") + kEpsilon).sqrt();
    keep(name + ".weight", tensor * gain.reshape({-1, 1, 1, 1}));
    keep(name + ".bias", all.at(name + "_shift") - all.at(name + "_mean") * gain);
  }
  return folded;
}

}  // namespace tempera::train
