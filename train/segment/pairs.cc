#include "train/segment/pairs.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

namespace tempera::train {
namespace {

namespace fs = std::filesystem;

bool IsPicture(const fs::path& path) {
  std::string extension = path.extension().string();
  for (char& c : extension) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return extension == ".jpg" || extension == ".jpeg" || extension == ".png" || extension == ".webp" ||
         extension == ".bmp";
}

}  // namespace

Result<std::vector<std::string>> FindPictures(const std::string& folder) {
  std::error_code error;
  std::vector<std::string> found;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string stem = it->path().stem().string();
    const bool mask = stem.size() > 5 && stem.compare(stem.size() - 5, 5, "_mask") == 0;
    if (IsPicture(it->path()) && !mask) found.push_back(it->path().string());
  }
  if (error) return NotFound("cannot read the folder '" + folder + "': " + error.message());
  std::sort(found.begin(), found.end());
  return found;
}

std::string FindMask(const MaskFolders& folders, const std::string& picture) {
  const std::string stem = fs::path(picture).stem().string();
  for (const char* end : {"_mask.png", ".png"}) {
    const fs::path path = fs::path(folders.masks) / (stem + end);
    std::error_code error;
    if (fs::exists(path, error) && path != fs::path(picture)) return path.string();
  }
  return "";
}

Result<std::vector<uint8_t>> ReadMask(const std::string& path, int* width, int* height) {
  TEMPERA_ASSIGN_OR_RETURN(const media::RgbImage image, media::ReadImage(path));
  *width = image.width;
  *height = image.height;
  std::vector<uint8_t> mask(image.pixels.size() / 3);
  for (size_t i = 0; i < mask.size(); ++i) mask[i] = image.pixels[3 * i];
  return mask;
}

std::vector<uint8_t> ResizeMask(const std::vector<uint8_t>& mask, int width, int height, int new_width,
                                int new_height, bool classes) {
  std::vector<uint8_t> out(static_cast<size_t>(new_width) * new_height);
  for (int y = 0; y < new_height; ++y) {
    for (int x = 0; x < new_width; ++x) {
      const double left = static_cast<double>(x) * width / new_width,
                   top = static_cast<double>(y) * height / new_height;
      const double right = static_cast<double>(x + 1) * width / new_width,
                   bottom = static_cast<double>(y + 1) * height / new_height;
      uint8_t& to = out[static_cast<size_t>(y) * new_width + x];
      if (classes) {
        const int sx = std::min(width - 1, static_cast<int>((left + right) / 2)),
                  sy = std::min(height - 1, static_cast<int>((top + bottom) / 2));
        to = mask[static_cast<size_t>(sy) * width + sx];
        continue;
      }
      double sum = 0, area = 0;
      for (int sy = static_cast<int>(top); sy < std::min(height, static_cast<int>(std::ceil(bottom))); ++sy) {
        const double h = std::min(bottom, sy + 1.0) - std::max(top, static_cast<double>(sy));
        for (int sx = static_cast<int>(left); sx < std::min(width, static_cast<int>(std::ceil(right)));
             ++sx) {
          const double w = std::min(right, sx + 1.0) - std::max(left, static_cast<double>(sx));
          sum += w * h * mask[static_cast<size_t>(sy) * width + sx];
          area += w * h;
        }
      }
      to = static_cast<uint8_t>(area > 0 ? sum / area + 0.5 : 0);
    }
  }
  return out;
}

Result<MaskPairs> MaskPairs::Load(const std::vector<MaskFolders>& folders, int classes, int short_side) {
  MaskPairs made;
  auto leave_out = [&](int* count, const std::string& path) {
    ++*count;
    if (made.first_left_out_.empty()) made.first_left_out_ = fs::path(path).filename().string();
  };
  for (const MaskFolders& f : folders) {
    TEMPERA_ASSIGN_OR_RETURN(const std::vector<std::string> pictures, FindPictures(f.images));
    for (const std::string& path : pictures) {
      const std::string mask_path = FindMask(f, path);
      if (mask_path.empty()) {
        leave_out(&made.without_, path);
        continue;
      }
      MaskPair pair;
      pair.path = path;
      TEMPERA_ASSIGN_OR_RETURN(pair.image, media::ReadImage(path));
      int width = 0, height = 0;
      TEMPERA_ASSIGN_OR_RETURN(pair.mask, ReadMask(mask_path, &width, &height));
      const double shape =
          static_cast<double>(width) * pair.image.height / (static_cast<double>(height) * pair.image.width);
      if (std::abs(shape - 1) > 0.02) {
        leave_out(&made.misshapen_, path);
        continue;
      }
      for (uint8_t& m : pair.mask) {
        if (classes > 1) {
          if (m >= classes) m = kIgnored;
        } else if (f.value >= 0) {
          m = m == f.value ? 255 : 0;
        }
      }
      const double shrink =
          std::min(1.0, static_cast<double>(short_side) / std::min(pair.image.width, pair.image.height));
      const int w = static_cast<int>(std::lround(pair.image.width * shrink)),
                h = static_cast<int>(std::lround(pair.image.height * shrink));
      if (w != pair.image.width) {
        TEMPERA_ASSIGN_OR_RETURN(pair.image, media::ResizeImage(pair.image, w, h));
      }
      if (w != width || h != height) pair.mask = ResizeMask(pair.mask, width, height, w, h, classes > 1);
      made.pairs_.push_back(std::move(pair));
    }
  }
  if (made.pairs_.empty()) {
    return NotFound("no picture with a mask in '" + (folders.empty() ? "" : folders[0].images) +
                    "': NAME.jpg goes with NAME.png or NAME_mask.png in the folder of masks");
  }
  return made;
}

std::string MaskPairs::Line() const {
  std::string line = std::to_string(pairs_.size()) + " pictures with masks";
  if (without_ > 0) line += "; " + std::to_string(without_) + " without";
  if (misshapen_ > 0) line += "; " + std::to_string(misshapen_) + " of another shape than their mask";
  if (!first_left_out_.empty()) line += ", e.g. " + first_left_out_;
  return line;
}

std::vector<MaskPair> MaskPairs::HoldOut(int count) {
  std::vector<MaskPair> out;
  const int all = size();
  count = std::min(count, all / 2);
  for (int i = count - 1; i >= 0; --i) {
    const size_t at = static_cast<size_t>((2 * i + 1) * all / (2 * count));
    if (at >= pairs_.size()) continue;
    out.push_back(std::move(pairs_[at]));
    pairs_.erase(pairs_.begin() + static_cast<std::ptrdiff_t>(at));
  }
  return out;
}

}  // namespace tempera::train
