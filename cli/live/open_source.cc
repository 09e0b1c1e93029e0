#include "cli/live/open_source.h"

#include <filesystem>
#include <utility>

#include "cli/cli.h"
#include "cli/live/cameras.h"
#include "live/films/film_sinks.h"
#include "live/films/film_source.h"
#include "live/pipewire/microphone.h"
#include "live/pipewire/pipewire.h"
#include "media/live/live_stream.h"
#include "media/picture.h"
#include "media/writer.h"

namespace tempera::cli {

Result<std::unique_ptr<live::Source>> OpenLiveSource(const std::string& text, bool once,
                                                     std::shared_ptr<live::FilmSound> sound) {
  if (live::IsPipewireText(text)) {
    TEMPERA_ASSIGN_OR_RETURN(const live::PipewireSourceOptions options, live::ParsePipewireSource(text));
    return live::MakePipewireSource(options);
  }
  if (text.empty() && !AnyCamera())
    return NotFound("no camera was found: name a SOURCE, such as clip.mp4, rtsp://..., test, or - for Y4M");
  if (text.empty() || NamesCamera(text)) return OpenCamera(text);
  if (text.rfind("test", 0) == 0 && (text.size() == 4 || text[4] == ':' || text[4] == '@'))
    return live::MakeTestSource(text);
  std::error_code ignored;
  if (text != "-" && text.find("://") == std::string::npos) {
    if (!std::filesystem::exists(text, ignored)) {
      if (HasCameraCalled(text)) return OpenCamera(text);
      return NotFound("cannot open '" + text +
                      "': no such file, and no camera of that name (tempera live --list shows them)");
    }
    TEMPERA_RETURN_IF_ERROR(media::CheckFilmInput(text));
  }
  return live::MakeFilmSource({text, !once, std::move(sound)});
}

bool LoopsSource(const std::string& text, bool once) {
  std::error_code ignored;
  return !once && text != "-" && !live::IsPipewireText(text) && !NamesCamera(text) &&
         std::filesystem::is_regular_file(text, ignored);
}

Result<std::unique_ptr<live::Sink>> OpenLiveSink(const std::string& text, double fps,
                                                 std::shared_ptr<live::FilmSound> sound) {
  if (text.rfind("v4l2:", 0) == 0) return OpenLoopback(text);
  if (live::IsPipewireText(text)) {
    TEMPERA_ASSIGN_OR_RETURN(const live::PipewireSinkOptions options, live::ParsePipewireSink(text));
    return live::MakePipewireSink(options);
  }
  if (media::IsLiveAddress(text)) return live::MakeStreamSink(text, fps);
  if (text != "-") {
    if (text.find("://") != std::string::npos)
      return InvalidArgument("'" + text + "' is no address to stream to: rtmp, srt, udp, rtp or tcp");
    TEMPERA_RETURN_IF_ERROR(media::CheckVideoName(text));
  }
  live::RecordingOptions options;
  options.path = text;
  options.fps = fps;
  options.sound = std::move(sound);
  return live::MakeRecordingSink(options);
}

Result<std::unique_ptr<live::Microphone>> OpenMicrophone(const std::string& text) {
  if (text == "off") return std::unique_ptr<live::Microphone>();
  TEMPERA_ASSIGN_OR_RETURN(std::unique_ptr<live::SoundDevice> device,
                           live::MakePipewireMicrophone(text == "default" ? "" : text));
  Result<std::unique_ptr<live::Microphone>> microphone = live::Microphone::Start(std::move(device));
  std::error_code ignored;
  // The source that stands behind the option is taken as its name.
  if (!microphone.ok() && microphone.status().code() == StatusCode::kNotFound &&
      std::filesystem::exists(text, ignored))
    return InvalidArgument("'" + text + "' is no microphone: write --microphone default " + text);
  return microphone;
}

std::string ListLiveSources() {
  std::string list = ListCameras();
  const Result<std::vector<live::PipewireCamera>> cameras = live::ListPipewireCameras();
  if (!cameras.ok()) return list + "PipeWire: " + Printable(cameras.status().message()) + "\n";
  for (const live::PipewireCamera& c : *cameras) {
    list += "pipewire:" + Printable(c.name) + "  " + Printable(c.description);
    list += std::string(c.screen ? "  (a screen)" : "") + (c.is_default ? "  (the default)" : "") + "\n";
  }
  const Result<std::vector<live::PipewireMicrophone>> microphones = live::ListPipewireMicrophones();
  if (!microphones.ok()) return list;
  for (const live::PipewireMicrophone& m : *microphones) {
    list += "--microphone " + Printable(m.name) + "  " + Printable(m.description) +
            (m.is_default ? "  (the default)" : "") + "\n";
  }
  return list;
}

}  // namespace tempera::cli
