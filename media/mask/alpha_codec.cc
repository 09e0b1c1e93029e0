#include "media/mask/alpha_codec.h"

#include <cstring>

#include "media/encoder.h"
#include "media/film/container.h"
#include "media/film/series.h"
#include "media/picture.h"
#include "media/writer.h"

namespace tempera::media {

Result<std::string> ChooseAlphaCodec(const std::string& codec, const std::string& path) {
  CaptureFfmpegLog();
  TEMPERA_RETURN_IF_ERROR(CheckVideoName(path));
  constexpr const char* kNames = "give -o a name in .mov, .webm, .mkv, or a series such as cut_%04d.png";
  if (IsSeriesOutput(path)) {
    if (PictureKeepsAlpha(path)) return std::string();
    return InvalidArgument("'" + path + "' are pictures without transparency: write .png, .webp or .tif");
  }
  const AVOutputFormat& container = *Container(path);
  const std::string name = container.name;
  const std::string own = name == "mov"                          ? "prores_ks"
                          : name == "webm" || name == "matroska" ? "libvpx-vp9"
                                                                 : "";
  const std::string chosen = codec.empty() ? own : codec;
  if (chosen.empty())
    return InvalidArgument("'" + path + "' is a film without transparency: " + std::string(kNames));
  TEMPERA_ASSIGN_OR_RETURN(const AVCodec* encoder, ChooseEncoder(chosen, container, path));
  if (HoldsAlpha(*encoder, container)) return chosen;
  return InvalidArgument("'" + path + "' with " + encoder->name + " holds no transparency: " +
                         (own.empty() ? std::string(kNames) + " and leave" : "leave") + " --codec out");
}

}  // namespace tempera::media
