// Controllers to controls: what is bound, what is learnt, and faders that do not jump.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "live/control/binding.h"
#include "live/control/scenes.h"
#include "live/controls.h"
#include "src/base/status.h"

namespace tempera::live {

// Safe from any thread. Calls Controls (and so its listener) without a lock held.
class Bindings {
 public:
  // Both outlive this.
  Bindings(Controls* controls, Scenes* scenes) : controls_(controls), scenes_(scenes) {}

  // {"bindings": [{"from": "midi:cc:1:21", "to": "strength", "low": 0, "high": 1}]}. Where there is no such
  // file, nothing is bound, and what is learnt first makes it.
  Status Load(const std::string& path);
  // The same, but a file that is wrong leaves nothing bound, and is what trouble() says until what is learnt
  // first writes it anew; a copy of it stays beside it as PATH.broken.
  void LoadIfGood(const std::string& path);

  // "Touch the slider, move the fader": the next controller that moves, or is pressed, is bound to `target`
  // (as ParseTarget takes it), takes it over at once, and leaves what it moved before. The file is written
  // anew. A controller that no file can name is passed over, and said in trouble(). kInvalidArgument: a
  // target that means nothing, or that no file can name.
  Status Learn(const std::string& target);
  void StopLearning();
  // What waits for its controller; "" when nothing does.
  std::string learning() const;
  // Nothing moves it any more.
  Status Forget(const std::string& target);
  std::vector<Binding> list() const;
  // Faders that moved, but do not hold their controls yet: which way to go to take them over.
  struct Waiting {
    std::string from, target;
    bool up = false;
  };
  std::vector<Waiting> waiting() const;

  // A controller moved: from MIDI's or OSC's thread. False: it is bound to nothing.
  bool Handle(const ControlEvent& event);
  // OSC addresses that are bound: what patterns may mean.
  std::vector<std::string> addresses() const;
  // The controller that moved last, bound or not, as in Binding::from; "" before that.
  std::string last_controller() const;
  // What went wrong last, one line: a file that cannot be written, a parameter that this model has not got.
  std::string trouble() const;

 private:
  struct Bound {
    Binding binding;
    double position = -1;  // where the controller stood last; -1: unknown
    bool holds = false;    // the value is where the controller put it
    double set = 0;        // that value
    bool up = false;       // while it does not hold it: whether the value lies above
  };
  // What an event does, found with the lock and done without it.
  struct Action {
    size_t index = 0;
    Target target;
    double value = 0;
  };
  bool LearnFrom(const ControlEvent& event);                                    // with mutex_ held: learnt
  std::optional<double> Turned(Bound* bound, const ControlEvent& event) const;  // likewise
  std::optional<double> Pressed(Bound* bound, const ControlEvent& event) const;
  Status Do(const Action& action);
  Status Save();

  Controls* const controls_;
  Scenes* const scenes_;
  std::mutex save_mutex_;  // before mutex_: the last one written is the newest
  mutable std::mutex mutex_;
  std::string path_, broken_;  // and what is wrong with that file
  std::vector<Bound> bound_;
  std::map<std::string, std::vector<size_t>> by_controller_;
  std::optional<Target> learning_;
  std::string trouble_, file_trouble_, last_controller_;
  void Index();  // by_controller_, from bound_
};

}  // namespace tempera::live
