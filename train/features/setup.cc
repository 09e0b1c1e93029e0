#include "train/features/setup.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <utility>

#include "src/base/atomic_file.h"
#include "train/safetensors.h"

namespace tempera::train {
namespace {

namespace fs = std::filesystem;

std::string Absolute(const std::string& path) {
  std::error_code error;
  const fs::path absolute = fs::absolute(path, error);
  return error ? path : absolute.lexically_normal().string();
}

Status CheckContent(const std::string& folder) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) {
    return NotFound("'" + folder + "' is no folder: give one with photographs, --content DIR");
  }
  return OkStatus();
}

Status CheckFeatures(const std::string& path) {
  TEMPERA_ASSIGN_OR_RETURN(Safetensors file, ReadSafetensorsFile(path));
  if (file.arrays.count("features.0.weight") == 0) {
    return CorruptModel("'" + path + "' holds no features.0.weight: make it with tempera-train features");
  }
  return OkStatus();
}

Status Write(const Setup& setup) {
  const std::string path = SetupPath();
  if (path.empty()) return InvalidArgument("no home folder to keep the setup in: set XDG_CONFIG_HOME");
  std::error_code error;
  fs::create_directories(fs::path(path).parent_path(), error);
  if (error)
    return IoError("cannot make '" + fs::path(path).parent_path().string() + "': " + error.message());
  const nlohmann::ordered_json json = {{"content", setup.content}, {"features", setup.features}};
  return WriteWholeFile(path,
                        json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
}

const char* Usable(const Status& status) { return status.ok() ? "" : "   (not usable any more)"; }

void Print(const Setup& setup) {
  std::printf("setup: %s\n", SetupPath().c_str());
  for (const std::string& folder : setup.content) {
    std::printf("  content   %s%s\n", folder.c_str(), Usable(CheckContent(folder)));
  }
  if (setup.content.empty()) std::printf("  content   not told: tempera-train setup --content DIR\n");
  if (setup.features.empty()) {
    std::printf("  features  not told: tempera-train setup --features FILE\n");
  } else {
    std::printf("  features  %s%s\n", setup.features.c_str(), Usable(CheckFeatures(setup.features)));
  }
}

}  // namespace

std::string SetupPath() {
  const char* config = std::getenv("XDG_CONFIG_HOME");
  // The specification has relative paths ignored.
  if (config != nullptr && config[0] == '/') return std::string(config) + "/tempera/train.json";
  const char* home = std::getenv("HOME");
  return home != nullptr && home[0] == '/' ? std::string(home) + "/.config/tempera/train.json" : "";
}

Result<Setup> ReadSetup() {
  Setup setup;
  const std::string path = SetupPath();
  std::ifstream in(path);
  if (path.empty() || !in) return setup;
  std::ostringstream text;
  text << in.rdbuf();
  const Status bad =
      CorruptModel("'" + path + "' is no setup: tell it again with tempera-train setup, or remove it");
  const auto json = nlohmann::json::parse(text.str(), nullptr, false);
  if (!json.is_object()) return bad;
  const auto content = json.find("content"), features = json.find("features");
  if (content != json.end()) {
    if (!content->is_array()) return bad;
    for (const auto& folder : *content) {
      if (!folder.is_string()) return bad;
      setup.content.push_back(folder.get<std::string>());
    }
  }
  if (features != json.end()) {
    if (!features->is_string()) return bad;
    setup.features = features->get<std::string>();
  }
  return setup;
}

Status RunSetup(const Setup& given) {
  const bool all = !given.content.empty() && !given.features.empty();
  Result<Setup> read = ReadSetup();
  if (!read.ok() && !all) return read.status();  // told anew as a whole, a broken one is replaced
  Setup setup = read.ok() ? std::move(*read) : Setup();
  if (!given.content.empty()) {
    setup.content.clear();
    for (const std::string& folder : given.content) {
      TEMPERA_RETURN_IF_ERROR(CheckContent(folder));
      setup.content.push_back(Absolute(folder));
    }
  }
  if (!given.features.empty()) {
    TEMPERA_RETURN_IF_ERROR(CheckFeatures(given.features));
    setup.features = Absolute(given.features);
  }
  if (!given.content.empty() || !given.features.empty()) TEMPERA_RETURN_IF_ERROR(Write(setup));
  Print(setup);
  return OkStatus();
}

Status FillFromSetup(std::vector<std::string>* content, std::string* features) {
  if (!content->empty() && !features->empty()) return OkStatus();
  TEMPERA_ASSIGN_OR_RETURN(Setup setup, ReadSetup());
  if (content->empty()) *content = setup.content;
  if (features->empty()) *features = setup.features;
  if (content->empty()) {
    return InvalidArgument(
        "no photographs: give --content DIR, or tell it once: tempera-train setup --content DIR");
  }
  if (features->empty()) {
    return InvalidArgument(
        "no features: give --features FILE, or tell it once: tempera-train setup --features FILE "
        "(tempera-train features, without a file, says where VGG-19 can be had)");
  }
  return OkStatus();
}

}  // namespace tempera::train
