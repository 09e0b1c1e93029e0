#include "plugins/common/model_folders.h"

#ifdef _WIN32
#include <windows.h>
#else
#include <dlfcn.h>
#endif

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <system_error>

namespace tempera::plugins {
namespace {

namespace fs = std::filesystem;

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

// The file that this code was loaded from: a plugin, or the library.
fs::path FileOf(const void* code) {
#ifdef _WIN32
  HMODULE module = nullptr;
  wchar_t name[MAX_PATH] = {};
  constexpr DWORD kHow =
      GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT;
  if (!GetModuleHandleExW(kHow, static_cast<LPCWSTR>(code), &module)) return {};
  if (GetModuleFileNameW(module, name, MAX_PATH) == 0) return {};
#else
  Dl_info info = {};
  if (dladdr(code, &info) == 0 || info.dli_fname == nullptr) return {};
  const char* name = info.dli_fname;
#endif
  std::error_code error;
  const fs::path file = fs::canonical(name, error);
  return error ? fs::path() : file;
}

// What is looked for: its folder in an installed tree, and in the source tree.
struct Kind {
  const char* installed;  // in share/tempera
  const char* in_tree;
};
constexpr Kind kStyles = {"styles", "models"};
constexpr Kind kMasks = {"masks", "models/masks"};

std::optional<std::string> FolderAbove(const fs::path& file, const Kind& kind) {
  if (file.empty()) return std::nullopt;
  std::error_code error;
  for (fs::path up = file.parent_path();; up = up.parent_path()) {
    const fs::path installed = up / "share/tempera" / kind.installed;
    if (fs::is_directory(installed, error)) return installed.string();
    // The source tree, and no other folder that happens to be called models.
    if (fs::is_regular_file(up / "include/tempera/tempera.h", error) &&
        fs::is_directory(up / kind.in_tree, error))
      return (up / kind.in_tree).string();
    if (up == up.parent_path()) return std::nullopt;
  }
}

std::optional<std::string> FolderOfSystem(const Kind& kind) {
  std::string folders = Environment("XDG_DATA_DIRS");
  if (folders.empty()) folders = "/usr/local/share:/usr/share";
  std::error_code error;
  for (size_t from = 0; from <= folders.size();) {
    const size_t to = std::min(folders.find(':', from), folders.size());
    const fs::path folder = fs::path(folders.substr(from, to - from)) / "tempera" / kind.installed;
    if (folder.is_absolute() && fs::is_directory(folder, error)) return folder.string();
    from = to + 1;
  }
  return std::nullopt;
}

fs::path FileOfPlugin() { return FileOf(reinterpret_cast<const void*>(&StylesFolder)); }

std::optional<std::string> FindFolder(const Kind& kind) {
  if (auto found = FolderAbove(FileOfPlugin(), kind)) return found;
  if (auto found = FolderAbove(FileOf(reinterpret_cast<const void*>(&tempera_version)), kind)) return found;
  return FolderOfSystem(kind);
}

}  // namespace

std::string PlainName(std::string_view name) {
  std::string plain(name);
  for (char& c : plain) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c == ' ' || c == '_') c = '-';
  }
  return plain;
}

std::string_view Trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

Expected<std::string> StylesFolder() {
  std::error_code error;
  if (const std::string given = Environment("TEMPERA_STYLES"); !given.empty()) {
    if (fs::is_directory(given, error)) return given;
    return Error{TEMPERA_NOT_FOUND, "TEMPERA_STYLES is '" + given + "', which is no folder"};
  }
  if (const auto found = FindFolder(kStyles)) return *found;
  return Error{TEMPERA_NOT_FOUND,
               "the bundled styles are not found near " + FileOfPlugin().string() +
                   "; set TEMPERA_STYLES to their folder, or give a .onnx file as the style"};
}

Expected<std::string> MasksFolder() {
  std::error_code error;
  if (const std::string given = Environment("TEMPERA_STYLES"); !given.empty()) {
    const fs::path beside = fs::path(given) / "masks";
    if (fs::is_directory(beside, error)) return beside.string();
  }
  if (const auto found = FindFolder(kMasks)) return *found;
  return Error{TEMPERA_NOT_FOUND, "the bundled masks are not found near " + FileOfPlugin().string() +
                                      "; give a .onnx file as the mask"};
}

std::string CacheFolder() {
  const std::string asked = Environment("TEMPERA_CACHE");
  if (asked == "off") return "";
  if (!asked.empty()) return asked;
  // The XDG base directory specification has relative paths ignored.
  if (const std::string xdg = Environment("XDG_CACHE_HOME"); xdg.starts_with('/')) return xdg + "/tempera";
  if (const std::string home = Environment("HOME"); home.starts_with('/')) return home + "/.cache/tempera";
  return "";
}

}  // namespace tempera::plugins
