// The classes of public data sets by their number, for networks whose files name none.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tempera::metadata {

struct KnownClasses {
  std::string set;                 // "PASCAL VOC"
  std::vector<std::string> names;  // as many as were asked for
};

// Nothing (no name, no set) where no public set has so many. Of one channel: "mask"; of two: "background" and
// "mask".
KnownClasses KnownClassesOf(int64_t count);

// In small letters, without blanks, dashes and underscores.
std::string PlainClass(std::string_view name);
// What else people call a class: "tvmonitor" and "television receiver" are "tv". The name itself, plain,
// where it has no other.
std::string SameClassAs(std::string_view name);

}  // namespace tempera::metadata
