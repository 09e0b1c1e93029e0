// Options that say how pixels meet a network, where its file does not: the same words as the file's metadata
// (docs/model-format.md), which they go before.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "src/base/status.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace tempera::cli {

using Metadata = std::vector<std::pair<std::string, std::string>>;

class PictureOptions {
 public:
  // Adds its options to a verb; this object must outlive the parsing.
  void AddTo(CLI::App& verb);
  // As metadata; kInvalidArgument, naming the option, for what is no such text.
  Result<Metadata> AsMetadata() const;

 private:
  struct Text {
    const CLI::Option* option = nullptr;
    std::string text = {};
    bool given() const;  // empty as well
  };
  Text value_range_, mean_, deviation_, layout_;
};

// The option that says an entry of AsMetadata: "--mean" of "tempera.mean".
std::string OptionOf(const std::string& key);

// A library's line in the command's words: options instead of the metadata that they stand for, where that
// line says how to say otherwise, and wherever these `given` ones are meant.
std::string InOptions(std::string line, const Metadata& given = {});
// Of that only the library's functions, for verbs that have none of these options. What it says of mask
// networks is the --mask of `stylize` and `live`.
std::string WithoutFunctions(std::string line);

}  // namespace tempera::cli
