#include "plugins/common/mask_finder.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "plugins/common/model_folders.h"

namespace tempera::plugins {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kModelSuffix = ".onnx";
constexpr std::string_view kBackground = "background";

Error NotFound(std::string message) { return {TEMPERA_NOT_FOUND, std::move(message)}; }

// Ahead of the last colon, and behind it.
std::pair<std::string, std::string> SplitClass(const std::string& word) {
  const size_t colon = word.rfind(':');
  if (colon == std::string::npos || colon == 0) return {word, ""};
  return {word.substr(0, colon), word.substr(colon + 1)};
}

Expected<std::string> FindBundled(const std::string& word) {
  const Expected<std::string> folder = MasksFolder();
  if (!folder) return folder.error();
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(*folder, error), end; !error && it != end; it.increment(error)) {
    if (it->path().extension() != kModelSuffix) continue;
    names.push_back(it->path().stem().string());
    if (PlainName(names.back()) == PlainName(Trimmed(word))) return it->path().string();
  }
  std::sort(names.begin(), names.end());
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
  return NotFound("there is no mask '" + word + "' in " + *folder + "; there are " +
                  (all.empty() ? "none" : all) + "; give a .onnx file, or one of those");
}

// Path and class of the network.
Expected<MaskChoice> FindNetwork(const std::string& word) {
  MaskChoice choice;
  std::error_code error;
  choice.path = word;
  if (fs::is_regular_file(word, error)) return choice;
  if (fs::is_directory(word, error)) return NotFound(word + " is a folder; give a mask's .onnx file in it");
  const auto [before, of_class] = SplitClass(word);
  if (word.ends_with(':')) return NotFound("the mask '" + word + "' names no class behind the colon");
  choice.of_class = of_class;
  if (before.find('/') != std::string::npos || before.ends_with(kModelSuffix)) {
    choice.path = before;
    if (fs::is_regular_file(before, error)) return choice;
    return NotFound(before + ": no such mask file; give a .onnx file or the name of a bundled mask");
  }
  const Expected<std::string> bundled = FindBundled(before);
  if (!bundled) return bundled.error();
  choice.path = *bundled;
  return choice;
}

constexpr std::string_view kBlur = "blur:";

// 0: not that much of a blur.
float BlurOf(std::string_view text) {
  float blur = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), blur);
  return code == std::errc() && end == text.data() + text.size() && blur > 0 && blur <= 256 ? blur : 0;
}

}  // namespace

Expected<MaskChoice> FindMask(const MaskWords& words) {
  if (Trimmed(words.mask).empty()) return MaskChoice();
  Expected<MaskChoice> choice = FindNetwork(words.mask);
  if (!choice) return choice.error();
  if (PlainName(choice->of_class) == kBackground) {
    return Error{
        TEMPERA_INVALID_ARGUMENT,
        "mask '" + words.mask + "': to paint what no class covers, choose the background of the mask"};
  }
  choice->paints_background = words.of == kBackground;
  if (!words.of.empty() && words.of != "inside" && words.of != "mask" && !choice->paints_background) {
    return Error{TEMPERA_INVALID_ARGUMENT,
                 "what is painted of a mask is inside or background, not '" + words.of + "'"};
  }
  if (words.outside.empty() || words.outside == "none") return choice;
  if (words.outside == "blur") {
    choice->blur = 0.0f;
  } else if (words.outside.starts_with(kBlur)) {
    choice->blur = BlurOf(std::string_view(words.outside).substr(kBlur.size()));
    if (*choice->blur == 0) {
      return Error{
          TEMPERA_INVALID_ARGUMENT,
          "outside '" + words.outside + "': the blur is 256 pixels at most and more than none, as blur:12"};
    }
  } else {
    const Expected<StyleChoice> style = FindStyle(words.outside);
    if (!style) return Error{style.error().code, "outside the mask: " + style.error().message};
    choice->outside = *style;
  }
  return choice;
}

std::vector<std::string> OfferedClasses(const std::string& path) {
  Options options;
  options.threads = 1;
  const Expected<Masker> opened = Masker::Open(path, options);
  if (!opened) return {};
  std::vector<std::string> offered;
  const std::vector<std::string> classes = opened->Classes();
  for (size_t i = 0; i < classes.size(); ++i) {
    const std::string name = classes[i].empty() ? std::to_string(i) : classes[i];
    if (PlainName(name) == kBackground || std::find(offered.begin(), offered.end(), name) != offered.end())
      continue;
    offered.push_back(name);
  }
  return offered;
}

}  // namespace tempera::plugins
