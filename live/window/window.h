// The window of `tempera live`: the painting, and beside it all that it can be turned by.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "live/controls.h"
#include "live/session.h"
#include "live/sink.h"
#include "src/base/status.h"

namespace tempera::live {

// One style of the gallery, as data. Texts are UTF-8.
struct WindowStyle {
  std::string word;              // as --style takes it
  std::string title, artist;     // for people; without a title the word is shown
  std::vector<uint8_t> picture;  // a JPEG, PNG or other picture file's bytes; empty: none
};

// A scene that is stored under a key.
struct WindowScene {
  int number = 0;  // 1 to 9
  std::string name;
};

// What somebody turned last: what MIDI and OSC are bound to. `name` as Controls' listener has it.
struct Touched {
  std::string name;
  int element = 0;
  std::string label;  // for people
};

// What the window asks of whoever opened it. Each may be empty: its button is then not there. snapshot,
// record, recall and store run on a thread of their own, one at a time, in the order in which they were asked
// for; the others on the window's, and must be quick. A line that comes back is shown for some seconds, as
// errors are.
struct WindowActions {
  std::function<Result<std::string>(const Painted&)> snapshot;  // a line: what was written
  std::function<Result<std::string>(bool on)> record;           // starts, or stops and finishes
  std::function<bool()> recording;

  std::function<std::vector<WindowScene>()> scenes;  // those that are stored, by number
  std::function<Status(int number)> recall;
  std::function<Status(int number)> store;

  // The next fader that moves, or message that comes, is bound to it.
  std::function<void(const Touched&)> learn;
  std::function<void()> stop_learning;
  std::function<std::string()> learnt;  // how that stands, one line: "strength follows CC 7"
  // What a control is bound to, in short: "CC 7"; "" when nothing.
  std::function<std::string(const std::string& name, int element)> binding;
};

struct WindowModel {
  std::string source;  // what is painted, for people
  std::vector<WindowStyle> styles;
  WindowActions actions;
};

// Where something was drawn, in pixels of the window: for tests, which press it.
struct DrawnItem {
  std::string name;  // "slider:strength:0"
  float x = 0, y = 0, width = 0, height = 0;
};

struct WindowOptions {
  std::string title = "Tempera";
  int width = 1280, height = 800;
  double ui_scale = 0;       // of texts and controls; 0: by the display
  bool full_screen = false;  // from the start, without the panel
  bool panel = true;
  bool compare = false;  // before and after, from the start
  // kAuto: the graphics card, where there is one; else, and with kSoftware, the processor, cheaply.
  enum class Renderer { kAuto, kSoftware, kGpu } renderer = Renderer::kAuto;
  std::string font;  // a .ttf or .otf file; "": one that is found
  std::function<void(const std::vector<DrawnItem>&)>
      drawn;  // after every change of what is drawn; may be empty
};

class Window {
 public:
  // Whether this build has one.
  static bool Built();
  // On the main thread. Errors: the build has none, there is no display; with the cure.
  static Result<std::unique_ptr<Window>> Open(const WindowOptions& options);
  virtual ~Window() = default;

  // On the same thread: until somebody closes the window, Close is called, or the session is over. An error:
  // the display went away. Not how the session ended.
  virtual Status Run(Session* session, Controls* controls, const WindowModel& model) = 0;
  // From any thread, before or during Run.
  virtual void Close() = 0;
  // "OpenGL", "software": what draws.
  virtual std::string renderer() const = 0;
};

}  // namespace tempera::live
