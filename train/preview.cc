#include "train/preview.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

#include "train/losses.h"

namespace tempera::train {
namespace {

void Paste(const media::RgbImage& from, int left, int top, media::RgbImage& to) {
  const int width = std::min(from.width, to.width - left), height = std::min(from.height, to.height - top);
  for (int y = 0; y < height; ++y) {
    std::memcpy(&to.pixels[(static_cast<size_t>(top + y) * to.width + left) * 3],
                &from.pixels[static_cast<size_t>(y) * from.width * 3], static_cast<size_t>(width) * 3);
  }
}

}  // namespace

Status WritePreviewSheet(const std::string& path, const std::vector<media::RgbImage>& photos,
                         const media::RgbImage& style,
                         const std::function<media::RgbImage(const media::RgbImage&)>& paint) {
  if (photos.empty()) return OkStatus();
  constexpr int kColumns = 3;
  int cell_width = 0, cell_height = 0;
  for (const media::RgbImage& photo : photos) {
    cell_width = std::max(cell_width, photo.width);
    cell_height = std::max(cell_height, photo.height);
  }
  const int count = static_cast<int>(photos.size());
  const int columns = std::min(kColumns, count), rows = (count + kColumns - 1) / kColumns;
  media::RgbImage sheet{columns * cell_width, rows * 2 * cell_height, {}};
  sheet.pixels.assign(static_cast<size_t>(sheet.width) * sheet.height * 3, 24);
  for (int i = 0; i < count; ++i) {
    const int left = i % kColumns * cell_width, top = i / kColumns * 2 * cell_height;
    Paste(photos[i], left, top, sheet);
    Paste(paint(photos[i]), left, top + cell_height, sheet);
  }
  const int corner_width = std::max(16, cell_width / 4);
  const int corner_height = std::max(
      16, static_cast<int>(static_cast<int64_t>(corner_width) * style.height / std::max(1, style.width)));
  TEMPERA_ASSIGN_OR_RETURN(media::RgbImage corner, media::ResizeImage(style, corner_width, corner_height));
  Paste(corner, 0, 0, sheet);
  return media::WriteImage(path, sheet);
}

Status WriteGallerySheet(
    const std::string& path, const std::vector<media::RgbImage>& photos,
    const std::vector<media::RgbImage>& paintings,
    const std::function<media::RgbImage(const media::RgbImage&, int style, bool bold)>& paint) {
  constexpr int kWidth = 240, kHeight = 180, kGap = 2;
  const int columns = static_cast<int>(photos.size()) + 1, rows = static_cast<int>(paintings.size()) + 1;
  media::RgbImage sheet{columns * kWidth, rows * kHeight, {}};
  sheet.pixels.assign(static_cast<size_t>(sheet.width) * sheet.height * 3, 24);
  auto place = [&](const media::RgbImage& image, int column, int row) -> Status {
    const double scale = std::min((kWidth - kGap) / static_cast<double>(image.width),
                                  (kHeight - kGap) / static_cast<double>(image.height));
    TEMPERA_ASSIGN_OR_RETURN(
        const media::RgbImage small,
        media::ResizeImage(image, std::max(1, static_cast<int>(std::lround(image.width * scale))),
                           std::max(1, static_cast<int>(std::lround(image.height * scale)))));
    Paste(small, column * kWidth, row * kHeight, sheet);
    return OkStatus();
  };
  for (int column = 1; column < columns; ++column)
    TEMPERA_RETURN_IF_ERROR(place(photos[static_cast<size_t>(column) - 1], column, 0));
  for (int row = 1; row < rows; ++row) {
    TEMPERA_RETURN_IF_ERROR(place(paintings[static_cast<size_t>(row) - 1], 0, row));
    for (int column = 1; column < columns; ++column) {
      const media::RgbImage painted =
          paint(photos[static_cast<size_t>(column) - 1], row - 1, column % 2 == 0);
      TEMPERA_RETURN_IF_ERROR(place(painted, column, row));
    }
  }
  return media::WriteImage(path, sheet);
}

Result<std::unique_ptr<LossLog>> LossLog::Open(const std::string& folder, int64_t keep_until_step) {
  std::unique_ptr<LossLog> log(new LossLog(folder));
  const std::string path = folder + "/losses.csv";
  std::string kept = "step";
  for (const char* name : Losses::kNames) kept += std::string(",") + name;
  kept += ",learning_rate\n";
  if (keep_until_step > 0) {
    std::ifstream in(path);
    std::string line;
    while (std::getline(in, line)) {
      std::vector<double> v;
      std::istringstream fields(line);
      for (std::string field; std::getline(fields, field, ',');) {
        char* end = nullptr;
        const double number = std::strtod(field.c_str(), &end);
        if (end == field.c_str()) break;
        v.push_back(number);
      }
      // Written before there were terms for features, and for the way there and back.
      constexpr size_t kFirstTerms = 9;
      while (v.size() >= kFirstTerms + 2 && v.size() < Losses::kCount + 2) {
        v.insert(v.end() - 1, 0.0);
        line.insert(line.rfind(','), ",0");
      }
      if (v.size() != Losses::kCount + 2) continue;
      if (v[0] > static_cast<double>(keep_until_step)) break;
      kept += line + "\n";
      for (size_t i = 0; i < log->curves_.size(); ++i) log->curves_[i].push_back(v[i + 1]);
    }
  }
  log->file_ = std::fopen(path.c_str(), "w");
  if (log->file_ == nullptr || std::fputs(kept.c_str(), log->file_) < 0) {
    return IoError("cannot write '" + path + "'");
  }
  return log;
}

LossLog::~LossLog() {
  if (file_ != nullptr) std::fclose(file_);
}

Status LossLog::Add(int64_t step, const Losses& l, double learning_rate) {
  const auto values = l.values();
  int n = std::fprintf(file_, "%lld", static_cast<long long>(step));
  for (double value : values) n = n < 0 ? n : std::fprintf(file_, ",%.9g", value);
  n = n < 0 ? n : std::fprintf(file_, ",%.6g\n", learning_rate);
  if (n < 0 || std::fflush(file_) != 0) return IoError("cannot write '" + folder_ + "/losses.csv'");
  for (size_t i = 0; i < values.size(); ++i) curves_[i].push_back(values[i]);
  return OkStatus();
}

Status LossLog::Plot() const {
  if (curves_[0].size() < 2) return OkStatus();
  return media::WriteImage(folder_ + "/losses.png", PlotCurves(curves_, 960, 540));
}

media::RgbImage PlotCurves(const std::vector<std::vector<double>>& curves, int width, int height) {
  media::RgbImage image{width, height, {}};
  image.pixels.assign(static_cast<size_t>(width) * height * 3, 255);
  auto dot = [&](int x, int y, const uint8_t* rgb) {
    if (x < 0 || y < 0 || x >= width || y >= height) return;
    std::memcpy(&image.pixels[(static_cast<size_t>(y) * width + x) * 3], rgb, 3);
  };
  double low = 1e30, high = 1e-30;
  for (const auto& curve : curves) {
    for (double v : curve) {
      if (!(v > 0)) continue;
      low = std::min(low, v);
      high = std::max(high, v);
    }
  }
  if (low >= high) return image;
  auto row = [&](double v) {
    return static_cast<int>(std::lround((height - 1) * std::log(high / v) / std::log(high / low)));
  };
  // A grid line at every power of ten, fainter ones between.
  for (int e = static_cast<int>(std::floor(std::log10(low))); e <= std::log10(high); ++e) {
    for (int digit = 1; digit < 10; ++digit) {
      const uint8_t shade = digit == 1 ? 150 : 230;
      const uint8_t grey[3] = {shade, shade, shade};
      for (int x = 0; x < width; ++x) dot(x, row(digit * std::pow(10.0, e)), grey);
    }
  }
  // Black, blue, red, green, orange, violet, cyan, grey, brown, pink, olive, lime: in the order of
  // Losses::kNames.
  static constexpr uint8_t kColours[][3] = {{0, 0, 0},      {30, 90, 220},   {210, 40, 40},  {30, 150, 60},
                                            {230, 150, 20}, {150, 40, 190},  {20, 170, 190}, {130, 130, 130},
                                            {130, 80, 40},  {240, 130, 180}, {120, 120, 0},  {140, 200, 40}};
  static_assert(std::size(kColours) == Losses::kCount);
  for (size_t c = 0; c < curves.size(); ++c) {
    double mean = 0;
    int previous = -1;
    const size_t n = curves[c].size();
    for (size_t i = 0; i < n; ++i) {
      mean += (curves[c][i] - mean) / static_cast<double>(std::min<size_t>(i + 1, 20));
      if (!(mean > 0)) continue;
      const int x = static_cast<int>(i * static_cast<size_t>(width - 1) / std::max<size_t>(1, n - 1));
      const int y = row(std::clamp(mean, low, high));
      if (previous < 0) previous = y;
      for (int k = std::min(previous, y); k <= std::max(previous, y) + 1; ++k)
        dot(x, k, kColours[c % Losses::kCount]);
      previous = y;
    }
  }
  return image;
}

}  // namespace tempera::train
