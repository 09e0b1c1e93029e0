#include "tests/door/region_run.h"

#include <utility>

#include "src/stylize/door/door_structs.h"

namespace tempera::door {

RegionsLook DrawRegions(Dice& dice, bool has_network) {
  RegionsLook look;
  if (!dice.OneIn(4)) return look;
  look.with_network = has_network && !dice.OneIn(4);
  const int count = 1 + dice.Below(4);
  for (int i = 0; i < count; ++i) {
    RegionLook& region = look.list.emplace_back();
    region.name = dice.Pick({"", "background", look.with_network ? "0" : "mask", ""});
    region.style = dice.Below(3);
    if (region.style == 2 && dice.OneIn(2)) region.blur = dice.Pick({0.5f, 2.0f, 9.0f, 200.0f});
    if (dice.OneIn(3)) region.feather = dice.Pick({0.5f, 3.0f, 40.0f});
  }
  look.masks.threshold = dice.Pick({0.5f, 0.5f, 0.2f, 0.9f});
  look.masks.hold = dice.Pick({0.0f, 0.5f, 1.0f});
  look.masks.plain_edges = dice.OneIn(3);
  look.masks.interval = 1 + dice.Below(3);
  if (dice.OneIn(4)) look.cancelled_frame = 1 + dice.Below(3);
  return look;
}

std::string RegionsLook::Describe() const {
  std::string text = with_network ? "regions by a network" : "regions";
  for (const RegionLook& r : list) {
    text += " [" + r.name + " style " + std::to_string(r.style) + " blur " + std::to_string(r.blur) +
            " feather " + std::to_string(r.feather) + "]";
  }
  return text + " threshold " + std::to_string(masks.threshold) + " hold " + std::to_string(masks.hold) +
         (masks.plain_edges ? " plain" : "") + " interval " + std::to_string(masks.interval) + " cancelled " +
         std::to_string(cancelled_frame);
}

DoorRegions::~DoorRegions() { tempera_regions_close(regions_); }

tempera_status DoorRegions::Open(std::span<const uint8_t> net, std::span<const uint8_t> mask_net,
                                 const RegionsLook& look, const StylizerOptions& options,
                                 tempera_host* host) {
  for (DoorPainter& style : styles_) {
    const tempera_status opened = style.Open(net, options, host);
    if (opened != TEMPERA_OK) return opened;
  }
  if (look.with_network) {
    const tempera_status opened = masker_.Open(mask_net, options, host);
    if (opened != TEMPERA_OK) return opened;
    tempera_mask_params params = TEMPERA_MASK_PARAMS_INIT;
    params.threshold = look.masks.threshold, params.hold = look.masks.hold;
    params.plain_edges = look.masks.plain_edges, params.interval = look.masks.interval;
    const tempera_status set = tempera_mask_set_params(masker_.handle(), &params);
    if (set != TEMPERA_OK) return set;
  }
  const tempera_status opened = tempera_regions_open(masker_.handle(), host, &regions_);
  if (opened != TEMPERA_OK) return opened;
  std::vector<tempera_region> list;
  for (const RegionLook& region : look.list) {
    tempera_region r = TEMPERA_REGION_INIT;
    r.name = region.name.c_str();
    r.stylizer = region.style < 2 ? styles_[region.style].handle() : nullptr;
    r.blur = region.blur, r.feather = region.feather;
    list.push_back(r);
  }
  return tempera_regions_set(regions_, list.data(), static_cast<int32_t>(list.size()));
}

tempera_status DoorRegions::Process(const tempera_image& in, const tempera_image& out,
                                    const tempera_frame_params& params) {
  return tempera_regions_process(regions_, &in, &out, &params);
}

// The second style differs from the first in its strength alone.
tempera_status DoorRegions::Set(const char* name, std::span<const float> values) {
  const tempera_status first = styles_[0].Set(name, values);
  const float half = values[0] / 2;
  if (std::string(name) == "strength") return styles_[1].Set(name, {&half, 1});
  const tempera_status second = styles_[1].Set(name, values);
  return first != TEMPERA_OK ? first : second;
}

tempera_status DoorRegions::Prepare(int width, int height, int format) {
  return tempera_regions_prepare(regions_, width, height, format);
}

tempera_status InnerRegions::Report(const Status& status) {
  message_ = status.message();
  return status.ok() ? TEMPERA_OK : TEMPERA_INTERNAL;
}

tempera_status InnerRegions::Open(std::span<const uint8_t> net, std::span<const uint8_t> mask_net,
                                  const RegionsLook& look, const StylizerOptions& options) {
  const auto open = [&]() -> Status {
    for (InnerPainter& style : styles_) TEMPERA_RETURN_IF_ERROR(style.Open(net, options));
    if (look.with_network) {
      TEMPERA_RETURN_IF_ERROR(masker_.Open(mask_net, options));
      masker_.get()->params = look.masks;
    }
    TEMPERA_ASSIGN_OR_RETURN(const HostPtr host, HostWithPool(nullptr, options.num_threads, false));
    TEMPERA_ASSIGN_OR_RETURN(regions_, stylize::Regions::Create(masker_.get(), host));
    std::vector<stylize::Region> list;
    for (const RegionLook& region : look.list) {
      int channel = stylize::Region::kBackground;
      if (region.name != "background") {
        channel = 0;
        if (look.with_network) {
          TEMPERA_ASSIGN_OR_RETURN(channel, masker_.get()->FindClass(region.name));
        }
      }
      stylize::Stylizer* style = region.style < 2 ? styles_[region.style].get() : nullptr;
      list.push_back({channel, style, region.blur, region.feather});
    }
    regions_->Set(std::move(list));
    return OkStatus();
  };
  return Report(open());
}

tempera_status InnerRegions::Process(const tempera_image& given_in, const tempera_image& given_out,
                                     const tempera_frame_params& given) {
  const auto process = [&]() -> Status {
    stylize::Image in, out;
    stylize::FrameParams params;
    TEMPERA_RETURN_IF_ERROR(stylize::ReadImage(given_in, "input image", &in));
    TEMPERA_RETURN_IF_ERROR(stylize::ReadImage(given_out, "output image", &out));
    TEMPERA_RETURN_IF_ERROR(stylize::ReadFrameParams(&given, &params));
    return regions_->Process(in, out, params);
  };
  return Report(process());
}

tempera_status InnerRegions::Set(const char* name, std::span<const float> values) {
  const tempera_status first = styles_[0].Set(name, values);
  const float half = values[0] / 2;
  if (std::string(name) == "strength") return styles_[1].Set(name, {&half, 1});
  const tempera_status second = styles_[1].Set(name, values);
  return first != TEMPERA_OK ? first : second;
}

tempera_status InnerRegions::Prepare(int width, int height, int given) {
  stylize::PixelFormat format;
  const Status read = stylize::ReadFormat(given, "frames", &format);
  if (!read.ok()) return Report(read);
  return Report(regions_->Prepare({width, height}, stylize::IsSubsampled(format)));
}

}  // namespace tempera::door
