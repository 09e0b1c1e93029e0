#include "live/window/desk.h"

#include <algorithm>
#include <utility>

#include "tempera/tempera.h"

namespace tempera::live {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

}  // namespace

void Desk::Say(const std::string& text, bool bad) {
  if (text.empty()) return;
  for (Notice& n : notices) {
    if (n.text == text) {
      n.until_ns = NowNs() + 4 * kSecond;
      return;
    }
  }
  if (notices.size() >= 3) notices.erase(notices.begin());
  notices.push_back({text, bad, NowNs() + (bad ? 8 : 4) * kSecond});
}

void Desk::Drawn(const std::string& name) { Drawn(name, ImGui::GetItemRectMin(), ImGui::GetItemRectMax()); }

void Desk::Drawn(const std::string& name, ImVec2 from, ImVec2 to) {
  drawn.push_back({name, from.x, from.y, to.x - from.x, to.y - from.y});
}

void Desk::Touch(const std::string& name, int element, const std::string& label) {
  const bool same = touched.name == name && touched.element == element;
  touched = {name, element, label};
  if (learning && !same && actions().learn) actions().learn(touched);
}

void Desk::Snapshot() {
  if (!actions().snapshot) return;
  if (!painted) return Say("there is no painting yet", true);
  jobs->Do([action = actions().snapshot, shown = painted] { return action(shown); });
}

void Desk::ToggleRecording() {
  if (!actions().record) return;
  jobs->Do([action = actions().record, on = !recording] { return action(on); });
}

void Desk::Recall(int number) {
  if (!actions().recall) return;
  jobs->Do([action = actions().recall, number]() -> Result<std::string> {
    TEMPERA_RETURN_IF_ERROR(action(number));
    return "Scene " + std::to_string(number);
  });
}

void Desk::Store(int number) {
  if (!actions().store) return;
  jobs->Do([action = actions().store, number]() -> Result<std::string> {
    TEMPERA_RETURN_IF_ERROR(action(number));
    return "Stored as scene " + std::to_string(number);
  });
}

int Desk::StyleIndex() const {
  const auto at = style_of_word.find(settings.style);
  return at == style_of_word.end() ? -1 : at->second;
}

void Desk::StepStyle(int step) {
  const auto count = static_cast<int>(model->styles.size());
  if (count == 0) return;
  // Several steps may come within one frame.
  settings.style = controls->Get().style;
  const int now = StyleIndex();
  const int next = now < 0 ? (step > 0 ? 0 : count - 1) : (now + step + count) % count;
  controls->SetStyle(model->styles[static_cast<size_t>(next)].word);
}

void Desk::ChooseStyle(const std::string& word) {
  const int region = std::exchange(armed_region, -1);
  if (region < 0 || !settings.mask.on) return controls->SetStyle(word);
  (void)controls->EditMask("mask", [&](MaskSettings* mask) {
    if (static_cast<size_t>(region) < mask->regions.size())
      mask->regions[static_cast<size_t>(region)].shows = word;
    return OkStatus();
  });
}

void Desk::AskToQuit() {
  if (recording && NowNs() - quit_asked_ns > 4 * kSecond) {
    quit_asked_ns = NowNs();
    return Say("A recording runs: once more to end it and leave");
  }
  view.quits = true;
}

const Parameter* BlendOf(const std::vector<Parameter>& parameters) {
  const Parameter* found = nullptr;
  for (const Parameter& p : parameters) {
    if (p.kind != TEMPERA_PARAMETER_WEIGHTS) continue;
    if (!p.short_names.empty()) return &p;
    if (found == nullptr) found = &p;
  }
  return found;
}

std::string TitleOf(const WindowStyle& style) { return style.title.empty() ? style.word : style.title; }

}  // namespace tempera::live
