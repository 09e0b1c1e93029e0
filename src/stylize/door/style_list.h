// The styles in a folder, by what their files say of themselves: nothing is imported, so a page of a hundred
// styles costs a hundred short reads.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/base/status.h"

namespace tempera::stylize {

// Every text is one line of UTF-8.
struct Style {
  std::string name;  // the file's, without .onnx; of many styles in one file this one's
  std::string path;
  std::string title;  // metadata tempera.title, or the name
  std::string artist, year, license;
  std::string thumbnail;       // an encoded JPEG or PNG that the file carries, or ""
  std::string thumbnail_path;  // otherwise the picture beside the file, or ""
  int64_t file_bytes = 0;
  std::string style;  // which of the file's; "" where it is of one
};

struct StyleList {
  std::vector<Style> styles;         // by name
  std::vector<std::string> skipped;  // why a file is not among them, one line each
};

// A style that has a file of its own goes before one of that name among many in a file.
// *.onnx in `folder`, links followed, folders in it left alone. kNotFound when there is no such folder.
Result<StyleList> ListStyles(const std::string& folder);

// RFC 4648, with padding, blanks and line ends passed over; false where it is something else, or more than
// `most` bytes.
bool DecodeBase64(const std::string& text, size_t most, std::string* out);

}  // namespace tempera::stylize
