#include "cli/pictures/settings.h"

#include <cctype>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <string_view>

namespace tempera::cli {
namespace {

// In front of each setting in the word: an option's name has none, nor spaces.
constexpr char kMark = ';';

// In a list words end at spaces: another name would cut this one short.
std::string OneWord(std::string name) {
  for (char& c : name)
    if (c == kMark || c == '=' || std::isspace(static_cast<unsigned char>(c))) c = '_';
  return name;
}

std::string AllOf(const std::string& word) { return word.substr(0, word.find(kMark)); }

std::map<std::string, std::string> SettingsOf(const std::string& word) {
  std::map<std::string, std::string> settings;
  std::istringstream parts(word);
  std::string part;
  std::getline(parts, part, kMark);
  while (std::getline(parts, part, kMark)) {
    const size_t equals = part.find('=');
    if (equals != std::string::npos) settings[part.substr(0, equals)] = part.substr(equals + 1);
  }
  return settings;
}

}  // namespace

void Settings::Add(const std::string& option, const Digester& value) {
  list.emplace_back(option, value.digest());
}

std::string SettingsWord(const Digest& all, const Settings& settings) {
  // Of each only so much that two of one name hardly ever are alike: lists have a line a picture.
  constexpr size_t kDigits = 8;
  std::string word = Hex(all);
  for (const auto& [option, digest] : settings.list)
    word += kMark + OneWord(option) + "=" + Hex(digest).substr(0, kDigits);
  return word;
}

bool SameSettings(const std::string& a, const std::string& b) { return AllOf(a) == AllOf(b); }

std::string DifferingSettings(const std::string& a, const std::string& b) {
  const auto of_a = SettingsOf(a), of_b = SettingsOf(b);
  if (of_a.empty() || of_b.empty()) return "";
  std::vector<std::string> names;
  for (const auto& [option, digest] : of_a) {
    const auto other = of_b.find(option);
    if (other == of_b.end() || other->second != digest) names.push_back(option);
  }
  for (const auto& [option, digest] : of_b) {
    if (!of_a.contains(option)) names.push_back(option);
  }
  std::string text;
  for (size_t i = 0; i < names.size(); ++i)
    text += (i == 0 ? "" : i + 1 < names.size() ? ", " : " and ") + names[i];
  return text;
}

void AddFileBytes(const std::string& path, Digester* digester) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> bytes((std::istreambuf_iterator<char>(file)), {});
  digester->Add(std::string_view(bytes.data(), bytes.size()));
}

}  // namespace tempera::cli
