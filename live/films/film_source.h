// Sources that FFmpeg opens: films in a loop, addresses, Y4M on standard input. And a test pattern.
#pragma once

#include <memory>
#include <string>

#include "live/source.h"

namespace tempera::live {

class FilmSound;

struct FilmOptions {
  std::string path;                  // a file, an address, "-"
  bool loop = true;                  // of a file: from the beginning again after its end
  std::shared_ptr<FilmSound> sound;  // where its sound goes; may be null
};

// Files and pipes are paced by their own times; what is live already (rtsp, rtp, udp, srt, rtmp, tcp) comes
// as it comes, the oldest of four left out where nobody reads in time.
std::unique_ptr<Source> MakeFilmSource(const FilmOptions& options);

// "test", "test:1280x720", "test:640x360@60": bars that move, and a clock, so that drops and tears can be
// seen. kInvalidArgument: another text.
Result<std::unique_ptr<Source>> MakeTestSource(const std::string& text);

}  // namespace tempera::live
