// What a mask network distinguishes: its channels by name.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/status.h"

namespace tempera::stylize {

struct MaskClasses {
  std::vector<std::string> names;  // by number; "" where nobody says
  std::string set = {};            // "PASCAL VOC", where only how many there are says which they are
  int own = 0;  // the channel that is the file's mask; -1: the file has many, and names none

  // The index of a class by its name, in any case of letters (blanks and underscores count as dashes), or by
  // its number as text; "": own. `model` begins the messages.
  Result<int> Find(std::string_view name, const std::string& model) const;
  // What to say where `own` is asked for and is none.
  Status NoneIsTheMask(const std::string& model) const;
};

// count: how many are told apart; 0 where nothing but their names says. classes: metadata
// tempera.mask.classes, names by number with commas between, of two classes one may be the second's alone;
// own: tempera.mask.class, a number or one of the names. nullptr where the file has none.
Result<MaskClasses> ReadMaskClasses(int64_t count, const std::string* classes, const std::string* own,
                                    const std::string& model);

}  // namespace tempera::stylize
