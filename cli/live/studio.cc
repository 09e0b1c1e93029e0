#include "cli/live/studio.h"

#include <chrono>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <utility>

#include "cli/cache_folder.h"
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
  return fs::path(recording).replace_extension(".json").string();
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

// Hands on to recorder and timelines, which come and go.
class Studio::Notary final : public live::Witness {
 public:
  void SetRecorder(live::SourceRecorder* recorder) { recorder_ = recorder; }  // before the session
  void SetTimeline(live::TimelineWriter* timeline, bool from_the_start) {
    std::lock_guard lock(mutex_);
    timeline_ = timeline;
    begun_ = from_the_start;
  }

  void Captured(const live::SourceFrame& frame) override {
    if (recorder_ != nullptr) recorder_->Take(frame);
    std::lock_guard lock(mutex_);
    if (timeline_ != nullptr) timeline_->Captured(frame);
  }
  void Painted(const live::PaintedFrame& painted, const live::Settings& settings,
               const live::Change& change) override {
    std::lock_guard lock(mutex_);
    if (timeline_ == nullptr) return;
    // It begins with the frame whose change says all that holds.
    begun_ = begun_ || !change.path.empty();
    if (begun_) timeline_->Painted(painted, settings, change);
  }

 private:
  live::SourceRecorder* recorder_ = nullptr;
  std::mutex mutex_;
  live::TimelineWriter* timeline_ = nullptr;
  bool begun_ = false;
};

Studio::Studio(live::Settings settings) : controls_(std::move(settings)) {}
Studio::~Studio() { (void)Stop(); }

live::TimelineInfo Studio::Info() const {
  live::TimelineInfo info;
  info.source = source_name_;
  info.precision = paint_.precision;
  info.norm_statistics = paint_.norm_statistics;
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
    TEMPERA_ASSIGN_OR_RETURN(source_recorder_,
                             live::SourceRecorder::Make(options.record_source, options.fps));
    notary_->SetRecorder(source_recorder_.get());
    source_recording_ = options.record_source;
  }
  const std::string beside = options.record.empty() ? options.record_source : options.record;
  if (beside.empty()) return OkStatus();
  live::TimelineInfo info = Info();
  if (!source_recording_.empty()) {
    const fs::path folder = fs::absolute(beside).parent_path();
    info.source_recording = fs::absolute(source_recording_).lexically_relative(folder).string();
  }
  recording_ = std::make_unique<Recording>();
  recording_->path = options.record;
  TEMPERA_ASSIGN_OR_RETURN(recording_->timeline, live::TimelineWriter::Create(TimelineOf(beside), info));
  notary_->SetTimeline(recording_->timeline.get(), /*from_the_start=*/true);
  return OkStatus();
}

Status Studio::OpenConsole(const LiveOptions& options) {
  live::ConsoleOptions console;
  console.osc = options.osc;
  console.midi = options.midi;
  console.bindings_path = options.bindings.empty() ? ConfigFile("bindings.json") : options.bindings;
  console.scenes_path = options.scenes.empty() ? ConfigFile("scenes.json") : options.scenes;
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
  std::vector<std::unique_ptr<live::Sink>> sinks;
  TEMPERA_RETURN_IF_ERROR(studio->OpenSinks(options, &sinks));
  TEMPERA_RETURN_IF_ERROR(studio->OpenRecorders(options));
  TEMPERA_RETURN_IF_ERROR(studio->OpenConsole(options));

  live::SessionOptions session;
  session.quality_auto = options.quality == "auto";
  session.lowest_lines = options.lowest;
  session.ends_with_source = true;
  session.witness = studio->notary_.get();
  session.tick = [console = studio->console_.get()](int64_t now_ns) { console->Tick(now_ns); };
  std::unique_ptr<live::Painter> painter = live::MakePainter(studio->paint_, FindLiveStyle);
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
  return recording_ != nullptr && !recording_->path.empty();
}

Result<std::string> Studio::Record(bool on) {
  std::unique_ptr<Recording> ended;
  {
    std::lock_guard lock(mutex_);
    const bool runs = recording_ != nullptr;
    if (on == runs) return std::string(on ? "a recording is under way" : "nothing is recorded");
    if (!on) ended = std::move(recording_);
  }
  if (ended) {
    const std::string path = ended->path;
    TEMPERA_RETURN_IF_ERROR(EndRecording(std::move(ended)));
    return "written: " + path;
  }
  auto begun = std::make_unique<Recording>();
  begun->path = NameByTime(".mp4");
  TEMPERA_ASSIGN_OR_RETURN(std::unique_ptr<live::Sink> sink, OpenLiveSink(begun->path, 0, sound_));
  TEMPERA_ASSIGN_OR_RETURN(begun->timeline, live::TimelineWriter::Create(TimelineOf(begun->path), Info()));
  notary_->SetTimeline(begun->timeline.get(), /*from_the_start=*/false);
  painter_->Restate();
  begun->sink = session_->AddSink(std::move(sink));
  const std::string path = begun->path;
  std::lock_guard lock(mutex_);
  recording_ = std::move(begun);
  return "recording " + path;
}

Status Studio::EndRecording(std::unique_ptr<Recording> recording) {
  const Status removed = recording->sink == 0 ? OkStatus() : session_->RemoveSink(recording->sink);
  notary_->SetTimeline(nullptr, false);
  const Status closed = recording->timeline ? recording->timeline->Close() : OkStatus();
  return removed.ok() ? closed : removed;
}

Status Studio::Stop() {
  if (!session_) return OkStatus();
  Status status = session_->Stop();
  // What controls it goes before what it controls; nothing ticks any more.
  midi_.reset();
  console_.reset();
  std::unique_ptr<Recording> recording;
  {
    std::lock_guard lock(mutex_);
    recording = std::move(recording_);
  }
  if (recording && recording->timeline) {
    if (const Status closed = recording->timeline->Close(); status.ok()) status = closed;
  }
  if (source_recorder_) {
    if (const Status finished = source_recorder_->Finish(); status.ok()) status = finished;
  }
  return status;
}

}  // namespace tempera::cli
