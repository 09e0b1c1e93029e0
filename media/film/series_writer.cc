#include "media/film/series_writer.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "media/ffmpeg.h"
#include "media/film/alpha_plane.h"
#include "media/film/series.h"
#include "media/filter_graph.h"
#include "media/frame_bridge.h"
#include "media/picture.h"

namespace tempera::media {
namespace {

class SeriesWriter final : public VideoWriter {
 public:
  Status Start(const std::string& path, const VideoInfo& info, VideoReader* source,
               const WriterOptions& options);
  Status Write(const Frame& frame) override;
  Status Finish() override;
  std::string codec_name() const override { return format_; }
  std::vector<std::string> notices() const override { return notices_; }

 private:
  SeriesName name_;
  std::string format_;  // the ending of the pictures' names
  bool keeps_alpha_ = false, lossless_ = false;
  int64_t written_ = 0;
  int64_t last_us_ = 0, shortest_us_ = INT64_MAX, longest_us_ = 0;
  bool captions_ = false;
  std::unique_ptr<FilterGraph> to_rgb_;
  std::vector<std::string> notices_;
};

Status SeriesWriter::Start(const std::string& path, const VideoInfo& info, VideoReader* source,
                           const WriterOptions& options) {
  TEMPERA_ASSIGN_OR_RETURN(const std::optional<SeriesName> name, ParseSeriesName(path));
  if (!name || !IsPictureName(path)) {
    return InvalidArgument("'" + path + "' is no series of pictures: f_%04d.png would be one");
  }
  if (!options.codec.empty() || options.crf >= 0) {
    return InvalidArgument("--crf and --codec are for videos, and '" + path + "' is a series of pictures");
  }
  name_ = *name;
  lossless_ = options.lossless_pictures;
  format_ = path.substr(path.rfind('.') + 1);
  keeps_alpha_ = info.has_alpha && PictureKeepsAlpha(path);
  if (info.has_alpha && !keeps_alpha_) notices_.push_back("transparency is dropped: write .png to keep it");
  if (!source || !source->input()) return OkStatus();
  const AVFormatContext& input = *source->input();
  bool sound = false, text = false;
  for (unsigned i = 0; i < input.nb_streams; ++i) {
    sound |= input.streams[i]->codecpar->codec_type == AVMEDIA_TYPE_AUDIO;
    text |= input.streams[i]->codecpar->codec_type == AVMEDIA_TYPE_SUBTITLE;
  }
  if (sound) notices_.push_back("sound is left out: pictures hold none");
  if (input.nb_chapters > 0) notices_.push_back("chapters are left out: pictures hold none");
  if (text) notices_.push_back("subtitles are left out: pictures hold none");
  return OkStatus();
}

Status SeriesWriter::Write(const Frame& frame) {
  TEMPERA_ASSIGN_OR_RETURN(FramePtr av, ToAvFrame(frame));
  if (written_ > 0) {
    shortest_us_ = std::min(shortest_us_, frame.pts_us - last_us_);
    longest_us_ = std::max(longest_us_, frame.pts_us - last_us_);
  }
  last_us_ = frame.pts_us;
  captions_ |= av_frame_get_side_data(av.get(), AV_FRAME_DATA_A53_CC) != nullptr;
  if (!to_rgb_) {
    const char* matrix = frame.matrix == ColorMatrix::kBt2020  ? "bt2020"
                         : frame.matrix == ColorMatrix::kBt601 ? "bt601"
                                                               : "bt709";
    const std::string filters =
        std::string("scale=flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp:in_color_matrix=") +
        matrix + ":in_range=" + (frame.full_range ? "full" : "limited") + ",format=rgb24";
    TEMPERA_ASSIGN_OR_RETURN(to_rgb_, FilterGraph::Video(*av, AVRational{1, 1000000}, filters, 0));
  }
  TEMPERA_RETURN_IF_ERROR(to_rgb_->Push(av.get()));
  TEMPERA_ASSIGN_OR_RETURN(FramePtr rgb, to_rgb_->Pull());
  if (!rgb) return Internal("a frame was not converted to RGB");
  if (keeps_alpha_) {
    TEMPERA_ASSIGN_OR_RETURN(rgb, JoinAlphaRgb(*rgb, *av));
  }
  const Frame picture = WrapAvFrame(std::move(rgb));
  std::vector<std::string> notices;  // of what a film's pictures do not have
  return WritePicture(name_.At(++written_), picture, Picture(), &notices, lossless_);
}

// What only the end shows.
Status SeriesWriter::Finish() {
  if (captions_)
    notices_.push_back("captions inside the pictures (CEA-608/708) are left out: pictures hold none");
  if (written_ > 2 && longest_us_ > 2 * std::max<int64_t>(shortest_us_, 1000)) {
    char text[128];
    std::snprintf(
        text, sizeof text,
        "pictures are numbered one after the other, and the film's are up to %.1f s apart: times are "
        "lost",
        static_cast<double>(longest_us_) * 1e-6);
    notices_.push_back(text);
  }
  int64_t older = 0;
  std::error_code error;
  for (std::filesystem::directory_iterator it(name_.folder, error), end; !error && it != end;
       it.increment(error)) {
    const auto number = name_.NumberOf(it->path().filename().string());
    older += number && *number > written_;
  }
  if (older > 0) {
    notices_.push_back(std::to_string(older) + " older pictures of that name stay behind number " +
                       std::to_string(written_));
  }
  return OkStatus();
}

}  // namespace

Result<std::unique_ptr<VideoWriter>> OpenSeriesWriter(const std::string& path, const VideoInfo& info,
                                                      VideoReader* source, const WriterOptions& options) {
  auto writer = std::make_unique<SeriesWriter>();
  TEMPERA_RETURN_IF_ERROR(writer->Start(path, info, source, options));
  return std::unique_ptr<VideoWriter>(std::move(writer));
}

}  // namespace tempera::media
