// Films that only their sellers' players can decode, told from damaged ones. Private to media/.
#pragma once

#include <string>

#include "media/ffmpeg.h"

namespace tempera::media {

// Follows a file's name in a message.
inline constexpr char kIsEncrypted[] =
    " is encrypted (copy protection): FFmpeg cannot decode it; use a copy without protection";

// A packet of a protected MP4 (common encryption).
bool IsEncrypted(const AVPacket& packet);
// A track that its header says is protected (in WebM, by a key's number).
bool IsEncrypted(const AVStream& stream);
// Whether most packets of a transport stream are scrambled, as broadcasters send pay television.
bool IsScrambledTransport(const std::string& path);

}  // namespace tempera::media
