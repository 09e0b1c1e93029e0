// For tests: pictures read and written, and asked for pixels and notices.
#pragma once

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "media/photo/facts.h"
#include "media/photo/files_for_test.h"
#include "media/picture.h"
#include "media/test_clip.h"

namespace tempera::media {

class PictureTest : public ClipTest {
 protected:
  static Bytes Load(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return Bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  }
  std::string Save(const Bytes& bytes, const std::string& name) const {
    std::ofstream(Path(name), std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    return Path(name);
  }
  static std::string Said(const Picture& picture) {
    std::string all;
    for (const std::string& n : picture.notices) all += n + "\n";
    return all;
  }
  // One pixel as 0xrrggbb.
  static uint32_t Pixel(const Frame& frame, int x, int y) {
    const int bytes = frame.format == PixelFormat::kRgba ? 4 : 3;
    const uint8_t* p = frame.planes[0] + ptrdiff_t{y} * frame.stride_bytes[0] + bytes * x;
    return static_cast<uint32_t>(p[0] << 16 | p[1] << 8 | p[2]);
  }
  // Which of four plain colours a pixel is nearest to.
  static char Color(const Frame& frame, int x, int y) {
    const uint32_t p = Pixel(frame, x, y);
    const bool r = (p >> 16) > 127, g = (p >> 8 & 255) > 127, b = (p & 255) > 127;
    return r && g && b ? 'w' : r ? 'r' : g ? 'g' : b ? 'b' : '?';
  }
  // Reads, writes, and gives what the written file says of itself.
  PhotoFacts Rewrite(const std::string& from, const std::string& name, std::vector<std::string>* notices) {
    const Picture picture = Read(from);
    Status status = WritePicture(Path(name), picture.frame, picture, notices);
    EXPECT_TRUE(status.ok()) << status.message();
    return ReadPhotoFacts(Load(Path(name)));
  }
  static Picture Read(const std::string& path) {
    Result<Picture> picture = ReadPicture(path, 0);
    EXPECT_TRUE(picture.ok()) << picture.status().message();
    return picture.ok() ? std::move(picture).value() : Picture();
  }
  // All bytes of the pixels, row by row.
  static std::string Pixels(const Frame& frame) {
    const int bytes = frame.format == PixelFormat::kRgba ? 4 : 3;
    std::string all;
    for (int y = 0; y < frame.height; ++y) {
      all.append(reinterpret_cast<const char*>(frame.planes[0]) + ptrdiff_t{y} * frame.stride_bytes[0],
                 size_t(bytes) * frame.width);
    }
    return all;
  }
};

}  // namespace tempera::media
