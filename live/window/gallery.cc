#include <algorithm>
#include <cmath>

#include "live/window/parts.h"
#include "live/window/widgets.h"

namespace tempera::live {
namespace {

// The share that each style has of the blend; 0 where none is.
std::vector<float> SharesOf(const Desk& desk, const Parameter* blend) {
  std::vector<float> shares(desk.model->styles.size(), 0.0f);
  const std::vector<float> values =
      blend != nullptr ? desk.controls->ValuesOf(blend->name) : std::vector<float>();
  float sum = 0;
  for (const float value : values) sum += value;
  for (size_t i = 0; i < values.size() && sum > 0; ++i) {
    const int style = StyleOfElement(desk, *blend, static_cast<int>(i));
    if (style >= 0) shares[static_cast<size_t>(style)] = values[i] / sum;
  }
  return shares;
}

}  // namespace

int StyleOfElement(const Desk& desk, const Parameter& blend, int element) {
  const auto at = static_cast<size_t>(element);
  if (at >= blend.short_names.size()) return -1;
  const auto found = desk.style_of_word.find(blend.short_names[at]);
  return found == desk.style_of_word.end() ? -1 : found->second;
}

std::string NameOfElement(const Parameter& parameter, int element) {
  const auto at = static_cast<size_t>(element);
  if (at < parameter.element_names.size() && !parameter.element_names[at].empty())
    return parameter.element_names[at];
  if (at < parameter.short_names.size() && !parameter.short_names[at].empty())
    return parameter.short_names[at];
  return parameter.name + " " + std::to_string(element + 1);
}

int Gallery::TakeAdded() { return std::exchange(added_, -1); }

void Gallery::Draw(Desk* desk, const std::vector<Thumbnails::Picture>& pictures, ImVec2 at, ImVec2 size) {
  ImGui::SetNextWindowPos(at);
  ImGui::SetNextWindowSize(size);
  const float gap = desk->Px(12);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(gap, desk->Px(8)));
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(desk->Px(10), 0));
  ImGui::Begin("gallery", nullptr,
               ImGuiWindowFlags_NoTitleBar | ImGuiWindowFlags_NoResize | ImGuiWindowFlags_NoMove |
                   ImGuiWindowFlags_HorizontalScrollbar | ImGuiWindowFlags_NoBringToFrontOnFocus |
                   ImGuiWindowFlags_NoScrollWithMouse | ImGuiWindowFlags_NoSavedSettings |
                   ImGuiWindowFlags_NoBackground);
  if (ImGui::IsWindowHovered(ImGuiHoveredFlags_ChildWindows) && ImGui::GetIO().MouseWheel != 0)
    ImGui::SetScrollX(ImGui::GetScrollX() - ImGui::GetIO().MouseWheel * desk->Px(120));
  const float line = desk->fonts.small->FontSize;
  const float height = size.y - desk->Px(24) - line - desk->Px(6);
  const ImVec2 picture(std::floor(height * 1.5f), std::floor(height));
  const int chosen = desk->StyleIndex();
  const std::vector<float> shares = SharesOf(*desk, BlendOf(desk->parameters));
  for (size_t i = 0; i < desk->model->styles.size(); ++i) {
    if (i > 0) ImGui::SameLine();
    DrawStyle(desk, pictures[i], static_cast<int>(i), shares[i], picture);
    if (static_cast<int>(i) == chosen && last_style_ != desk->settings.style) ImGui::SetScrollHereX();
  }
  last_style_ = desk->settings.style;
  ImGui::End();
  ImGui::PopStyleVar(2);
}

void Gallery::DrawStyle(Desk* desk, const Thumbnails::Picture& picture, int index, float share, ImVec2 size) {
  const WindowStyle& style = desk->model->styles[static_cast<size_t>(index)];
  const ImVec2 at = ImGui::GetCursorScreenPos(), to(at.x + size.x, at.y + size.y);
  ImDrawList* list = ImGui::GetWindowDrawList();
  ImGui::PushID(index);
  const float whole = size.y + desk->Px(6) + desk->fonts.small->FontSize;
  const bool pressed = ImGui::InvisibleButton("style", ImVec2(size.x, whole));
  desk->Drawn("style:" + style.word);
  const Parameter* blend = BlendOf(desk->parameters);
  // Where shares were set, it is they that tell what is painted.
  const bool blended = blend != nullptr && desk->settings.values.contains(blend->name);
  const bool chosen = blended ? share >= 0.995f : style.word == desk->settings.style;
  const bool hovered = ImGui::IsItemHovered();
  const bool blends = blend != nullptr;
  if (hovered && blends && ImGui::IsMouseClicked(1)) added_ = index;
  if (pressed) {
    if (ImGui::GetIO().KeyShift && blends)
      added_ = index;
    else if (!chosen || desk->armed_region >= 0)
      desk->ChooseStyle(style.word);
    desk->Touch("style", index, TitleOf(style));
  }
  if (!ImGui::IsItemVisible()) return ImGui::PopID();
  const float round = desk->Px(6);
  if (picture.texture != nullptr) {
    // Cut to the tile's shape, from its middle.
    const float shape = static_cast<float>(picture.width) / static_cast<float>(picture.height);
    const float tile = size.x / size.y;
    const float u = shape > tile ? (1 - tile / shape) / 2 : 0, v = shape > tile ? 0 : (1 - shape / tile) / 2;
    list->AddImage(picture.texture, at, to, ImVec2(u, v), ImVec2(1 - u, 1 - v),
                   chosen || hovered ? IM_COL32_WHITE : IM_COL32(205, 205, 205, 255));
  } else {
    list->AddRectFilled(at, to, theme::kField, round);
    ImGui::PushFont(desk->fonts.small);
    const std::string name = Fitted(TitleOf(style), size.x - desk->Px(12));
    ImGui::PopFont();
    const ImVec2 text = SizeOf(desk->fonts.small, name);
    Write(*desk, list, desk->fonts.small, ImVec2((at.x + to.x - text.x) / 2, (at.y + to.y - text.y) / 2),
          theme::kMuted, name);
  }
  if (share > 0.005f && share < 0.995f) {
    const float bar = desk->Px(4);
    list->AddRectFilled(ImVec2(at.x, to.y - bar), to, IM_COL32(0, 0, 0, 150));
    list->AddRectFilled(ImVec2(at.x, to.y - bar), ImVec2(at.x + size.x * share, to.y), theme::kAccent);
  }
  const float edge = desk->Px(2);
  if (chosen)
    list->AddRect(ImVec2(at.x - edge, at.y - edge), ImVec2(to.x + edge, to.y + edge), theme::kAccent,
                  desk->Px(4), 0, edge);
  ImGui::PushFont(desk->fonts.small);
  const std::string title = Fitted(TitleOf(style), size.x);
  ImGui::PopFont();
  Write(*desk, list, desk->fonts.small, ImVec2(at.x, to.y + desk->Px(6)),
        chosen ? theme::kText : theme::kMuted, title);
  std::string hint = TitleOf(style) + (style.artist.empty() ? "" : "\n" + style.artist);
  if (blends) hint += "\nRight click: onto the blend pad, or off it";
  Hint(desk, hint);
  ImGui::PopID();
}

}  // namespace tempera::live
