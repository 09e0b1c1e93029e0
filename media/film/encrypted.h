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
// Whether the packets of a transport stream say that they are scrambled, as broadcasters send pay television,
// or those of a program stream, as DVDs hold them; format: FFmpeg's name of it. False of what is no file.
bool IsScrambled(const std::string& path, const std::string& format);

}  // namespace tempera::media
