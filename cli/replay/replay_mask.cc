#include "cli/replay/replay_mask.h"

#include <algorithm>
#include <utility>

#include "cli/cache_folder.h"

namespace tempera::cli {

void ReplayMask::Forget() {
  layers_.reset();
  turned_.clear();
}

void ReplayMask::ForgetOwn() {
  if (layers_) layers_->ForgetOwn();
}

void ReplayMask::Set(size_t style, const std::map<std::string, std::vector<float>>& values) {
  if (turned_.size() <= style) turned_.resize(style + 1);
  for (const auto& [name, numbers] : values) turned_[style][name] = numbers;
}

Status ReplayMask::Open(const live::TimelineMask& mask, const media::Frame& like) {
  const PaintOptions& paint = options_.paint;
  live::PainterOptions options;
  options.threads = paint.threads;
  options.precision = paint.precision;
  options.norm_statistics = paint.norm_statistics;
  options.cache_folder = CacheFolder();
  live::WorkingSize size{mask.height, 0};
  if (!options_.again && (paint.working_width != 0 || paint.working_height != 0))
    size = {paint.working_height, paint.working_width};
  live::MaskCast cast = mask.cast;
  cast.network = found_->at(cast.network);
  for (live::MaskCast::Region& region : cast.regions) {
    if (!region.style.path.empty()) region.style.path = found_->at(region.style.path);
  }
  layers_ = std::make_unique<live::MaskLayers>(options, std::move(cast), size);
  if (const Status status = layers_->Open(like); !status.ok())
    return Status(status.code(), "'" + name_ + "': " + status.message());
  return Hold();
}

// What the line says of parameters holds for all styles that have them; the timeline's own does not.
Status ReplayMask::Hold() {
  for (const auto& style : layers_->styles()) {
    for (const Turn& turn : options_.held) {
      if (style->applied().contains(turn.name)) TEMPERA_RETURN_IF_ERROR(style->Set(turn.name, turn.values));
    }
  }
  return OkStatus();
}

Status ReplayMask::Apply(const live::TimelineMask& mask, const media::Frame& like) {
  if (!layers_) TEMPERA_RETURN_IF_ERROR(Open(mask, like));
  if (layers_->numbers() != mask.numbers) TEMPERA_RETURN_IF_ERROR(layers_->SetNumbers(mask.numbers));
  const std::vector<std::map<std::string, std::vector<float>>> turned = std::exchange(turned_, {});
  for (size_t i = 0; i < turned.size() && i < layers_->styles().size(); ++i) {
    for (const auto& [name, values] : turned[i]) {
      const auto is_held = [&, &name = name](const Turn& turn) { return turn.name == name; };
      if (std::any_of(options_.held.begin(), options_.held.end(), is_held)) continue;
      const Status status = layers_->styles()[i]->Set(name, values);
      if (!status.ok()) return Status(status.code(), "'" + name_ + "': " + status.message());
    }
  }
  return OkStatus();
}

Status ReplayMask::Paint(tempera_stylizer* own, const media::Frame& in, media::Frame* out) {
  return layers_->Paint(own, in, out, std::exchange(cut_, false));
}

}  // namespace tempera::cli
