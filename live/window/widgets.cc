#include "live/window/widgets.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace tempera::live {
namespace {

ImVec2 operator+(ImVec2 a, ImVec2 b) { return ImVec2(a.x + b.x, a.y + b.y); }

// A camera, two triangles that face each other, ... within a square around `c`, `r` from its middle to its
// edge.
void DrawIcon(const Desk& desk, ImDrawList* list, Icon icon, ImVec2 c, float r, ImU32 color) {
  const float line = std::max(1.0f, r / 6);
  const auto at = [c, r](float x, float y) { return ImVec2(c.x + x * r, c.y + y * r); };
  switch (icon) {
    case Icon::kFreeze:
      list->AddRectFilled(at(-0.6f, -0.75f), at(-0.18f, 0.75f), color, r / 8);
      list->AddRectFilled(at(0.18f, -0.75f), at(0.6f, 0.75f), color, r / 8);
      break;
    case Icon::kMirror:
      list->AddTriangleFilled(at(-0.95f, 0.7f), at(-0.2f, 0.7f), at(-0.2f, -0.7f), color);
      list->AddTriangle(at(0.95f, 0.7f), at(0.2f, -0.7f), at(0.2f, 0.7f), color, line);
      break;
    case Icon::kCompare:
      list->AddRect(at(-0.9f, -0.65f), at(0.9f, 0.65f), color, r / 5, 0, line);
      list->AddRectFilled(at(0, -0.65f), at(0.9f, 0.65f), color, r / 5, ImDrawFlags_RoundCornersRight);
      list->AddLine(at(0, -1), at(0, 1), color, line);
      break;
    case Icon::kSnapshot:
      list->AddRectFilled(at(-0.35f, -0.78f), at(0.35f, -0.3f), color, r / 8);
      list->AddRectFilled(at(-0.95f, -0.55f), at(0.95f, 0.72f), color, r / 5);
      theme::Disc(desk.fonts, list, at(0, 0.08f), 0.4f * r, theme::kField);
      break;
    case Icon::kRecord:
      theme::Disc(desk.fonts, list, c, 0.8f * r, color);
      break;
    case Icon::kFullScreen:
      for (const float x : {-1.0f, 1.0f}) {
        for (const float y : {-1.0f, 1.0f}) {
          const ImVec2 corner = at(0.85f * x, 0.7f * y);
          list->AddLine(corner, at(0.35f * x, 0.7f * y), color, line * 1.4f);
          list->AddLine(corner, at(0.85f * x, 0.2f * y), color, line * 1.4f);
        }
      }
      break;
  }
}

// A value to be typed, in a small window of its own.
bool TypeValue(const SliderRange& range, float* value) {
  bool changed = false;
  if (ImGui::BeginPopup("type")) {
    float typed = *value;
    ImGui::SetNextItemWidth(ImGui::GetFontSize() * 6);
    if (ImGui::IsWindowAppearing()) ImGui::SetKeyboardFocusHere();
    if (ImGui::InputFloat("##value", &typed, 0, 0, range.whole ? "%.0f" : "%.3f",
                          ImGuiInputTextFlags_EnterReturnsTrue | ImGuiInputTextFlags_AutoSelectAll)) {
      *value = std::isfinite(typed) ? std::clamp(typed, range.minimum, range.maximum) : *value;
      changed = true;
      ImGui::CloseCurrentPopup();
    }
    ImGui::SameLine();
    if (ImGui::Button(("Default " + Shown(range.standard, range)).c_str())) {
      *value = range.standard;
      changed = true;
      ImGui::CloseCurrentPopup();
    }
    ImGui::EndPopup();
  }
  return changed;
}

}  // namespace

void Write(const Desk&, ImDrawList* list, ImFont* font, ImVec2 at, ImU32 color, const std::string& text) {
  list->AddText(font, font->FontSize, ImVec2(std::floor(at.x), std::floor(at.y)), color, text.data(),
                text.data() + text.size());
}

ImVec2 SizeOf(ImFont* font, const std::string& text) {
  return font->CalcTextSizeA(font->FontSize, 1e6f, 0, text.data(), text.data() + text.size());
}

std::string Fitted(const std::string& text, float width) {
  ImFont* font = ImGui::GetFont();
  if (SizeOf(font, text).x <= width) return text;
  std::string cut = text;
  while (!cut.empty()) {
    while (!cut.empty() && (cut.back() & 0xC0) == 0x80) cut.pop_back();
    if (!cut.empty()) cut.pop_back();
    while (!cut.empty() && cut.back() == ' ') cut.pop_back();
    if (SizeOf(font, cut + "...").x <= width) break;
  }
  return cut + "...";
}

void Hint(Desk* desk, const std::string& text) {
  if (text.empty() || !ImGui::IsItemHovered() || ImGui::IsMouseDown(0)) return;
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(desk->Px(10), desk->Px(7)));
  ImGui::BeginTooltip();
  ImGui::PushTextWrapPos(desk->Px(280));
  ImGui::TextUnformatted(text.c_str());
  ImGui::PopTextWrapPos();
  ImGui::EndTooltip();
  ImGui::PopStyleVar();
}

void Heading(Desk* desk, const char* text) {
  ImGui::Dummy(ImVec2(0, desk->Px(6)));
  ImGui::PushFont(desk->fonts.small);
  ImGui::PushStyleColor(ImGuiCol_Text, theme::kMuted);
  ImGui::TextUnformatted(text);
  ImGui::PopStyleColor();
  ImGui::PopFont();
}

std::string Shown(float value, const SliderRange& range) {
  const float span = range.maximum - range.minimum;
  const int digits = range.whole || span > 100 ? 0 : span > 10 ? 1 : 2;
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, static_cast<double>(value));
  return range.unit.empty() ? text : std::string(text) + " " + range.unit;
}

bool Slider(Desk* desk, const std::string& id, const std::string& label, const std::string& badge,
            const SliderRange& range, float* value) {
  const float width = ImGui::GetContentRegionAvail().x, line = ImGui::GetTextLineHeight();
  const float height = line + desk->Px(20), knob = desk->Px(7);
  ImGui::PushID(id.c_str());
  const ImVec2 at = ImGui::GetCursorScreenPos();
  ImGui::InvisibleButton("slider", ImVec2(width, height));
  desk->Drawn("slider:" + id, ImVec2(at.x, at.y + line), ImVec2(at.x + width, at.y + height));
  const bool held = ImGui::IsItemActive(), hovered = ImGui::IsItemHovered();
  const float span = range.maximum - range.minimum;
  bool changed = false;
  if (hovered && ImGui::IsMouseDoubleClicked(0)) {
    changed = *value != range.standard;
    *value = range.standard;
  } else if (held && ImGui::GetIO().MousePos.y > at.y && span > 0) {
    float next = std::clamp((ImGui::GetIO().MousePos.x - at.x - knob) / (width - 2 * knob), 0.0f, 1.0f);
    next = range.minimum + next * span;
    if (range.whole) next = std::round(next);
    // A double click's second press keeps what the first one set.
    if (ImGui::GetIO().MouseClickedCount[0] < 2 || ImGui::IsMouseDragging(0)) {
      changed = next != *value;
      *value = next;
    }
  }
  if (hovered && ImGui::IsMouseClicked(1)) ImGui::OpenPopup("type");
  changed |= TypeValue(range, value);

  ImDrawList* list = ImGui::GetWindowDrawList();
  const std::string number = Shown(*value, range);
  const float number_width = SizeOf(desk->fonts.text, number).x;
  const std::string name = Fitted(label, width - number_width - desk->Px(12));
  Write(*desk, list, desk->fonts.text, at, theme::kText, name);
  if (!badge.empty()) {
    const float x = at.x + SizeOf(desk->fonts.text, name).x + desk->Px(8);
    Write(*desk, list, desk->fonts.small, ImVec2(x, at.y + desk->Px(2)), theme::kAccent, badge);
  }
  Write(*desk, list, desk->fonts.text, ImVec2(at.x + width - number_width, at.y),
        held ? theme::kAccent : theme::kMuted, number);
  const float share = span > 0 ? std::clamp((*value - range.minimum) / span, 0.0f, 1.0f) : 0;
  const float y = std::floor(at.y + line + desk->Px(11)), x = at.x + knob + share * (width - 2 * knob);
  const float half = desk->Px(2);
  list->AddRectFilled(ImVec2(at.x, y - half), ImVec2(at.x + width, y + half),
                      hovered ? theme::kFieldHovered : theme::kField, half);
  // From the standard value where that lies inside: strength and the like begin at an end.
  list->AddRectFilled(ImVec2(at.x, y - half), ImVec2(x, y + half), theme::kAccent, half);
  theme::Disc(desk->fonts, list, ImVec2(x, y), knob + (held ? desk->Px(1) : 0), theme::kText);
  ImGui::PopID();
  return changed;
}

bool Toggle(Desk* desk, const std::string& id, const std::string& label, bool* on) {
  const float width = ImGui::GetContentRegionAvail().x, height = desk->Px(24);
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const bool pressed = ImGui::InvisibleButton(id.c_str(), ImVec2(width, height));
  desk->Drawn("toggle:" + id);
  if (pressed) *on = !*on;
  ImDrawList* list = ImGui::GetWindowDrawList();
  Write(*desk, list, desk->fonts.text, ImVec2(at.x, at.y + (height - desk->fonts.text->FontSize) / 2),
        theme::kText, Fitted(label, width - desk->Px(50)));
  const float w = desk->Px(38), h = desk->Px(20), r = h / 2;
  const ImVec2 from(at.x + width - w, std::floor(at.y + (height - h) / 2));
  const ImU32 color = *on ? theme::kAccent : ImGui::IsItemHovered() ? theme::kFieldHovered : theme::kField;
  list->AddRectFilled(from, from + ImVec2(w, h), color, r);
  theme::Disc(desk->fonts, list, from + ImVec2(*on ? w - r : r, r), r - desk->Px(3),
              *on ? theme::kOnAccent : theme::kText);
  return pressed;
}

bool Tile(Desk* desk, const std::string& id, Icon icon, const std::string& label, const std::string& hint,
          ImVec2 size, bool on) {
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const bool pressed = ImGui::InvisibleButton(id.c_str(), size);
  desk->Drawn("button:" + id);
  ImDrawList* list = ImGui::GetWindowDrawList();
  const bool hovered = ImGui::IsItemHovered(), is_record = icon == Icon::kRecord;
  const ImU32 ground = on        ? (is_record ? IM_COL32(232, 72, 66, 60) : theme::kAccentDim)
                       : hovered ? theme::kFieldHovered
                                 : theme::kField;
  const ImU32 sign = is_record ? theme::kRecord : on ? theme::kAccent : theme::kText;
  list->AddRectFilled(at, at + size, ground, desk->Px(8));
  DrawIcon(*desk, list, icon, at + ImVec2(size.x / 2, desk->Px(21)), desk->Px(10), sign);
  ImFont* font = desk->fonts.small;
  const ImVec2 text = SizeOf(font, label);
  Write(*desk, list, font, at + ImVec2((size.x - text.x) / 2, size.y - text.y - desk->Px(6)),
        on ? theme::kText : theme::kMuted, label);
  Hint(desk, hint);
  return pressed;
}

bool Stepper(Desk* desk, const std::string& id, const std::string& label, float width,
             const std::vector<std::string>& shown, int* index) {
  const auto count = static_cast<int>(shown.size());
  const float button = desk->Px(28), height = ImGui::GetFrameHeight();
  int next = *index;
  ImGui::PushID(id.c_str());
  ImGui::BeginGroup();
  ImGui::PushFont(desk->fonts.small);
  ImGui::TextDisabled("%s", label.c_str());
  ImGui::PopFont();
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(desk->Px(2), desk->Px(4)));
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, ImVec2(0, ImGui::GetStyle().FramePadding.y));
  if (ImGui::Button("-", ImVec2(button, height))) next = std::max(0, next - 1);
  desk->Drawn("step:" + id + ":-");
  ImGui::SameLine();
  const std::string& text = shown[static_cast<size_t>(std::clamp(next, 0, count - 1))];
  if (ImGui::Button((text + "###choose").c_str(), ImVec2(width - 2 * button - desk->Px(4), height)))
    ImGui::OpenPopup("choices");
  desk->Drawn("step:" + id);
  ImGui::SameLine();
  if (ImGui::Button("+", ImVec2(button, height))) next = std::min(count - 1, next + 1);
  desk->Drawn("step:" + id + ":+");
  ImGui::PopStyleVar(2);
  if (ImGui::BeginPopup("choices")) {
    for (int i = 0; i < count; ++i) {
      if (ImGui::Selectable(shown[static_cast<size_t>(i)].c_str(), i == *index)) next = i;
      if (i == *index && ImGui::IsWindowAppearing()) ImGui::SetScrollHereY();
    }
    ImGui::EndPopup();
  }
  ImGui::EndGroup();
  ImGui::PopID();
  const bool changed = next != *index;
  *index = next;
  return changed;
}

}  // namespace tempera::live
