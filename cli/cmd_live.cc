// tempera live: options, their checks, and what runs between Ctrl-C and the sinks.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>

#include "cli/cache_folder.h"
#include "cli/cli.h"
#include "cli/engine_options.h"
#include "cli/interrupt.h"
#include "cli/live/live_options.h"
#include "cli/live/open_source.h"
#include "cli/live/start_settings.h"
#include "cli/style_library.h"
#include "live/session.h"

namespace tempera::cli {
namespace {

using live::Statistics;

std::string StatusLine(const Statistics& s) {
  char text[256];
  std::snprintf(text, sizeof text,
                "%.1f fps, painting %.1f ms, latency %.0f ms (95 %%: %.0f), %lld dropped, %.0f %% of a core",
                s.painted_fps, s.paint_ms, s.latency_ms_p50, s.latency_ms_p95,
                static_cast<long long>(s.dropped), 100 * s.cpu_share);
  std::string line = text;
  if (!s.source_message.empty()) line += " | " + s.source_message;
  return Printable(line, 200);
}

void PrintJson(const Statistics& s, double seconds) {
  std::printf(
      "{\"seconds\": %.3f, \"captured\": %lld, \"painted\": %lld, \"dropped\": %lld, \"source_fps\": %.3f, "
      "\"painted_fps\": %.3f, \"paint_ms\": %.3f, \"latency_ms_p50\": %.3f, \"latency_ms_p95\": %.3f, "
      "\"cpu_share\": %.4f, \"working_width\": %d, \"working_height\": %d}\n",
      seconds, static_cast<long long>(s.captured), static_cast<long long>(s.painted),
      static_cast<long long>(s.dropped), s.source_fps, s.painted_fps, s.paint_ms, s.latency_ms_p50,
      s.latency_ms_p95, s.cpu_share, s.working_width, s.working_height);
}

// Says what changes, once each.
class Teller {
 public:
  void Tell(const Statistics& s) {
    Say(&source_, s.source_message);
    Say(&painter_, s.painter_message);
    for (const Statistics::SinkState& sink : s.sinks) {
      if (sinks_.size() < static_cast<size_t>(sink.id) + 1) sinks_.resize(static_cast<size_t>(sink.id) + 1);
      Say(&sinks_[static_cast<size_t>(sink.id)], sink.message);
    }
  }

 private:
  static void Say(std::string* said, const std::string& message) {
    if (*said == message) return;
    *said = message;
    if (!message.empty()) Note(message);
  }
  std::string source_, painter_;
  std::vector<std::string> sinks_;
};

Status CheckLive(LiveOptions* o, double* duration_s) {
  if (o->list) return OkStatus();
  if (!o->duration.empty()) {
    TEMPERA_ASSIGN_OR_RETURN(*duration_s, ParseTime(o->duration));
    if (*duration_s <= 0) return InvalidArgument("--duration must be longer than nothing");
  }
  if (!o->record.empty()) o->sinks.push_back(o->record);
  int pipes = 0;
  for (const std::string& sink : o->sinks) pipes += sink == "-";
  if (pipes > 1) return InvalidArgument("there is one standard output: give --sink - once");
  if (pipes == 1 && o->json)
    return InvalidArgument("--json and --sink - both want standard output: leave one out");
  if (pipes == 1 && isatty(STDOUT_FILENO))
    return InvalidArgument("--sink - writes Y4M video, which no terminal shows: pipe it on");
  if (o->source == "-" && isatty(STDIN_FILENO))
    return InvalidArgument("SOURCE - reads Y4M video from standard input: pipe some in");
  return OkStatus();
}

// Until the session is over, Ctrl-C, or the time has come.
void Watch(live::Session* session, const std::atomic<bool>& interrupt, double duration_s) {
  const bool terminal = isatty(STDERR_FILENO);
  const auto start = std::chrono::steady_clock::now();
  Teller teller;
  int64_t ticks = 0;
  while (session->running() && !interrupt) {
    const double since = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (duration_s > 0 && since >= duration_s) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    if (++ticks % 10 != 0) continue;
    const Statistics s = session->statistics();
    teller.Tell(s);
    if (terminal) std::fprintf(stderr, "\r\033[K%s", StatusLine(s).c_str());
  }
  if (terminal) std::fprintf(stderr, "\r\033[K");
}

int RunLive(LiveOptions* o) {
  double duration_s = 0;
  if (const Status status = CheckLive(o, &duration_s); !status.ok())
    return FailUsage("live", status.message());
  if (o->list) {
    std::printf("%s", ListLiveSources().c_str());
    return kExitOk;
  }
  const auto sound = std::make_shared<live::FilmSound>();
  Result<std::unique_ptr<live::Source>> source = OpenLiveSource(o->source, o->once, sound);
  if (!source.ok()) return Fail(source.status());
  Result<live::Settings> settings = StartSettings(*o);
  if (!settings.ok()) return Fail(settings.status());
  live::Controls controls(*settings);
  live::PainterOptions paint;
  paint.threads = o->threads;
  paint.precision = o->precision;
  paint.norm_statistics = o->norm_statistics;
  paint.cache_folder = CacheFolder();

  live::SessionOptions options;
  options.quality_auto = o->quality == "auto";
  options.lowest_lines = o->lowest;
  options.ends_with_source = true;
  std::vector<std::unique_ptr<live::Sink>> sinks;
  for (const std::string& text : o->sinks) {
    Result<std::unique_ptr<live::Sink>> sink = OpenLiveSink(text, o->fps, sound);
    if (!sink.ok()) return Fail(sink.status());
    sinks.push_back(std::move(sink).value());
  }
  const InterruptGuard guard(/*at_once=*/false);
  const auto start = std::chrono::steady_clock::now();
  Result<std::unique_ptr<live::Session>> session =
      live::Session::Start(options, std::move(source).value(), MakePainter(paint, FindLiveStyle), &controls);
  if (!session.ok()) return Fail(session.status());
  for (auto& sink : sinks) (*session)->AddSink(std::move(sink));
  Watch(session->get(), guard.flag(), duration_s);
  const Statistics s = (*session)->statistics();
  const Status stopped = (*session)->Stop();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (const Status status = (*session)->status(); !status.ok()) return Fail(status);
  if (!stopped.ok()) return Fail(stopped);
  if (o->json) {
    PrintJson(s, seconds);
  } else {
    std::fprintf(stderr, "%lld frames painted in %.1f s: %s\n", static_cast<long long>(s.painted), seconds,
                 StatusLine(s).c_str());
  }
  return kExitOk;
}

CLI::Validator Silent(CLI::Validator check) {
  check.description("");
  return check;
}

}  // namespace

Run SetUpLive(CLI::App& verb) {
  auto o = std::make_shared<LiveOptions>();
  verb.add_option(
          "SOURCE", o->source,
          "A camera (0, /dev/video2, its name), a film, an address (rtsp://...), test, - (Y4M); default: the "
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
  verb.add_option(
          "--sink", o->sinks,
          "Where else it goes: FILE, - (Y4M), rtmp://, srt://, udp://, v4l2:/dev/videoN; may be repeated")
      ->type_name("SINK");
  verb.add_option("--record", o->record, "Record the painting")->type_name("FILE");
  verb.add_flag("--no-window", o->no_window, "Without a window, for servers");
  verb.add_flag("--mirror", o->mirror, "Left and right exchanged");
  verb.add_flag("--once", o->once, "A film is played once, not in a loop");
  verb.add_option("--duration", o->duration, "Stop after that much")->type_name("T");
  verb.add_flag("--list", o->list, "Cameras, with what they can do");
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
  return [o] { return RunLive(o.get()); };
}

}  // namespace tempera::cli
