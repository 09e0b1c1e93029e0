#include <algorithm>
#include <cmath>

#include "live/window/parts.h"
#include "live/window/widgets.h"

namespace tempera::live {
namespace {

// A line on a dark, round ground; returns how high it is.
float DrawBanner(Desk* desk, ImDrawList* list, ImVec2 middle, const std::string& text, ImU32 dot,
                 float width) {
  ImGui::PushFont(desk->fonts.text);
  const std::string shown = Fitted(text, width - desk->Px(48));
  ImGui::PopFont();
  const ImVec2 extent = SizeOf(desk->fonts.text, shown);
  const float h = extent.y + desk->Px(16), w = extent.x + desk->Px(44);
  const ImVec2 from(std::floor(middle.x - w / 2), std::floor(middle.y - h / 2));
  list->AddRectFilled(from, ImVec2(from.x + w, from.y + h), theme::kShade, h / 2);
  theme::Disc(desk->fonts, list, ImVec2(from.x + desk->Px(18), from.y + h / 2), desk->Px(4), dot);
  Write(*desk, list, desk->fonts.text, ImVec2(from.x + desk->Px(30), from.y + desk->Px(8)), theme::kText,
        shown);
  return h;
}

// What is to be said of the source; "" when all is well.
std::string SourceLine(const Desk& desk) {
  const Statistics& s = desk.statistics;
  const std::string& name = desk.model->source;
  switch (s.source_state) {
    case Statistics::SourceState::kOpening:
      if (!s.source_message.empty()) return s.source_message;
      return name.empty() ? "Opening the source ..." : "Opening " + name + " ...";
    case Statistics::SourceState::kFrozen:
      return s.source_message.empty() ? "The source is frozen: it gives no new frames" : s.source_message;
    case Statistics::SourceState::kLost:
      return s.source_message.empty() ? "The source is lost; it is looked for" : s.source_message;
    case Statistics::SourceState::kEnded:
      return s.source_message.empty() ? "The source has ended" : s.source_message;
    case Statistics::SourceState::kRunning:
      break;
  }
  return s.source_message;
}

void DrawDivider(Desk* desk, const SDL_Rect& picture) {
  ImDrawList* list = ImGui::GetWindowDrawList();
  const int width = desk->painted ? desk->painted->frame.width : picture.w;
  const float share =
      static_cast<float>(Canvas::CutOf(width, desk->view.divider)) / static_cast<float>(width);
  const float x = std::round(static_cast<float>(picture.x) + share * static_cast<float>(picture.w));
  const float top = static_cast<float>(picture.y), bottom = top + static_cast<float>(picture.h);
  const float reach = desk->Px(10);
  ImGui::SetCursorScreenPos(ImVec2(x - reach, top));
  ImGui::InvisibleButton("divider", ImVec2(2 * reach, bottom - top));
  desk->Drawn("divider");
  const bool held = ImGui::IsItemActive();
  if (held || ImGui::IsItemHovered()) ImGui::SetMouseCursor(ImGuiMouseCursor_ResizeEW);
  if (held)
    desk->view.divider = std::clamp(
        (ImGui::GetIO().MousePos.x - static_cast<float>(picture.x)) / static_cast<float>(picture.w), 0.0f,
        1.0f);
  const ImU32 color = held ? theme::kAccent : IM_COL32(240, 240, 240, 255);
  const float half = std::max(1.0f, std::floor(desk->Px(1)));
  list->AddRectFilled(ImVec2(x - half, top), ImVec2(x + half, bottom), color);
  const float y = std::round((top + bottom) / 2), r = desk->Px(13);
  theme::Disc(desk->fonts, list, ImVec2(x, y), r, color);
  const float a = desk->Px(3.5f), b = desk->Px(4);
  list->AddTriangleFilled(ImVec2(x - a, y - b), ImVec2(x - a, y + b), ImVec2(x - a - b, y),
                          theme::kBackground);
  list->AddTriangleFilled(ImVec2(x + a, y - b), ImVec2(x + a + b, y), ImVec2(x + a, y + b),
                          theme::kBackground);
}

void DrawLines(Desk* desk, const SDL_Rect& picture) {
  ImDrawList* list = ImGui::GetWindowDrawList();
  const float width = static_cast<float>(picture.w), middle = static_cast<float>(picture.x) + width / 2;
  const float top = static_cast<float>(picture.y) + desk->Px(32);
  const std::string line = SourceLine(*desk);
  if (!line.empty()) {
    const bool calm = desk->statistics.source_state == Statistics::SourceState::kOpening;
    DrawBanner(desk, list, ImVec2(middle, top), line, calm ? theme::kMuted : theme::kRecord, width);
    desk->Drawn("banner:source", ImVec2(middle - 1, top - 1), ImVec2(middle + 1, top + 1));
  } else if (desk->settings.freeze) {
    DrawBanner(desk, list, ImVec2(middle, top), "Frozen; Space goes on", theme::kAccent, width);
  }
  float y = static_cast<float>(picture.y + picture.h) - desk->Px(32);
  if (!desk->statistics.painter_message.empty())
    y -= DrawBanner(desk, list, ImVec2(middle, y), desk->statistics.painter_message, theme::kRecord, width) +
         desk->Px(6);
  for (auto n = desk->notices.rbegin(); n != desk->notices.rend(); ++n)
    y -= DrawBanner(desk, list, ImVec2(middle, y), n->text, n->bad ? theme::kRecord : theme::kAccent, width) +
         desk->Px(6);
  if (desk->recording) {
    const ImVec2 at(static_cast<float>(picture.x + picture.w) - desk->Px(22),
                    static_cast<float>(picture.y) + desk->Px(22));
    theme::Disc(desk->fonts, list, at, desk->Px(10), theme::kShade);
    theme::Disc(desk->fonts, list, at, desk->Px(6), theme::kRecord);
  }
}

}  // namespace

void DrawOverlay(Desk* desk, const SDL_Rect& picture) {
  const ImVec2 at(static_cast<float>(picture.x), static_cast<float>(picture.y));
  const ImVec2 size(static_cast<float>(picture.w), static_cast<float>(picture.h));
  ImGui::SetNextWindowPos(at);
  ImGui::SetNextWindowSize(size);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(0, 0));
  ImGui::PushStyleVar(ImGuiStyleVar_WindowMinSize, ImVec2(1, 1));
  ImGui::Begin("picture", nullptr,
               ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoBackground |
                   ImGuiWindowFlags_NoBringToFrontOnFocus | ImGuiWindowFlags_NoSavedSettings);
  desk->Drawn("picture", at, ImVec2(at.x + size.x, at.y + size.y));
  if (desk->view.compare && desk->painted) DrawDivider(desk, picture);
  DrawLines(desk, picture);
  if (ImGui::IsWindowHovered() && !ImGui::IsAnyItemHovered() && ImGui::IsMouseDoubleClicked(0))
    desk->view.full_screen = !desk->view.full_screen;
  ImGui::End();
  ImGui::PopStyleVar(2);
}

void DrawHelp(Desk* desk, ImVec2 size) {
  static constexpr struct {
    const char *key, *what;
  } kKeys[] = {
      {"F, F11, double click", "full screen"},
      {"Tab", "panel and gallery"},
      {"Left, Right", "style before, next style"},
      {"Space", "freeze the source"},
      {"M", "mirror"},
      {"B", "before and after"},
      {"S", "snapshot"},
      {"R", "record, stop"},
      {"1 to 9", "recall a scene"},
      {"Ctrl+1 to 9", "store a scene"},
      {"Ctrl + and -", "larger and smaller texts"},
      {"Double click a slider", "its default"},
      {"Right click a slider", "type a value"},
      {"?, F1", "this list"},
      {"Esc, Q", "leave"},
  };
  const float row = desk->fonts.text->FontSize + desk->Px(9), key_width = desk->Px(190);
  const auto count = static_cast<float>(std::size(kKeys));
  const ImVec2 box(desk->Px(460), row * count + desk->Px(84));
  const ImVec2 at(std::floor((size.x - box.x) / 2), std::floor((size.y - box.y) / 2));
  ImGui::SetNextWindowPos(ImVec2(0, 0));
  ImGui::SetNextWindowSize(size);
  ImGui::SetNextWindowFocus();
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(0, 0));
  ImGui::Begin("help", nullptr,
               ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoBackground |
                   ImGuiWindowFlags_NoSavedSettings);
  ImDrawList* list = ImGui::GetWindowDrawList();
  list->AddRectFilled(ImVec2(0, 0), size, IM_COL32(6, 7, 9, 150));
  list->AddRectFilled(at, ImVec2(at.x + box.x, at.y + box.y), theme::kPanel, desk->Px(14));
  list->AddRect(at, ImVec2(at.x + box.x, at.y + box.y), theme::kLine, desk->Px(14));
  Write(*desk, list, desk->fonts.large, ImVec2(at.x + desk->Px(28), at.y + desk->Px(24)), theme::kText,
        "Keys");
  float y = at.y + desk->Px(62);
  for (const auto& key : kKeys) {
    Write(*desk, list, desk->fonts.text, ImVec2(at.x + desk->Px(28), y), theme::kAccent, key.key);
    Write(*desk, list, desk->fonts.text, ImVec2(at.x + desk->Px(28) + key_width, y), theme::kText, key.what);
    y += row;
  }
  desk->Drawn("help", at, ImVec2(at.x + box.x, at.y + box.y));
  ImGui::SetCursorScreenPos(ImVec2(0, 0));
  if (ImGui::InvisibleButton("close", size)) desk->view.help = false;
  ImGui::End();
  ImGui::PopStyleVar();
}

}  // namespace tempera::live
