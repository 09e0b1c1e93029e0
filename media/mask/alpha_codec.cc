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
  std::string chosen = codec;
  if (chosen.empty()) {
    const std::string name = container.name;
    if (name == "mov") chosen = "prores_ks";
    if (name == "webm" || name == "matroska") chosen = "libvpx-vp9";
    if (chosen.empty())
      return InvalidArgument("'" + path + "' is a film without transparency: " + std::string(kNames));
  }
  TEMPERA_ASSIGN_OR_RETURN(const AVCodec* encoder, ChooseEncoder(chosen, container, path));
  if (HoldsAlpha(*encoder, container)) return chosen;
  return InvalidArgument("'" + path + "' with " + encoder->name + " holds no transparency: " + kNames +
                         " and leave --codec out");
}

}  // namespace tempera::media
