// `tempera-train setup`: where photographs and features are, told once.
#pragma once

#include <string>
#include <vector>

#include "src/base/status.h"

namespace tempera::train {

struct Setup {
  std::vector<std::string> content;  // folders of photographs, absolute
  std::string features;              // absolute
};

// $XDG_CONFIG_HOME/tempera/train.json, else ~/.config/tempera/train.json; "" where neither is known.
std::string SetupPath();

// Empty where nothing was told yet. kCorruptModel: the file is no such JSON; the message names it and the
// cure.
Result<Setup> ReadSetup();

// What is given takes the place of what stood there, once it is seen to be usable: folders that exist, a file
// of features that is read. Then the whole is printed; with nothing given it is printed only.
Status RunSetup(const Setup& given);

// Fills in what is empty from what was told. kInvalidArgument, with the cure, where neither says.
Status FillFromSetup(std::vector<std::string>* content, std::string* features);

}  // namespace tempera::train
