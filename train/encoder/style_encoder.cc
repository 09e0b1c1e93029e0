#include "train/encoder/style_encoder.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "train/net_config.h"
#include "train/photos.h"

namespace tempera::train {

void StyleEncoder::Register(int64_t numbers) {
  for (const auto& [name, shape] : EncoderShapes(numbers)) {
    torch::Tensor t = torch::zeros(shape);
    if (shape.size() > 1) {
      // He et al. (arXiv:1502.01852); the layers behind the statistics smaller: they begin near the mean.
      int64_t fan_in = 1;
      for (size_t i = 1; i < shape.size(); ++i) fan_in *= shape[i];
      t.normal_(0, std::sqrt((shape.size() == 4 ? 2.0 : 0.5) / static_cast<double>(fan_in)));
    }
    register_parameter(name, t);
  }
}

StyleEncoder::StyleEncoder(const torch::Tensor& middle, const torch::Tensor& spread,
                           const torch::Tensor& ways)
    : middle_(register_buffer("middle", middle)), spread_(register_buffer("spread", spread)) {
  Register(middle.size(0));
  torch::NoGradGuard no_grad;
  torch::Tensor rows = Of("rows_weight");
  rows.mul_(0.3);
  const int64_t known = std::min<int64_t>(ways.size(0), kEncoderCode);
  rows.narrow(1, 0, known).copy_(ways.narrow(0, 0, known).t());
}

StyleEncoder::StyleEncoder(const EncoderFile& file)
    : middle_(register_buffer("middle", torch::zeros({file.numbers}))),
      spread_(register_buffer("spread", torch::ones({file.numbers}))) {
  Register(file.numbers);
  (void)StartFrom(file);  // shapes agree: they are the file's
}

Status StyleEncoder::StartFrom(const EncoderFile& file) {
  if (file.numbers != middle_.size(0))
    return InvalidArgument("that encoder is of a network of another shape");
  torch::NoGradGuard no_grad;
  for (const auto& [name, array] : file.weights) {
    const torch::Tensor t =
        torch::from_blob(const_cast<float*>(array.values.data()), array.shape, torch::kFloat);
    torch::Tensor to = Of(name);
    if (name == "rows_weight") {
      to.copy_(t / spread_.unsqueeze(1));
    } else if (name == "rows_bias") {
      to.copy_((t - middle_) / spread_);
    } else {
      to.copy_(t);
    }
  }
  return OkStatus();
}

torch::Tensor StyleEncoder::Code(const torch::Tensor& pictures) const {
  torch::Tensor x = (pictures - kInputMean) * (1 / kInputScale);
  std::vector<torch::Tensor> statistics;
  for (const EncoderConv& c : kEncoderConvs) {
    const std::string name = c.name;
    x = torch::relu(
        torch::conv2d(x, Of(name + "_weight"), Of(name + "_bias"), /*stride=*/2, /*padding=*/c.kernel / 2));
    const torch::Tensor mean = x.mean({2, 3}, /*keepdim=*/true);
    statistics.push_back(mean.flatten(1));
    statistics.push_back(((x - mean).square().mean({2, 3}) + kEncoderVariance).sqrt());
  }
  x = torch::relu(torch::linear(torch::cat(statistics, 1), Of("hidden_weight"), Of("hidden_bias")));
  return torch::linear(x, Of("code_weight"), Of("code_bias"));
}

torch::Tensor StyleEncoder::Rows(const torch::Tensor& code) const {
  return middle_ + spread_ * torch::linear(code, Of("rows_weight"), Of("rows_bias"));
}

EncoderFile StyleEncoder::ToFile(const std::string& body) const {
  torch::NoGradGuard no_grad;
  EncoderFile file;
  file.body = body;
  file.numbers = middle_.size(0);
  for (const auto& item : named_parameters()) {
    torch::Tensor t = item.value().detach();
    if (item.key() == "rows_weight") t = t * spread_.unsqueeze(1);
    if (item.key() == "rows_bias") t = t * spread_ + middle_;
    t = t.contiguous();
    file.weights[item.key()] = {t.sizes().vec(), {t.data_ptr<float>(), t.data_ptr<float>() + t.numel()}};
  }
  return file;
}

Result<torch::Tensor> EncoderPicture(const media::RgbImage& picture) {
  const double scale = static_cast<double>(kEncoderSide) / std::max(picture.width, picture.height);
  auto side = [&](int pixels) {
    return std::max(kEncoderShortSide, static_cast<int>(std::lround(pixels * scale)));
  };
  TEMPERA_ASSIGN_OR_RETURN(const media::RgbImage fit,
                           media::ResizeImage(picture, side(picture.width), side(picture.height)));
  std::vector<float> planes = ToPlanes(fit);
  return torch::from_blob(planes.data(), {1, 3, fit.height, fit.width}, torch::kFloat).clone();
}

Result<torch::Tensor> PredictRows(StyleEncoder& encoder, const media::RgbImage& picture) {
  torch::NoGradGuard no_grad;
  TEMPERA_ASSIGN_OR_RETURN(const torch::Tensor x, EncoderPicture(picture));
  return encoder.forward(x).view({NetConfig::kStrokeSizes, -1});
}

}  // namespace tempera::train
