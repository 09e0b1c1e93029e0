#include "cli/cache_folder.h"

#include <cstdlib>

namespace tempera::cli {
namespace {

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

// The XDG base directory specification has relative paths ignored.
bool IsAbsolute(const std::string& path) { return !path.empty() && path.front() == '/'; }

}  // namespace

std::string CacheFolder() {
  const std::string asked = Environment("TEMPERA_CACHE");
  if (asked == "off") return "";
  if (!asked.empty()) return asked;
  if (const std::string xdg = Environment("XDG_CACHE_HOME"); IsAbsolute(xdg)) return xdg + "/tempera";
  if (const std::string home = Environment("HOME"); IsAbsolute(home)) return home + "/.cache/tempera";
  return "";
}

}  // namespace tempera::cli
