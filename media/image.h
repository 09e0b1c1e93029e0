// Still pictures in memory, read and written through FFmpeg.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/base/status.h"

namespace tempera::media {

// 8-bit RGB, rows of width * 3 bytes without gaps.
struct RgbImage {
  int width = 0;
  int height = 0;
  std::vector<uint8_t> pixels;
};

// PNG, JPEG, WebP, BMP, ...: the first frame of anything FFmpeg decodes. EXIF rotation is applied,
// alpha is dropped, 16 bits become 8. Errors name the path.
Result<RgbImage> ReadImage(const std::string& path);

// A JPEG, PNG or WebP whose bytes are these, of at most 16 million pixels: a style's thumbnail. As it is
// stored, whichever way up Exif says it is; alpha is dropped. Errors name it by `name`.
Result<RgbImage> DecodeImage(const std::string& name, const std::vector<uint8_t>& bytes);

// Bytes of a file of that name's extension (.png, .jpg/.jpeg, .webp, .bmp).
Result<std::vector<uint8_t>> EncodeImage(const std::string& name, const RgbImage& image);
// By extension (.png, .jpg/.jpeg, .webp, .bmp); beside, then renamed.
Status WriteImage(const std::string& path, const RgbImage& image);

// Area-averaging when shrinking, bicubic when enlarging.
Result<RgbImage> ResizeImage(const RgbImage& image, int width, int height);

}  // namespace tempera::media
