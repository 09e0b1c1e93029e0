#include "plugins/common/composition.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "plugins/common/model_folders.h"

namespace tempera::plugins {
namespace {

// As the command has it: faces are past recognising, and shapes still tell what they are.
constexpr float kBlurShare = 0.02f;

Expected<SharedHost> MakeHost(int threads) {
  const std::string cache = CacheFolder();
  tempera_host_options options = TEMPERA_HOST_OPTIONS_INIT;
  options.threads = threads;
  options.cache_folder = cache.c_str();
  return SharedHost::Create(options);
}

// The nearest end of a range; `otherwise` where there is no number.
float Within(double value, double least, double most, double otherwise) {
  return static_cast<float>(std::isfinite(value) ? std::clamp(value, least, most) : otherwise);
}

}  // namespace

Files FilesOf(const StyleChoice& style, const MaskChoice& mask, int threads, int short_side) {
  return {style.path, mask.path, mask.outside ? mask.outside->path : "", threads, short_side};
}

Expected<std::shared_ptr<Composition::Style>> Composition::OpenStyle(const std::string& path, int short_side,
                                                                     const SharedHost& host) {
  Options options;
  options.working_short_side = short_side;
  options.host = host;
  Expected<Stylizer> opened = Stylizer::Open(path, options);
  if (!opened) return opened.error();
  return std::make_shared<Style>(Style{*std::move(opened)});
}

Expected<std::shared_ptr<Composition::Network>> Composition::OpenNetwork(const std::string& path,
                                                                         const SharedHost& host) {
  Options options;
  options.host = host;
  Expected<Masker> masker = Masker::Open(path, options);
  if (!masker) return masker.error();
  Expected<Regions> regions = Regions::Open(&*masker, host);
  if (!regions) return regions.error();
  return std::make_shared<Network>(Network{*std::move(masker), {}, *std::move(regions)});
}

Expected<Composition> Composition::Open(const Files& files, const Composition* before) {
  if (before != nullptr && before->files_.threads != files.threads) before = nullptr;
  Composition opened;
  opened.files_ = files;
  if (before != nullptr) {
    opened.host_ = before->host_;
    const bool same_side = before->files_.short_side == files.short_side;
    if (same_side && before->files_.style == files.style) opened.style_ = before->style_;
    if (same_side && before->files_.outside == files.outside) opened.outside_ = before->outside_;
    if (before->files_.mask == files.mask) opened.network_ = before->network_;
  } else {
    Expected<SharedHost> host = MakeHost(files.threads);
    if (!host) return host.error();
    opened.host_ = *std::move(host);
  }
  if (!opened.style_) {
    Expected<std::shared_ptr<Style>> style = OpenStyle(files.style, files.short_side, opened.host_);
    if (!style) return style.error();
    opened.style_ = *std::move(style);
  }
  if (files.outside.empty()) {
    opened.outside_.reset();
  } else if (!opened.outside_) {
    Expected<std::shared_ptr<Style>> outside = OpenStyle(files.outside, files.short_side, opened.host_);
    if (!outside) return outside.error();
    opened.outside_ = *std::move(outside);
  }
  if (files.mask.empty()) {
    opened.network_.reset();
    // Behind a mask it may have missed frames, in which it showed nowhere.
    if (before != nullptr && before->network_) (void)opened.style_->stylizer.Reset();
  } else if (!opened.network_) {
    Expected<std::shared_ptr<Network>> network = OpenNetwork(files.mask, opened.host_);
    if (!network) return network.error();
    opened.network_ = *std::move(network);
  }
  return opened;
}

Error Composition::SetMask(const MaskChoice& choice) {
  choice_ = choice;
  if (!network_) return {};
  // In its own words: a region's number would say nothing to whoever set a mask.
  if (const Expected<int> found = network_->masker.FindClass(choice.of_class); !found) return found.error();
  return Lay(side_);
}

Error Composition::SetMaskNumbers(const MaskNumbers& numbers) {
  if (!network_ || (numbers_ && *numbers_ == numbers)) return {};
  numbers_ = numbers;
  const MaskNumbers begins;
  tempera_mask_params params = TEMPERA_MASK_PARAMS_INIT;
  params.threshold = Within(numbers.threshold, 0.01, 0.99, begins.threshold);
  params.hold = Within(numbers.hold, 0, 1, begins.hold);
  params.interval = static_cast<int32_t>(Within(numbers.every, 1, 16, begins.every));
  if (Error error = network_->masker.SetParams(params)) return error;
  return Lay(side_);
}

Error Composition::Lay(int side) {
  side_ = side;
  Region painted, rest;
  painted.stylizer = &style_->stylizer;
  painted.name = choice_.of_class, rest.name = "background";
  if (choice_.paints_background) std::swap(painted.name, rest.name);
  if (outside_) rest.stylizer = &outside_->stylizer;
  if (choice_.blur) {
    rest.blur =
        *choice_.blur > 0 ? *choice_.blur : std::clamp(kBlurShare * static_cast<float>(side), 1.0f, 256.0f);
  }
  painted.feather = rest.feather = Within(numbers_.value_or(MaskNumbers()).feather, 0, 1024, 0);
  const std::array<Region, 2> list = {std::move(rest), std::move(painted)};
  if (Error error = network_->regions.Set(list)) return error;
  network_->laid = {style_, outside_};
  return {};
}

Error Composition::Prepare(int width, int height, tempera_pixel_format format) {
  if (!network_) return style_->stylizer.Prepare(width, height, format);
  if (Error error = Lay(std::min(width, height))) return error;
  return network_->regions.Prepare(width, height, format);
}

Error Composition::Process(const tempera_image& in, const tempera_image& out,
                           const tempera_frame_params& params) {
  if (!network_) return style_->stylizer.Process(in, out, params);
  const int side = std::min(in.width, in.height);
  if (side != side_) {
    if (Error error = Lay(side)) return error;
  }
  return network_->regions.Process(in, out, params);
}

void Composition::Reset() {
  (void)style_->stylizer.Reset();
  if (network_) (void)network_->regions.Reset();
}

void Composition::SetCancelled(bool cancelled) {
  (void)style_->stylizer.SetCancelled(cancelled);
  if (outside_) (void)outside_->stylizer.SetCancelled(cancelled);
  if (network_) (void)network_->regions.SetCancelled(cancelled);
}

std::vector<std::string> Composition::NewNotices() {
  std::vector<std::string> lines;
  for (const std::shared_ptr<Style>& style : {style_, outside_}) {
    if (!style) continue;
    while (const char* line =
               tempera_notice(style->stylizer.handle(), static_cast<int32_t>(style->notices_told))) {
      if (std::find(lines.begin(), lines.end(), line) == lines.end()) lines.emplace_back(line);
      ++style->notices_told;
    }
  }
  return lines;
}

}  // namespace tempera::plugins
