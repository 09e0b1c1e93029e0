// Which of the user's inputs are pictures, and what each painting is called.
#pragma once

#include <string>
#include <vector>

#include "src/base/status.h"

namespace tempera::cli {

struct PictureTask {
  std::string input;
  std::string output;
};

struct PictureList {
  std::vector<PictureTask> tasks;        // in the order of the inputs; those of a folder by name
  std::vector<PictureTask> clashes;      // whose painting would replace an input, or another one's painting
  std::vector<std::string> films;        // found in folders, and left alone
  std::vector<std::string> asked_films;  // among the inputs themselves: somebody wants them
  // Found in folders and left alone.
  int raws = 0, hidden = 0, others = 0, folders = 0;
  // Names given up for others' sake, each as "a.heic becomes a.heic.png".
  std::vector<std::string> renamed;
};

// Inputs are files, taken as they are but for films, or folders, of which the pictures directly inside are
// taken. Every name is kept, and its extension where it is one that can be written; others become .png. Fails
// where a folder cannot be read.
Result<PictureList> ListPictures(const std::vector<std::string>& inputs, const std::string& output_folder);

}  // namespace tempera::cli
