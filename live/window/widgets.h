// The window's own controls, drawn in its theme.
#pragma once

#include <imgui.h>

#include <string>

#include "live/window/desk.h"

namespace tempera::live {

// A heading between groups.
void Heading(Desk* desk, const char* text);

struct SliderRange {
  float minimum = 0, maximum = 1, standard = 0;
  bool whole = false;  // whole numbers only
  std::string unit;
};
// Name and value above a track. Double click: the standard value; right click: type one. True when it
// changed. `badge`: small, behind the name.
bool Slider(Desk* desk, const std::string& id, const std::string& label, const std::string& badge,
            const SliderRange& range, float* value);
// A number as people read it: "0.80", "12 px".
std::string Shown(float value, const SliderRange& range);

bool Toggle(Desk* desk, const std::string& id, const std::string& label, bool* on);

enum class Icon { kFreeze, kMirror, kCompare, kSnapshot, kRecord, kFullScreen };
// A tile with a sign and a word.
bool Tile(Desk* desk, const std::string& id, Icon icon, const std::string& label, const std::string& hint,
          ImVec2 size, bool on);

// A number among usual ones, with a step down and up beside it: `shown` in words for each.
bool Stepper(Desk* desk, const std::string& id, const std::string& label, float width,
             const std::vector<std::string>& shown, int* index);

// Cut to a width, with an ellipsis.
std::string Fitted(const std::string& text, float width);
// After the last item: shown while the mouse rests on it.
void Hint(Desk* desk, const std::string& text);
// Of a text in a font, at a place.
void Write(const Desk& desk, ImDrawList* list, ImFont* font, ImVec2 at, ImU32 color, const std::string& text);
ImVec2 SizeOf(ImFont* font, const std::string& text);

}  // namespace tempera::live
