#include "cli/network/picture_options.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "src/metadata/picture_format.h"

namespace tempera::cli {
namespace {

Status Wrong(const char* option, const std::string& given, const char* wanted) {
  return InvalidArgument(std::string(option) + " " + given + " is not " + wanted);
}

}  // namespace

void PictureOptions::AddTo(CLI::App& verb) {
  verb.add_option("--value-range", value_range, "Black..white of its numbers; IN,OUT where they differ")
      ->type_name("LO..HI");
  verb.add_option("--mean", mean, "Subtracted from its input, by channel")->type_name("A,B,C");
  verb.add_option("--std", deviation, "What its input is divided by then")->type_name("A,B,C");
  verb.add_option("--layout", layout, "Order of its numbers and colours")->type_name("nchw|nhwc,rgb|bgr");
}

Result<Metadata> PictureOptions::AsMetadata() const {
  Metadata said;
  metadata::SaidOfPicture read;
  if (!value_range.empty()) {
    if (!metadata::ParseValueRanges(value_range, &read))
      return Wrong("--value-range", value_range, "two numbers like 0..255, or 0..1,-1..1 for in and out");
    said.emplace_back("tempera.value_range", value_range);
  }
  if (!mean.empty()) {
    if (!metadata::ParseThreeNumbers(mean))
      return Wrong("--mean", mean, "one number or three like 0.485,0.456,0.406");
    said.emplace_back("tempera.mean", mean);
  }
  if (!deviation.empty()) {
    const auto numbers = metadata::ParseThreeNumbers(deviation);
    if (!numbers || std::any_of(numbers->begin(), numbers->end(), [](float x) { return !(x > 0); }))
      return Wrong("--std", deviation, "one number above 0 or three like 0.229,0.224,0.225");
    said.emplace_back("tempera.std", deviation);
  }
  if (!layout.empty()) {
    if (!metadata::ParseLayout(layout, &read)) return Wrong("--layout", layout, "words like nhwc,bgr");
    said.emplace_back("tempera.layout", layout);
  }
  return said;
}

std::string InOptions(std::string line) {
  constexpr std::pair<const char*, const char*> kWords[] = {{"metadata tempera.value_range", "--value-range"},
                                                            {"metadata tempera.layout", "--layout"},
                                                            {"metadata tempera.mean", "--mean"},
                                                            {"metadata tempera.std", "--std"}};
  for (const auto& [library, ours] : kWords) {
    if (const size_t at = line.find(library); at != std::string::npos)
      line.replace(at, std::string(library).size(), ours);
  }
  return line;
}

}  // namespace tempera::cli
