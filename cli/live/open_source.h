// Words for sources and sinks, made into them.
#pragma once

#include <memory>
#include <string>

#include "live/films/film_sound.h"
#include "live/microphone/microphone.h"
#include "live/sink.h"
#include "live/source.h"
#include "src/base/status.h"

namespace tempera::cli {

// A camera ("0", "/dev/video2", part of its name), "test[:WxH[@FPS]]", "-" (Y4M on standard input),
// "pipewire[:NAME]", a file or an address. "": the first camera. `once`: a file is not begun again.
Result<std::unique_ptr<live::Source>> OpenLiveSource(const std::string& text, bool once,
                                                     std::shared_ptr<live::FilmSound> sound);

// Whether it is a film that is played again and again.
bool LoopsSource(const std::string& text, bool once);

// "v4l2:/dev/videoN", "pipewire[:NAME]", "-", rtmp://, srt://, udp://, or a film's name to record to.
// `fps`: what recordings and streams are told.
Result<std::unique_ptr<live::Sink>> OpenLiveSink(const std::string& text, double fps,
                                                 std::shared_ptr<live::FilmSound> sound);

// "default", or a microphone's name; it listens. Null for "off".
Result<std::unique_ptr<live::Microphone>> OpenMicrophone(const std::string& text);

// Cameras, with what they can do, and microphones, one a line.
std::string ListLiveSources();

}  // namespace tempera::cli
