#include "plugins/common/painting.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace tempera::plugins {

Error Painting::Follow(const Look& look) {
  if (followed_ == look) return failure_;
  const bool chosen = followed_ && !failure_ && followed_->style == look.style &&
                      followed_->blend == look.blend && followed_->threads == look.threads &&
                      followed_->short_side == look.short_side;
  followed_ = look;
  failure_ = chosen ? Error{} : Choose(look);
  if (!failure_) failure_ = SetNumbers(look);
  return failure_;
}

Error Painting::Paint(const Look& look, const tempera_image& in, const tempera_image& out,
                      const tempera_frame_params& params) {
  if (Error error = Follow(look)) return error;
  return stylizer_->Process(in, out, params);
}

void Painting::Reset() {
  if (stylizer_) (void)stylizer_->Reset();
}

void Painting::Forget() {
  const std::lock_guard lock(guard_);
  stylizer_.reset();
  opened_ = {};
  followed_.reset();
  failure_ = {};
}

void Painting::SetCancelled(bool cancelled) {
  const std::lock_guard lock(guard_);
  cancelled_ = cancelled;
  if (stylizer_) (void)stylizer_->SetCancelled(cancelled);
}

std::vector<std::string> Painting::NewNotices() {
  std::vector<std::string> lines;
  if (!stylizer_) return lines;
  while (const char* line = tempera_notice(stylizer_->handle(), static_cast<int32_t>(notices_told_))) {
    lines.emplace_back(line);
    ++notices_told_;
  }
  return lines;
}

Error Painting::Choose(const Look& look) {
  const Expected<Shares> shares = ParseBlend(look.blend);
  if (!shares) return shares.error();
  const Expected<StyleChoice> choice =
      shares->empty() ? FindStyle(look.style) : FindBlend(look.style, *shares);
  if (!choice) return choice.error();
  // A model that stays is kept open: another style of a file of many is a parameter, and the film goes on.
  const Opened wanted{choice->path, look.threads, look.short_side};
  if (!stylizer_ || !(wanted == opened_)) {
    if (Error error = Open(wanted)) return error;
  }
  if (Error error = ResetWeights()) return error;
  if (!shares->empty()) return stylizer_->SetBlend(*shares);
  return choice->style.empty() ? Error{} : stylizer_->SetStyle(choice->style);
}

Error Painting::Open(const Opened& wanted) {
  Options options;
  options.threads = wanted.threads;
  options.working_short_side = wanted.short_side;
  options.cache_folder = CacheFolder();
  Expected<Stylizer> opened = Stylizer::Open(wanted.path, options);
  if (!opened) return opened.error();
  const std::lock_guard lock(guard_);
  stylizer_.reset();
  stylizer_.emplace(*std::move(opened));
  if (cancelled_) (void)stylizer_->SetCancelled(true);
  opened_ = wanted;
  notices_told_ = 0;
  return {};
}

Error Painting::ResetWeights() {
  for (int i = 0; i < stylizer_->ParameterCount(); ++i) {
    const Expected<tempera_parameter_info> info = stylizer_->ParameterInfo(i);
    if (!info) return info.error();
    if (info->kind != TEMPERA_PARAMETER_WEIGHTS) continue;
    if (Error error = stylizer_->SetParameter(info->name, {info->defaults, static_cast<size_t>(info->count)}))
      return error;
  }
  return {};
}

Error Painting::SetNumbers(const Look& look) {
  const std::pair<const char*, const std::optional<double>*> numbers[] = {
      {"strength", &look.strength},     {"stroke_size", &look.stroke_size},
      {"steadiness", &look.steadiness}, {"keep_colors", &look.keep_colors},
      {"brightness", &look.brightness}, {"contrast", &look.contrast}};
  for (const auto& [name, value] : numbers)
    if (Error error = SetNumber(name, *value)) return error;
  return {};
}

Error Painting::SetNumber(const char* name, const std::optional<double>& value) {
  const int32_t index = tempera_find_parameter(stylizer_->handle(), name);
  if (index < 0) return {};
  const Expected<tempera_parameter_info> info = stylizer_->ParameterInfo(index);
  if (!info) return info.error();
  std::vector<float> values(info->defaults, info->defaults + info->count);
  if (value && std::isfinite(*value)) {
    const double nearest = std::clamp(*value, double{info->minimum}, double{info->maximum});
    std::fill(values.begin(), values.end(), static_cast<float>(nearest));
  }
  return stylizer_->SetParameter(name, values);
}

}  // namespace tempera::plugins
