#include "live/pipewire/client/params.h"

#include <spa/buffer/buffer.h>
#include <spa/buffer/meta.h>
#include <spa/param/buffers.h>
#include <spa/param/format-utils.h>
#include <spa/param/video/color.h>
#include <spa/param/video/raw-utils.h>

#include <cmath>

namespace tempera::live {
namespace {

constexpr uint32_t kMaxSide = 16384;  // of what is asked for; media::Frame checks anew

// In the order in which they are liked: what costs least first.
struct NamedFormat {
  spa_video_format spa;
  RawFormat raw;
};
constexpr NamedFormat kFormats[] = {
    {SPA_VIDEO_FORMAT_I420, RawFormat::kI420}, {SPA_VIDEO_FORMAT_NV12, RawFormat::kNv12},
    {SPA_VIDEO_FORMAT_YUY2, RawFormat::kYuy2}, {SPA_VIDEO_FORMAT_BGRx, RawFormat::kBgrx},
    {SPA_VIDEO_FORMAT_RGBx, RawFormat::kRgbx}, {SPA_VIDEO_FORMAT_BGRA, RawFormat::kBgrx},
    {SPA_VIDEO_FORMAT_RGBA, RawFormat::kRgbx}, {SPA_VIDEO_FORMAT_RGB, RawFormat::kRgb}};

spa_video_color_matrix ToSpa(media::ColorMatrix matrix) {
  return matrix == media::ColorMatrix::kBt601    ? SPA_VIDEO_COLOR_MATRIX_BT601
         : matrix == media::ColorMatrix::kBt2020 ? SPA_VIDEO_COLOR_MATRIX_BT2020
                                                 : SPA_VIDEO_COLOR_MATRIX_BT709;
}

spa_rectangle Rectangle(int width, int height) {
  return {static_cast<uint32_t>(width), static_cast<uint32_t>(height)};
}

}  // namespace

spa_fraction FractionOf(double fps) {
  // 29.97 and its like are a whole number times 1000/1001.
  const double whole = std::round(fps * 1.001);
  if (std::fabs(fps - std::round(fps)) < 1e-6) return {static_cast<uint32_t>(std::lround(fps)), 1};
  if (std::fabs(fps - whole / 1.001) < 0.005) return {static_cast<uint32_t>(whole) * 1000, 1001};
  return {static_cast<uint32_t>(std::lround(fps * 1000)), 1000};
}

// A size and a rate, each 0 where any will do.
struct StreamParams::Wish {
  int width = 0, height = 0;
  spa_fraction fps = {0, 1};
  spa_rectangle liked = {1280, 720};
  spa_fraction liked_fps = {30, 1};
};

StreamParams::StreamParams() { spa_pod_builder_init(&builder_, memory_, sizeof memory_); }

void StreamParams::AddReadable(const Wish& wish) {
  spa_pod_frame object = {}, choice = {};
  spa_pod_builder_push_object(&builder_, &object, SPA_TYPE_OBJECT_Format, SPA_PARAM_EnumFormat);
  spa_pod_builder_add(&builder_, SPA_FORMAT_mediaType, SPA_POD_Id(SPA_MEDIA_TYPE_video),
                      SPA_FORMAT_mediaSubtype, SPA_POD_Id(SPA_MEDIA_SUBTYPE_raw), 0);
  spa_pod_builder_prop(&builder_, SPA_FORMAT_VIDEO_format, 0);
  spa_pod_builder_push_choice(&builder_, &choice, SPA_CHOICE_Enum, 0);
  spa_pod_builder_id(&builder_, kFormats[0].spa);  // the default, and then all
  for (const NamedFormat& format : kFormats) spa_pod_builder_id(&builder_, format.spa);
  spa_pod_builder_pop(&builder_, &choice);
  const spa_rectangle size = wish.width ? Rectangle(wish.width, wish.height) : wish.liked;
  const spa_rectangle least = {1, 1}, most = {kMaxSide, kMaxSide};
  const spa_fraction rate = wish.fps.num ? wish.fps : wish.liked_fps;
  const spa_fraction slowest = {0, 1}, fastest = {1000, 1};
  if (wish.width) {
    spa_pod_builder_add(&builder_, SPA_FORMAT_VIDEO_size, SPA_POD_Rectangle(&size), 0);
  } else {
    spa_pod_builder_add(&builder_, SPA_FORMAT_VIDEO_size,
                        SPA_POD_CHOICE_RANGE_Rectangle(&size, &least, &most), 0);
  }
  if (wish.fps.num) {
    spa_pod_builder_add(&builder_, SPA_FORMAT_VIDEO_framerate, SPA_POD_Fraction(&rate), 0);
  } else {
    spa_pod_builder_add(&builder_, SPA_FORMAT_VIDEO_framerate,
                        SPA_POD_CHOICE_RANGE_Fraction(&rate, &slowest, &fastest), 0);
  }
  params_.push_back(static_cast<const spa_pod*>(spa_pod_builder_pop(&builder_, &object)));
}

void StreamParams::AddReadableFormats(int width, int height, double rate) {
  const spa_fraction fps = FractionOf(rate);
  AddReadable({.width = width, .height = height, .fps = fps});
  AddReadable({.width = width, .height = height, .liked_fps = fps});
  AddReadable({.liked = Rectangle(width, height), .liked_fps = fps});
}

void StreamParams::AddWrittenFormats(const StreamFormat& format) {
  const spa_rectangle size = Rectangle(format.width, format.height);
  const spa_fraction rate = {static_cast<uint32_t>(format.fps_num), static_cast<uint32_t>(format.fps_denom)};
  for (const spa_video_format spa :
       {SPA_VIDEO_FORMAT_I420, SPA_VIDEO_FORMAT_NV12, SPA_VIDEO_FORMAT_YUY2, SPA_VIDEO_FORMAT_BGRx}) {
    spa_pod_frame object = {};
    spa_pod_builder_push_object(&builder_, &object, SPA_TYPE_OBJECT_Format, SPA_PARAM_EnumFormat);
    spa_pod_builder_add(&builder_, SPA_FORMAT_mediaType, SPA_POD_Id(SPA_MEDIA_TYPE_video),
                        SPA_FORMAT_mediaSubtype, SPA_POD_Id(SPA_MEDIA_SUBTYPE_raw), SPA_FORMAT_VIDEO_format,
                        SPA_POD_Id(spa), SPA_FORMAT_VIDEO_size, SPA_POD_Rectangle(&size),
                        SPA_FORMAT_VIDEO_framerate, SPA_POD_Fraction(&rate), 0);
    if (spa != SPA_VIDEO_FORMAT_BGRx) {
      const spa_video_color_range range =
          format.full_range ? SPA_VIDEO_COLOR_RANGE_0_255 : SPA_VIDEO_COLOR_RANGE_16_235;
      spa_pod_builder_add(&builder_, SPA_FORMAT_VIDEO_colorRange, SPA_POD_Id(range),
                          SPA_FORMAT_VIDEO_colorMatrix, SPA_POD_Id(ToSpa(format.matrix)), 0);
    }
    params_.push_back(static_cast<const spa_pod*>(spa_pod_builder_pop(&builder_, &object)));
  }
}

void StreamParams::AddBuffers(int count, int least, size_t bytes, int stride_bytes) {
  spa_pod_frame object = {};
  spa_pod_builder_push_object(&builder_, &object, SPA_TYPE_OBJECT_ParamBuffers, SPA_PARAM_Buffers);
  // Of kinds of memory: the library makes files in memory of this where processes share it, and maps them.
  spa_pod_builder_add(&builder_, SPA_PARAM_BUFFERS_buffers, SPA_POD_CHOICE_RANGE_Int(count, least, 32),
                      SPA_PARAM_BUFFERS_dataType, SPA_POD_CHOICE_FLAGS_Int(1 << SPA_DATA_MemPtr), 0);
  if (bytes) {
    spa_pod_builder_add(&builder_, SPA_PARAM_BUFFERS_blocks, SPA_POD_Int(1), SPA_PARAM_BUFFERS_size,
                        SPA_POD_Int(static_cast<int>(bytes)), SPA_PARAM_BUFFERS_stride,
                        SPA_POD_Int(stride_bytes), 0);
  }
  params_.push_back(static_cast<const spa_pod*>(spa_pod_builder_pop(&builder_, &object)));
}

void StreamParams::AddMeta(uint32_t type, size_t bytes) {
  params_.push_back(static_cast<const spa_pod*>(spa_pod_builder_add_object(
      &builder_, SPA_TYPE_OBJECT_ParamMeta, SPA_PARAM_Meta, SPA_PARAM_META_type, SPA_POD_Id(type),
      SPA_PARAM_META_size, SPA_POD_Int(static_cast<int>(bytes)))));
}

std::optional<StreamFormat> ParseStreamFormat(const spa_pod* param) {
  uint32_t type = 0, subtype = 0;
  if (!param || spa_format_parse(param, &type, &subtype) < 0) return std::nullopt;
  spa_video_info_raw raw = {};
  if (type != SPA_MEDIA_TYPE_video || subtype != SPA_MEDIA_SUBTYPE_raw ||
      spa_format_video_raw_parse(param, &raw) < 0)
    return std::nullopt;
  if (raw.size.width < 1 || raw.size.height < 1 || raw.size.width > kMaxSide || raw.size.height > kMaxSide)
    return std::nullopt;
  StreamFormat format;
  bool known = false;
  for (const NamedFormat& named : kFormats) {
    if (named.spa != raw.format) continue;
    format.format = named.raw;
    known = true;
  }
  if (!known) return std::nullopt;
  format.width = static_cast<int>(raw.size.width);
  format.height = static_cast<int>(raw.size.height);
  const spa_fraction rate = raw.framerate.num ? raw.framerate : raw.max_framerate;
  if (rate.num && rate.denom && rate.num < 1'000'000 && rate.denom < 1'000'000) {
    format.fps_num = static_cast<int>(rate.num);
    format.fps_denom = static_cast<int>(rate.denom);
  }
  format.full_range = raw.color_range == SPA_VIDEO_COLOR_RANGE_0_255;
  switch (raw.color_matrix) {
    case SPA_VIDEO_COLOR_MATRIX_BT709:
      format.matrix = media::ColorMatrix::kBt709;
      break;
    case SPA_VIDEO_COLOR_MATRIX_BT601:
      format.matrix = media::ColorMatrix::kBt601;
      break;
    case SPA_VIDEO_COLOR_MATRIX_BT2020:
      format.matrix = media::ColorMatrix::kBt2020;
      break;
    default:
      // Untold: what is said of films, too (MatrixOf in frame.cc).
      format.matrix = format.width >= 1280 || format.height > 576 ? media::ColorMatrix::kBt709
                                                                  : media::ColorMatrix::kBt601;
  }
  return format;
}

}  // namespace tempera::live
