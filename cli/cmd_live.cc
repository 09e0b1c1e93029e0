// tempera live: its options.
#include <CLI/CLI.hpp>
#include <memory>

#include "cli/cli.h"
#include "cli/engine_options.h"
#include "cli/live/live_options.h"
#include "cli/live/run_live.h"

namespace tempera::cli {
namespace {

CLI::Validator Silent(CLI::Validator check) {
  check.description("");
  return check;
}

// Where it goes, what turns it, and the window.
void AddOutputs(CLI::App& verb, LiveOptions* o) {
  verb.add_option("--sink", o->sinks,
                  "Where else it goes: FILE, - (Y4M), rtmp://, srt://, udp://, v4l2:/dev/videoN, pipewire; "
                  "may be repeated")
      ->allow_extra_args(false)
      ->type_name("SINK");
  verb.add_option("--record", o->record, "Record the painting, with what was turned beside it (.live.json)")
      ->type_name("FILE");
  verb.add_option("--record-source", o->record_source,
                  "Record what comes in without loss (.mkv): with the timeline beside it a replay gives the "
                  "same bytes")
      ->type_name("FILE.mkv");
  verb.add_option_function<std::string>(
          "--microphone", [o](const std::string& name) { o->microphone = name.empty() ? "default" : name; },
          "Recordings hear a microphone (--list), not the film: a name, default, or off")
      ->expected(0, 1)
      ->type_name("[NAME]");
  verb.add_option("--osc", o->osc, "OSC over UDP (127.0.0.1:7770 where that is free), or off")
      ->type_name("HOST:PORT");
  verb.add_option("--midi", o->midi, "Raw MIDI devices (all), or off; may be repeated")
      ->allow_extra_args(false)
      ->type_name("DEVICE");
  verb.add_option("--bindings", o->bindings, "Which controller turns what: a JSON file, learnt in the window")
      ->type_name("FILE");
  verb.add_option("--scenes", o->scenes, "Scenes on keys 1 to 9: a JSON file")->type_name("FILE");
  verb.add_option("--ui-scale", o->ui_scale, "Size of the window's texts (by the display)")
      ->check(Silent(CLI::Range(0.5, 8.0)))
      ->type_name("N");
  verb.add_flag("--full-screen", o->full_screen, "Begin with the picture alone");
}

}  // namespace

Run SetUpLive(CLI::App& verb) {
  auto o = std::make_shared<LiveOptions>();
  verb.add_option("SOURCE", o->source,
                  "A camera (0, /dev/video2, its name, pipewire), a film, an address (rtsp://...), test, - "
                  "(Y4M); default: the "
                  "first camera")
      ->type_name("");
  verb.add_option("--style", o->style, "A bundled style (tempera styles) or a model")
      ->type_name("NAME|FILE.onnx[:NAME]");
  verb.add_option("--strength", o->strength, "0 the source .. 1 the painting")
      ->check(Silent(CLI::Range(0.0, 1.0)))
      ->type_name("0..1");
  verb.add_option("--blend", o->steer.blend, "Several styles of one file, with shares")
      ->type_name("A=0.7,B=0.3");
  verb.add_option("--param", o->steer.params, "What else the model can be turned by; may be repeated")
      ->allow_extra_args(false)
      ->type_name("NAME=VALUE");
  verb.add_option("--steadiness", o->steadiness, "0 frame by frame .. 1 the steadiest (0.5)")
      ->check(Silent(CLI::Range(0.0, 1.0)))
      ->type_name("0..1");
  verb.add_option("--height", o->height, "Lines the network works at, e.g. 480: faster, broader")
      ->check(Silent(CLI::Range(1, 16384)))
      ->type_name("PX");
  verb.add_option("--fps", o->fps, "Paint at most so many frames a second")
      ->check(Silent(CLI::Range(0.1, 1000.0)))
      ->type_name("N");
  verb.add_option("--quality", o->quality, "auto: lowers the working size when the machine cannot keep up")
      ->check(Silent(CLI::IsMember({"fixed", "auto"})))
      ->type_name("fixed|auto");
  verb.add_option("--lowest", o->lowest, "auto goes no lower (360 lines)")
      ->check(Silent(CLI::Range(64, 16384)))
      ->type_name("PX");
  o->mask.AddTo(verb, /*live=*/true);
  AddOutputs(verb, o.get());
  verb.add_flag("--no-window", o->no_window, "Without a window, for servers");
  verb.add_flag("--mirror", o->mirror, "Left and right exchanged");
  verb.add_flag("--once", o->once, "A film is played once, not in a loop");
  verb.add_option("--duration", o->duration, "Stop after that much")->type_name("T");
  verb.add_flag("--list", o->list, "Cameras, with what they can do, and microphones");
  verb.add_option("--threads", o->threads, "Threads of the network (default, or 0: one per core)")
      ->check(Silent(CLI::Range(0, 1024)))
      ->type_name("N");
  verb.add_option("--precision", o->precision, "auto (default): what is fastest and looks the same")
      ->check(Silent(CLI::IsMember({"auto", "fp32", "bf16", "int8"})))
      ->type_name(kPrecisionWords);
  verb.add_option("--norm-statistics", o->norm_statistics,
                  "smoothed eases jumps of light; carried: as shortly before")
      ->check(Silent(CLI::IsMember({"exact", "smoothed", "carried"})))
      ->type_name(kNormStatisticsWords);
  verb.add_flag("--json", o->json, "Print figures as JSON at the end");
  verb.footer("The newest frame wins: a slow machine drops frames evenly. Ctrl-C ends; recordings are kept.");
  return [o] { return RunLive(*o); };
}

}  // namespace tempera::cli
