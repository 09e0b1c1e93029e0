// What a person looks at while a style trains: a sheet of pictures, a table of losses and its plot.
#pragma once

#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "media/image.h"
#include "src/base/status.h"
#include "train/losses.h"

namespace tempera::train {

// A PNG: each photograph above its painting, three pairs a row, the painting that is learnt in a corner.
Status WritePreviewSheet(const std::string& path, const std::vector<media::RgbImage>& photos,
                         const media::RgbImage& style,
                         const std::function<media::RgbImage(const media::RgbImage&)>& paint);

// A PNG: a row for each painting, that painting first, then each photograph in its hand, with fine and bold
// strokes in turn; the photographs stand above. Cells are 240 x 180 pixels at most.
Status WriteGallerySheet(
    const std::string& path, const std::vector<media::RgbImage>& photos,
    const std::vector<media::RgbImage>& paintings,
    const std::function<media::RgbImage(const media::RgbImage&, int style, bool bold)>& paint);

// losses.csv, one line a step, and losses.png, all of them on a logarithmic scale.
class LossLog {
 public:
  // Starts the table anew, or keeps its lines up to `keep_until_step` when a run resumes.
  static Result<std::unique_ptr<LossLog>> Open(const std::string& folder, int64_t keep_until_step);
  ~LossLog();

  Status Add(int64_t step, const Losses& losses, double learning_rate);
  Status Plot() const;

 private:
  explicit LossLog(std::string folder) : folder_(std::move(folder)) {}
  std::string folder_;
  std::FILE* file_ = nullptr;
  std::vector<std::vector<double>> curves_ = std::vector<std::vector<double>>(Losses::kCount);
};

// One curve a row of `curves`, each with its colour in turn, smoothed; the values' range is logarithmic.
media::RgbImage PlotCurves(const std::vector<std::vector<double>>& curves, int width, int height);

}  // namespace tempera::train
