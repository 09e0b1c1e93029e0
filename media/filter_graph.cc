#include "media/filter_graph.h"

extern "C" {
#include <libavutil/channel_layout.h>
#include <libavutil/pixdesc.h>
}

namespace tempera::media {

Result<bool> FilterGraph::Has(const char* filter) {
  TEMPERA_ASSIGN_OR_RETURN(const FilterLibrary* filters, Filters());
  return filters->get_by_name(filter) != nullptr;
}

Result<std::unique_ptr<FilterGraph>> FilterGraph::Start(int threads) {
  auto self = std::make_unique<FilterGraph>();
  TEMPERA_ASSIGN_OR_RETURN(self->filters_, Filters());
  self->graph_ = {self->filters_->graph_alloc(), GraphDeleter{self->filters_}};
  if (!self->graph_) return OutOfMemory("no memory for a filter");
  self->graph_->nb_threads = threads;
  return self;
}

Status FilterGraph::Configure(const char* source_name, const std::string& source_args, const char* sink_name,
                              const std::string& filters) {
  TakeFfmpegError();
  int error = filters_->graph_create_filter(&source_, filters_->get_by_name(source_name), "in",
                                            source_args.c_str(), nullptr, graph_.get());
  if (error >= 0) {
    error = filters_->graph_create_filter(&sink_, filters_->get_by_name(sink_name), "out", nullptr, nullptr,
                                          graph_.get());
  }
  if (error < 0) return FfmpegStatus(StatusCode::kInternal, "cannot start a filter", error);
  AVFilterInOut* outputs = filters_->inout_alloc();
  AVFilterInOut* inputs = filters_->inout_alloc();
  if (!outputs || !inputs) {
    filters_->inout_free(&outputs);
    filters_->inout_free(&inputs);
    return OutOfMemory("no memory for a filter");
  }
  // Named from the chain's point of view: its open input is fed by our source.
  *outputs = {av_strdup("in"), source_, 0, nullptr};
  *inputs = {av_strdup("out"), sink_, 0, nullptr};
  error = filters_->graph_parse_ptr(graph_.get(), filters.c_str(), &inputs, &outputs, nullptr);
  filters_->inout_free(&outputs);
  filters_->inout_free(&inputs);
  if (error >= 0) error = filters_->graph_config(graph_.get(), nullptr);
  if (error < 0)
    return FfmpegStatus(StatusCode::kUnsupported, "cannot convert with '" + filters + "'", error);
  return OkStatus();
}

Result<std::unique_ptr<FilterGraph>> FilterGraph::Video(const AVFrame& like, AVRational time_base,
                                                        const std::string& filters, int threads,
                                                        AVRational rate) {
  TEMPERA_ASSIGN_OR_RETURN(std::unique_ptr<FilterGraph> self, Start(threads));
  const AVRational sar = like.sample_aspect_ratio.num > 0 ? like.sample_aspect_ratio : AVRational{1, 1};
  std::string args = "video_size=" + std::to_string(like.width) + "x" + std::to_string(like.height) +
                     ":pix_fmt=" + std::to_string(like.format) +
                     ":time_base=" + std::to_string(time_base.num) + "/" + std::to_string(time_base.den) +
                     ":pixel_aspect=" + std::to_string(sar.num) + "/" + std::to_string(sar.den);
  if (rate.num > 0 && rate.den > 0) {
    args += ":frame_rate=" + std::to_string(rate.num) + "/" + std::to_string(rate.den);
  }
#if LIBAVFILTER_VERSION_MAJOR >= 10
  args += ":colorspace=" + std::to_string(like.colorspace) + ":range=" + std::to_string(like.color_range);
#endif
  TEMPERA_RETURN_IF_ERROR(self->Configure("buffer", args, "buffersink", filters));
  return self;
}

Result<std::unique_ptr<FilterGraph>> FilterGraph::Audio(const AVFrame& like, AVRational time_base,
                                                        const std::string& filters) {
  TEMPERA_ASSIGN_OR_RETURN(std::unique_ptr<FilterGraph> self, Start(1));
  char layout[128] = {};
  av_channel_layout_describe(&like.ch_layout, layout, sizeof layout);
  std::string args = "time_base=" + std::to_string(time_base.num) + "/" + std::to_string(time_base.den) +
                     ":sample_rate=" + std::to_string(like.sample_rate) +
                     ":sample_fmt=" + std::to_string(like.format);
  if (like.ch_layout.order == AV_CHANNEL_ORDER_UNSPEC) {
    args += ":channels=" + std::to_string(like.ch_layout.nb_channels);
  } else {
    args += std::string(":channel_layout=") + layout;
  }
  TEMPERA_RETURN_IF_ERROR(self->Configure("abuffer", args, "abuffersink", filters));
  return self;
}

Status FilterGraph::Push(const AVFrame* frame) {
  // KEEP_REF never changes the frame; the signature predates const.
  const int error = filters_->buffersrc_add_frame_flags(
      source_, const_cast<AVFrame*>(frame), AV_BUFFERSRC_FLAG_KEEP_REF | AV_BUFFERSRC_FLAG_NO_CHECK_FORMAT);
  if (error < 0) return FfmpegStatus(StatusCode::kInternal, "cannot convert a frame", error);
  return OkStatus();
}

Status FilterGraph::End(int64_t pts) {
  const int error = filters_->buffersrc_close(source_, pts, 0);
  if (error < 0) return FfmpegStatus(StatusCode::kInternal, "cannot convert a frame", error);
  return OkStatus();
}

Result<FramePtr> FilterGraph::Pull() {
  FramePtr frame(av_frame_alloc());
  if (!frame) return OutOfMemory("no memory for a frame");
  const int error = filters_->buffersink_get_frame(sink_, frame.get());
  if (error == AVERROR(EAGAIN) || error == AVERROR_EOF) return FramePtr();
  if (error < 0) return FfmpegStatus(StatusCode::kInternal, "cannot convert a frame", error);
  return frame;
}

AVRational FilterGraph::time_base() const { return filters_->buffersink_get_time_base(sink_); }

}  // namespace tempera::media
