// Which films hold transparency, and what encodes it.
#pragma once

#include <string>

#include "src/base/status.h"

namespace tempera::media {

// The encoder's name for a film of this name with transparency: `codec` where it is not "", else the best for
// the container (ProRes 4444 in .mov, VP9 in .webm and .mkv); "" for a series of pictures. Refuses containers
// and encoders that hold none.
Result<std::string> ChooseAlphaCodec(const std::string& codec, const std::string& path);

}  // namespace tempera::media
