// What a mask network distinguishes: its channels by name.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/status.h"

namespace tempera::stylize {

struct MaskClasses {
  std::vector<std::string> names;  // one a channel; "" where nobody says
  int own = 0;  // the channel that is the file's mask; -1: the file has many, and names none

  // The index of a class by its name, in any case of letters (blanks and underscores count as dashes), or by
  // its number as text; "": own. `model` begins the messages.
  Result<int> Find(std::string_view name, const std::string& model) const;
  // What to say where `own` is asked for and is none.
  Status NoneIsTheMask(const std::string& model) const;
};

// classes: metadata tempera.mask.classes, names by channel with commas between; own: tempera.mask.class, a
// number or one of the names. nullptr where the file has none.
Result<MaskClasses> ReadMaskClasses(int64_t channels, const std::string* classes, const std::string* own,
                                    const std::string& model);

// Names of well-known lists of so many classes, for files that name none: empty where there is no such list.
std::vector<std::string> WellKnownClasses(int64_t channels);

}  // namespace tempera::stylize
