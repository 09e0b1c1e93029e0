#include "media/live/rgb_frame.h"

#include <string>

#include "media/filter_graph.h"
#include "media/frame_bridge.h"

namespace tempera::media {
namespace {

const char* MatrixName(ColorMatrix matrix) {
  return matrix == ColorMatrix::kBt709 ? "bt709" : matrix == ColorMatrix::kBt601 ? "bt601" : "bt2020";
}

}  // namespace

Result<Frame> ToRgbFrame(const Frame& frame) {
  if (frame.format == PixelFormat::kRgb) return frame;
  const bool yuv = frame.format == PixelFormat::kI420 || frame.format == PixelFormat::kNv12;
  AVFrame like = {};
  like.format = ToAvFormat(frame.format);
  like.width = frame.width;
  like.height = frame.height;
  like.sample_aspect_ratio = {1, 1};
  std::string filters = "scale=flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp";
  if (yuv) {
    filters += std::string(":in_color_matrix=") + MatrixName(frame.matrix) +
               ":in_range=" + (frame.full_range ? "full" : "limited");
  }
  filters += ",format=rgb24";
  TEMPERA_ASSIGN_OR_RETURN(const auto graph, FilterGraph::Video(like, {1, 1000000}, filters, 1));
  TEMPERA_ASSIGN_OR_RETURN(FramePtr av, ToAvFrame(frame));
  // What the frame says of itself goes before what FFmpeg's frame carries.
  if (frame.format == PixelFormat::kI420) av->format = AV_PIX_FMT_YUV420P;
  av->color_range = frame.full_range && yuv ? AVCOL_RANGE_JPEG : AVCOL_RANGE_UNSPECIFIED;
  av->colorspace = AVCOL_SPC_UNSPECIFIED;
  av->sample_aspect_ratio = {1, 1};
  av->pts = 0;
  TEMPERA_RETURN_IF_ERROR(graph->Push(av.get()));
  TEMPERA_ASSIGN_OR_RETURN(FramePtr rgb, graph->Pull());
  if (!rgb) return Internal("the converter kept a frame");
  return WrapAvFrame(std::move(rgb));
}

}  // namespace tempera::media
