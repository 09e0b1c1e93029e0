// Which of the user's inputs are pictures, and what each painting is called.
#pragma once

#include <string>
#include <vector>

#include "src/base/status.h"

namespace tempera::cli {

struct PictureTask {
  std::string input;
  std::string output;
  std::string mask = {};  // the file of its own mask; "": it has none
};

// What was found in a folder, or by a pattern, and is left alone.
struct SkippedFile {
  enum class Why { kFilm, kRaw, kHidden, kFolder, kMask, kOther };
  std::string path;
  Why why = Why::kOther;
};

struct PictureList {
  std::vector<PictureTask> tasks;        // in the order of the inputs; those of a folder by name
  std::vector<PictureTask> clashes;      // whose painting would replace an input, or another one's painting
  std::vector<std::string> asked_films;  // among the inputs themselves: somebody wants them
  std::vector<SkippedFile> skipped;      // by name in each folder
  // Names given up for others' sake, each as "a.heic becomes a.heic.png", and gaps in numbered names.
  std::vector<std::string> renamed, notices;
};

// Whether this is a name with * or ? in it, or a numbered one such as f_%04d.png, that no file has: what a
// shell leaves of a pattern in quotes.
bool IsPicturePattern(const std::string& input);

// Inputs are files, taken as they are but for films, or folders and patterns, of which the pictures directly
// inside are taken. Every name is kept, and its extension where it is one that can be written, and, where
// `alpha` is wanted, that keeps transparency; others become .png. Fails where a folder cannot be read, and
// where a pattern finds nothing.
Result<PictureList> ListPictures(const std::vector<std::string>& inputs, const std::string& output_folder,
                                 bool alpha = false);

}  // namespace tempera::cli
