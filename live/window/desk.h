// What all parts of the window share while they draw themselves.
#pragma once

#include <imgui.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "live/controls.h"
#include "live/session.h"
#include "live/window/canvas.h"
#include "live/window/jobs.h"
#include "live/window/theme.h"
#include "live/window/window.h"

namespace tempera::live {

// What is shown, and how.
struct View {
  bool panel = true, help = false, compare = false, full_screen = false;
  float divider = 0.5f;  // of the picture's width: the source is left of it
  bool quits = false;    // asked for
};

// A line that is shown for a while.
struct Notice {
  std::string text;
  bool bad = false;
  int64_t until_ns = 0;
};

struct Desk {
  Session* session = nullptr;
  Controls* controls = nullptr;
  const WindowModel* model = nullptr;
  std::map<std::string, int> style_of_word;  // into model->styles
  Canvas* canvas = nullptr;
  Jobs* jobs = nullptr;
  theme::Fonts fonts;
  float scale = 1;  // of all lengths: pixels for one of a usual display's

  // Of this moment, asked for once a frame.
  Statistics statistics;
  Settings settings;
  std::vector<Parameter> parameters;
  std::vector<std::string> mask_classes;
  Painted painted;
  bool recording = false;

  View view;
  Touched touched;
  bool learning = false;
  int armed_region = -1;  // of the mask: the gallery's pictures are for it; -1: for the session's style
  std::vector<Notice> notices;
  int64_t quit_asked_ns = 0;  // while a recording runs, it takes two
  std::vector<DrawnItem> drawn;

  float Px(float length) const { return length * scale; }
  const WindowActions& actions() const { return model->actions; }
  void Say(const std::string& text, bool bad = false);
  // Of what ImGui drew last, or of that place.
  void Drawn(const std::string& name);
  void Drawn(const std::string& name, ImVec2 from, ImVec2 to);
  // Somebody has a control in hand: what MIDI and OSC may be bound to.
  void Touch(const std::string& name, int element, const std::string& label);

  void Snapshot();
  void ToggleRecording();
  void Recall(int number);
  void Store(int number);
  // The next style of the gallery, or with -1 the one before; round in a circle.
  void StepStyle(int step);
  // A picture of the gallery was pressed.
  void ChooseStyle(const std::string& word);
  int StyleIndex() const;  // in the gallery; -1: another
  void AskToQuit();
};

// The parameter that blends styles: of kind weights, the one with short names, or else the first; null: none.
const Parameter* BlendOf(const std::vector<Parameter>& parameters);
std::string TitleOf(const WindowStyle& style);

}  // namespace tempera::live
