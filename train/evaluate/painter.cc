#include "train/evaluate/painter.h"

#include <chrono>
#include <optional>

#include "tempera/tempera.hpp"
#include "train/evaluate/names.h"

namespace tempera::evaluate {
namespace {

constexpr const char* kWeights = "style_weights";

Status StatusOf(const Error& error) {
  if (!error) return OkStatus();
  return {error.code == TEMPERA_CANCELLED ? StatusCode::kCancelled : StatusCode::kInvalidArgument,
          error.message};
}

}  // namespace

struct Painter::Opened {
  explicit Opened(Stylizer s) : stylizer(std::move(s)) {}
  Stylizer stylizer;
  int64_t frames = 0;  // since the last beginning
};

Painter::Painter() = default;
Painter::~Painter() = default;

Result<std::unique_ptr<Painter>> Painter::Open(const std::string& path, int threads,
                                               const ParameterValues& parameters,
                                               std::vector<std::string>* lacking) {
  Options options;
  options.threads = threads;
  Expected<Stylizer> stylizer = Stylizer::Open(path, options);
  if (!stylizer) return StatusOf(stylizer.error());
  std::unique_ptr<Painter> painter(new Painter);
  painter->opened_ = std::make_unique<Opened>(std::move(*stylizer));
  const Stylizer& s = painter->opened_->stylizer;
  for (const auto& [name, values] : parameters) {
    if (tempera_find_parameter(s.handle(), name.c_str()) < 0) {
      if (lacking != nullptr) lacking->push_back(name);
      continue;
    }
    TEMPERA_RETURN_IF_ERROR(StatusOf(painter->opened_->stylizer.SetParameter(name.c_str(), values)));
  }
  const int weights = tempera_find_parameter(s.handle(), kWeights);
  if (weights < 0) {
    painter->styles_ = {""};
    painter->titles_ = {std::string(s.Metadata("tempera.title").value_or(""))};
    return painter;
  }
  const Expected<tempera_parameter_info> info = s.ParameterInfo(weights);
  if (!info) return StatusOf(info.error());
  const std::vector<std::string> names = SplitNames(s.Metadata("tempera.styles").value_or(""));
  for (int32_t i = 0; i < info->count; ++i) {
    const std::string title =
        info->element_names != nullptr ? info->element_names[i] : "style " + std::to_string(i + 1);
    painter->titles_.push_back(title);
    const bool named = names.size() == static_cast<size_t>(info->count);
    painter->styles_.push_back(named ? names[static_cast<size_t>(i)] : ShortName(title));
  }
  return painter;
}

Status Painter::ChooseStyle(int index) {
  if (styles_.size() > 1 || tempera_find_parameter(opened_->stylizer.handle(), kWeights) >= 0) {
    std::vector<float> weights(styles_.size());
    weights[static_cast<size_t>(index)] = 1;
    TEMPERA_RETURN_IF_ERROR(StatusOf(opened_->stylizer.SetParameter(kWeights, weights)));
  }
  return Reset();
}

bool Painter::HasParameter(const std::string& name) const {
  return tempera_find_parameter(opened_->stylizer.handle(), name.c_str()) >= 0;
}

Result<float> Painter::ParameterValue(const std::string& name) const {
  const Expected<std::vector<float>> values = opened_->stylizer.GetParameter(name.c_str());
  if (!values) return StatusOf(values.error());
  return values->front();
}

Status Painter::SetParameter(const std::string& name, float value) {
  return StatusOf(opened_->stylizer.SetParameter(name.c_str(), value));
}

Status Painter::Reset() {
  opened_->frames = 0;
  return StatusOf(opened_->stylizer.Reset());
}

Result<media::RgbImage> Painter::Paint(const media::RgbImage& frame) {
  media::RgbImage out{frame.width, frame.height, std::vector<uint8_t>(frame.pixels.size())};
  tempera_frame_params params = TEMPERA_FRAME_PARAMS_INIT;
  params.cut = opened_->frames == 0;
  params.timestamp_us = ++opened_->frames * 40000;
  const tempera_image from = MakeImage(TEMPERA_RGB, frame.pixels.data(), frame.width, frame.height);
  const tempera_image to = MakeImage(TEMPERA_RGB, out.pixels.data(), out.width, out.height);
  TEMPERA_RETURN_IF_ERROR(StatusOf(opened_->stylizer.Process(from, to, params)));
  return out;
}

Result<media::RgbImage> Painter::PaintAlone(const media::RgbImage& frame) {
  TEMPERA_RETURN_IF_ERROR(Reset());
  return Paint(frame);
}

Result<std::vector<double>> Painter::Time(int width, int height, int frames) {
  media::RgbImage frame{width, height, std::vector<uint8_t>(static_cast<size_t>(width) * height * 3)};
  // Something like a picture: what a network does must not depend on it, what a blend saves may.
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      uint8_t* p = &frame.pixels[(static_cast<size_t>(y) * width + x) * 3];
      p[0] = static_cast<uint8_t>(x * 255 / width);
      p[1] = static_cast<uint8_t>(y * 255 / height);
      p[2] = static_cast<uint8_t>((x ^ y) & 255);
    }
  }
  TEMPERA_RETURN_IF_ERROR(Reset());
  std::vector<double> ms;
  for (int i = -2; i < frames; ++i) {
    const auto start = std::chrono::steady_clock::now();
    TEMPERA_RETURN_IF_ERROR(Paint(frame).status());
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
    if (i >= 0) ms.push_back(took.count());
  }
  return ms;
}

}  // namespace tempera::evaluate
