// Films as series of pictures: f_%04d.png for numbered ones, in and out, and *.png for all, in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "src/base/status.h"

namespace tempera::media {

// A name with a number in it, as printf and ffmpeg write it.
struct SeriesName {
  std::string folder;         // "." where the name has none
  std::string before, after;  // of the file's name, around the number; %% is %
  int digits = 1;             // the number is padded with zeros to that many

  // The path of one picture.
  std::string At(int64_t number) const;
  // The number in a file's name (without its folder); nothing when it is not of this series.
  std::optional<int64_t> NumberOf(const std::string& file) const;
};

// What PATH says of a series: nothing when it holds no %d or %04d; an error where there are several, or where
// %2d may be a character of a link.
Result<std::optional<SeriesName>> ParseSeriesName(const std::string& path);

// Whether PATH names a series of pictures to write: a number in it, and a picture's ending.
bool IsSeriesOutput(const std::string& path);

// The pictures of a series to read.
struct SeriesInput {
  bool is_glob = false;
  std::string url;    // for FFmpeg's image2: absolute or from ./ on, so that nothing is taken for a protocol
  int64_t first = 0;  // the number to begin with, unless is_glob
  std::vector<std::string> files;  // absolute, in the order in which they are read
  std::string notice;              // what is left out; "" = nothing
  // The name of the file at the first gap in the numbers, behind which all is left out unless is_glob; "" =
  // none.
  std::string missing;
};
// A pattern is a picture's name with a number or with * or ? in it; brackets and braces are letters. Nothing
// when PATH is none, or names an existing file by its letters; an error when there is no picture.
Result<std::optional<SeriesInput>> FindSeries(const std::string& path);

// Whether writing OUTPUT, a series or one picture, would replace pictures that INPUT reads.
bool OverwritesInput(const std::string& input, const std::string& output);

}  // namespace tempera::media
