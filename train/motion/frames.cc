#include "train/motion/frames.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>

#include "media/reader.h"

namespace tempera::train {
namespace {

namespace fs = std::filesystem;

struct MatrixTerms {
  float kr, kb;
};

MatrixTerms TermsOf(media::ColorMatrix matrix) {
  switch (matrix) {
    case media::ColorMatrix::kBt601:
      return {0.299f, 0.114f};
    case media::ColorMatrix::kBt2020:
      return {0.2627f, 0.0593f};
    case media::ColorMatrix::kBt709:
      break;
  }
  return {0.2126f, 0.0722f};
}

uint8_t Byte(float v) { return static_cast<uint8_t>(std::lround(std::clamp(v, 0.0f, 255.0f))); }

// Chroma of the nearest sample: frames are shrunk or compared with themselves afterwards.
media::RgbImage ToRgb(const media::Frame& frame) {
  media::RgbImage image{frame.width, frame.height, {}};
  image.pixels.resize(static_cast<size_t>(image.width) * static_cast<size_t>(image.height) * 3);
  const auto [kr, kb] = TermsOf(frame.matrix);
  const float kg = 1 - kr - kb;
  const float black = frame.full_range ? 0.0f : 16.0f;
  const float luma_gain = frame.full_range ? 1.0f : 255.0f / 219,
              chroma_gain = frame.full_range ? 1.0f : 255.0f / 224;
  const bool pairs = frame.format == media::PixelFormat::kNv12;
  for (int y = 0; y < frame.height; ++y) {
    const uint8_t* luma = frame.planes[0] + ptrdiff_t{y} * frame.stride_bytes[0];
    const uint8_t* u = frame.planes[1] + ptrdiff_t{y / 2} * frame.stride_bytes[1];
    const uint8_t* v = pairs ? u + 1 : frame.planes[2] + ptrdiff_t{y / 2} * frame.stride_bytes[2];
    uint8_t* to = &image.pixels[static_cast<size_t>(y) * static_cast<size_t>(image.width) * 3];
    for (int x = 0; x < frame.width; ++x, to += 3) {
      const int c = pairs ? x / 2 * 2 : x / 2;
      const float level = (static_cast<float>(luma[x]) - black) * luma_gain;
      const float cb = (static_cast<float>(u[c]) - 128) * chroma_gain,
                  cr = (static_cast<float>(v[c]) - 128) * chroma_gain;
      to[0] = Byte(level + 2 * (1 - kr) * cr);
      to[1] = Byte(level - (2 * kb * (1 - kb) * cb + 2 * kr * (1 - kr) * cr) / kg);
      to[2] = Byte(level + 2 * (1 - kb) * cb);
    }
  }
  return image;
}

bool EndsIn(const fs::path& path, const std::vector<std::string>& extensions) {
  std::string e = path.extension().string();
  std::transform(e.begin(), e.end(), e.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::find(extensions.begin(), extensions.end(), e) != extensions.end();
}

}  // namespace

Result<media::RgbImage> FitShortSide(const media::RgbImage& image, int short_side, int most_long) {
  const double scale = static_cast<double>(short_side) / std::min(image.width, image.height);
  const int width = std::max(8, static_cast<int>(std::lround(image.width * scale)));
  const int height = std::max(8, static_cast<int>(std::lround(image.height * scale)));
  media::RgbImage scaled;
  if (width == image.width && height == image.height) {
    scaled = image;
  } else {
    TEMPERA_ASSIGN_OR_RETURN(scaled, media::ResizeImage(image, width, height));
  }
  media::RgbImage cut;
  cut.width = std::min(width, most_long) / 8 * 8;
  cut.height = std::min(height, most_long) / 8 * 8;
  const int left = (width - cut.width) / 2, top = (height - cut.height) / 2;
  const size_t row = static_cast<size_t>(cut.width) * 3;
  cut.pixels.resize(row * static_cast<size_t>(cut.height));
  for (int y = 0; y < cut.height; ++y) {
    std::memcpy(
        &cut.pixels[row * static_cast<size_t>(y)],
        &scaled
             .pixels[(static_cast<size_t>(top + y) * static_cast<size_t>(width) + static_cast<size_t>(left)) *
                     3],
        row);
  }
  return cut;
}

Result<media::RgbImage> FitFrame(const media::RgbImage& image, int long_side, int short_side) {
  const int longer = std::max(image.width, image.height), shorter = std::min(image.width, image.height);
  const double scale =
      std::min({1.0, static_cast<double>(long_side) / longer, static_cast<double>(short_side) / shorter});
  return FitShortSide(image, std::max(8, static_cast<int>(std::lround(shorter * scale))), long_side);
}

Status EachFrame(const std::string& path, int most,
                 const std::function<Status(const media::RgbImage& frame)>& take) {
  TEMPERA_ASSIGN_OR_RETURN(const std::unique_ptr<media::VideoReader> reader,
                           media::VideoReader::Open(path, {}));
  for (int count = 0; count < most; ++count) {
    TEMPERA_ASSIGN_OR_RETURN(const std::optional<media::Frame> frame, reader->Read());
    if (!frame) break;
    TEMPERA_RETURN_IF_ERROR(take(ToRgb(*frame)));
  }
  return OkStatus();
}

Result<std::vector<media::RgbImage>> ReadFrames(const std::string& path, int most, int long_side,
                                                int short_side) {
  std::vector<media::RgbImage> frames;
  TEMPERA_RETURN_IF_ERROR(EachFrame(path, most, [&](const media::RgbImage& frame) -> Status {
    TEMPERA_ASSIGN_OR_RETURN(media::RgbImage fit, FitFrame(frame, long_side, short_side));
    frames.push_back(std::move(fit));
    return OkStatus();
  }));
  return frames;
}

Result<std::vector<std::string>> FindFiles(const std::vector<std::string>& folders,
                                           const std::vector<std::string>& extensions,
                                           const std::string& what) {
  std::vector<std::string> paths;
  for (const std::string& folder : folders) {
    std::error_code error;
    if (fs::is_regular_file(folder, error)) {
      paths.push_back(folder);
      continue;
    }
    fs::recursive_directory_iterator it(folder, fs::directory_options::skip_permission_denied, error);
    if (error) return NotFound("cannot open the " + what + " at '" + folder + "': " + error.message());
    for (; it != fs::recursive_directory_iterator(); it.increment(error)) {
      std::error_code ignored;
      if (it->is_regular_file(ignored) && EndsIn(it->path(), extensions))
        paths.push_back(it->path().string());
    }
    if (error) return IoError("cannot list '" + folder + "': " + error.message());
  }
  std::sort(paths.begin(), paths.end());
  paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
  return paths;
}

const std::vector<std::string>& FilmExtensions() {
  static const std::vector<std::string> kFilms = {".mp4", ".mkv", ".mov", ".webm",
                                                  ".avi", ".y4m", ".m4v", ".mpg"};
  return kFilms;
}

std::vector<std::string> EvenChoice(const std::vector<std::string>& paths, int count) {
  const size_t n = static_cast<size_t>(std::max(0, count));
  if (paths.size() <= n) return paths;
  std::vector<std::string> chosen;
  for (size_t i = 0; i < n; ++i) chosen.push_back(paths[(2 * i + 1) * paths.size() / (2 * n)]);
  return chosen;
}

}  // namespace tempera::train
