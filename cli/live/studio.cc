#include "cli/live/studio.h"

#include <chrono>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <utility>

#include "cli/cache_folder.h"
#include "cli/live/live_mask.h"
#include "cli/live/open_source.h"
#include "cli/live/start_settings.h"
#include "media/live/rgb_frame.h"
#include "media/picture.h"

namespace tempera::cli {
namespace {

namespace fs = std::filesystem;

// "tempera-20261130-142501.mp4", with a number where that is taken.
std::string NameByTime(const std::string& extension) {
  const std::time_t now = std::time(nullptr);
  std::tm local = {};
  localtime_r(&now, &local);
  char text[64];
  std::strftime(text, sizeof text, "tempera-%Y%m%d-%H%M%S", &local);
  std::string name = text + extension;
  std::error_code ignored;
  for (int i = 2; fs::exists(name, ignored); ++i) name = text + ("-" + std::to_string(i)) + extension;
  return name;
}

std::string TimelineOf(const std::string& recording) {
  return fs::path(recording).replace_extension(".live.json").string();
}

// "take-2.mkv" behind "take.mkv", or the next number that is free.
std::string NextName(const std::string& path) {
  const fs::path whole = path;
  std::error_code ignored;
  for (int i = 2;; ++i) {
    fs::path next =
        whole.parent_path() / (whole.stem().string() + "-" + std::to_string(i) + whole.extension().string());
    if (!fs::exists(next, ignored)) return next.string();
  }
}

// Where what is learnt and stored is kept, unless the command says otherwise.
std::string ConfigFile(const std::string& name) {
  const char* config = std::getenv("XDG_CONFIG_HOME");
  const char* home = std::getenv("HOME");
  fs::path folder;
  if (config != nullptr && config[0] == '/') {
    folder = config;
  } else if (home != nullptr && home[0] == '/') {
    folder = fs::path(home) / ".config";
  } else {
    return "";
  }
  folder /= "tempera";
  std::error_code error;
  fs::create_directories(folder, error);
  return error ? "" : (folder / name).string();
}

}  // namespace

// Hands on to recorder and timelines: one of the whole session, one of a recording.
class Studio::Notary final : public live::Witness {
 public:
  // Before the session.
  void SetSource(live::SourceRecorder* recorder, live::TimelineWriter* timeline) {
    recorder_ = recorder;
    whole_ = timeline;
  }
  void SetTimeline(live::TimelineWriter* timeline, bool from_the_start) {
    std::lock_guard lock(mutex_);
    timeline_ = timeline;
    begun_ = from_the_start;
  }

  void Captured(const live::SourceFrame& frame) override {
    if (recorder_ != nullptr) recorder_->Take(frame);
    if (whole_ != nullptr) whole_->Captured(frame);
    std::lock_guard lock(mutex_);
    if (timeline_ != nullptr) timeline_->Captured(frame);
  }
  void Painted(const live::PaintedFrame& painted, const live::Settings& settings,
               const live::Change& change) override {
    if (whole_ != nullptr) whole_->Painted(painted, settings, change);
    std::lock_guard lock(mutex_);
    if (timeline_ == nullptr) return;
    // It begins with the frame whose change says all that holds.
    begun_ = begun_ || !change.path.empty();
    if (begun_) timeline_->Painted(painted, settings, change);
  }

 private:
  live::SourceRecorder* recorder_ = nullptr;
  live::TimelineWriter* whole_ = nullptr;
  std::mutex mutex_;
  live::TimelineWriter* timeline_ = nullptr;
  bool begun_ = false;
};

Studio::Studio(live::Settings settings) : controls_(std::move(settings)) {}
Studio::~Studio() { (void)Stop(); }

// Of a timeline at `path`.
live::TimelineInfo Studio::InfoFor(const std::string& path) const {
  live::TimelineInfo info;
  info.source = source_name_;
  info.precision = paint_.precision;
  info.norm_statistics = paint_.norm_statistics;
  if (!source_recording_.empty())
    info.source_recording =
        fs::absolute(source_recording_).lexically_relative(fs::absolute(path).parent_path()).string();
  return info;
}

Status Studio::OpenSinks(const LiveOptions& options, std::vector<std::unique_ptr<live::Sink>>* sinks) {
  for (const std::string& text : options.sinks) {
    TEMPERA_ASSIGN_OR_RETURN(std::unique_ptr<live::Sink> sink, OpenLiveSink(text, options.fps, sound_));
    sinks->push_back(std::move(sink));
  }
  return OkStatus();
}

Status Studio::OpenRecorders(const LiveOptions& options) {
  notary_ = std::make_unique<Notary>();
  if (!options.record_source.empty()) {
    source_recording_ = options.record_source;
    const std::string beside = TimelineOf(source_recording_);
    TEMPERA_ASSIGN_OR_RETURN(source_recorder_, live::SourceRecorder::Make(source_recording_, options.fps));
    TEMPERA_ASSIGN_OR_RETURN(source_timeline_, live::TimelineWriter::Create(beside, InfoFor(beside)));
    notary_->SetSource(source_recorder_.get(), source_timeline_.get());
  }
  if (options.record.empty()) return OkStatus();
  const std::string beside = TimelineOf(options.record);
  recording_ = std::make_unique<Recording>();
  recording_->path = options.record;
  TEMPERA_ASSIGN_OR_RETURN(recording_->timeline, live::TimelineWriter::Create(beside, InfoFor(beside)));
  notary_->SetTimeline(recording_->timeline.get(), /*from_the_start=*/true);
  return OkStatus();
}

Status Studio::OpenConsole(const LiveOptions& options) {
  live::ConsoleOptions console;
  console.osc = options.osc;
  console.midi = options.midi;
  console.bindings_path = options.bindings.empty() ? ConfigFile("bindings.json") : options.bindings;
  console.scenes_path = options.scenes.empty() ? ConfigFile("scenes.json") : options.scenes;
  console.bindings_named = !options.bindings.empty();
  console.scenes_named = !options.scenes.empty();
  console.find = FindLiveStyle;
  TEMPERA_ASSIGN_OR_RETURN(console_, live::Console::Start(&controls_, console));
  if (options.midi != std::vector<std::string>{"off"}) {
    // Where there is no PipeWire there is no such port, and nobody misses it.
    auto midi = live::PipewireMidi::Start(&console_->bindings());
    if (midi.ok()) midi_ = std::move(midi).value();
  }
  return OkStatus();
}

Result<std::unique_ptr<Studio>> Studio::Start(const LiveOptions& options) {
  // The model first: a wrong word there is likelier than a wrong device.
  TEMPERA_ASSIGN_OR_RETURN(live::Settings settings, StartSettings(options));
  std::unique_ptr<Studio> studio(new Studio(std::move(settings)));
  TEMPERA_ASSIGN_OR_RETURN(std::unique_ptr<live::Source> source,
                           OpenLiveSource(options.source, options.once, studio->sound_));
  studio->source_name_ = options.source.empty() ? "camera" : fs::path(options.source).filename().string();
  if (options.source.find("://") != std::string::npos) studio->source_name_ = options.source;
  studio->paint_.threads = options.threads;
  studio->paint_.precision = options.precision;
  studio->paint_.norm_statistics = options.norm_statistics;
  studio->paint_.cache_folder = CacheFolder();
  TEMPERA_ASSIGN_OR_RETURN(studio->microphone_, OpenMicrophone(options.microphone));
  if (studio->microphone_) studio->sound_ = studio->microphone_->sound();
  std::vector<std::unique_ptr<live::Sink>> sinks;
  TEMPERA_RETURN_IF_ERROR(studio->OpenSinks(options, &sinks));
  TEMPERA_RETURN_IF_ERROR(studio->OpenRecorders(options));
  TEMPERA_RETURN_IF_ERROR(studio->OpenConsole(options));

  live::SessionOptions session;
  session.quality_auto = options.quality == "auto";
  session.lowest_lines = options.lowest;
  session.ends_with_source = true;
  session.witness = studio->notary_.get();
  session.tick = [s = studio.get()](int64_t now_ns) {
    s->console_->Tick(now_ns);
    if (s->microphone_) s->microphone_->SetMuted(!s->controls_.microphone());
  };
  std::unique_ptr<live::Painter> painter = live::MakePainter(studio->paint_, FindLiveStyle, FindLiveMask);
  studio->painter_ = painter.get();
  TEMPERA_ASSIGN_OR_RETURN(studio->session_, live::Session::Start(session, std::move(source),
                                                                  std::move(painter), &studio->controls_));
  for (auto& sink : sinks) {
    const int id = studio->session_->AddSink(std::move(sink));
    // The recording that was asked for is the last of them.
    if (studio->recording_ && !options.record.empty()) studio->recording_->sink = id;
  }
  return studio;
}

Result<std::string> Studio::Snapshot(const live::Painted& painted) {
  if (!painted) return NotFound("nothing is painted yet");
  const std::string name = NameByTime(".png");
  media::Picture none;
  std::vector<std::string> notices;
  TEMPERA_ASSIGN_OR_RETURN(const media::Frame rgb, media::ToRgbFrame(painted->frame));
  TEMPERA_RETURN_IF_ERROR(media::WritePicture(name, rgb, none, &notices));
  return "written: " + name;
}

bool Studio::recording() const {
  std::lock_guard lock(mutex_);
  return recording_ != nullptr;
}

Result<std::string> Studio::Record(bool on) {
  std::lock_guard lock(mutex_);
  if (on == (recording_ != nullptr))
    return std::string(on ? "a recording is under way" : "nothing is recorded");
  if (on) {
    const std::string path = NameByTime(".mp4");
    TEMPERA_RETURN_IF_ERROR(Begin(path));
    return "recording " + path;
  }
  const std::string path = recording_->path;
  TEMPERA_RETURN_IF_ERROR(End());
  return "written: " + path;
}

// With mutex_ held.
Status Studio::Begin(const std::string& path) {
  auto begun = std::make_unique<Recording>();
  begun->path = path;
  TEMPERA_ASSIGN_OR_RETURN(std::unique_ptr<live::Sink> sink, OpenLiveSink(path, 0, sound_));
  const std::string beside = TimelineOf(path);
  // Beside a recording of the source its frames are counted from that one's beginning, which a timeline that
  // begins now does not know.
  live::TimelineInfo info = InfoFor(beside);
  info.source_recording.clear();
  TEMPERA_ASSIGN_OR_RETURN(begun->timeline, live::TimelineWriter::Create(beside, info));
  begun->sink = session_->AddSink(std::move(sink));
  notary_->SetTimeline(begun->timeline.get(), /*from_the_start=*/false);
  painter_->Restate();
  recording_ = std::move(begun);
  return OkStatus();
}

// With mutex_ held. The timeline ends with what is painted now; the film with what waits to be written.
Status Studio::End() {
  const std::unique_ptr<Recording> ended = std::move(recording_);
  notary_->SetTimeline(nullptr, false);
  const Status closed = ended->timeline->Close();
  const Status removed = session_->RemoveSink(ended->sink);
  return removed.ok() ? closed : removed;
}

std::vector<std::string> Studio::Tend() {
  std::vector<std::string> notes = session_->TakeNotes();
  std::lock_guard lock(mutex_);
  if (!recording_) return notes;
  for (const live::Statistics::SinkState& sink : session_->statistics().sinks) {
    if (sink.id != recording_->sink || !sink.over) continue;
    const std::string path = recording_->path;
    const Status ended = End();
    if (!ended.ok()) notes.push_back(ended.message());
    // A camera that came back with another size goes on under another name; a full disk does not.
    if (ended.code() != StatusCode::kUnsupported) {
      if (lost_.ok()) lost_ = ended;
      break;
    }
    const std::string next = NextName(path);
    const Status begun = Begin(next);
    notes.push_back(begun.ok() ? "recording goes on in " + next : begun.message());
    break;
  }
  return notes;
}

std::vector<std::string> Studio::troubles() const {
  std::vector<std::string> lines = console_->troubles();
  if (microphone_) lines.push_back(microphone_->trouble());
  if (source_recorder_) lines.push_back(source_recorder_->trouble());
  if (source_timeline_) lines.push_back(source_timeline_->trouble());
  {
    std::lock_guard lock(mutex_);
    if (recording_) lines.push_back(recording_->timeline->trouble());
  }
  std::erase(lines, std::string());
  return lines;
}

Status Studio::Stop() {
  if (!session_) return OkStatus();
  Status status = session_->Stop();
  // What controls it goes before what it controls; nothing ticks any more.
  midi_.reset();
  console_.reset();
  microphone_.reset();
  std::unique_ptr<Recording> recording;
  {
    std::lock_guard lock(mutex_);
    recording = std::move(recording_);
  }
  const auto keep = [&](const Status& next) {
    if (status.ok()) status = next;
  };
  if (recording) keep(recording->timeline->Close());
  if (source_timeline_) keep(source_timeline_->Close());
  if (source_recorder_) keep(source_recorder_->Finish());
  keep(lost_);
  source_timeline_.reset();
  source_recorder_.reset();
  return status;
}

}  // namespace tempera::cli
