#include "media/live/fitter.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "media/filter_graph.h"
#include "media/frame_bridge.h"

namespace tempera::media {
namespace {

const char* MatrixName(ColorMatrix matrix) {
  switch (matrix) {
    case ColorMatrix::kBt601:
      return "bt601";
    case ColorMatrix::kBt2020:
      return "bt2020";
    case ColorMatrix::kBt709:
      break;
  }
  return "bt709";
}

bool IsYuv(const Frame& frame) {
  return frame.format == PixelFormat::kI420 || frame.format == PixelFormat::kNv12;
}

// Black around, and `inner` in the middle, on samples of chroma.
void Surround(const Frame& inner, Frame* out) {
  const int left = (out->width - inner.width) / 4 * 2, top = (out->height - inner.height) / 4 * 2;
  for (int plane = 0; plane < 3; ++plane) {
    const int halved = plane == 0 ? 0 : 1;
    const auto half = [halved](int side) { return (side + halved) >> halved; };
    for (int y = 0; y < half(out->height); ++y) {
      memset(out->planes[plane] + static_cast<ptrdiff_t>(y) * out->stride_bytes[plane], plane == 0 ? 16 : 128,
             static_cast<size_t>(half(out->width)));
    }
    for (int y = 0; y < half(inner.height); ++y) {
      memcpy(out->planes[plane] + static_cast<ptrdiff_t>(y + (top >> halved)) * out->stride_bytes[plane] +
                 (left >> halved),
             inner.planes[plane] + static_cast<ptrdiff_t>(y) * inner.stride_bytes[plane],
             static_cast<size_t>(half(inner.width)));
    }
  }
}

// `side` * num / den, even, and at least 2 where `most` allows.
int Share(int64_t side, int64_t num, int64_t den, int most) {
  const int64_t even = (side * num / den + 1) / 2 * 2;
  return static_cast<int>(std::clamp<int64_t>(even, std::min(2, most), most));
}

}  // namespace

ColorMatrix UsualMatrix(int width, int height) {
  return width >= 1280 || height > 576 ? ColorMatrix::kBt709 : ColorMatrix::kBt601;
}

Fitter::Fitter(int width, int height, ColorMatrix matrix) : width_(width), height_(height), matrix_(matrix) {}
Fitter::~Fitter() = default;

Result<Frame> Fitter::Fit(const Frame& frame) {
  if (frame.width < 1 || frame.height < 1) return InvalidArgument("a frame without pixels cannot be shown");
  if (frame.format == PixelFormat::kI420 && frame.width == width_ && frame.height == height_ &&
      frame.matrix == matrix_ && !frame.full_range) {
    return frame;
  }
  TEMPERA_RETURN_IF_ERROR(Prepare(frame));
  TEMPERA_ASSIGN_OR_RETURN(Frame inner, Scale(frame));
  if (inner.width != width_ || inner.height != height_) {
    TEMPERA_ASSIGN_OR_RETURN(Frame whole, Frame::Allocate(PixelFormat::kI420, width_, height_));
    Surround(inner, &whole);
    inner = std::move(whole);
  }
  inner.matrix = matrix_;
  inner.full_range = false;
  return inner;
}

Status Fitter::Prepare(const Frame& frame) {
  const std::array<int, 5> key = {frame.width, frame.height, static_cast<int>(frame.format),
                                  static_cast<int>(frame.matrix), frame.full_range};
  if (graph_ && key == key_) return OkStatus();
  graph_.reset();
  inner_width_ = width_;
  inner_height_ = height_;
  const int64_t across = int64_t{frame.width} * height_, down = int64_t{frame.height} * width_;
  if (across > down) inner_height_ = Share(width_, frame.height, frame.width, height_);
  if (across < down) inner_width_ = Share(height_, frame.width, frame.height, width_);
  AVFrame like = {};
  like.format = ToAvFormat(frame.format);
  like.width = frame.width;
  like.height = frame.height;
  like.sample_aspect_ratio = {1, 1};
  std::string scale = "scale=" + std::to_string(inner_width_) + ":" + std::to_string(inner_height_) +
                      ":flags=bicubic+accurate_rnd+full_chroma_inp";
  if (IsYuv(frame)) {
    scale += std::string(":in_color_matrix=") + MatrixName(frame.matrix) +
             ":in_range=" + (frame.full_range ? "full" : "limited");
  }
  scale += std::string(":out_color_matrix=") + MatrixName(matrix_) + ":out_range=limited,format=yuv420p";
  TEMPERA_ASSIGN_OR_RETURN(graph_, FilterGraph::Video(like, {1, 1000000}, scale, 1));
  key_ = key;
  return OkStatus();
}

Result<Frame> Fitter::Scale(const Frame& frame) {
  TEMPERA_ASSIGN_OR_RETURN(FramePtr av, ToAvFrame(frame));
  // What the frame says of itself goes before what FFmpeg's frame carries.
  if (frame.format == PixelFormat::kI420) av->format = AV_PIX_FMT_YUV420P;
  av->color_range = frame.full_range && IsYuv(frame) ? AVCOL_RANGE_JPEG : AVCOL_RANGE_UNSPECIFIED;
  av->colorspace = AVCOL_SPC_UNSPECIFIED;
  av->sample_aspect_ratio = {1, 1};
  av->pts = 0;
  TEMPERA_RETURN_IF_ERROR(graph_->Push(av.get()));
  TEMPERA_ASSIGN_OR_RETURN(FramePtr scaled, graph_->Pull());
  if (!scaled) return Internal("the scaler kept a frame");
  return WrapAvFrame(std::move(scaled));
}

}  // namespace tempera::media
