#include "cli/live/studio_window.h"

#include <utility>

#include "cli/cli.h"
#include "cli/style_library.h"
#include "media/image.h"
#include "tempera/tempera.h"

namespace tempera::cli {
namespace {

struct StyleListFree {
  void operator()(tempera_style_list* p) const { tempera_free_style_list(p); }
};

std::vector<uint8_t> FileBytes(const std::string& path) {
  std::vector<uint8_t> bytes;
  if (FILE* file = std::fopen(path.c_str(), "rb")) {
    constexpr size_t kMost = 4 << 20;  // of a thumbnail
    bytes.resize(kMost);
    bytes.resize(std::fread(bytes.data(), 1, kMost, file));
    std::fclose(file);
  }
  return bytes;
}

std::vector<live::WindowStyle> BundledStyles() {
  std::vector<live::WindowStyle> styles;
  const Result<std::string> folder = StylesFolder();
  tempera_style_list* raw = nullptr;
  if (!folder.ok() || tempera_list_styles(folder->c_str(), &raw) != TEMPERA_OK) return styles;
  const std::unique_ptr<tempera_style_list, StyleListFree> list(raw);
  for (int32_t i = 0; i < tempera_style_count(raw); ++i) {
    tempera_style_info info = TEMPERA_STYLE_INFO_INIT;
    if (tempera_get_style_info(raw, i, &info) != TEMPERA_OK) continue;
    live::WindowStyle style;
    style.word = info.style[0] != '\0' ? info.style : info.name;
    style.title = info.title;
    style.artist = info.artist;
    const auto* bytes = static_cast<const uint8_t*>(info.thumbnail);
    if (bytes != nullptr) {
      style.picture.assign(bytes, bytes + info.thumbnail_bytes);
    } else if (info.thumbnail_path[0] != '\0') {
      style.picture = FileBytes(info.thumbnail_path);
    }
    styles.push_back(std::move(style));
  }
  return styles;
}

// What a binding is called: "strength", "style_weights[3]".
std::string TargetOf(const Studio& studio, const std::string& name, int element) {
  if (name == "height" || name == "fps" || name == "mirror" || name == "freeze" || name == "mask" ||
      name.starts_with("mask."))
    return name;
  (void)studio;
  return element < 0 ? name : name + "[" + std::to_string(element) + "]";
}

std::string BindingOf(Studio* studio, const std::string& name, int element) {
  const std::string whole = TargetOf(*studio, name, -1), part = TargetOf(*studio, name, element);
  const size_t elements = studio->controls()->ValuesOf(name).size();
  for (const live::Binding& binding : studio->console()->bindings().list()) {
    const std::string to = live::TargetText(binding.to);
    if (to == part || (to == whole && elements <= 1)) return binding.from;
  }
  return "";
}

std::string Learnt(Studio* studio) {
  live::Bindings& bindings = studio->console()->bindings();
  if (const std::string waits = bindings.learning(); !waits.empty()) return "move a fader for " + waits;
  for (const live::Bindings::Waiting& w : bindings.waiting())
    return w.from + (w.up ? ": further up" : ": further down") + " to take over " + w.target;
  return bindings.trouble();
}

}  // namespace

Status CheckStudioWindow() {
  if (live::Window::Built()) return OkStatus();
  return Unsupported(
      "this tempera was built without a window (SDL2 and Dear ImGui): give --no-window, or build it with "
      "them "
      "(make setup)");
}

Result<std::unique_ptr<live::Window>> OpenStudioWindow(const LiveOptions& options) {
  live::WindowOptions window;
  window.ui_scale = options.ui_scale;
  window.full_screen = options.full_screen;
  return live::Window::Open(window);
}

live::WindowModel ModelOfStudio(Studio* studio) {
  live::WindowModel model;
  model.source = studio->source_name();
  model.styles = BundledStyles();
  live::WindowActions& act = model.actions;
  act.snapshot = [studio](const live::Painted& painted) { return studio->Snapshot(painted); };
  act.record = [studio](bool on) { return studio->Record(on); };
  act.recording = [studio] { return studio->recording(); };
  act.scenes = [studio] {
    std::vector<live::WindowScene> scenes;
    for (const auto& [number, scene] : studio->console()->scenes().list())
      if (number >= 1 && number <= 9) scenes.push_back({number, scene.name});
    return scenes;
  };
  act.recall = [studio](int number) { return studio->console()->scenes().Recall(number, -1, live::NowNs()); };
  act.store = [studio](int number) { return studio->console()->scenes().Store(number, "", 1); };
  act.learn = [studio](const live::Touched& touched) {
    const bool one = studio->controls()->ValuesOf(touched.name).size() <= 1;
    if (const Status status =
            studio->console()->bindings().Learn(TargetOf(*studio, touched.name, one ? -1 : touched.element));
        !status.ok())
      Note(status.message());
  };
  act.stop_learning = [studio] { studio->console()->bindings().StopLearning(); };
  act.learnt = [studio] { return Learnt(studio); };
  act.binding = [studio](const std::string& name, int element) { return BindingOf(studio, name, element); };
  return model;
}

}  // namespace tempera::cli
