// All of a live session: source, painter, sinks, recordings, controllers; what the window and the command do
// with it.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "cli/live/live_options.h"
#include "live/control/console.h"
#include "live/controls.h"
#include "live/films/film_sound.h"
#include "live/films/source_recorder.h"
#include "live/microphone/microphone.h"
#include "live/pipewire/midi.h"
#include "live/session.h"
#include "live/timeline/timeline_writer.h"
#include "src/base/status.h"

namespace tempera::cli {

class Studio {
 public:
  // Starts everything that the options ask for. Errors name the option's value and the cure.
  static Result<std::unique_ptr<Studio>> Start(const LiveOptions& options);
  ~Studio();

  live::Session* session() { return session_.get(); }
  live::Controls* controls() { return &controls_; }
  live::Console* console() { return console_.get(); }
  // For people: "clip.mp4".
  const std::string& source_name() const { return source_name_; }
  // For people: what recordings hear, or "".
  std::string microphone_name() const { return microphone_ ? microphone_->name() : ""; }

  // Writes the painting as PNG, named by the time, into the folder where the command was started. A line that
  // says where.
  Result<std::string> Snapshot(const live::Painted& painted);
  // Begins a recording named by the time, with its timeline beside it; or ends it. A line that says where.
  Result<std::string> Record(bool on);
  bool recording() const;
  // Now and then: a recording that cannot go on is ended, and, where the picture has another size now, goes
  // on in a file of its own. What there is to say, a line each.
  std::vector<std::string> Tend();
  // What is amiss with controllers and what is written beside, a line each, as long as it is.
  std::vector<std::string> troubles() const;

  // Ends all and gives files their names. The first error that lost something. Once.
  Status Stop();

 private:
  explicit Studio(live::Settings settings);
  class Notary;
  struct Recording {
    int sink = 0;
    std::string path;
    std::unique_ptr<live::TimelineWriter> timeline;
  };
  Status Begin(const std::string& path);
  Status End();
  Status OpenSinks(const LiveOptions& options, std::vector<std::unique_ptr<live::Sink>>* sinks);
  Status OpenRecorders(const LiveOptions& options);
  Status OpenConsole(const LiveOptions& options);
  live::TimelineInfo InfoFor(const std::string& path) const;

  live::Controls controls_;
  live::PainterOptions paint_;
  std::string source_name_;
  std::unique_ptr<live::Microphone> microphone_;  // may be null
  // What recordings hear: the microphone's, or else the film's.
  std::shared_ptr<live::FilmSound> sound_ = std::make_shared<live::FilmSound>();
  std::unique_ptr<live::SourceRecorder> source_recorder_;
  std::string source_recording_;                           // its path
  std::unique_ptr<live::TimelineWriter> source_timeline_;  // beside it, of the whole session
  std::unique_ptr<Notary> notary_;
  std::unique_ptr<live::Console> console_;
  std::unique_ptr<live::PipewireMidi> midi_;  // of the console; null where there is no PipeWire
  live::Painter* painter_ = nullptr;          // the session's
  std::unique_ptr<live::Session> session_;
  mutable std::mutex mutex_;  // of the recording, while it begins and ends too
  std::unique_ptr<Recording> recording_;
  Status lost_;  // of recordings that ended before their time
};

}  // namespace tempera::cli
