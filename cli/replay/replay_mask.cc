#include "cli/replay/replay_mask.h"

#include <algorithm>
#include <new>
#include <numeric>
#include <utility>

#include "cli/cache_folder.h"
#include "cli/cli.h"
#include "media/mask/mask_pixels.h"

namespace tempera::cli {
namespace {

using Makes = Painter::Makes;
using Region = live::MaskCast::Region;

void ShowAs(const Region& other, Region* region) {
  region->shows = other.shows;
  region->blur = other.blur;
  region->style = other.style;
}

// The regions that are cut out. What is painted goes on under their soft edges, as with --cutout of a mask
// that is not a session's, so that they show nothing of the source. Styles stay in their order: the first one
// is what the first region that is shown has, if anything.
// note: what is to be known of it, if anything.
std::vector<size_t> CutOutOf(live::MaskCast* cast, std::string* note) {
  std::vector<Region>& regions = cast->regions;
  std::vector<size_t> chosen = live::MaskedRegions(*cast);
  if (!cast->listed && regions.size() == 2 && chosen == std::vector<size_t>{1} &&
      regions[1].shows == Region::Shows::kOwn) {
    ShowAs(regions[1], &regions[0]);
    return chosen;
  }
  chosen.clear();
  for (size_t i = 0; i < regions.size(); ++i)
    if (regions[i].shows != Region::Shows::kInput) chosen.push_back(i);
  if (chosen.empty()) return chosen;
  const Region first = regions[chosen.front()];
  const auto rest = std::find_if(regions.begin(), regions.end(),
                                 [](const Region& region) { return region.name == live::kBackground; });
  if (rest != regions.end()) {
    if (chosen.size() == regions.size() && regions.size() > 1)
      *note = "the regions that were played cover the whole picture: nothing is cut out";
    if (rest->shows == Region::Shows::kInput) ShowAs(first, &*rest);
  } else if (regions.size() < live::MaskSettings::kMostRegions) {
    Region under = first;
    under.name = live::kBackground;
    regions.insert(regions.begin(), std::move(under));
    for (size_t& index : chosen) ++index;
  } else {
    *note = "with so many regions nothing is painted under their soft edges, which show the source";
  }
  return chosen;
}

}  // namespace

// Masks are opened at each change that needs it.
void ReplayMask::NoteOnce(const std::string& what) {
  if (!what.empty() && noted_.insert(what).second) Note("'" + name_ + "': " + what);
}

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
  if (options_.makes == Makes::kCutout) {
    std::string note;
    chosen_ = CutOutOf(&cast, &note);
    NoteOnce(note);
  }
  if (options_.makes == Makes::kMask) {
    chosen_ = live::MaskedRegions(cast);
    Region nothing;
    nothing.shows = Region::Shows::kInput;
    for (Region& region : cast.regions) ShowAs(nothing, &region);
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

Status ReplayMask::Paint(tempera_stylizer* own, const media::Frame& in, bool mirrored, media::Frame* out) {
  TEMPERA_RETURN_IF_ERROR(layers_->Paint(own, in, out, std::exchange(cut_, false)));
  if (options_.makes == Makes::kPainting) return OkStatus();
  try {
    const size_t size = static_cast<size_t>(in.width) * static_cast<size_t>(in.height);
    mask_.assign(size, 0);
    one_.resize(size);
  } catch (const std::bad_alloc&) {
    return OutOfMemory("no memory for a mask of " + std::to_string(in.width) + "x" +
                       std::to_string(in.height));
  }
  for (const size_t region : chosen_) {
    TEMPERA_RETURN_IF_ERROR(layers_->RegionMask(region, in.width, in.height, one_.data()));
    for (size_t i = 0; i < mask_.size(); ++i)
      mask_[i] = static_cast<uint8_t>(std::min(255, mask_[i] + one_[i]));
  }
  if (mirrored && options_.makes == Makes::kMask) {
    for (auto row = mask_.begin(); row != mask_.end(); row += in.width) std::reverse(row, row + in.width);
  }
  return Make(out);
}

Status ReplayMask::MakeAll(media::Frame* out) try {
  mask_.assign(static_cast<size_t>(out->width) * static_cast<size_t>(out->height), 255);
  return Make(out);
} catch (const std::bad_alloc&) {
  return OutOfMemory("no memory for a mask of " + std::to_string(out->width) + "x" +
                     std::to_string(out->height));
}

Status ReplayMask::Make(media::Frame* out) {
  const uint64_t sum = std::accumulate(mask_.begin(), mask_.end(), uint64_t{0});
  share_ = static_cast<double>(sum) / (255.0 * static_cast<double>(mask_.size()));
  if (options_.makes == Makes::kCutout) return media::CutOut(mask_, out);
  media::DrawMask(mask_, out);
  return OkStatus();
}

}  // namespace tempera::cli
