// What a painting depends on beside its source, by the options that say it: so that who paints a folder again
// hears which of them is another one.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "src/base/digest.h"

namespace tempera::cli {

// Those that the line leaves as they are have no entry.
struct Settings {
  // option: "--feather".
  void Add(const std::string& option, const Digester& value);
  void Add(const Settings& more) { list.insert(list.end(), more.list.begin(), more.list.end()); }

  std::vector<std::pair<std::string, Digest>> list;
};

// One word for a list on the disk: the digest of all of a painting, and of each of its settings.
std::string SettingsWord(const Digest& all, const Settings& settings);
// Whether both words are of one painting. An older list has words without settings.
bool SameSettings(const std::string& a, const std::string& b);
// "--feather and --outside", where they differ; "" where one of them does not tell.
std::string DifferingSettings(const std::string& a, const std::string& b);

// A file that cannot be read is an empty one: whoever opens it says so.
void AddFileBytes(const std::string& path, Digester* digester);

}  // namespace tempera::cli
