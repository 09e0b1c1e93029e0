#include "cli/live/run_live.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "cli/cli.h"
#include "cli/interrupt.h"
#include "cli/json/json.h"
#include "cli/live/live_mask.h"
#include "cli/live/open_source.h"
#include "cli/live/studio.h"
#include "cli/live/studio_window.h"
#include "cli/network/mask_input.h"
#include "cli/network/picture_options.h"
#include "media/picture.h"
#include "src/base/log.h"

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
  if (s.mask.on) {
    std::snprintf(text, sizeof text, ", %.0f %% of the picture masked by ", 100 * s.mask.share_now);
    line += text + s.mask.name;
  }
  if (!s.source_message.empty()) line += " | " + s.source_message;
  return Printable(line, 200);
}

// A member of the figures, with a comma before it; "" where nothing was masked.
std::string MaskJson(const live::MaskFigures& mask) {
  if (mask.name.empty()) return "";
  char text[128];
  std::snprintf(text, sizeof text, ", \"share\": %.4f, \"empty_share\": %.4f, \"ms\": %.3f}", mask.share,
                mask.empty_share, mask.ms);
  return ", \"mask\": {\"name\": " + JsonString(mask.name) + text;
}

void PrintJson(const Statistics& s, double seconds) {
  std::printf(
      "{\"seconds\": %.3f, \"captured\": %lld, \"painted\": %lld, \"dropped\": %lld, \"source_fps\": %.3f, "
      "\"painted_fps\": %.3f, \"paint_ms\": %.3f, \"latency_ms_p50\": %.3f, \"latency_ms_p95\": %.3f, "
      "\"cpu_share\": %.4f, \"working_width\": %d, \"working_height\": %d%s}\n",
      seconds, static_cast<long long>(s.captured), static_cast<long long>(s.painted),
      static_cast<long long>(s.dropped), s.source_fps, s.painted_fps, s.paint_ms, s.latency_ms_p50,
      s.latency_ms_p95, s.cpu_share, s.working_width, s.working_height, MaskJson(s.mask).c_str());
}

// Says what changes, once each.
class Teller {
 public:
  // What a sink says is also why its recording ended, and in the end why the session failed.
  bool SaidOfSink(const std::string& line) const {
    return std::find(sinks_said_.begin(), sinks_said_.end(), line) != sinks_said_.end();
  }
  void Tell(const Statistics& s, const std::vector<std::string>& troubles) {
    std::string source = s.source_message;
    // Looks come twice a second.
    if (s.source_state == Statistics::SourceState::kOpening && ++opening_ > 6)
      source = "still waiting for the source";
    Say(&source_, source);
    std::string all;
    for (const std::string& line : troubles) all += (all.empty() ? "" : "; ") + line;
    Say(&troubles_, all);
    Say(&painter_, s.painter_message);
    for (const Statistics::SinkState& sink : s.sinks) {
      if (sinks_.size() < static_cast<size_t>(sink.id) + 1) sinks_.resize(static_cast<size_t>(sink.id) + 1);
      std::string* last = &sinks_[static_cast<size_t>(sink.id)];
      if (*last != sink.message && !sink.message.empty() && !SaidOfSink(sink.message))
        sinks_said_.push_back(sink.message);
      Say(last, sink.message);
    }
  }

 private:
  static void Say(std::string* said, const std::string& message) {
    if (*said == message) return;
    *said = message;
    if (!message.empty()) Note(message);
  }
  int opening_ = 0;
  std::string source_, painter_, troubles_;
  std::vector<std::string> sinks_, sinks_said_;
};

// What the library says of the mask network is in the words of --mask-input; of styles live has no options
// that say how pixels meet them, and what is said stays as it is.
void NoteLibraryLinesOf(std::string* network) {
  SetLogCallback(
      [](int level, const char* message, void* user) {
        if (level == static_cast<int>(LogLevel::kInfo)) return;
        const std::string line = message, &mask = *static_cast<std::string*>(user);
        Note(!mask.empty() && line.starts_with(mask) ? InMaskInput(line) : line);
      },
      network);
}

// What is refused gets its line alone: notes wait.
void HearLibraryOf(const LiveOptions& o, std::string* network) {
  const auto found = FindLiveMask(o.start_mask);
  if (o.start_mask.on && found.ok()) *network = found->network;
  NoteLibraryLinesOf(network);
  HoldNotes();
}

// Whether two words name one file, written or not.
bool SameFile(const std::string& a, const std::string& b) {
  if (a == "-" || b == "-" || a.find("://") != std::string::npos || b.find("://") != std::string::npos)
    return false;
  std::error_code error;
  if (std::filesystem::equivalent(a, b, error) && !error) return true;
  const auto x = std::filesystem::weakly_canonical(std::filesystem::absolute(a), error),
             y = std::filesystem::weakly_canonical(std::filesystem::absolute(b), error);
  return !error && x == y;
}

// Nothing is written over what is read, nor two things into one file. o.sinks has the recording in it.
Status CheckNames(const LiveOptions& o) {
  std::vector<std::string> outputs = o.sinks;
  if (!o.record_source.empty()) outputs.push_back(o.record_source);
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (SameFile(outputs[i], o.source))
      return InvalidArgument("'" + outputs[i] + "' is the source itself: give the recording another name");
    if (media::IsPictureName(outputs[i]))
      return InvalidArgument("'" + outputs[i] +
                             "' is a picture's name: a recording is a film (.mp4, .mkv, .webm)");
    for (size_t j = 0; j < i; ++j) {
      if (SameFile(outputs[i], outputs[j]))
        return InvalidArgument("two things would be written to '" + outputs[i] + "'");
    }
  }
  return OkStatus();
}

Status CheckLive(LiveOptions* o, double* duration_s) {
  if (o->list && o->json) return InvalidArgument("--list is for people: leave --json out");
  if (o->list) return OkStatus();
  if (!o->duration.empty()) {
    TEMPERA_ASSIGN_OR_RETURN(*duration_s, ParseTime(o->duration));
    if (*duration_s <= 0) return InvalidArgument("--duration must be longer than nothing");
  }
  if (o->record == "-" || o->record.find("://") != std::string::npos || o->record.rfind("v4l2:", 0) == 0)
    return InvalidArgument("--record writes a file, with a timeline beside it: " + o->record +
                           " is for --sink");
  if (!o->record.empty()) o->sinks.push_back(o->record);
  TEMPERA_RETURN_IF_ERROR(CheckNames(*o));
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

// Whether what the line asked for was begun: until then notes wait, since what is refused gets its line
// alone. What somebody has to hear of now is not kept waiting: a source that does not open, say, is told of
// soon.
bool Begun(const Statistics& s, const std::vector<std::string>& troubles, double since_s) {
  constexpr double kSourcesOpenWithin = 2, kModelsOpenWithin = 10;  // mostly; seconds
  const bool of_sink = std::any_of(s.sinks.begin(), s.sinks.end(),
                                   [](const Statistics::SinkState& sink) { return !sink.message.empty(); });
  const bool waits = s.source_state == Statistics::SourceState::kOpening;
  return s.painted > 0 || of_sink || !troubles.empty() || !s.source_message.empty() ||
         since_s > (waits ? kSourcesOpenWithin : kModelsOpenWithin);
}

// Until the session is over, Ctrl-C, the time has come, or `over`.
void Watch(Studio* studio, const std::atomic<bool>& interrupt, double duration_s,
           const std::atomic<bool>& over, Teller* teller) {
  const bool terminal = isatty(STDERR_FILENO);
  bool begun = false;
  const auto start = std::chrono::steady_clock::now();
  for (int64_t ticks = 1; studio->session()->running() && !interrupt && !over; ++ticks) {
    const double since = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (duration_s > 0 && since >= duration_s) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    if (!begun && studio->session()->running() &&
        Begun(studio->session()->statistics(), studio->troubles(), since)) {
      begun = true;
      SayNotes();
    }
    if (ticks % 10 != 0) continue;
    const Statistics s = studio->session()->statistics();
    teller->Tell(s, studio->troubles());
    for (const std::string& line : studio->Tend()) {
      if (!teller->SaidOfSink(line)) Note(line);
    }
    if (terminal) std::fprintf(stderr, "\r\033[K%s", StatusLine(s).c_str());
  }
  if (terminal) std::fprintf(stderr, "\r\033[K");
}

// With a window on this thread, and what watches on another.
Status RunWindow(const LiveOptions& o, Studio* studio, const std::atomic<bool>& interrupt, double duration_s,
                 Teller* teller) {
  TEMPERA_ASSIGN_OR_RETURN(const std::unique_ptr<live::Window> window, OpenStudioWindow(o));
  std::atomic<bool> closed{false};
  std::thread watching([&] {
    Watch(studio, interrupt, duration_s, closed, teller);
    window->Close();
  });
  const Status status = window->Run(studio->session(), studio->controls(), ModelOfStudio(studio));
  closed = true;
  watching.join();
  return status;
}

// The exit code. Each that lost something is told; in_words: of a status that is not said yet.
int ToldAtEnd(Studio* studio, const Statistics& s, const Teller& teller, bool interrupted,
              const std::vector<Status>& ended, const std::function<Status(const Status&)>& in_words) {
  int code = kExitOk;
  for (const Status& status : ended) {
    if (status.ok()) continue;
    code = teller.SaidOfSink(status.message()) ? kExitFailure : Fail(in_words(status));
  }
  if (code == kExitOk && s.painted == 0 && !interrupted) {
    code = Fail(NotFound("nothing was painted: " + Printable(studio->source_name()) + " gave no frame"));
  }
  for (const Statistics::SinkState& sink : s.sinks) {
    if (s.painted == 0 || sink.shown != 0 || sink.message.empty()) continue;
    if (code == kExitOk || !teller.SaidOfSink(sink.message))
      code = Fail(IoError("nothing reached " + sink.name + ": " + sink.message));
  }
  return code;
}

}  // namespace

int RunLive(LiveOptions o) {
  double duration_s = 0;
  if (const Status status = CheckLive(&o, &duration_s); !status.ok())
    return FailUsage("live", status.message());
  if (o.list) {
    std::printf("%s", ListLiveSources().c_str());
    return kExitOk;
  }
  Result<live::MaskSettings> mask = ReadLiveMask(o.mask, !o.style.empty() || !o.steer.blend.empty());
  if (!mask.ok()) {
    return mask.status().code() == StatusCode::kNotFound ? Fail(mask.status())
                                                         : FailUsage("live", mask.status().message());
  }
  o.start_mask = *std::move(mask);
  if (!o.no_window) {
    if (const Status status = CheckStudioWindow(); !status.ok()) return Fail(status);
  }
  const InterruptGuard guard(/*at_once=*/false);
  const auto start = std::chrono::steady_clock::now();
  static std::string network;  // the callback outlives this
  HearLibraryOf(o, &network);
  Result<std::unique_ptr<Studio>> studio = Studio::Start(o);
  const auto in_words = [](const Status& status) {
    const std::string words = WithoutFunctions(status.message());
    // The network's file may be given as a style as well.
    const bool of_mask = !network.empty() && words.starts_with(network) && words == status.message();
    return Status(status.code(), of_mask ? InMaskInput(words) : words);
  };
  if (!studio.ok()) return Fail(in_words(studio.status()));
  if (const std::string name = (*studio)->microphone_name(); !name.empty())
    Note("recordings hear the microphone '" + Printable(name) + "', not what a film says");
  if (LoopsSource(o.source, o.once)) Note("the film begins again at its end: --once ends it there");
  Status ran;
  Teller teller;
  if (o.no_window) {
    Watch(studio->get(), guard.flag(), duration_s, std::atomic<bool>{false}, &teller);
  } else {
    ran = RunWindow(o, studio->get(), guard.flag(), duration_s, &teller);
  }
  const Statistics s = (*studio)->session()->statistics();
  const Status stopped = (*studio)->Stop();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  for (const std::string& line : (*studio)->session()->TakeNotes()) Note(line);
  if (s.painted > 0 || (*studio)->session()->status().ok()) SayNotes();
  const int code = ToldAtEnd(studio->get(), s, teller, guard.interrupted(),
                             {(*studio)->session()->status(), ran, stopped}, in_words);
  if (code != kExitOk) return code;
  if (o.json) {
    PrintJson(s, seconds);
  } else {
    std::fprintf(stderr, "%lld frames painted in %.1f s: %s\n", static_cast<long long>(s.painted), seconds,
                 StatusLine(s).c_str());
  }
  return kExitOk;
}

}  // namespace tempera::cli
