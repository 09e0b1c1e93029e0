// Which paintings one network learns, and what is said of each.
#pragma once

#include <string>
#include <vector>

#include "src/base/status.h"

namespace tempera::train {

struct StyleSource {
  std::string name;     // "starry-night": lower case, digits, dashes
  std::string picture;  // file
  std::string title, artist, year;
  // Long side, in pixels, at which the painting is looked at for fine and for bold strokes.
  int fine_size = 512;
  int bold_size = 900;
  double style_weight = 1;  // times --style-weight
};

// A JSON file:
//   {"styles": [{"name": "starry-night", "picture": "starry_night.jpg", "title": "The Starry Night",
//     "artist": "Vincent van Gogh", "year": "1889", "fine_size": 512, "bold_size": 900, "style_weight": 1},
//     ...]}
// name and picture must be there, nothing but these keys may. Pictures are looked for in `folders` and beside
// the file.
Result<std::vector<StyleSource>> ReadGallery(const std::string& path,
                                             const std::vector<std::string>& folders);

// What metadata can hold as a style's title, painter or year: one line of 1 to 64 bytes without '|' and ';'.
bool IsTitle(const std::string& title);

// Lower case letters, digits and dashes between them, at most 64: what `--style NAME` can say.
bool IsStyleName(const std::string& name);

}  // namespace tempera::train
