#include "cli/network/picture_options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string_view>

#include "src/metadata/picture_format.h"

namespace tempera::cli {
namespace {

constexpr std::pair<std::string_view, std::string_view> kOptions[] = {
    {"tempera.value_range", "--value-range"},
    {"tempera.layout", "--layout"},
    {"tempera.mean", "--mean"},
    {"tempera.std", "--std"}};

Status Wrong(const char* option, const std::string& given, const char* wanted) {
  if (given.empty()) return InvalidArgument(std::string(option) + " is empty, not " + wanted);
  return InvalidArgument(std::string(option) + " " + given + " is not " + wanted);
}

}  // namespace

bool PictureOptions::Text::given() const { return option != nullptr && option->count() > 0; }

void PictureOptions::AddTo(CLI::App& verb) {
  const auto add = [&](const char* name, Text* to, const char* does, const char* type) {
    to->option = verb.add_option(name, to->text, does)->type_name(type);
  };
  add("--value-range", &value_range_, "Black..white of its numbers; IN,OUT where they differ", "LO..HI");
  add("--mean", &mean_, "Subtracted from its input, by channel", "A,B,C");
  add("--std", &deviation_, "What its input is divided by then", "A,B,C");
  add("--layout", &layout_, "Order of its numbers and colours", "nchw|nhwc,rgb|bgr");
}

Result<Metadata> PictureOptions::AsMetadata() const {
  Metadata said;
  metadata::SaidOfPicture read;
  if (value_range_.given()) {
    if (!metadata::ParseValueRanges(value_range_.text, &read))
      return Wrong("--value-range", value_range_.text,
                   "two numbers, black's below white's, like 0..255, or 0..1,-1..1 for in and out");
    said.emplace_back("tempera.value_range", value_range_.text);
  }
  if (mean_.given()) {
    if (!metadata::ParseThreeNumbers(mean_.text))
      return Wrong("--mean", mean_.text, "one number or three like 0.485,0.456,0.406");
    said.emplace_back("tempera.mean", mean_.text);
  }
  if (deviation_.given()) {
    const auto numbers = metadata::ParseThreeNumbers(deviation_.text);
    if (!numbers || std::any_of(numbers->begin(), numbers->end(), [](float x) { return !(x > 0); }))
      return Wrong("--std", deviation_.text, "one number above 0 or three like 0.229,0.224,0.225");
    said.emplace_back("tempera.std", deviation_.text);
  }
  if (layout_.given()) {
    if (!metadata::ParseLayout(layout_.text, &read))
      return Wrong("--layout", layout_.text, "words like nhwc,bgr");
    said.emplace_back("tempera.layout", layout_.text);
  }
  return said;
}

std::string OptionOf(const std::string& key) {
  for (const auto& [known, option] : kOptions)
    if (key == known) return std::string(option);
  return key;
}

namespace {

void Replace(const std::string& library, const std::string& ours, std::string* line) {
  for (size_t at = line->find(library); at != std::string::npos; at = line->find(library, at + ours.size()))
    line->replace(at, library.size(), ours);
}

}  // namespace

std::string WithoutFunctions(std::string line) {
  Replace("open it as a mask network (tempera_mask_open_file)", "it is no style: give it to --mask", &line);
  return line;
}

std::string InOptions(std::string line, const Metadata& given) {
  const auto replace = [&line](const std::string& library, const std::string& ours) {
    Replace(library, ours, &line);
  };
  line = WithoutFunctions(std::move(line));
  for (const auto& [key, option] : kOptions) {
    const std::string theirs = "metadata " + std::string(key), ours(option);
    replace(theirs + " says otherwise", ours + " says otherwise");
    replace("with " + theirs, "with " + ours);
    const bool is_given =
        std::any_of(given.begin(), given.end(), [&](const auto& e) { return e.first == key; });
    if (is_given) replace(theirs, ours);
  }
  return line;
}

}  // namespace tempera::cli
