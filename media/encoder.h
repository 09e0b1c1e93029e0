// Which encoder writes the pictures, and with what settings. Private to media/.
#pragma once

#include <string>
#include <vector>

#include "media/ffmpeg.h"
#include "media/reader.h"

namespace tempera::media {

// The encoder a user named ("libx265", "hevc", "h265") or, when NAME is empty, the container's best.
Result<const AVCodec*> ChooseEncoder(const std::string& name, const AVOutputFormat& container,
                                     const std::string& path);

// Whether films of that kind can be seen through.
bool HoldsAlpha(const AVCodec& codec, const AVOutputFormat& container);

struct Encoder {
  CodecPtr context;
  // Filters from the frames we get to what the encoder takes; "" when it takes them as they are.
  std::string filters;
  // Pictures come at a fixed rate (1 / time_base) because container or codec cannot do otherwise.
  bool constant_rate = false;
  bool takes_alpha = false;     // frames are to come as YUVA 4:2:0
  bool takes_captions = false;  // CEA-608/708 beside the pictures go into its stream
  bool fed = false;             // it was given a picture
  std::vector<std::string> notices;
};

// Opens it for pictures as `info` says. crf: quality in the encoder's own scale; negative = our default.
// Errors name codec and cure.
Result<Encoder> OpenEncoder(const AVCodec& codec, const VideoInfo& info, const AVOutputFormat& container,
                            int crf, int threads);

// Frees the encoder, whatever it was given before; what it still holds is lost.
void CloseEncoder(Encoder* encoder);

}  // namespace tempera::media
