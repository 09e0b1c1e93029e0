#include "media/film/container.h"

#include "media/film/series.h"
#include "media/writer.h"

namespace tempera::media {

const AVOutputFormat* Container(const std::string& path) {
  if (path == "-") return av_guess_format("yuv4mpegpipe", nullptr, nullptr);
  const size_t slash = path.rfind('/');
  const std::string base = slash == std::string::npos ? path : path.substr(slash + 1);
  return av_guess_format(nullptr, base.c_str(), nullptr);
}

Status CheckVideoName(const std::string& path) {
  if (IsSeriesOutput(path)) return ParseSeriesName(path).status();
  const AVOutputFormat* container = Container(path);
  if (!container || (container->video_codec == AV_CODEC_ID_NONE && path != "-")) {
    return InvalidArgument("'" + path +
                           "' does not end in a format to write: use .mp4, .mkv, .webm, .mov or .gif, "
                           "or .png, .jpg, .webp, .tif or .bmp for a picture");
  }
  const std::string format = container->name;
  if (format == "hls" || format == "dash" || format == "segment" || format == "smoothstreaming") {
    return Unsupported(
        "'" + path +
        "' is a list of many files, which would not move together: write .mp4 or .ts, and cut that "
        "with ffmpeg -c copy");
  }
  if (format.starts_with("image2")) {
    return Unsupported("pictures like '" + path + "' cannot be written: use .png, .jpg, .webp, .tif or .bmp");
  }
  return OkStatus();
}

}  // namespace tempera::media
