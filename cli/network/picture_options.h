// Options that say how pixels meet a network, where its file does not: the same words as the file's metadata
// (docs/model-format.md), which they go before.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "src/base/status.h"

namespace CLI {
class App;
}

namespace tempera::cli {

using Metadata = std::vector<std::pair<std::string, std::string>>;

struct PictureOptions {
  std::string value_range, mean, deviation, layout;

  // Adds its options to a verb; this object must outlive the parsing.
  void AddTo(CLI::App& verb);
  // As metadata; kInvalidArgument, naming the option, for what is no such text.
  Result<Metadata> AsMetadata() const;
};

// A library's line in the command's words: options instead of the metadata that they stand for.
std::string InOptions(std::string line);

}  // namespace tempera::cli
