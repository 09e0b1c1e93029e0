// The panel's part about the mask: what is painted, what lies around it, and what each region shows.
#include <algorithm>
#include <cctype>

#include "live/window/parts.h"
#include "live/window/widgets.h"

namespace tempera::live {
namespace {

// What a region can show beside styles: as MaskRegion::shows has it, and for people.
struct Shown {
  const char* word;
  const char* label;
};
constexpr Shown kShown[] = {{kPainted, "the style"}, {"none", "as it is"}, {"blur", "blurred"}};

std::string Capital(std::string text) {
  if (!text.empty()) text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return text;
}

// What the network looks for, for people: its class, or what the network is called.
std::string ThingOf(const Desk& desk, const std::string& name) {
  if (!name.empty()) return Capital(name);
  const std::vector<std::string>& classes = desk.mask_classes;
  if (classes.size() == 1 && !classes[0].empty()) return Capital(classes[0]);
  const std::string& network = desk.settings.mask.network;
  return network.find('/') == std::string::npos && network.find('.') == std::string::npos ? Capital(network)
                                                                                          : "Mask";
}

bool Choice(Desk* desk, const char* id, const std::string& label, const char* hint, float width, bool on) {
  ImGui::PushStyleColor(ImGuiCol_Button, on ? theme::kAccentDim : theme::kField);
  ImGui::PushStyleColor(ImGuiCol_Text, on ? theme::kAccent : theme::kMuted);
  ImGui::PushFont(desk->fonts.small);
  const bool pressed =
      ImGui::Button((Fitted(label, width - desk->Px(8)) + "###" + id).c_str(), ImVec2(width, desk->Px(32)));
  ImGui::PopFont();
  ImGui::PopStyleColor(2);
  desk->Drawn(std::string("mask:") + id);
  Hint(desk, hint);
  return pressed;
}

void EditMask(Desk* desk, const std::string& name, const std::function<void(MaskSettings*)>& edit) {
  const Status status = desk->controls->EditMask(name, [&](MaskSettings* mask) {
    edit(mask);
    return OkStatus();
  });
  if (!status.ok()) desk->Say(status.message(), true);
}

// Off, the thing, or all around it.
void DrawSwitch(Desk* desk, const std::optional<SimpleMask>& simple) {
  const MaskSettings& now = desk->settings.mask;
  const float gap = desk->Px(4), width = std::floor((ImGui::GetContentRegionAvail().x - 2 * gap) / 3);
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(gap, gap));
  const auto turn = [&](bool on, bool background) {
    EditMask(desk, "mask", [&](MaskSettings* mask) {
      mask->on = on;
      if (!on) return;
      SimpleMask next = SimpleOf(mask->regions).value_or(SimpleMask());
      next.background = background;
      SetSimple(next, mask);
    });
    desk->Touch("mask", 0, "mask");
    desk->armed_region = -1;
  };
  if (Choice(desk, "off", "All", "The whole picture is painted", width, !now.on)) turn(false, false);
  ImGui::SameLine();
  if (Choice(desk, "of", ThingOf(*desk, simple ? simple->of : ""), "Only that is painted", width,
             now.on && simple && !simple->background))
    turn(true, false);
  ImGui::SameLine();
  if (Choice(desk, "background", "Background", "All but that is painted", width,
             now.on && simple && simple->background))
    turn(true, true);
  ImGui::PopStyleVar();
}

// Which of many classes.
void DrawClass(Desk* desk, const SimpleMask& simple) {
  std::vector<std::string> names = {""}, shown = {"the network's own"};
  int index = 0;
  for (const std::string& name : desk->mask_classes) {
    if (name.empty() || name == kBackground) continue;
    if (name == simple.of) index = static_cast<int>(names.size());
    names.push_back(name);
    shown.push_back(name);
  }
  if (names.size() < 3) return;
  if (!Stepper(desk, "mask.class", "Class", ImGui::GetContentRegionAvail().x, shown, &index)) return;
  EditMask(desk, "mask", [&](MaskSettings* mask) {
    SimpleMask next = SimpleOf(mask->regions).value_or(SimpleMask());
    next.of = names[static_cast<size_t>(index)];
    SetSimple(next, mask);
  });
}

// The picture of what a region shows; pressed, the gallery is its.
void DrawTile(Desk* desk, const std::vector<Thumbnails::Picture>& pictures, size_t region, ImVec2 size) {
  const MaskRegion& now = desk->settings.mask.regions[region];
  const ImVec2 at = ImGui::GetCursorScreenPos(), to(at.x + size.x, at.y + size.y);
  const bool armed = desk->armed_region == static_cast<int>(region);
  if (ImGui::InvisibleButton("tile", size)) desk->armed_region = armed ? -1 : static_cast<int>(region);
  desk->Drawn("region:" + std::to_string(region));
  Hint(desk, "Press, then choose a picture below: this region is painted in that style");
  ImDrawList* list = ImGui::GetWindowDrawList();
  list->AddRectFilled(at, to, theme::kField, desk->Px(4));
  const std::string& word = now.shows == kPainted ? desk->settings.style : now.shows;
  const auto style = desk->style_of_word.find(word);
  if (style != desk->style_of_word.end()) {
    const Thumbnails::Picture& picture = pictures[static_cast<size_t>(style->second)];
    if (picture.texture != nullptr) list->AddImage(picture.texture, at, to);
  }
  if (armed) list->AddRect(at, to, theme::kAccent, desk->Px(4), 0, desk->Px(2));
}

void DrawRegion(Desk* desk, const std::vector<Thumbnails::Picture>& pictures, size_t region, bool simple) {
  const MaskRegion now = desk->settings.mask.regions[region];
  std::vector<std::string> words, shown;
  for (const Shown& each : kShown) {
    if (simple && std::string(each.word) == kPainted) continue;
    words.push_back(each.word);
    shown.push_back(each.label);
  }
  const float gap = desk->Px(8), height = ImGui::GetFrameHeight() + desk->fonts.small->FontSize + desk->Px(4);
  const ImVec2 start = ImGui::GetCursorScreenPos(), tile(std::floor(height * 1.4f), height);
  // What is blurred, or as it is, has no picture.
  const bool has_picture =
      desk->style_of_word.contains(now.shows == kPainted ? desk->settings.style : now.shows);
  const float width = ImGui::GetContentRegionAvail().x - (has_picture ? tile.x + gap : 0);
  for (const WindowStyle& style : desk->model->styles) {
    words.push_back(style.word);
    shown.push_back(Fitted(TitleOf(style), width - desk->Px(76)));
  }
  auto at = std::find(words.begin(), words.end(), now.shows);
  if (at == words.end()) {
    words.push_back(now.shows);
    shown.push_back(Fitted(now.shows, width - desk->Px(76)));
    at = words.end() - 1;
  }
  auto index = static_cast<int>(at - words.begin());
  ImGui::PushID(static_cast<int>(region));
  if (has_picture) {
    DrawTile(desk, pictures, region, tile);
    ImGui::SetCursorScreenPos(ImVec2(start.x + tile.x + gap, start.y));
  } else if (desk->armed_region == static_cast<int>(region)) {
    desk->armed_region = -1;
  }
  const std::string label =
      now.name == kBackground ? (simple ? "Around it" : "Background") : ThingOf(*desk, now.name);
  const std::string id = "mask.region." + std::to_string(region);
  if (Stepper(desk, id, label, width, shown, &index)) {
    EditMask(desk, "mask", [&](MaskSettings* mask) {
      if (region < mask->regions.size()) mask->regions[region].shows = words[static_cast<size_t>(index)];
    });
  }
  ImGui::PopID();
}

// Another class gets a style of its own, or none has any more.
void DrawMore(Desk* desk, bool simple) {
  const float gap = desk->Px(4), width = std::floor((ImGui::GetContentRegionAvail().x - gap) / 2);
  const MaskSettings& now = desk->settings.mask;
  if (Choice(desk, "more", "A style for...", "Another part of the picture gets a style of its own", width,
             false))
    ImGui::OpenPopup("classes");
  if (ImGui::BeginPopup("classes")) {
    std::vector<std::string> names = {kBackground};
    if (desk->mask_classes.size() < 2) names.push_back("");
    for (const std::string& name : desk->mask_classes)
      if (desk->mask_classes.size() > 1 && !name.empty() && name != kBackground) names.push_back(name);
    for (const std::string& name : names) {
      const bool there = !simple && std::any_of(now.regions.begin(), now.regions.end(),
                                                [&](const MaskRegion& r) { return r.name == name; });
      if (there || !ImGui::Selectable(name == kBackground ? "Background" : ThingOf(*desk, name).c_str()))
        continue;
      EditMask(desk, "mask", [&](MaskSettings* mask) { (void)SetRegion(name, desk->settings.style, mask); });
      desk->armed_region = simple ? 0 : static_cast<int>(now.regions.size());
    }
    ImGui::EndPopup();
  }
  if (simple) return;
  ImGui::SameLine(0, gap);
  if (!Choice(desk, "simple", "One style", "Back to one style, and what lies around it", width, false))
    return;
  EditMask(desk, "mask", [](MaskSettings* mask) { SetSimple({}, mask); });
  desk->armed_region = -1;
}

void DrawNumber(Desk* desk, const char* name, const char* label, const char* hint, const SliderRange& range,
                float MaskNumbers::* number) {
  float value = desk->settings.mask.numbers.*number;
  const std::string badge = desk->actions().binding ? desk->actions().binding(name, 0) : "";
  const bool changed = Slider(desk, std::string(name) + ":0", label, badge, range, &value);
  if (changed || ImGui::IsItemActivated()) desk->Touch(name, 0, label);
  Hint(desk, hint);
  if (changed) EditMask(desk, name, [&](MaskSettings* mask) { mask->numbers.*number = value; });
}

}  // namespace

void DrawMask(Desk* desk, const std::vector<Thumbnails::Picture>& pictures) {
  const MaskSettings now = desk->settings.mask;
  const std::optional<SimpleMask> simple = now.listed ? std::nullopt : SimpleOf(now.regions);
  DrawSwitch(desk, simple);
  if (!now.on) return;
  ImGui::Dummy(ImVec2(0, desk->Px(2)));
  desk->armed_region = std::min(desk->armed_region, static_cast<int>(now.regions.size()) - 1);
  if (simple) {
    DrawClass(desk, *simple);
    DrawRegion(desk, pictures, 0, true);
  } else {
    for (size_t i = 0; i < now.regions.size(); ++i) DrawRegion(desk, pictures, i, false);
  }
  DrawMore(desk, simple.has_value());
  constexpr float kUsualFeather = 64;  // more by OSC
  DrawNumber(desk, "mask.feather", "Feather", "How far the edges are softened",
             {0, std::max(kUsualFeather, now.numbers.feather), 0, false, "px"}, &MaskNumbers::feather);
  DrawNumber(desk, "mask.threshold", "Threshold", "Where the edge lies: less takes in more",
             {MaskNumbers::kLeastThreshold, MaskNumbers::kMostThreshold, 0.5f, false, ""},
             &MaskNumbers::threshold);
}

}  // namespace tempera::live
