#include "plugins/common/painting.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace tempera::plugins {
namespace {

Error ResetWeights(Stylizer& stylizer) {
  for (int i = 0; i < stylizer.ParameterCount(); ++i) {
    const Expected<tempera_parameter_info> info = stylizer.ParameterInfo(i);
    if (!info) return info.error();
    if (info->kind != TEMPERA_PARAMETER_WEIGHTS) continue;
    if (Error error = stylizer.SetParameter(info->name, {info->defaults, static_cast<size_t>(info->count)}))
      return error;
  }
  return {};
}

Error ChooseStyle(Stylizer& stylizer, const StyleChoice& choice, const Shares& shares) {
  if (Error error = ResetWeights(stylizer)) return error;
  if (!shares.empty()) return stylizer.SetBlend(shares);
  return choice.style.empty() ? Error{} : stylizer.SetStyle(choice.style);
}

Error SetNumber(Stylizer& stylizer, const char* name, const std::optional<double>& value) {
  const int32_t index = tempera_find_parameter(stylizer.handle(), name);
  if (index < 0) return {};
  const Expected<tempera_parameter_info> info = stylizer.ParameterInfo(index);
  if (!info) return info.error();
  std::vector<float> values(info->defaults, info->defaults + info->count);
  if (value && std::isfinite(*value)) {
    const double nearest = std::clamp(*value, double{info->minimum}, double{info->maximum});
    std::fill(values.begin(), values.end(), static_cast<float>(nearest));
  }
  return stylizer.SetParameter(name, values);
}

}  // namespace

Error Painting::Follow(const Look& look) {
  if (followed_ == look) return failure_;
  const bool chosen = followed_ && !failure_ && followed_->style == look.style &&
                      followed_->blend == look.blend && followed_->mask == look.mask &&
                      followed_->threads == look.threads && followed_->short_side == look.short_side;
  followed_ = look;
  failure_ = chosen ? Error{} : Choose(look);
  if (!failure_) failure_ = SetNumbers(look);
  return failure_;
}

Error Painting::Paint(const Look& look, const tempera_image& in, const tempera_image& out,
                      const tempera_frame_params& params) {
  if (Error error = Follow(look)) return error;
  return composition_->Process(in, out, params);
}

void Painting::Reset() {
  if (composition_) composition_->Reset();
}

void Painting::Forget() {
  const std::lock_guard lock(guard_);
  composition_.reset();
  followed_.reset();
  failure_ = {};
}

void Painting::SetCancelled(bool cancelled) {
  const std::lock_guard lock(guard_);
  cancelled_ = cancelled;
  if (composition_) composition_->SetCancelled(cancelled);
}

std::vector<std::string> Painting::NewNotices() {
  return composition_ ? composition_->NewNotices() : std::vector<std::string>();
}

Error Painting::Choose(const Look& look) {
  const Expected<Shares> shares = ParseBlend(look.blend);
  if (!shares) return shares.error();
  const Expected<StyleChoice> choice =
      shares->empty() ? FindStyle(look.style) : FindBlend(look.style, *shares);
  if (!choice) return choice.error();
  const Expected<MaskChoice> mask = FindMask(look.mask);
  if (!mask) return mask.error();
  // A model that stays is kept open: another style of a file of many is a parameter, and the film goes on.
  const Files wanted = FilesOf(*choice, *mask, look.threads, look.short_side);
  if (!composition_ || !(wanted == composition_->files())) {
    if (Error error = Open(wanted)) return error;
  }
  if (Error error = ChooseStyle(composition_->style(), *choice, *shares)) return error;
  if (Stylizer* outside = composition_->outside()) {
    if (Error error = ChooseStyle(*outside, *mask->outside, {})) return error;
  }
  return composition_->SetMask(*mask);
}

Error Painting::Open(const Files& wanted) {
  Expected<Composition> opened = Composition::Open(wanted, composition_ ? &*composition_ : nullptr);
  if (!opened) return opened.error();
  const std::lock_guard lock(guard_);
  composition_.reset();
  composition_.emplace(*std::move(opened));
  if (cancelled_) composition_->SetCancelled(true);
  return {};
}

Error Painting::SetNumbers(const Look& look) {
  const std::pair<const char*, const std::optional<double>*> numbers[] = {
      {"strength", &look.strength},     {"stroke_size", &look.stroke_size},
      {"steadiness", &look.steadiness}, {"keep_colors", &look.keep_colors},
      {"brightness", &look.brightness}, {"contrast", &look.contrast}};
  for (Stylizer* stylizer : {&composition_->style(), composition_->outside()}) {
    if (stylizer == nullptr) continue;
    for (const auto& [name, value] : numbers)
      if (Error error = SetNumber(*stylizer, name, *value)) return error;
  }
  return composition_->SetMaskNumbers(look.mask_numbers);
}

}  // namespace tempera::plugins
