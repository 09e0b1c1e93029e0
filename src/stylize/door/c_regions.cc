// The C border: painting by regions.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/base/cpu.h"
#include "src/base/lock.h"
#include "src/base/text/number_text.h"
#include "src/base/text/one_line.h"
#include "src/metadata/known_classes.h"
#include "src/stylize/door/door.h"
#include "src/stylize/door/door_structs.h"
#include "src/stylize/door/sized.h"
#include "src/stylize/regions/regions.h"
#include "tempera/tempera.h"

struct tempera_regions {
  tempera_masker* masker = nullptr;
  std::shared_ptr<tempera::stylize::Lent> lent, masker_lent;
  std::unique_ptr<tempera::stylize::Regions> regions;
  int32_t count = 0;     // of the list
  tempera::Mutex mutex;  // of what follows: cancelling comes from any thread
  std::vector<std::shared_ptr<tempera::stylize::Lent>> styles;
};

namespace {

using tempera::InvalidArgument;
using tempera::OkStatus;
using tempera::Status;
using tempera::stylize::Guard;
using tempera::stylize::Region;

// What region `at` shows: a class of the masker, or of a mask that comes with the frame.
Status ReadChannel(const tempera_masker* masker, const char* name, int* channel) {
  const std::string_view given = name == nullptr ? "" : name;
  const std::string plain = tempera::metadata::PlainClass(given);
  if (plain == "background") {
    *channel = Region::kBackground;
  } else if (masker == nullptr) {
    *channel = 0;
    if (!given.empty() && plain != "mask") {
      return tempera::NotFound("masks that come with frames have the regions mask and background, not '" +
                               tempera::OneLine(std::string(given)) + "'");
    }
  } else {
    TEMPERA_ASSIGN_OR_RETURN(*channel, masker->masker->FindClass(given));
  }
  return OkStatus();
}

Status ReadRegion(const tempera_masker* masker, const tempera_region& given, Region* out) {
  tempera_region region;
  TEMPERA_RETURN_IF_ERROR(tempera::stylize::ReadSized(&given, TEMPERA_SIZE_THROUGH(tempera_region, stylizer),
                                                      "tempera_region", &region));
  TEMPERA_RETURN_IF_ERROR(ReadChannel(masker, region.name, &out->channel));
  if (!(region.blur >= 0 && region.blur <= tempera::stylize::kMostBlur))
    return InvalidArgument("blur " + tempera::NumberToText(region.blur) + " is not in 0..256");
  if (!(region.feather >= 0 && region.feather <= tempera::stylize::kMostFeather))
    return InvalidArgument("feather " + tempera::NumberToText(region.feather) + " is not in 0..1024");
  if (region.stylizer != nullptr && region.blur > 0)
    return InvalidArgument("a region has a stylizer and blur; leave one of them at 0");
  out->stylizer = region.stylizer == nullptr ? nullptr : region.stylizer->stylizer.get();
  out->blur = region.blur, out->feather = region.feather;
  return OkStatus();
}

// The list's structs lie as far apart as the caller's header makes them.
Status SetRegions(tempera_regions* regions, const tempera_region* list, int32_t count) {
  if (count < 1 || count > static_cast<int32_t>(tempera::stylize::kMostRegions))
    return InvalidArgument("a list of " + std::to_string(count) + " regions is not 1 to 16");
  if (list == nullptr) return InvalidArgument("list is NULL");
  std::vector<Region> read(static_cast<size_t>(count));
  std::vector<std::shared_ptr<tempera::stylize::Lent>> styles;
  const auto* at = reinterpret_cast<const unsigned char*>(list);
  size_t step = 0;
  std::memcpy(&step, at, sizeof(step));
  for (int32_t i = 0; i < count; ++i, at += step) {
    size_t size;
    std::memcpy(&size, at, sizeof(size));
    if (size != step) return InvalidArgument("the regions of a list have different struct_size");
    const auto& given = *reinterpret_cast<const tempera_region*>(at);
    const Status status = ReadRegion(regions->masker, given, &read[static_cast<size_t>(i)]);
    if (!status.ok()) return Status(status.code(), "region " + std::to_string(i) + ": " + status.message());
    if (read[static_cast<size_t>(i)].stylizer != nullptr) styles.push_back(given.stylizer->lent);
  }
  // Of a list without any other region, the background is what the masker's own class leaves.
  const bool only_background = std::all_of(
      read.begin(), read.end(), [](const Region& region) { return region.channel == Region::kBackground; });
  if (regions->masker != nullptr && only_background) {
    const auto own = regions->masker->masker->FindClass("");
    if (!own.ok()) return Status(own.status().code(), "region 0: " + own.status().message());
  }
  regions->regions->Set(std::move(read));
  regions->count = count;
  const tempera::Locked lock(regions->mutex);
  // Who comes to a list that is cancelled is too, until it leaves.
  const bool cancelled = regions->lent->cancel.cancelled();
  regions->styles.swap(styles);
  for (const auto& lent : styles) {
    const bool stays =
        std::find(regions->styles.begin(), regions->styles.end(), lent) != regions->styles.end();
    if (cancelled && !stays) lent->cancel.Clear();
  }
  for (const auto& lent : regions->styles) {
    if (cancelled) lent->cancel.Cancel();
  }
  return OkStatus();
}

}  // namespace

tempera_status tempera_regions_open(tempera_masker* masker, tempera_host* host, tempera_regions** out) {
  return Guard([&]() -> Status {
    if (out == nullptr) return InvalidArgument("out is NULL");
    *out = nullptr;
    TEMPERA_RETURN_IF_ERROR(tempera::ChooseCpuTarget().status());
    tempera::stylize::StylizerOptions options;
    if (host != nullptr) options.host = host->host;
    auto opened = std::make_unique<tempera_regions>();
    opened->masker = masker;
    if (masker != nullptr) opened->masker_lent = masker->lent;
    opened->lent = tempera::stylize::Lend(&options);
    TEMPERA_ASSIGN_OR_RETURN(
        opened->regions,
        tempera::stylize::Regions::Create(masker == nullptr ? nullptr : masker->masker.get(), options.host));
    *out = opened.release();
    return OkStatus();
  });
}

void tempera_regions_close(tempera_regions* regions) {
  if (regions == nullptr) return;
  // What outlives a list that is cancelled is not.
  if (regions->lent->cancel.cancelled()) {
    for (const auto& lent : regions->styles) lent->cancel.Clear();
    if (regions->masker_lent) regions->masker_lent->cancel.Clear();
  }
  delete regions;
}

tempera_status tempera_regions_set(tempera_regions* regions, const tempera_region* list, int32_t count) {
  return Guard([&]() -> Status {
    if (regions == nullptr) return InvalidArgument("regions is NULL");
    return SetRegions(regions, list, count);
  });
}

tempera_status tempera_regions_process(tempera_regions* regions, const tempera_image* in,
                                       const tempera_image* out, const tempera_frame_params* params) {
  return Guard([&]() -> Status {
    if (regions == nullptr) return InvalidArgument("regions is NULL");
    if (in == nullptr || out == nullptr) return InvalidArgument("in or out is NULL");
    tempera::stylize::Image source, painting;
    TEMPERA_RETURN_IF_ERROR(tempera::stylize::ReadImage(*in, "input image", &source));
    TEMPERA_RETURN_IF_ERROR(tempera::stylize::ReadImage(*out, "output image", &painting));
    tempera::stylize::FrameParams frame;
    TEMPERA_RETURN_IF_ERROR(tempera::stylize::ReadFrameParams(params, &frame));
    return regions->regions->Process(source, painting, frame);
  });
}

tempera_status tempera_regions_mask(const tempera_regions* regions, int32_t index, uint8_t* mask,
                                    ptrdiff_t mask_stride_bytes, int32_t mask_width, int32_t mask_height) {
  return Guard([&]() -> Status {
    if (regions == nullptr || mask == nullptr) return InvalidArgument("regions or mask is NULL");
    if (index < 0 || index >= regions->count) {
      return InvalidArgument("region " + std::to_string(index) + " is none of the list's " +
                             std::to_string(regions->count));
    }
    const tempera::stylize::Size size = {mask_width, mask_height};
    TEMPERA_RETURN_IF_ERROR(tempera::stylize::CheckMaskPlane(mask, size, mask_stride_bytes));
    return regions->regions->ReadMask(static_cast<size_t>(index), {mask, mask_stride_bytes, size});
  });
}

tempera_status tempera_regions_prepare(tempera_regions* regions, int32_t width, int32_t height,
                                       int32_t format) {
  return Guard([&]() -> Status {
    if (regions == nullptr) return InvalidArgument("regions is NULL");
    tempera::stylize::PixelFormat read;
    TEMPERA_RETURN_IF_ERROR(tempera::stylize::ReadFormat(format, "frames to prepare for", &read));
    return regions->regions->Prepare({width, height}, tempera::stylize::IsSubsampled(read));
  });
}

tempera_status tempera_regions_reset(tempera_regions* regions) {
  return Guard([&]() -> Status {
    if (regions == nullptr) return InvalidArgument("regions is NULL");
    regions->regions->Reset();
    return OkStatus();
  });
}

tempera_status tempera_regions_set_cancelled(tempera_regions* regions, int32_t cancelled) {
  return Guard([&]() -> Status {
    if (regions == nullptr) return InvalidArgument("regions is NULL");
    const tempera::Locked lock(regions->mutex);
    TEMPERA_RETURN_IF_ERROR(tempera::stylize::SetCancelled(*regions->lent, cancelled));
    if (regions->masker_lent)
      TEMPERA_RETURN_IF_ERROR(tempera::stylize::SetCancelled(*regions->masker_lent, cancelled));
    for (const auto& lent : regions->styles)
      TEMPERA_RETURN_IF_ERROR(tempera::stylize::SetCancelled(*lent, cancelled));
    return OkStatus();
  });
}
