// The names of the styles that one file holds (docs/model-format.md, "Many styles in one file").
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/base/status.h"
#include "src/metadata/parameters.h"

namespace tempera::metadata {

// As names are compared: "Starry Night" and "starry_night" are starry-night.
std::string PlainName(std::string_view word);

// The parts between '|', without blanks around them. Of no text: none.
std::vector<std::string> NamesIn(std::string_view text);

// What the weights' elements are called for the command line: metadata tempera.styles. kCorruptModel where
// such names are not distinct, not plain, or not as many as some parameter of kind weights has elements.
Status GiveShortNames(const std::string& styles, std::vector<Parameter>* parameters);

// Which element a name means, short or for people, however it is written; -1: none.
int FindElement(const Parameter& parameter, std::string_view name);

// The parameter that blends styles: the one of kind weights that has short names, or else the first whose
// elements have names. nullptr: none.
const Parameter* BlendOf(const std::vector<Parameter>& parameters);

// One style of a file, by what its metadata says alone.
struct NamedStyle {
  std::string name, title, artist, year;
};
// Empty: the file is of one style, or says what GiveShortNames refuses.
std::vector<NamedStyle> StylesIn(const std::vector<std::pair<std::string, std::string>>& metadata);

}  // namespace tempera::metadata
