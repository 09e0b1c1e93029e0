// Which container a name asks for. Private to media/.
#pragma once

#include <string>

extern "C" {
#include <libavformat/avformat.h>
}

namespace tempera::media {

// By the name's ending, without its folder; "-" is Y4M. nullptr: none that FFmpeg writes.
const AVOutputFormat* Container(const std::string& path);

}  // namespace tempera::media
