// `tempera stylize` with several inputs or a folder: what is said on the way and at the end.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cli/mask/mask_plan.h"
#include "cli/painter.h"
#include "cli/pictures/settings.h"
#include "cli/pictures/stylize_pictures.h"

namespace tempera::cli {

struct PicturesJob {
  std::vector<std::string> inputs;
  std::string output_folder;  // made where it does not exist
  PicturesOptions options;
  std::string model;  // path
  std::string style;  // what reports call what is painted
  PaintOptions paint;
  bool json = false;  // a line per picture
  // How the painter is opened, where it is more than `model` with `paint`; and what else a painting then
  // depends on, by the options that say it.
  std::function<Result<std::unique_ptr<Painter>>()> open = {};
  Settings depends_on = {};
  MaskPlan mask = {};     // for reports
  bool lossless = false;  // names that keep transparency: others become .png
};

// Whether these names ask for that, rather than for one picture or film.
bool AsksForPictures(const std::vector<std::string>& inputs, const std::string& output);

// An error of the command line, where the names do not fit together.
Status CheckPictures(const std::vector<std::string>& inputs, const std::string& output);

// Returns the exit code.
int RunPictures(const PicturesJob& job);

}  // namespace tempera::cli
