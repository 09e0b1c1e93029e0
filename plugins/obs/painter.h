// What one filter paints with: a thread of its own, a queue of one in front of it, and models that are opened
// beside it, so that neither the program nor the picture waits for a style that was just chosen.
// Nothing here knows of OBS.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "plugins/common/composition.h"
#include "plugins/common/mask_finder.h"
#include "plugins/common/style_finder.h"
#include "tempera/tempera.hpp"

namespace tempera::plugins::obs {

// One element of a parameter.
struct ParameterValue {
  std::string name;
  size_t element = 0;
  float value = 0;
  bool operator==(const ParameterValue&) const = default;
};

// What its user has set. What a model does not have does nothing; values outside a range count as its nearest
// end; what is not named is as the model's file says. Values hold for the style outside of a mask too.
struct Look {
  std::string style;                   // as FindStyle takes it
  std::vector<ParameterValue> values;  // later ones go before earlier ones
  Shares shares;                       // a blend of some of the file's styles instead of one of them
  MaskWords mask;
  MaskNumbers mask_numbers;
  int threads = 0;     // as tempera_options has them
  int short_side = 0;  // likewise: working_short_side
  bool operator==(const Look&) const = default;
};

struct FrameShape {
  int width = 0;
  int height = 0;
  tempera_pixel_format format = TEMPERA_RGBA;
  bool operator==(const FrameShape&) const = default;
};

// A frame on its way through the painter: whoever submits it derives what it has to carry.
class FrameWork {
 public:
  virtual ~FrameWork() = default;
  // On the painter's thread. `look` is another number whenever something else may come out of the same
  // pixels.
  virtual Error Paint(Composition& composition, uint64_t look) = 0;

  bool painted = false;      // set by the painter: whether Paint succeeded
  uint64_t painting_ns = 0;  // how long Paint took
};

class Painter {
 public:
  enum class Severity { kInfo, kWarning };
  using Log = std::function<void(Severity, const std::string& line)>;

  explicit Painter(Log log);
  ~Painter();  // ends what runs, early
  Painter(const Painter&) = delete;
  Painter& operator=(const Painter&) = delete;

  // Takes effect with the next frame, or, where another file is meant, when that is open and prepared; what
  // was open paints on until then. Says why in the log where it cannot be. From any thread.
  void SetLook(const Look& look);

  // Everything that was submitted, finished or not. Returns soon: what is being painted is given up.
  std::vector<std::unique_ptr<FrameWork>> Drain();

  // How the thread that must not wait hands frames over and takes them: while it lives the painter's other
  // threads wait, not this one. False where the painter could not be had at once, which is rare: it was
  // interrupted between two frames. All else may then be asked in the next frame.
  class Visit {
   public:
    explicit Visit(Painter& painter);
    explicit operator bool() const { return lock_.owns_lock(); }

    // Whether frames of this shape are painted at present: not before the first model is open, nor while what
    // was asked for cannot be. The shape is what models are prepared for.
    bool Ready(const FrameShape& shape);
    // Nothing waits and nothing is being painted.
    bool Idle() const { return !painter_.painting_ && painter_.waiting_ == nullptr; }
    // Gives back what waited and had not begun: the newest frame wins.
    std::unique_ptr<FrameWork> Submit(std::unique_ptr<FrameWork> work);
    // What came out since the last call, oldest first.
    std::vector<std::unique_ptr<FrameWork>> TakeDone() { return std::exchange(painter_.done_, {}); }

   private:
    Painter& painter_;
    std::unique_lock<std::timed_mutex> lock_;
  };

 private:
  using Lock = std::unique_lock<std::timed_mutex>;
  struct Choice {
    StyleChoice style;
    MaskChoice mask;
  };

  void Run();
  void PaintOne(Lock& lock);
  void Follow(Lock& lock);
  static Expected<Choice> Choose(const Look& look);
  static Error ApplyLook(Composition& composition, const Look& look, const Choice& choice);
  void StartOpening(const Files& wanted, const Choice& choice);
  void Open(const Files& wanted, const Choice& choice, const Look& look, const FrameShape& shape);
  void TakeOpened(Lock& lock);
  void Fail(const Error& error);
  void Say(Severity severity, const std::string& line);
  void SayNotices(Composition& composition);

  const Log log_;
  std::timed_mutex guard_;  // of all that follows
  std::condition_variable_any wake_, rest_;
  bool ending_ = false;

  Look look_;
  uint64_t looks_set_ = 0;    // calls of SetLook
  uint64_t look_number_ = 0;  // what Paint is told: counts what was applied to composition_
  bool look_changed_ = false;
  FrameShape shape_;
  Error failure_;     // why look_ cannot be painted
  std::string said_;  // the last complaint, so that it is made once

  std::shared_ptr<Composition> composition_;  // used by Run alone, but for SetCancelled

  std::thread opener_;
  bool opening_ = false;       // opener_ is at work, or its result was not taken yet
  bool opening_done_ = false;  // it can be taken
  uint64_t opening_look_ = 0;  // looks_set_ when it began
  std::shared_ptr<Composition> opening_composition_;
  Error opening_error_;

  std::unique_ptr<FrameWork> waiting_;
  bool painting_ = false;
  bool draining_ = false;
  std::vector<std::unique_ptr<FrameWork>> done_;

  std::thread thread_;  // last: it begins when all else is there
};

}  // namespace tempera::plugins::obs
