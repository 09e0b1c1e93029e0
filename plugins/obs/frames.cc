#include "plugins/obs/frames.h"

#include <obs.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <string>

namespace tempera::plugins::obs {
namespace {

// Where a sample of a YCbCr frame lies: plane, samples from the start of a row, samples from one to the next,
// and how many luma samples it stands for, both ways.
struct Channel {
  int plane = 0;
  int first = 0;
  int step = 1;
  int across = 1;
  int down = 1;
};

// A YCbCr format that the engine does not take, as three channels.
struct Layout {
  Channel y, u, v;
  int bytes = 1;      // a sample's
  int shift = 0;      // bits beyond the ten that the engine takes
  bool grey = false;  // has no u and v
};

std::optional<Layout> LayoutOf(video_format format) {
  constexpr Channel kY{0}, kU{1}, kV{2}, kHalfU{1, 0, 1, 2, 1}, kHalfV{2, 0, 1, 2, 1};
  switch (format) {
    case VIDEO_FORMAT_YUY2:
      return Layout{{0, 0, 2}, {0, 1, 4, 2, 1}, {0, 3, 4, 2, 1}};
    case VIDEO_FORMAT_YVYU:
      return Layout{{0, 0, 2}, {0, 3, 4, 2, 1}, {0, 1, 4, 2, 1}};
    case VIDEO_FORMAT_UYVY:
      return Layout{{0, 1, 2}, {0, 0, 4, 2, 1}, {0, 2, 4, 2, 1}};
    case VIDEO_FORMAT_I422:
    case VIDEO_FORMAT_I42A:
      return Layout{kY, kHalfU, kHalfV};
    case VIDEO_FORMAT_I444:
    case VIDEO_FORMAT_YUVA:
      return Layout{kY, kU, kV};
    case VIDEO_FORMAT_AYUV:  // V, U, Y, A in memory
      return Layout{{0, 2, 4}, {0, 1, 4}, {0, 0, 4}};
    case VIDEO_FORMAT_Y800:
      return Layout{.y = kY, .u = {}, .v = {}, .grey = true};
    case VIDEO_FORMAT_I210:
      return Layout{.y = kY, .u = kHalfU, .v = kHalfV, .bytes = 2};
    case VIDEO_FORMAT_I412:
    case VIDEO_FORMAT_YA2L:
      return Layout{.y = kY, .u = kU, .v = kV, .bytes = 2, .shift = 2};
    default:
      return std::nullopt;
  }
}

// Formats that go as they are. I40A is I420 beside its alpha.
std::optional<tempera_pixel_format> DirectFormat(video_format format) {
  switch (format) {
    case VIDEO_FORMAT_I420:
    case VIDEO_FORMAT_I40A:
      return TEMPERA_I420;
    case VIDEO_FORMAT_NV12:
      return TEMPERA_NV12;
    case VIDEO_FORMAT_I010:
      return TEMPERA_I010;
    case VIDEO_FORMAT_P010:
      return TEMPERA_P010;
    case VIDEO_FORMAT_RGBA:
      return TEMPERA_RGBA;
    case VIDEO_FORMAT_BGRA:
    case VIDEO_FORMAT_BGRX:
      return TEMPERA_BGRA;
    default:
      return std::nullopt;
  }
}

// OBS hands on the matrix from YCbCr to RGB, not its name. The first row's last factor, without the widening
// of limited range, is 1.402 of BT.601, 1.5748 of BT.709 and 1.4746 of BT.2020.
int32_t MatrixOf(const obs_source_frame& frame) {
  constexpr float kOfLimited = 255.0f / 224.0f;
  const float factor = frame.color_matrix[2] / (frame.full_range ? 1.0f : kOfLimited);
  constexpr std::array<std::pair<int32_t, float>, 3> kKnown{
      {{TEMPERA_MATRIX_BT709, 1.5748f}, {TEMPERA_MATRIX_BT601, 1.402f}, {TEMPERA_MATRIX_BT2020, 1.4746f}}};
  // Frames without a matrix (a source that sets none) are shown by OBS as it likes: the usual one.
  if (!(factor > 1)) return TEMPERA_MATRIX_BT709;
  return std::min_element(kKnown.begin(), kKnown.end(),
                          [&](const auto& a, const auto& b) {
                            return std::fabs(a.second - factor) < std::fabs(b.second - factor);
                          })
      ->first;
}

// H.273's numbers, so that the engine refuses in words what it cannot paint.
int32_t TransferOf(const obs_source_frame& frame) {
  switch (frame.trc) {
    case VIDEO_TRC_PQ:
      return 16;
    case VIDEO_TRC_HLG:
      return 18;
    default:
      return TEMPERA_TRANSFER_DEFAULT;
  }
}

tempera_image Described(const obs_source_frame& frame, tempera_pixel_format format) {
  tempera_image image = TEMPERA_IMAGE_INIT;
  image.format = format;
  image.width = static_cast<int32_t>(std::min(frame.width, 1u << 30));
  image.height = static_cast<int32_t>(std::min(frame.height, 1u << 30));
  image.transfer = TransferOf(frame);
  if (format == TEMPERA_RGBA || format == TEMPERA_BGRA || format == TEMPERA_RGB) return image;
  image.matrix = MatrixOf(frame);
  image.range = frame.full_range ? TEMPERA_RANGE_FULL : TEMPERA_RANGE_LIMITED;
  return image;
}

int PlanesOf(tempera_pixel_format format) {
  switch (format) {
    case TEMPERA_I420:
    case TEMPERA_I010:
      return 3;
    case TEMPERA_NV12:
    case TEMPERA_P010:
      return 2;
    default:
      return 1;
  }
}

Error Process(Composition& composition, const obs_source_frame& frame, const tempera_image& image) {
  tempera_frame_params params = TEMPERA_FRAME_PARAMS_INIT;
  params.timestamp_us = static_cast<int64_t>(frame.timestamp / 1000);
  return composition.Process(image, image, params);
}

Error PaintDirectly(Composition& composition, obs_source_frame& frame, tempera_pixel_format format) {
  tempera_image image = Described(frame, format);
  for (int plane = 0; plane < PlanesOf(format); ++plane) {
    const ptrdiff_t stride = static_cast<ptrdiff_t>(frame.linesize[plane]);
    const uint32_t rows = plane == 0 ? frame.height : (frame.height + 1) / 2;
    // A frame that is shown upside down is painted as it is seen.
    image.planes[plane] =
        frame.flip ? frame.data[plane] + stride * (static_cast<ptrdiff_t>(rows) - 1) : frame.data[plane];
    image.stride_bytes[plane] = frame.flip ? -stride : stride;
  }
  return Process(composition, frame, image);
}

// A plane of its own, of samples T, and back. `shrink_x` and `shrink_y` luma samples of a channel that has
// them all become one of the plane's: their mean; on the way back it is repeated.
template <typename T>
struct Plane {
  T* samples;
  int width, height;

  void Take(const obs_source_frame& frame, const Channel& channel, int shrink_x, int shrink_y, int shift) {
    ForEach(frame, channel, shrink_x, shrink_y, [shift](T& sample, const auto& sources) {
      if (sources.size == 0) {
        sample = static_cast<T>(sizeof(T) == 1 ? 128 : 512);  // no colour
        return;
      }
      unsigned sum = static_cast<unsigned>(sources.size / 2);
      for (int i = 0; i < sources.size; ++i) sum += *sources.at[i];
      sample = static_cast<T>((sum / static_cast<unsigned>(sources.size)) >> shift);
    });
  }
  void Give(const obs_source_frame& frame, const Channel& channel, int shrink_x, int shrink_y, int shift) {
    ForEach(frame, channel, shrink_x, shrink_y, [shift](const T& sample, const auto& sources) {
      for (int i = 0; i < sources.size; ++i) *sources.at[i] = static_cast<T>(sample << shift);
    });
  }

 private:
  struct Sources {
    T* at[4];
    int size;
  };
  template <typename Do>
  void ForEach(const obs_source_frame& frame, const Channel& channel, int shrink_x, int shrink_y, Do act) {
    // Packed rows of an odd width end before their last pixel's second chroma sample.
    const int in_row = static_cast<int>(frame.linesize[channel.plane] / sizeof(T));
    const int columns = std::min((static_cast<int>(frame.width) + channel.across - 1) / channel.across,
                                 (in_row - channel.first + channel.step - 1) / channel.step);
    const int rows = (static_cast<int>(frame.height) + channel.down - 1) / channel.down;
    const int many_x = shrink_x / channel.across, many_y = shrink_y / channel.down;
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        Sources sources{{}, 0};
        for (int dy = 0; dy < many_y && y * many_y + dy < rows; ++dy) {
          T* row = reinterpret_cast<T*>(frame.data[channel.plane] +
                                        size_t{frame.linesize[channel.plane]} * (y * many_y + dy));
          for (int dx = 0; dx < many_x && x * many_x + dx < columns; ++dx)
            sources.at[sources.size++] = row + channel.first + channel.step * (x * many_x + dx);
        }
        act(samples[size_t{1} * y * width + x], sources);
      }
    }
  }
};

// Through I420 or I010. Frames that are shown upside down are painted that way: they are rare, and so are
// these formats.
template <typename T>
Error PaintThroughPlanes(Composition& composition, obs_source_frame& frame, const Layout& layout,
                         Repacked& repacked) {
  const tempera_pixel_format format = layout.bytes == 1 ? TEMPERA_I420 : TEMPERA_I010;
  tempera_image image = Described(frame, format);
  const int width = image.width, height = image.height;
  const int half_width = (width + 1) / 2, half_height = (height + 1) / 2;
  const size_t luma = size_t{1} * width * height, chroma = size_t{1} * half_width * half_height;
  repacked.bytes.resize((luma + 2 * chroma) * sizeof(T));
  T* samples = reinterpret_cast<T*>(repacked.bytes.data());
  Plane<T> y{samples, width, height}, u{samples + luma, half_width, half_height},
      v{samples + luma + chroma, half_width, half_height};
  y.Take(frame, layout.y, 1, 1, layout.shift);
  if (layout.grey) {
    std::fill_n(u.samples, 2 * chroma, T{128});
  } else {
    u.Take(frame, layout.u, 2, 2, layout.shift);
    v.Take(frame, layout.v, 2, 2, layout.shift);
  }
  const T* const planes[] = {y.samples, u.samples, v.samples};
  const int widths[] = {width, half_width, half_width};
  for (int plane = 0; plane < 3; ++plane) {
    image.planes[plane] = reinterpret_cast<uint8_t*>(const_cast<T*>(planes[plane]));
    image.stride_bytes[plane] = static_cast<ptrdiff_t>(widths[plane] * sizeof(T));
  }
  if (Error error = Process(composition, frame, image)) return error;
  y.Give(frame, layout.y, 1, 1, layout.shift);
  if (layout.grey) return {};
  u.Give(frame, layout.u, 2, 2, layout.shift);
  v.Give(frame, layout.v, 2, 2, layout.shift);
  return {};
}

// B, G, R in memory: turned round on the way in and out.
Error PaintBgr3(Composition& composition, obs_source_frame& frame) {
  tempera_image image = Described(frame, TEMPERA_RGB);
  image.planes[0] = frame.data[0];
  image.stride_bytes[0] = static_cast<ptrdiff_t>(frame.linesize[0]);
  const auto turn_round = [&] {
    for (int y = 0; y < image.height; ++y) {
      uint8_t* row = frame.data[0] + size_t{frame.linesize[0]} * y;
      for (int x = 0; x < image.width; ++x) std::swap(row[3 * x], row[3 * x + 2]);
    }
  };
  turn_round();
  Error error = Process(composition, frame, image);
  turn_round();
  return error;
}

}  // namespace

std::optional<FrameShape> ShapeOf(const obs_source_frame& frame) {
  FrameShape shape;
  shape.width = static_cast<int>(std::min(frame.width, 1u << 30));
  shape.height = static_cast<int>(std::min(frame.height, 1u << 30));
  if (const auto direct = DirectFormat(frame.format))
    shape.format = *direct;
  else if (const auto layout = LayoutOf(frame.format))
    shape.format = layout->bytes == 1 ? TEMPERA_I420 : TEMPERA_I010;
  else if (frame.format == VIDEO_FORMAT_BGR3)
    shape.format = TEMPERA_RGB;
  else
    return std::nullopt;
  return shape;
}

Error PaintFrame(Composition& composition, obs_source_frame& frame, Repacked& repacked) {
  if (const auto direct = DirectFormat(frame.format)) return PaintDirectly(composition, frame, *direct);
  if (const auto layout = LayoutOf(frame.format)) {
    return layout->bytes == 1 ? PaintThroughPlanes<uint8_t>(composition, frame, *layout, repacked)
                              : PaintThroughPlanes<uint16_t>(composition, frame, *layout, repacked);
  }
  if (frame.format == VIDEO_FORMAT_BGR3) return PaintBgr3(composition, frame);
  return {TEMPERA_UNSUPPORTED, "frames of OBS's video format " + std::to_string(frame.format) +
                                   " cannot be painted; choose another format in the source's properties"};
}

}  // namespace tempera::plugins::obs
