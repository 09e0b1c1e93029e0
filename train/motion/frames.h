// Frames of films, as pictures.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "media/image.h"
#include "src/base/status.h"

namespace tempera::train {

// The first `most` frames of a film, RGB, shrunk (never enlarged) to a long side of at most `long_side` and a
// short side of at most `short_side` pixels, and cut in the middle to multiples of 8.
Result<std::vector<media::RgbImage>> ReadFrames(const std::string& path, int most, int long_side,
                                                int short_side);

// Shrunk or enlarged so that the short side is `short_side`, then cut in the middle to at most `most_long`
// pixels and to multiples of 8.
Result<media::RgbImage> FitShortSide(const media::RgbImage& image, int short_side, int most_long);

// Shrunk and cut as ReadFrames does.
Result<media::RgbImage> FitFrame(const media::RgbImage& image, int long_side, int short_side);

// Calls `take` with each of the first `most` frames of a film, RGB and of one size, until it fails; what it
// then said is the answer.
Status EachFrame(const std::string& path, int most,
                 const std::function<Status(const media::RgbImage& frame)>& take);

// Files below `folders` (or they themselves) whose name ends in one of `extensions` (small letters, with the
// dot), sorted. kNotFound, naming `what`, when a folder cannot be opened.
Result<std::vector<std::string>> FindFiles(const std::vector<std::string>& folders,
                                           const std::vector<std::string>& extensions,
                                           const std::string& what);

// How the names of films end, for FindFiles.
const std::vector<std::string>& FilmExtensions();

// `count` of them at even places; all when there are fewer.
std::vector<std::string> EvenChoice(const std::vector<std::string>& paths, int count);

}  // namespace tempera::train
