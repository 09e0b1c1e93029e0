#include <algorithm>
#include <cmath>

#include "live/window/parts.h"
#include "live/window/widgets.h"

namespace tempera::live {
namespace {

// Where styles lie, within the pad: as far from its edge as their pictures and what stands below them reach.
void Within(const Desk& desk, ImVec2* at, ImVec2* size) {
  const float side = desk.Px(28), top = desk.Px(26), bottom = desk.Px(38);
  *at = ImVec2(at->x + side, at->y + top);
  *size = ImVec2(size->x - 2 * side, size->y - top - bottom);
}

ImVec2 PlaceOf(float x, float y, ImVec2 at, ImVec2 size) {
  return ImVec2(at.x + x * size.x, at.y + y * size.y);
}

// Whether the press that is, or just ended, moved.
bool Dragged() {
  const ImGuiIO& io = ImGui::GetIO();
  return io.MouseDragMaxDistanceSqr[0] >= io.MouseDragThreshold * io.MouseDragThreshold;
}

std::vector<std::string> ElementsOf(const Parameter& p) {
  std::vector<std::string> names;
  for (size_t i = 0; i < p.defaults.size(); ++i) names.push_back(NameOfElement(p, static_cast<int>(i)));
  return names;
}

// A picture cut to a square, with round corners.
void DrawChip(Desk* desk, ImDrawList* list, const Thumbnails::Picture* picture, ImVec2 c, float r,
              ImU32 edge) {
  const ImVec2 from(c.x - r, c.y - r), to(c.x + r, c.y + r);
  const float line = desk->Px(2);
  if (picture != nullptr && picture->texture != nullptr) {
    const float shape = static_cast<float>(picture->width) / static_cast<float>(picture->height);
    const float u = shape > 1 ? (1 - 1 / shape) / 2 : 0, v = shape > 1 ? 0 : (1 - shape) / 2;
    list->AddImage(picture->texture, from, to, ImVec2(u, v), ImVec2(1 - u, 1 - v));
  } else {
    list->AddRectFilled(from, to, theme::kFieldHovered, desk->Px(4));
  }
  list->AddRect(ImVec2(from.x - line / 2, from.y - line / 2), ImVec2(to.x + line / 2, to.y + line / 2), edge,
                desk->Px(3), 0, line);
}

}  // namespace

void BlendPad::Begin(const Desk& desk, const Parameter& blend) {
  elements_ = ElementsOf(blend);
  placed_.clear();
  set_.clear();
  // What has a share, and others up to four, to begin with.
  const std::vector<float> shares = desk.controls->ValuesOf(blend.name);
  const auto count = static_cast<int>(elements_.size());
  for (const bool with_share : {true, false}) {
    for (int i = 0; i < count && placed_.size() < 4; ++i) {
      if ((static_cast<size_t>(i) < shares.size() && shares[static_cast<size_t>(i)] > 0) == with_share)
        placed_.push_back({i, 0, 0});
    }
  }
  Spread(&placed_);
}

void BlendPad::Toggle(const Desk& desk, const Parameter& blend, int style) {
  if (ElementsOf(blend) != elements_) Begin(desk, blend);
  for (int i = 0; i < static_cast<int>(elements_.size()); ++i) {
    if (StyleOfElement(desk, blend, i) != style) continue;
    const auto at =
        std::find_if(placed_.begin(), placed_.end(), [i](const Placed& p) { return p.element == i; });
    if (at != placed_.end())
      placed_.erase(at);
    else
      placed_.push_back({i, 0, 0});
    Spread(&placed_);
    return;
  }
}

void BlendPad::Handle(Desk* desk, const Parameter& blend, ImVec2 at, ImVec2 size) {
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  const float reach = desk->Px(17);
  if (ImGui::IsItemActivated()) {
    held_ = -1;
    const ImVec2 point = PlaceOf(x_, y_, at, size);
    const bool on_point = std::hypot(mouse.x - point.x, mouse.y - point.y) < desk->Px(11);
    for (size_t i = 0; i < placed_.size() && !on_point; ++i) {
      const ImVec2 c = PlaceOf(placed_[i].x, placed_[i].y, at, size);
      if (std::abs(mouse.x - c.x) < reach && std::abs(mouse.y - c.y) < reach) held_ = static_cast<int>(i);
    }
  }
  if (ImGui::IsItemHovered() && ImGui::IsMouseClicked(1)) {
    std::erase_if(placed_, [&](const Placed& p) {
      const ImVec2 c = PlaceOf(p.x, p.y, at, size);
      return std::abs(mouse.x - c.x) < reach && std::abs(mouse.y - c.y) < reach;
    });
    held_ = -2;
  }
  if (!ImGui::IsItemActive()) {
    // A style that was pressed and not moved is wanted alone.
    const bool alone = held_ >= 0 && ImGui::IsItemDeactivated() && !Dragged();
    if (alone && held_ < static_cast<int>(placed_.size())) {
      x_ = placed_[static_cast<size_t>(held_)].x;
      y_ = placed_[static_cast<size_t>(held_)].y;
    } else {
      held_ = -2;
      return;
    }
  }
  const float x = std::clamp((mouse.x - at.x) / size.x, 0.0f, 1.0f);
  const float y = std::clamp((mouse.y - at.y) / size.y, 0.0f, 1.0f);
  if (held_ == -1) {
    x_ = x;
    y_ = y;
  } else if (ImGui::IsItemActive()) {
    if (!ImGui::IsMouseDragging(0)) return;
    placed_[static_cast<size_t>(held_)].x = x;
    placed_[static_cast<size_t>(held_)].y = y;
  }
  const auto count = static_cast<int>(blend.defaults.size());
  std::vector<float> shares = SharesAt(placed_, x_, y_, count);
  for (float& share : shares) share *= blend.maximum;
  if (shares != set_ && !placed_.empty()) {
    const Status status = desk->controls->SetValues(blend.name, shares);
    if (!status.ok()) desk->Say(status.message(), true);
    set_ = std::move(shares);
    desk->Touch(blend.name, held_ >= 0 ? placed_[static_cast<size_t>(held_)].element : 0, "the blend");
  }
  if (!ImGui::IsItemActive()) held_ = -2;
}

void BlendPad::DrawPlaced(Desk* desk, const Parameter& blend,
                          const std::vector<Thumbnails::Picture>& pictures, ImVec2 at, ImVec2 size) {
  ImDrawList* list = ImGui::GetWindowDrawList();
  const std::vector<float> shares = desk->controls->ValuesOf(blend.name);
  float sum = 0;
  for (const float share : shares) sum += share;
  // Set elsewhere: the point goes where these shares pull it.
  const bool own = set_ == shares;
  float x = x_, y = y_;
  const bool shown = own || CentreOf(placed_, shares, &x, &y);
  const ImVec2 point = PlaceOf(x, y, at, size);
  for (const Placed& p : placed_) {
    const auto element = static_cast<size_t>(p.element);
    const float share = sum > 0 && element < shares.size() ? shares[element] / sum : 0;
    const ImVec2 c = PlaceOf(p.x, p.y, at, size);
    if (shown && share > 0.01f) list->AddLine(c, point, theme::kAccentDim, desk->Px(1 + 4 * share));
  }
  for (size_t i = 0; i < placed_.size(); ++i) {
    const Placed& p = placed_[i];
    const auto element = static_cast<size_t>(p.element);
    const float share = sum > 0 && element < shares.size() ? shares[element] / sum : 0;
    const int style = StyleOfElement(*desk, blend, p.element);
    const ImVec2 c = PlaceOf(p.x, p.y, at, size);
    const float r = desk->Px(15);
    DrawChip(desk, list, style >= 0 ? &pictures[static_cast<size_t>(style)] : nullptr, c, r,
             share > 0.01f ? theme::kAccent : IM_COL32(70, 75, 84, 255));
    desk->Drawn("placed:" + elements_[element], ImVec2(c.x - r, c.y - r), ImVec2(c.x + r, c.y + r));
    const std::string text =
        style >= 0 && share < 0.005f ? "" : std::to_string(static_cast<int>(100 * share + 0.5f)) + " %";
    const ImVec2 extent = SizeOf(desk->fonts.small, text);
    Write(*desk, list, desk->fonts.small, ImVec2(c.x - extent.x / 2, c.y + r + desk->Px(3)), theme::kMuted,
          text);
    if (held_ == static_cast<int>(i) ||
        (held_ == -2 && ImGui::IsItemHovered() && std::abs(ImGui::GetIO().MousePos.x - c.x) < r &&
         std::abs(ImGui::GetIO().MousePos.y - c.y) < r))
      Hint(desk, elements_[element]);
  }
  if (shown && !placed_.empty()) {
    theme::Disc(desk->fonts, list, point, desk->Px(10), own ? theme::kOnAccent : theme::kAccent);
    theme::Disc(desk->fonts, list, point, desk->Px(own ? 8 : 7), own ? theme::kAccent : theme::kField);
  }
}

void BlendPad::Draw(Desk* desk, const Parameter& blend, const std::vector<Thumbnails::Picture>& pictures) {
  if (ElementsOf(blend) != elements_) Begin(*desk, blend);
  const float width = ImGui::GetContentRegionAvail().x;
  const ImVec2 size(width, std::floor(width * 0.6f)), at = ImGui::GetCursorScreenPos();
  ImGui::InvisibleButton("pad", size);
  desk->Drawn("pad");
  ImVec2 inner_at = at, inner_size = size;
  Within(*desk, &inner_at, &inner_size);
  Handle(desk, blend, inner_at, inner_size);
  ImDrawList* list = ImGui::GetWindowDrawList();
  list->AddRectFilled(at, ImVec2(at.x + size.x, at.y + size.y), theme::kField, desk->Px(10));
  ImGui::PushClipRect(at, ImVec2(at.x + size.x, at.y + size.y), true);
  DrawPlaced(desk, blend, pictures, inner_at, inner_size);
  if (placed_.empty()) {
    const std::string text = "Right click styles to place them here";
    const ImVec2 extent = SizeOf(desk->fonts.small, text);
    Write(*desk, list, desk->fonts.small,
          ImVec2(at.x + (size.x - extent.x) / 2, at.y + (size.y - extent.y) / 2), theme::kMuted, text);
  }
  ImGui::PopClipRect();
}

}  // namespace tempera::live
