#include "live/mask/mask_layers.h"

#include <algorithm>
#include <filesystem>
#include <new>
#include <numeric>
#include <utility>

#include "live/engine_image.h"
#include "live/mask/blur_size.h"
#include "live/source.h"

namespace tempera::live {
namespace {

using Shows = MaskCast::Region::Shows;

// Some times a second, whatever the rate; a prime, so that it does not always fall on the frames that the
// network sees where it sees every second or fourth.
constexpr int64_t kLookEvery = 7;

}  // namespace

std::vector<size_t> MaskedRegions(const MaskCast& cast) {
  const std::vector<MaskCast::Region>& regions = cast.regions;
  const auto is_background = [](const MaskCast::Region& region) { return region.name == kBackground; };
  if (!cast.listed && regions.size() == 2 && regions[1].shows == Shows::kOwn &&
      is_background(regions[0]) != is_background(regions[1]))
    return {1};
  std::vector<size_t> masked;
  for (size_t i = 0; i < regions.size(); ++i)
    if (!is_background(regions[i])) masked.push_back(i);
  return masked.empty() ? std::vector<size_t>{0} : masked;
}

MaskLayers::MaskLayers(PainterOptions options, MaskCast cast, WorkingSize size)
    : options_(std::move(options)), cast_(std::move(cast)), size_(size), masked_(MaskedRegions(cast_)) {
  painted_.name = std::filesystem::path(cast_.network).stem().string();
  for (const MaskCast::Region& region : cast_.regions) {
    style_of_.push_back(-1);
    if (region.shows != Shows::kStyle) continue;
    const auto known = std::find_if(styles_.begin(), styles_.end(),
                                    [&](const auto& style) { return style->file() == region.style; });
    style_of_.back() = static_cast<int>(known - styles_.begin());
    if (known == styles_.end())
      styles_.push_back(std::make_unique<Model>(options_, region.style, size.height, size.width));
  }
}

MaskLayers::~MaskLayers() = default;

Status MaskLayers::CheckCancelled() {
  std::lock_guard lock(mutex_);
  return cancelled_ ? Status(StatusCode::kCancelled, "stopped") : OkStatus();
}

void MaskLayers::Cancel() {
  std::lock_guard lock(mutex_);
  cancelled_ = true;
  for (const auto& style : styles_) style->Cancel();
  if (masker_) tempera_mask_set_cancelled(masker_.get(), 1);
  if (regions_) tempera_regions_set_cancelled(regions_.get(), 1);
}

Status MaskLayers::Open(const media::Frame& like) {
  tempera_host_options options = TEMPERA_HOST_OPTIONS_INIT;
  options.threads = options_.threads;
  options.cache_folder = options_.cache_folder.empty() ? nullptr : options_.cache_folder.c_str();
  tempera_host* host = nullptr;
  TEMPERA_RETURN_IF_ERROR(StatusOf(tempera_create_host(&options, &host)));
  host_.reset(host);
  TEMPERA_RETURN_IF_ERROR(OpenMasker(like));
  TEMPERA_RETURN_IF_ERROR(OpenStyles(like));
  tempera_regions* regions = nullptr;
  TEMPERA_RETURN_IF_ERROR(StatusOf(tempera_regions_open(masker_.get(), host_.get(), &regions)));
  {
    std::lock_guard lock(mutex_);
    regions_.reset(regions);
  }
  TEMPERA_RETURN_IF_ERROR(CheckCancelled());
  return SetNumbers({});
}

Status MaskLayers::OpenMasker(const media::Frame& like) {
  tempera_options options = TEMPERA_OPTIONS_INIT;
  options.host = host_.get();
  std::vector<const char*> metadata;
  for (const auto& [key, value] : cast_.metadata) {
    metadata.push_back(key.c_str());
    metadata.push_back(value.c_str());
  }
  metadata.push_back(nullptr);
  options.metadata = metadata.data();
  tempera_masker* masker = nullptr;
  TEMPERA_RETURN_IF_ERROR(StatusOf(tempera_mask_open_file(cast_.network.c_str(), &options, &masker)));
  {
    std::lock_guard lock(mutex_);
    masker_.reset(masker);
  }
  TEMPERA_RETURN_IF_ERROR(CheckCancelled());
  for (int32_t i = 0; const char* name = tempera_mask_class_name(masker, i); ++i) classes_.push_back(name);
  for (size_t i = 0; i < cast_.regions.size(); ++i) {
    int32_t index = 0;
    if (cast_.regions[i].name == kBackground) continue;
    fault_ = {MaskFault::Of::kClass, i};
    TEMPERA_RETURN_IF_ERROR(StatusOf(tempera_mask_find_class(masker, cast_.regions[i].name.c_str(), &index)));
  }
  fault_ = {};
  TEMPERA_RETURN_IF_ERROR(StatusOf(tempera_mask_prepare(masker, like.width, like.height)));
  return Measure(like);
}

// By the better one of two: another model may be painting meanwhile.
Status MaskLayers::Measure(const media::Frame& like) {
  const tempera_image image = ImageOf(like);
  uint8_t mask = 0;
  for (int i = 0; i < 2; ++i) {
    const int64_t start_ns = NowNs();
    TEMPERA_RETURN_IF_ERROR(StatusOf(tempera_mask_process(masker_.get(), &image, &mask, 1, 1, 1)));
    const double ms = static_cast<double>(NowNs() - start_ns) * 1e-6;
    painted_.ms = i == 0 ? ms : std::min(painted_.ms, ms);
  }
  return OkStatus();
}

Status MaskLayers::OpenStyles(const media::Frame& like) {
  for (size_t i = 0; i < styles_.size(); ++i) {
    const auto& style = styles_[i];
    const auto region = std::find(style_of_.begin(), style_of_.end(), static_cast<int>(i));
    fault_ = {MaskFault::Of::kShown, static_cast<size_t>(region - style_of_.begin())};
    TEMPERA_RETURN_IF_ERROR(style->Open(like, host_.get()));
    if (!style->file().style.empty()) TEMPERA_RETURN_IF_ERROR(style->ChooseStyle(style->file().style));
  }
  fault_ = {};
  return OkStatus();
}

Status MaskLayers::SetNumbers(const MaskNumbers& numbers) {
  const MaskNumbers clamped = Clamped(numbers);
  tempera_mask_params params = TEMPERA_MASK_PARAMS_INIT;
  params.threshold = clamped.threshold;
  params.hold = clamped.hold;
  params.interval = clamped.every;
  TEMPERA_RETURN_IF_ERROR(StatusOf(tempera_mask_set_params(masker_.get(), &params)));
  numbers_ = clamped;  // the feather is the regions': with the next frame
  return OkStatus();
}

// Where something is another than for the frame before.
Status MaskLayers::SetRegions(tempera_stylizer* own, const media::Frame& in) {
  const int side = std::min(in.width, in.height);
  if (own_ == own && side_ == side && feather_ == numbers_.feather) return OkStatus();
  std::vector<tempera_region> list;
  for (size_t i = 0; i < cast_.regions.size(); ++i) {
    const MaskCast::Region& region = cast_.regions[i];
    tempera_region& made = list.emplace_back(tempera_region TEMPERA_REGION_INIT);
    made.name = region.name.c_str();
    made.feather = numbers_.feather;
    if (region.shows == Shows::kOwn) made.stylizer = own;
    if (style_of_[i] >= 0) made.stylizer = styles_[static_cast<size_t>(style_of_[i])]->stylizer();
    if (region.shows == Shows::kBlur) made.blur = BlurSize(region.blur, side);
  }
  TEMPERA_RETURN_IF_ERROR(
      StatusOf(tempera_regions_set(regions_.get(), list.data(), static_cast<int32_t>(list.size()))));
  own_ = own;
  side_ = side;
  feather_ = numbers_.feather;
  return OkStatus();
}

Status MaskLayers::Paint(tempera_stylizer* own, const media::Frame& in, media::Frame* out, bool cut) {
  TEMPERA_RETURN_IF_ERROR(SetRegions(own, in));
  const tempera_image from = ImageOf(in), to = ImageOf(*out);
  tempera_frame_params params = TEMPERA_FRAME_PARAMS_INIT;
  params.cut = cut;
  TEMPERA_RETURN_IF_ERROR(StatusOf(tempera_regions_process(regions_.get(), &from, &to, &params)));
  painted_.share = -1;
  if (frames_++ % kLookEvery == 0) LookAt(in);
  return OkStatus();
}

Status MaskLayers::RegionMask(size_t region, int width, int height, uint8_t* mask) {
  return StatusOf(
      tempera_regions_mask(regions_.get(), static_cast<int32_t>(region), mask, width, width, height));
}

// How much of the frame lies within the mask, by some of its rows. Where that cannot be had the frame was
// painted all the same.
void MaskLayers::LookAt(const media::Frame& in) try {
  constexpr size_t kRows = 256;
  const auto width = static_cast<size_t>(in.width), height = static_cast<size_t>(in.height);
  const size_t step = std::max<size_t>(1, height / kRows), first = step / 2;
  one_.resize(width * height);
  mask_.assign(width * ((height - first + step - 1) / step), 0);
  for (const size_t index : masked_) {
    if (tempera_regions_mask(regions_.get(), static_cast<int32_t>(index), one_.data(), in.width, in.width,
                             in.height) != TEMPERA_OK)
      return;
    uint8_t* all = mask_.data();
    for (size_t y = first; y < height; y += step)
      for (size_t x = 0; x < width; ++x, ++all)
        *all = static_cast<uint8_t>(std::min(255, *all + one_[y * width + x]));
  }
  const uint64_t sum = std::accumulate(mask_.begin(), mask_.end(), uint64_t{0});
  painted_.share = static_cast<double>(sum) / (255.0 * static_cast<double>(mask_.size()));
} catch (const std::bad_alloc&) {
}

}  // namespace tempera::live
