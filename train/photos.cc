#include "train/photos.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <filesystem>
#include <set>
#include <utility>

namespace tempera::train {
namespace {

namespace fs = std::filesystem;

bool HasPictureExtension(const fs::path& path) {
  static const std::set<std::string> kExtensions = {".jpg", ".jpeg", ".png", ".webp", ".bmp"};
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return kExtensions.count(extension) > 0;
}

Status Find(const std::string& folder, std::vector<std::string>* paths) {
  std::error_code error;
  if (fs::is_regular_file(folder, error)) {
    paths->push_back(folder);
    return OkStatus();
  }
  fs::recursive_directory_iterator it(folder, fs::directory_options::skip_permission_denied, error);
  if (error) return NotFound("cannot open the photographs at '" + folder + "': give a folder of pictures");
  for (; it != fs::recursive_directory_iterator(); it.increment(error)) {
    std::error_code ignored;  // of a file that is gone, or a link that leads nowhere
    if (it->is_regular_file(ignored) && HasPictureExtension(it->path()))
      paths->push_back(it->path().string());
  }
  // An error ends the walk.
  if (error) return IoError("cannot list '" + folder + "': " + error.message());
  return OkStatus();
}

// Whether the pixels of a line (start, step in pixels, count) stay within JPEG noise of one colour.
bool LineIsFlat(const media::RgbImage& image, size_t start, size_t step, int count) {
  constexpr int kJpegNoise = 6;
  for (int channel = 0; channel < 3; ++channel) {
    int low = 255, high = 0;
    for (int i = 0; i < count; ++i) {
      const int v = image.pixels[(start + static_cast<size_t>(i) * step) * 3 + channel];
      low = std::min(low, v);
      high = std::max(high, v);
    }
    if (high - low > kJpegNoise) return false;
  }
  return true;
}

Result<media::RgbImage> Shrink(media::RgbImage image, int short_side) {
  const int now = std::min(image.width, image.height);
  if (now <= short_side) return image;
  const double scale = static_cast<double>(short_side) / now;
  return media::ResizeImage(image, std::max(short_side, static_cast<int>(std::lround(image.width * scale))),
                            std::max(short_side, static_cast<int>(std::lround(image.height * scale))));
}

}  // namespace

bool HasConstantBorder(const media::RgbImage& image) {
  const int w = image.width, h = image.height;
  const int rows = std::max(2, h / 50), columns = std::max(2, w / 50);
  auto all = [](int count, auto&& flat) {
    for (int i = 0; i < count; ++i) {
      if (!flat(i)) return false;
    }
    return true;
  };
  const size_t stride = static_cast<size_t>(w);
  return all(rows, [&](int y) { return LineIsFlat(image, y * stride, 1, w); }) ||
         all(rows, [&](int y) { return LineIsFlat(image, (h - 1 - y) * stride, 1, w); }) ||
         all(columns, [&](int x) { return LineIsFlat(image, x, stride, h); }) ||
         all(columns, [&](int x) { return LineIsFlat(image, w - 1 - x, stride, h); });
}

bool IsGreyscale(const media::RgbImage& image) {
  constexpr int kTint = 8;
  for (size_t i = 0; i + 2 < image.pixels.size(); i += 3) {
    const auto [low, high] = std::minmax({image.pixels[i], image.pixels[i + 1], image.pixels[i + 2]});
    if (high - low > kTint) return false;
  }
  return true;
}

Result<Photos> Photos::Load(const std::vector<std::string>& folders, int crop_size, uint64_t seed) {
  std::vector<std::string> paths;
  for (const std::string& folder : folders) TEMPERA_RETURN_IF_ERROR(Find(folder, &paths));
  std::sort(paths.begin(), paths.end());
  paths.erase(std::unique(paths.begin(), paths.end()), paths.end());

  Photos photos;
  photos.crop_size_ = crop_size;
  PhotoReport& report = photos.report_;
  report.found = static_cast<int>(paths.size());
  if (paths.size() > kMaxPhotos) {
    Random random(seed);
    for (size_t i = 0; i < kMaxPhotos; ++i) {
      std::swap(paths[i], paths[i + random.Below(static_cast<int64_t>(paths.size() - i))]);
    }
    paths.resize(kMaxPhotos);
    std::sort(paths.begin(), paths.end());
  }
  report.sampled = static_cast<int>(paths.size());

  auto skip = [&](int& counter, const std::string& path, const char* why) {
    ++counter;
    if (report.first_skipped.empty()) report.first_skipped = path + " (" + why + ")";
  };
  const int short_side = static_cast<int>(std::ceil(crop_size / kMinCropShare));
  for (const std::string& path : paths) {
    Result<media::RgbImage> image = media::ReadImage(path);
    if (!image.ok()) {
      skip(report.unreadable, path, "unreadable");
    } else if (std::min(image->width, image->height) * 4 < crop_size * 3) {
      skip(report.too_small, path, "too small");
    } else if (HasConstantBorder(*image)) {
      skip(report.borders, path, "constant border");
    } else {
      TEMPERA_ASSIGN_OR_RETURN(media::RgbImage small, Shrink(std::move(image).value(), short_side));
      if (IsGreyscale(small)) ++report.greyscale;
      photos.images_.push_back(std::move(small));
      photos.paths_.push_back(path);
    }
  }
  report.used = photos.size();
  if (photos.images_.empty()) {
    return NotFound("no usable photograph in '" + (folders.empty() ? std::string() : folders.front()) +
                    "' (" + std::to_string(report.found) + " pictures found" +
                    (report.first_skipped.empty() ? "" : ", e.g. " + report.first_skipped) + ")");
  }
  return photos;
}

Photos Photos::FromImages(std::vector<media::RgbImage> images, int crop_size) {
  Photos photos;
  photos.crop_size_ = crop_size;
  photos.images_ = std::move(images);
  photos.paths_.resize(photos.images_.size());
  photos.report_.found = photos.report_.sampled = photos.report_.used = photos.size();
  return photos;
}

std::vector<media::RgbImage> Photos::HoldOut(int count) {
  std::vector<media::RgbImage> held;
  // Never more than a quarter of the set, and never the last one.
  count = std::min(count, size() / 4);
  for (int i = count - 1; i >= 0; --i) {
    const int at = static_cast<int>((2 * static_cast<int64_t>(i) + 1) * size() / (2 * count));
    held.push_back(std::move(images_[at]));
    images_.erase(images_.begin() + at);
    paths_.erase(paths_.begin() + at);
  }
  return held;
}

void Photos::RandomCrop(Random& random, float* planes) const {
  const media::RgbImage& image = images_[random.Below(size())];
  const int n = crop_size_;
  const double side =
      std::min(image.width, image.height) * (kMinCropShare + (1 - kMinCropShare) * random.Uniform());
  const double left = random.Uniform() * (image.width - side), top = random.Uniform() * (image.height - side);
  const bool mirror = random.Uniform() < 0.5;
  const double scale = side / n;
  // Pixel centres, bilinear. The pictures are at most 1 / 0.7 of the crop's size, so this does not alias.
  auto place = [scale](double start, int i, int limit, int* low, int* high, float* weight) {
    const double at = std::clamp(start + (i + 0.5) * scale - 0.5, 0.0, static_cast<double>(limit - 1));
    *low = static_cast<int>(at);
    *high = std::min(*low + 1, limit - 1);
    *weight = static_cast<float>(at - *low);
  };
  for (int y = 0; y < n; ++y) {
    int y0, y1;
    float wy;
    place(top, y, image.height, &y0, &y1, &wy);
    const uint8_t* row0 = image.pixels.data() + static_cast<size_t>(y0) * image.width * 3;
    const uint8_t* row1 = image.pixels.data() + static_cast<size_t>(y1) * image.width * 3;
    for (int x = 0; x < n; ++x) {
      int x0, x1;
      float wx;
      place(left, mirror ? n - 1 - x : x, image.width, &x0, &x1, &wx);
      for (int c = 0; c < 3; ++c) {
        const float a = row0[x0 * 3 + c] + wx * (row0[x1 * 3 + c] - row0[x0 * 3 + c]);
        const float b = row1[x0 * 3 + c] + wx * (row1[x1 * 3 + c] - row1[x0 * 3 + c]);
        planes[(static_cast<size_t>(c) * n + y) * n + x] = a + wy * (b - a);
      }
    }
  }
}

std::vector<float> ToPlanes(const media::RgbImage& image) {
  const size_t n = static_cast<size_t>(image.width) * image.height;
  std::vector<float> planes(3 * n);
  for (size_t i = 0; i < n; ++i) {
    for (size_t c = 0; c < 3; ++c) planes[c * n + i] = image.pixels[i * 3 + c];
  }
  return planes;
}

media::RgbImage FromPlanes(const float* planes, int width, int height) {
  media::RgbImage image{width, height, {}};
  const size_t n = static_cast<size_t>(width) * height;
  image.pixels.resize(3 * n);
  for (size_t i = 0; i < n; ++i) {
    for (size_t c = 0; c < 3; ++c) {
      image.pixels[i * 3 + c] =
          static_cast<uint8_t>(std::lround(std::clamp(planes[c * n + i], 0.0f, 255.0f)));
    }
  }
  return image;
}

Result<media::RgbImage> FitForNet(const media::RgbImage& image, int long_side) {
  const double scale = std::min(1.0, static_cast<double>(long_side) / std::max(image.width, image.height));
  const int width = static_cast<int>(std::lround(image.width * scale)) / 8 * 8;
  const int height = static_cast<int>(std::lround(image.height * scale)) / 8 * 8;
  if (width < 16 || height < 16)
    return InvalidArgument("a picture is too small or too narrow: 16 pixels at least");
  return media::ResizeImage(image, width, height);
}

}  // namespace tempera::train
