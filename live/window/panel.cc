#include <algorithm>
#include <cmath>
#include <cstdio>

#include "live/window/parts.h"
#include "live/window/widgets.h"
#include "tempera/tempera.h"

namespace tempera::live {
namespace {

std::string Number(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

// Six figures in two rows.
void DrawFigures(Desk* desk) {
  const Statistics& s = desk->statistics;
  const int lines = s.working_height;
  const std::string size =
      s.working_width > 0 ? std::to_string(s.working_width) + "x" + std::to_string(lines) : "-";
  const struct {
    std::string figure, what, hint;
  } cells[] = {
      {Number(s.painted_fps, 1), "fps",
       "Frames painted a second; the source gives " + Number(s.source_fps, 1) + ", this window shows " +
           Number(s.shown_fps, 1)},
      {Number(s.paint_ms, 1), "ms a frame", "Time to paint one, the median of the last 60"},
      {Number(s.latency_ms_p50, 0), "ms latency",
       "From captured to shown, the median; 95 of 100 come within " + Number(s.latency_ms_p95, 0) + " ms"},
      {std::to_string(s.dropped), "dropped",
       "Frames that were not painted since newer ones came, of " + std::to_string(s.captured)},
      {Number(100 * s.cpu_share, 0) + " %", "of a core", "What this program keeps busy; 100: one core"},
      {size, s.chosen_lines > 0 ? "working, auto" : "working",
       "What the network paints, before it is scaled"},
  };
  ImDrawList* list = ImGui::GetWindowDrawList();
  const float width = ImGui::GetContentRegionAvail().x / 3;
  const float height = desk->fonts.large->FontSize + desk->fonts.small->FontSize + desk->Px(8);
  const ImVec2 start = ImGui::GetCursorScreenPos();
  for (int i = 0; i < 6; ++i) {
    const ImVec2 at(start.x + static_cast<float>(i % 3) * width,
                    start.y + static_cast<float>(i / 3) * (height + desk->Px(8)));
    ImGui::SetCursorScreenPos(at);
    ImGui::PushID(i);
    ImGui::InvisibleButton("figure", ImVec2(width, height));
    ImGui::PopID();
    Hint(desk, cells[i].hint);
    ImFont* font =
        SizeOf(desk->fonts.large, cells[i].figure).x < width ? desk->fonts.large : desk->fonts.text;
    Write(*desk, list, font, at, theme::kText, cells[i].figure);
    Write(*desk, list, desk->fonts.small, ImVec2(at.x, at.y + desk->fonts.large->FontSize + desk->Px(2)),
          theme::kMuted, cells[i].what);
  }
}

void DrawButtons(Desk* desk) {
  const WindowActions& actions = desk->actions();
  const bool snapshots = static_cast<bool>(actions.snapshot), records = static_cast<bool>(actions.record);
  const int count = 4 + snapshots + records;
  const float gap = desk->Px(6);
  const float width = std::floor((ImGui::GetContentRegionAvail().x - gap * static_cast<float>(count - 1)) /
                                 static_cast<float>(count));
  const ImVec2 size(width, desk->Px(56));
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(gap, 0));
  const Settings& now = desk->settings;
  if (Tile(desk, "freeze", Icon::kFreeze, "Freeze", "The source stands still; all else still turns (Space)",
           size, now.freeze))
    desk->controls->SetFreeze(!now.freeze);
  ImGui::SameLine();
  if (Tile(desk, "mirror", Icon::kMirror, "Mirror", "Left and right change places (M)", size, now.mirror))
    desk->controls->SetMirror(!now.mirror);
  ImGui::SameLine();
  if (Tile(desk, "compare", Icon::kCompare, "Before", "The source left of a line that can be dragged (B)",
           size, desk->view.compare))
    desk->view.compare = !desk->view.compare;
  if (snapshots) {
    ImGui::SameLine();
    if (Tile(desk, "snapshot", Icon::kSnapshot, "Snap", "Keeps this picture (S)", size, false))
      desk->Snapshot();
  }
  if (records) {
    ImGui::SameLine();
    if (Tile(desk, "record", Icon::kRecord, desk->recording ? "Stop" : "Record",
             desk->recording ? "Ends the recording (R)" : "Records what is painted (R)", size,
             desk->recording))
      desk->ToggleRecording();
  }
  ImGui::SameLine();
  if (Tile(desk, "full", Icon::kFullScreen, "Full", "Full screen (F); Tab shows the panel there", size,
           desk->view.full_screen))
    desk->view.full_screen = !desk->view.full_screen;
  ImGui::PopStyleVar();
}

std::string Badge(const Desk& desk, const std::string& name, int element) {
  return desk.actions().binding ? desk.actions().binding(name, element) : "";
}

// "fine_strength" as people write it.
std::string Readable(std::string name) {
  std::replace(name.begin(), name.end(), '_', ' ');
  if (!name.empty() && name[0] >= 'a' && name[0] <= 'z') name[0] = static_cast<char>(name[0] - 'a' + 'A');
  return name;
}

// One element, by its kind.
void DrawElement(Desk* desk, const Parameter& p, int element, float value) {
  const bool many = p.defaults.size() > 1;
  const std::string label = many ? NameOfElement(p, element) : Readable(p.name);
  const std::string id = p.name + ":" + std::to_string(element);
  const float standard = p.defaults[static_cast<size_t>(element)];
  bool changed = false;
  if (p.kind == TEMPERA_PARAMETER_SWITCH) {
    bool on = value >= 0.5f;
    changed = Toggle(desk, id, label, &on);
    value = on ? 1.0f : 0.0f;
  } else {
    SliderRange range{p.minimum, p.maximum, standard, p.kind == TEMPERA_PARAMETER_INTEGER, p.unit};
    changed = Slider(desk, id, label, Badge(*desk, p.name, element), range, &value);
    if (ImGui::IsItemActivated()) desk->Touch(p.name, element, label);
  }
  Hint(desk, p.line);
  if (!changed) return;
  desk->Touch(p.name, element, label);
  const Status status = desk->controls->SetElement(p.name, "", element, value);
  if (!status.ok()) desk->Say(status.message(), true);
}

void DrawParameter(Desk* desk, const Parameter& p) {
  const std::vector<float> values = desk->controls->ValuesOf(p.name);
  if (values.size() != p.defaults.size()) return;
  ImGui::PushID(p.name.c_str());
  if (values.size() > 1) {
    ImGui::PushFont(desk->fonts.small);
    const bool open =
        ImGui::TreeNodeEx((Readable(p.name) + "###more").c_str(),
                          ImGuiTreeNodeFlags_SpanAvailWidth | ImGuiTreeNodeFlags_NoTreePushOnOpen);
    desk->Drawn("more:" + p.name);
    ImGui::PopFont();
    for (int i = 0; open && i < static_cast<int>(values.size()); ++i)
      DrawElement(desk, p, i, values[static_cast<size_t>(i)]);
  } else {
    DrawElement(desk, p, 0, values[0]);
  }
  ImGui::PopID();
}

// The usual values, and the one that holds where it is none of them; its index.
template <typename T>
int Among(std::vector<T>* usual, T value) {
  auto at = std::lower_bound(usual->begin(), usual->end(), value);
  if (at == usual->end() || *at != value) at = usual->insert(at, value);
  return static_cast<int>(at - usual->begin());
}

void DrawSizeAndRate(Desk* desk) {
  std::vector<int> lines = {0, 120, 180, 240, 288, 360, 432, 480, 540, 640, 720, 900, 1080};
  std::vector<double> rates = {0, 5, 10, 12, 15, 20, 24, 25, 30, 50, 60};
  int line = Among(&lines, desk->settings.height), rate = Among(&rates, desk->settings.fps);
  std::vector<std::string> line_words, rate_words;
  for (const int n : lines) line_words.push_back(n == 0 ? "model's own" : std::to_string(n) + " lines");
  for (const double n : rates)
    rate_words.push_back(n == 0 ? "all" : Number(n, n == std::floor(n) ? 0 : 2) + " fps");
  const float gap = desk->Px(12), width = std::floor((ImGui::GetContentRegionAvail().x - gap) / 2);
  const ImVec2 at = ImGui::GetCursorScreenPos();
  if (Stepper(desk, "height", "Working height", width, line_words, &line)) {
    desk->controls->SetHeight(lines[static_cast<size_t>(line)]);
    desk->Touch("height", 0, "working height");
  }
  ImGui::SetCursorScreenPos(ImVec2(at.x + width + gap, at.y));
  if (Stepper(desk, "fps", "Frames a second", width, rate_words, &rate)) {
    desk->controls->SetFps(rates[static_cast<size_t>(rate)]);
    desk->Touch("fps", 0, "frames a second");
  }
}

void DrawScenes(Desk* desk) {
  const WindowActions& actions = desk->actions();
  std::string names[10];
  bool stored[10] = {};
  for (const WindowScene& scene : actions.scenes ? actions.scenes() : std::vector<WindowScene>()) {
    if (scene.number < 1 || scene.number > 9) continue;
    stored[scene.number] = true;
    names[scene.number] = scene.name;
  }
  const float gap = desk->Px(4);
  const float side = std::floor((ImGui::GetContentRegionAvail().x - 8 * gap) / 9);
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(gap, gap));
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, ImVec2(0, 0));
  for (int n = 1; n <= 9; ++n) {
    if (n > 1) ImGui::SameLine();
    ImGui::PushStyleColor(ImGuiCol_Button, stored[n] ? theme::kAccentDim : theme::kField);
    ImGui::PushStyleColor(ImGuiCol_Text, stored[n] ? theme::kAccent : theme::kMuted);
    const bool pressed = ImGui::Button(std::to_string(n).c_str(), ImVec2(side, side));
    ImGui::PopStyleColor(2);
    desk->Drawn("scene:" + std::to_string(n));
    const std::string key = std::to_string(n);
    Hint(desk, stored[n] ? (names[n].empty() ? "Scene " + key : names[n]) + "\nCtrl+" + key +
                               " or right click stores anew"
                         : "Empty: Ctrl+" + key + " or right click stores what holds now");
    if (ImGui::IsItemClicked(1))
      desk->Store(n);
    else if (pressed)
      stored[n] ? desk->Recall(n)
                : desk->Say("Scene " + key + " is empty: Ctrl+" + key + " stores what holds now");
  }
  ImGui::PopStyleVar(2);
}

void DrawLearning(Desk* desk) {
  const WindowActions& actions = desk->actions();
  bool on = desk->learning;
  if (Toggle(desk, "learn", "Learn", &on)) {
    desk->learning = on;
    if (!on && actions.stop_learning) actions.stop_learning();
    if (on && !desk->touched.name.empty()) actions.learn(desk->touched);
  }
  Hint(desk, "Touch a control here, then move a fader or send a message: it is bound to it");
  std::string line = actions.learnt ? actions.learnt() : "";
  if (line.empty() && on)
    line = desk->touched.name.empty() ? "Touch a control here, then move a fader."
                                      : "Now move a fader for " + desk->touched.label + ".";
  if (line.empty()) return;
  ImGui::PushFont(desk->fonts.small);
  ImGui::PushStyleColor(ImGuiCol_Text, on ? theme::kAccent : theme::kMuted);
  ImGui::TextWrapped("%s", line.c_str());
  ImGui::PopStyleColor();
  ImGui::PopFont();
}

void DrawSinks(Desk* desk) {
  for (const Statistics::SinkState& sink : desk->statistics.sinks) {
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float width = ImGui::GetContentRegionAvail().x, line = ImGui::GetTextLineHeight();
    ImDrawList* list = ImGui::GetWindowDrawList();
    const bool bad = !sink.message.empty();
    const ImU32 dot = bad ? theme::kRecord : sink.open ? theme::kAccent : theme::kMuted;
    theme::Disc(desk->fonts, list, ImVec2(at.x + desk->Px(4), at.y + line / 2), desk->Px(4), dot);
    const std::string count = std::to_string(sink.shown) +
                              (sink.dropped > 0 ? ", " + std::to_string(sink.dropped) + " dropped" : "");
    const float count_width = SizeOf(desk->fonts.small, count).x;
    Write(*desk, list, desk->fonts.small, ImVec2(at.x + width - count_width, at.y + desk->Px(2)),
          theme::kMuted, count);
    ImGui::Indent(desk->Px(16));
    ImGui::TextUnformatted(Fitted(sink.name, width - desk->Px(28) - count_width).c_str());
    Hint(desk, sink.name);
    if (bad) {
      ImGui::PushFont(desk->fonts.small);
      ImGui::TextWrapped("%s", sink.message.c_str());
      ImGui::PopFont();
    }
    ImGui::Unindent(desk->Px(16));
  }
}

}  // namespace

void Panel::Draw(Desk* desk, Gallery* gallery, const std::vector<Thumbnails::Picture>& pictures, ImVec2 at,
                 ImVec2 size) {
  ImGui::SetNextWindowPos(at);
  ImGui::SetNextWindowSize(size);
  ImGui::Begin("panel", nullptr,
               ImGuiWindowFlags_NoTitleBar | ImGuiWindowFlags_NoResize | ImGuiWindowFlags_NoMove |
                   ImGuiWindowFlags_NoBringToFrontOnFocus | ImGuiWindowFlags_NoSavedSettings);
  const Parameter* blend = BlendOf(desk->parameters);
  const int added = gallery->TakeAdded();
  if (blend != nullptr && added >= 0) pad_.Toggle(*desk, *blend, added);
  DrawFigures(desk);
  ImGui::Dummy(ImVec2(0, desk->Px(4)));
  DrawButtons(desk);
  bool any = false;
  for (const Parameter& p : desk->parameters) {
    if (&p == blend || p.defaults.empty()) continue;
    if (!any) Heading(desk, "Painting");
    any = true;
    DrawParameter(desk, p);
  }
  if (blend != nullptr && blend->defaults.size() > 1) {
    Heading(desk, "Blend");
    pad_.Draw(desk, *blend, pictures);
    DrawParameter(desk, *blend);
  }
  Heading(desk, "Mask");
  DrawMask(desk, pictures);
  Heading(desk, "Size and rate");
  DrawSizeAndRate(desk);
  if (desk->actions().recall || desk->actions().store) {
    Heading(desk, "Scenes");
    DrawScenes(desk);
  }
  if (!desk->statistics.sinks.empty()) {
    Heading(desk, "Outputs");
    DrawSinks(desk);
  }
  if (desk->actions().learn) {
    Heading(desk, "MIDI and OSC");
    DrawLearning(desk);
  }
  ImGui::Dummy(ImVec2(0, desk->Px(4)));
  ImGui::PushFont(desk->fonts.small);
  ImGui::TextDisabled("? lists the keys");
  ImGui::PopFont();
  ImGui::End();
}

}  // namespace tempera::live
