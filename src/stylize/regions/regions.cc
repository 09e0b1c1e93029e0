#include "src/stylize/regions/regions.h"

#include <algorithm>
#include <utility>

#include "src/base/cpu.h"

namespace tempera::stylize {
namespace {

size_t PixelsOf(Size size) { return static_cast<size_t>(size.width) * static_cast<size_t>(size.height); }

}  // namespace

Regions::Regions(Masker* masker, HostPtr host, int64_t highway_bit, const PixelKernels& kernels)
    : masker_(masker),
      host_(std::move(host)),
      kernels_(&kernels),
      coverage_(kernels, host_->pool.get()),
      blur_(kernels, host_->pool.get()),
      blender_(kernels, host_->pool.get()),
      given_(kernels, host_->pool.get()) {
  if (masker != nullptr) track_.emplace(masker, highway_bit, host_->pool.get());
}

Result<std::unique_ptr<Regions>> Regions::Create(Masker* masker, const HostPtr& given) {
  TEMPERA_ASSIGN_OR_RETURN(const CpuTarget target, ChooseCpuTarget());
  TEMPERA_ASSIGN_OR_RETURN(HostPtr host, HostWithPool(given, 0, false));
  return std::unique_ptr<Regions>(new Regions(masker, std::move(host), target.highway_bit,
                                              kernels::ChoosePixelKernels(target.highway_bit)));
}

void Regions::Set(std::vector<Region> regions) {
  std::vector<Style> styles;
  for (const Region& region : regions) {
    const auto is_its = [&](const Style& style) { return style.stylizer == region.stylizer; };
    if (region.stylizer == nullptr || std::any_of(styles.begin(), styles.end(), is_its)) continue;
    const auto known = std::find_if(styles_.begin(), styles_.end(), is_its);
    styles.push_back(known != styles_.end() ? std::move(*known) : Style(region.stylizer));
  }
  regions_ = std::move(regions);
  styles_ = std::move(styles);
  shown_ = {};
}

Regions::Style& Regions::StyleOf(const Region& region) {
  return *std::find_if(styles_.begin(), styles_.end(),
                       [&](const Style& style) { return style.stylizer == region.stylizer; });
}

Status Regions::Prepare(Size frame, bool subsampled) {
  TEMPERA_RETURN_IF_ERROR(host_->CheckCancelled());
  if (masker_ != nullptr) TEMPERA_RETURN_IF_ERROR(masker_->Prepare(frame));
  for (const Style& style : styles_) TEMPERA_RETURN_IF_ERROR(style.stylizer->Prepare(frame, subsampled));
  return OkStatus();
}

void Regions::Reset() {
  if (track_) track_->Reset();
  for (Style& style : styles_) style.stale = true;
}

Status Regions::FindWishes(const Image& in, const FrameParams& params, std::vector<Coverage::Wish>* wishes) {
  const size_t pixels = PixelsOf(in.size());
  const bool only_background = std::all_of(regions_.begin(), regions_.end(), [](const Region& region) {
    return region.channel == Region::kBackground;
  });
  std::vector<int> channels;
  const uint8_t* only = nullptr;
  if (params.mask) {
    const auto width = static_cast<size_t>(in.width);
    Mask sharp = *params.mask;
    sharp.feather = 0;
    given_.Show(sharp, in.size());
    given_mask_.resize(pixels);
    rows_.resize(width * static_cast<size_t>(host_->pool->num_threads()));
    host_->pool->ParallelFor(in.height, [&](int y, int thread) {
      float* const numbers = rows_.data() + static_cast<size_t>(thread) * width;
      given_.Weights(y, 0, in.width, 255.0f, numbers);
      uint8_t* const row = given_mask_.data() + static_cast<size_t>(y) * width;
      for (size_t x = 0; x < width; ++x) row[x] = static_cast<uint8_t>(numbers[x] + 0.5f);
    });
    // The network misses this frame.
    if (track_) track_->Reset();
    only = given_mask_.data();
  } else {
    for (const Region& region : regions_) {
      const bool known = std::find(channels.begin(), channels.end(), region.channel) != channels.end();
      if (region.channel != Region::kBackground && !known) channels.push_back(region.channel);
    }
    if (only_background) {
      TEMPERA_ASSIGN_OR_RETURN(const int own, masker_->FindClass(""));
      channels.push_back(own);
    }
    TEMPERA_RETURN_IF_ERROR(track_->Make(in, params.cut, channels));
    only = track_->mask(0);
  }
  // Of a list without any other region, the background is what the mask leaves.
  if (only_background) {
    inverse_.resize(pixels);
    for (size_t i = 0; i < pixels; ++i) inverse_[i] = static_cast<uint8_t>(255 - only[i]);
    only = inverse_.data();
  }
  for (const Region& region : regions_) {
    const uint8_t* mask = only;
    if (!only_background && region.channel == Region::kBackground) {
      mask = nullptr;
    } else if (!only_background && !params.mask) {
      const auto at = std::find(channels.begin(), channels.end(), region.channel);
      mask = track_->mask(static_cast<size_t>(at - channels.begin()));
    }
    const float feather = params.mask ? std::max(region.feather, params.mask->feather) : region.feather;
    wishes->push_back({mask, feather});
  }
  return OkStatus();
}

Status Regions::FindMasks(const Image& in, const FrameParams& params) {
  shown_ = {};
  std::vector<Coverage::Wish> wishes;
  TEMPERA_RETURN_IF_ERROR(FindWishes(in, params, &wishes));
  coverage_.Make(in.size(), wishes);
  shown_ = in.size();
  for (Style& style : styles_) style.layers = 0, style.painted = false;
  for (size_t i = 0; i < regions_.size(); ++i) {
    if (regions_[i].stylizer != nullptr && coverage_.shows(i)) ++StyleOf(regions_[i]).layers;
  }
  for (Style& style : styles_) style.stale = style.stale || style.layers == 0;
  return OkStatus();
}

Status Regions::PaintStyle(Style* style, const Image& source, const Image& to, const FrameParams& params) {
  FrameParams mine;
  mine.cut = params.cut || style->stale;
  mine.timestamp_us = params.timestamp_us;
  TEMPERA_RETURN_IF_ERROR(style->stylizer->Process(source, to, mine));
  style->stale = false;
  return OkStatus();
}

Status Regions::PaintLayer(size_t i, const Image& source, const Image& out, const FrameParams& params) {
  const Region& region = regions_[i];
  TEMPERA_RETURN_IF_ERROR(host_->CheckCancelled());
  LayerOver over = {source, false, &coverage_, i};
  if (region.stylizer != nullptr) {
    Style& style = StyleOf(region);
    const bool shared = style.layers > 1;
    if (i == 0 && !shared && coverage_.covers_all(0)) return PaintStyle(&style, source, out, params);
    if (!style.painted) {
      style.painting = CompactImage(out, shared ? &style.own : &layer_);
      TEMPERA_RETURN_IF_ERROR(PaintStyle(&style, source, style.painting, params));
      style.painted = true;
    }
    over.layer = style.painting;
    over.transparent = style.stylizer->paints_alpha() && HasAlpha(out.format);
  } else if (region.blur > 0) {
    over.layer = CompactImage(out, &layer_);
    // Only what is the region's own: another's colours would glow in it all around that one.
    blur_.Run(source, region.blur, coverage_.FindShares(i, &shares_), over.layer);
  }
  blender_.Run(over, out);
  return OkStatus();
}

Status Regions::Paint(const Image& in, const Image& out, const FrameParams& params) {
  TEMPERA_RETURN_IF_ERROR(host_->CheckCancelled());
  TEMPERA_RETURN_IF_ERROR(FindMasks(in, params));
  std::vector<size_t> layers;
  for (size_t i = 0; i < regions_.size(); ++i) {
    // What shows the input where nothing else lies changes nothing.
    const bool lies_low = layers.empty() && regions_[i].stylizer == nullptr && regions_[i].blur == 0;
    if (coverage_.shows(i) && !lies_low) layers.push_back(i);
  }
  Image source = in;
  if (layers.size() > 1 && SharingOf(in, out) != Sharing::kNone) {
    source = CompactImage(in, &kept_);
    CopyImage(*kernels_, in, source);
  }
  const bool first_covers = !layers.empty() && layers[0] == 0 && coverage_.covers_all(0);
  if (!first_covers) CopyImage(*kernels_, source, out);
  for (const size_t i : layers) TEMPERA_RETURN_IF_ERROR(PaintLayer(i, source, out, params));
  return OkStatus();
}

Status Regions::Process(const Image& in, const Image& out, const FrameParams& params) {
  if (regions_.empty()) return InvalidArgument("there are no regions to paint; set them first");
  if (params.under) return InvalidArgument("regions are laid over the input: leave params.under at NULL");
  if (masker_ == nullptr && !params.mask) {
    return InvalidArgument("this frame brings no mask, and the regions were opened without a mask network");
  }
  TEMPERA_RETURN_IF_ERROR(Stylizer::CheckFrame(in, in, out));
  FrameParams now = params;
  now.cut = params.cut || params.timestamp_us < last_us_;
  last_us_ = params.timestamp_us;
  // Whatever ends it half-way, memory that runs out too: no frame follows from it.
  struct Undone {
    Regions* regions;
    ~Undone() {
      if (regions != nullptr) regions->Reset();
    }
  } undone{this};
  const Status painted = Paint(in, out, now);
  if (painted.ok()) undone.regions = nullptr;
  return painted;
}

Status Regions::ReadMask(size_t i, const MaskTarget& out) const {
  if (shown_ == Size{}) return InvalidArgument("there is no frame yet whose mask could be shown");
  if (out.size != shown_) {
    return InvalidArgument("the mask asked for is " + SizeToString(out.size) + ", the last frame " +
                           SizeToString(shown_) + "; they must have one size");
  }
  const uint8_t* from = coverage_.mask(i);
  for (int y = 0; y < out.size.height; ++y) {
    const uint8_t* row = from + static_cast<ptrdiff_t>(y) * out.size.width;
    std::copy(row, row + out.size.width, out.pixels + y * out.stride_bytes);
  }
  return OkStatus();
}

}  // namespace tempera::stylize
