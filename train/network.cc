#include "train/network.h"

#include <torch/torch.h>

#include <cmath>

namespace tempera::train {

TransformerNet::TransformerNet(const NetConfig& config) : config_(config) {
  for (const LayerSpec& spec : config_.layers) {
    const int64_t in = spec.in_channels, out = spec.out_channels, k = spec.kernel;
    // libtorch's default for convolutions: uniform within 1 / sqrt(fan-in).
    const double bound = 1.0 / std::sqrt(static_cast<double>(in * k * k));
    Layer layer;
    layer.weight =
        register_parameter(spec.name + "_conv_weight", torch::empty({out, in, k, k}).uniform_(-bound, bound));
    layer.bias = register_parameter(spec.name + "_conv_bias", torch::empty({out}).uniform_(-bound, bound));
    if (spec.norm) {
      const std::vector<int64_t> shape =
          config_.conditional() ? std::vector<int64_t>{config_.rows(), out} : std::vector<int64_t>{out};
      layer.norm_weight = register_parameter(spec.name + "_norm_weight", torch::ones(shape));
      layer.norm_bias = register_parameter(spec.name + "_norm_bias", torch::zeros(shape));
    }
    layers_.push_back(layer);
  }
}

torch::Tensor TransformerNet::Normalized(const torch::Tensor& x, size_t i, const RowMix& mix) const {
  const Layer& layer = layers_[i];
  if (!config_.conditional()) {
    return torch::instance_norm(x, layer.norm_weight, layer.norm_bias, {}, {}, /*use_input_stats=*/true,
                                /*momentum=*/0.0, /*eps=*/kNormEpsilon, /*cudnn_enabled=*/true);
  }
  // Every picture its own affine numbers: an instance norm is a batch norm of one picture of n * c channels.
  const torch::Tensor& rows = config_.layers[i].fine ? mix.fine : mix.coarse;
  // Not as a matrix product, which autocast would round to bf16.
  auto mixed = [&](const torch::Tensor& table) {
    return (rows.unsqueeze(2) * table.unsqueeze(0)).sum(1).reshape({-1});
  };
  torch::Tensor scale, shift;
  if (mix.given.defined()) {
    const int64_t c = config_.layers[i].out_channels, at = RowOffset(config_, i);
    scale = mix.given.narrow(1, at, c).reshape({-1});
    shift = mix.given.narrow(1, at + c, c).reshape({-1});
  } else {
    scale = mixed(layer.norm_weight);
    shift = mixed(layer.norm_bias);
  }
  const torch::Tensor flat = x.contiguous().view({1, x.size(0) * x.size(1), x.size(2), x.size(3)});
  return torch::batch_norm(flat, scale, shift, {}, {}, /*training=*/true, /*momentum=*/0.0,
                           /*eps=*/kNormEpsilon, /*cudnn_enabled=*/true)
      .view(x.sizes());
}

torch::Tensor TransformerNet::Forward(const torch::Tensor& images, const RowMix& mix, torch::Tensor* encoded,
                                      const torch::Tensor& before) {
  torch::Tensor x = images;
  if (config_.fed) {
    x = torch::cat({images, before.defined() ? before.to(images.scalar_type()) : torch::zeros_like(images)},
                   1);
  }
  x = (x - kInputMean) / kInputScale;
  torch::Tensor before_last;  // what entered the layer before this one
  std::map<std::string, torch::Tensor> skips;
  for (const LayerSpec& spec : config_.layers) {
    if (!spec.skip.empty()) skips[spec.skip];
  }
  for (size_t i = 0; i < layers_.size(); ++i) {
    const LayerSpec& spec = config_.layers[i];
    const Layer& layer = layers_[i];
    const torch::Tensor entered = x;
    if (spec.upsample && encoded != nullptr && !encoded->defined()) *encoded = x;
    if (spec.upsample) x = torch::upsample_nearest2d(x, {x.size(2) * 2, x.size(3) * 2});
    const int64_t pad = spec.kernel / 2;
    x = torch::conv2d(torch::reflection_pad2d(x, {pad, pad, pad, pad}), layer.weight, layer.bias,
                      spec.stride);
    if (spec.norm) x = Normalized(x, i, mix);
    if (spec.residual) x = x + before_last;
    if (!spec.skip.empty()) x = x + skips[spec.skip];
    if (spec.relu) x = torch::relu(x);
    if (auto kept = skips.find(spec.name); kept != skips.end()) kept->second = x;
    before_last = entered;
  }
  return x * kInputScale + kInputMean;
}

std::map<std::string, FloatArray> PlainWeights(const TransformerNet& net) {
  std::map<std::string, FloatArray> weights;
  for (const auto& item : net.named_parameters()) {
    const torch::Tensor t = item.value().detach().to(torch::kCPU, torch::kFloat).contiguous();
    FloatArray array;
    array.shape.assign(t.sizes().begin(), t.sizes().end());
    array.values.assign(t.data_ptr<float>(), t.data_ptr<float>() + t.numel());
    weights[item.key()] = std::move(array);
  }
  return weights;
}

int64_t RowOffset(const NetConfig& config, size_t layer) {
  int64_t at = 0;
  for (size_t i = 0; i < layer; ++i) {
    if (config.layers[i].norm) at += 2 * config.layers[i].out_channels;
  }
  return at;
}

int64_t RowLength(const NetConfig& config) { return RowOffset(config, config.layers.size()); }

torch::Tensor RowTable(const TransformerNet& net) {
  const auto parameters = net.named_parameters();
  std::vector<torch::Tensor> columns;
  for (const LayerSpec& spec : net.config().layers) {
    if (!spec.norm) continue;
    columns.push_back(parameters[spec.name + "_norm_weight"].detach());
    columns.push_back(parameters[spec.name + "_norm_bias"].detach());
  }
  return torch::cat(columns, 1);
}

void SetRow(TransformerNet& net, int64_t row, const torch::Tensor& numbers) {
  torch::NoGradGuard no_grad;
  auto parameters = net.named_parameters();
  int64_t at = 0;
  for (const LayerSpec& spec : net.config().layers) {
    if (!spec.norm) continue;
    for (const char* suffix : {"_norm_weight", "_norm_bias"}) {
      parameters[spec.name + suffix][row].copy_(numbers.narrow(0, at, spec.out_channels));
      at += spec.out_channels;
    }
  }
}

Status SetPlainWeights(const std::map<std::string, FloatArray>& weights, TransformerNet& net) {
  torch::NoGradGuard no_grad;
  for (auto& item : net.named_parameters()) {
    auto it = weights.find(item.key());
    if (it == weights.end() || it->second.shape != item.value().sizes().vec())
      return InvalidArgument("the network's '" + item.key() + "' is missing or of another shape");
    item.value().copy_(
        torch::from_blob(const_cast<float*>(it->second.values.data()), item.value().sizes(), torch::kFloat));
  }
  return OkStatus();
}

int CopyMatchingWeights(const TransformerNet& from, TransformerNet& to) {
  torch::NoGradGuard no_grad;
  int copied = 0;
  auto target = to.named_parameters();
  for (const auto& item : from.named_parameters()) {
    torch::Tensor* t = target.find(item.key());
    if (t != nullptr && to.config().fed && !from.config().fed &&
        item.key() == to.config().layers[0].name + "_conv_weight" && t->size(0) == item.value().size(0) &&
        t->size(2) == item.value().size(2)) {
      t->zero_();
      t->narrow(1, 0, item.value().size(1)).copy_(item.value());
      ++copied;
      continue;
    }
    if (t == nullptr || t->sizes() != item.value().sizes()) continue;
    t->copy_(item.value());
    ++copied;
  }
  return copied;
}

}  // namespace tempera::train
