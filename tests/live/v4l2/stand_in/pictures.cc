#include "tests/live/v4l2/stand_in/pictures.h"

#include <cstdlib>
#include <cstring>

#include "tests/live/v4l2/stand_in/pattern.h"

namespace tempera::stand_in {
namespace {

// A baseline JPEG, 4:2:2, of flat blocks: only their DC, and no Huffman tables in it, as many cameras send it
// (ITU-T T.81, annex K's tables are meant then). Quantised by 8, DC is the value itself, less 128.
class Jpeg {
 public:
  std::vector<uint8_t> Write(int width, int height, uint32_t number) {
    Header(width, height);
    for (int y = 0; y < height; y += 8) {
      for (int x = 0; x < width; x += 16) {
        Block(0, LumaAt(x, y, number, width));
        Block(0, LumaAt(x + 8, y, number, width));
        Block(1, CbAt(x, y));
        Block(2, CrAt(x, y));
      }
    }
    while (count_ != 0) Bits(1, 1);
    bytes_.insert(bytes_.end(), {0xff, 0xd9});
    return std::move(bytes_);
  }

 private:
  void Header(int width, int height) {
    bytes_ = {0xff, 0xd8};
    for (uint8_t table = 0; table < 2; ++table) {
      bytes_.insert(bytes_.end(), {0xff, 0xdb, 0, 67, table});
      bytes_.insert(bytes_.end(), 64, 8);
    }
    const auto high = [](int v) { return static_cast<uint8_t>(v >> 8); };
    const auto low = [](int v) { return static_cast<uint8_t>(v & 255); };
    bytes_.insert(bytes_.end(), {0xff, 0xc0, 0, 17, 8, high(height), low(height), high(width), low(width), 3,
                                 1, 0x21, 0, 2, 0x11, 1, 3, 0x11, 1});
    bytes_.insert(bytes_.end(), {0xff, 0xda, 0, 12, 3, 1, 0x00, 2, 0x11, 3, 0x11, 0, 63, 0});
  }

  void Block(int component, int value) {
    // Codes of the size of a difference, 0 to 8 bits (tables K.3 and K.4), and of "no more" (K.5 and K.6).
    static constexpr struct {
      uint32_t code;
      int bits;
    } kSizes[2][9] = {{{0, 2}, {2, 3}, {3, 3}, {4, 3}, {5, 3}, {6, 3}, {14, 4}, {30, 5}, {62, 6}},
                      {{0, 2}, {1, 2}, {2, 2}, {6, 3}, {14, 4}, {30, 5}, {62, 6}, {126, 7}, {254, 8}}},
      kEnd[2] = {{10, 4}, {0, 2}};
    const int table = component == 0 ? 0 : 1;
    const int difference = value - 128 - last_[component];
    last_[component] = value - 128;
    int size = 0;
    while (abs(difference) >> size != 0) ++size;
    Bits(kSizes[table][size].code, kSizes[table][size].bits);
    Bits(static_cast<uint32_t>(difference < 0 ? difference + (1 << size) - 1 : difference), size);
    Bits(kEnd[table].code, kEnd[table].bits);
  }

  void Bits(uint32_t value, int bits) {
    for (int i = bits - 1; i >= 0; --i) {
      byte_ = static_cast<uint8_t>(byte_ << 1 | (value >> i & 1));
      if (++count_ < 8) continue;
      bytes_.push_back(byte_);
      if (byte_ == 0xff) bytes_.push_back(0);
      count_ = 0;
    }
  }

  std::vector<uint8_t> bytes_;
  int last_[3] = {};
  uint8_t byte_ = 0;
  int count_ = 0;
};

void Planes(const v4l2_pix_format& f, uint8_t* to) {
  const int width = static_cast<int>(f.width), height = static_cast<int>(f.height);
  uint8_t* chroma = to + size_t{f.bytesperline} * f.height;
  const size_t pairs = f.bytesperline + f.bytesperline % 2, half = (f.bytesperline + 1) / 2;
  const size_t plane = half * ((f.height + 1) / 2);
  for (int y = 0; y < height; y += 2) {
    for (int x = 0; x < width; x += 2) {
      const auto at = static_cast<size_t>(y / 2), column = static_cast<size_t>(x / 2);
      if (f.pixelformat == V4L2_PIX_FMT_NV12) {
        chroma[at * pairs + 2 * column] = CbAt(x, y);
        chroma[at * pairs + 2 * column + 1] = CrAt(x, y);
      } else {
        const bool v_first = f.pixelformat == V4L2_PIX_FMT_YVU420;
        chroma[at * half + column + (v_first ? plane : 0)] = CbAt(x, y);
        chroma[at * half + column + (v_first ? 0 : plane)] = CrAt(x, y);
      }
    }
  }
}

int Depth(uint32_t fourcc) {
  switch (fourcc) {
    case V4L2_PIX_FMT_YUYV:
    case V4L2_PIX_FMT_UYVY:
      return 2;
    case V4L2_PIX_FMT_RGB24:
    case V4L2_PIX_FMT_BGR24:
      return 3;
    default:
      return 1;
  }
}

}  // namespace

bool Lay(v4l2_pix_format* f, int more) {
  if (f->pixelformat == V4L2_PIX_FMT_MJPEG) {
    f->bytesperline = 0;
    f->sizeimage = f->width * f->height * 2 + 4096;
    return true;
  }
  const uint32_t width = Depth(f->pixelformat) == 2 ? f->width + f->width % 2 : f->width;
  f->bytesperline = width * static_cast<uint32_t>(Depth(f->pixelformat)) + static_cast<uint32_t>(more);
  f->sizeimage = f->bytesperline * f->height;
  const uint32_t lines = (f->height + 1) / 2;
  switch (f->pixelformat) {
    case V4L2_PIX_FMT_NV12:
      f->sizeimage += (f->bytesperline + f->bytesperline % 2) * lines;
      return true;
    case V4L2_PIX_FMT_YUV420:
    case V4L2_PIX_FMT_YVU420:
      f->sizeimage += 2 * ((f->bytesperline + 1) / 2) * lines;
      return true;
    case V4L2_PIX_FMT_YUYV:
    case V4L2_PIX_FMT_UYVY:
    case V4L2_PIX_FMT_RGB24:
    case V4L2_PIX_FMT_BGR24:
    case V4L2_PIX_FMT_GREY:
      return true;
    default:
      return false;
  }
}

std::vector<uint8_t> Picture(const v4l2_pix_format& f, uint32_t number) {
  const int width = static_cast<int>(f.width), height = static_cast<int>(f.height);
  if (f.pixelformat == V4L2_PIX_FMT_MJPEG) return Jpeg().Write(width, height, number);
  std::vector<uint8_t> bytes(f.sizeimage, 0xee);  // between lines stands what no reader may show
  const int depth = Depth(f.pixelformat);
  for (int y = 0; y < height; ++y) {
    uint8_t* line = bytes.data() + static_cast<size_t>(y) * f.bytesperline;
    for (int x = 0; x < width + (depth == 2 ? width % 2 : 0); ++x) {
      const uint8_t luma = LumaAt(x, y, number, width);
      const uint8_t chroma = x % 2 == 0 ? CbAt(x, y) : CrAt(x, y);
      if (depth == 2 && f.pixelformat == V4L2_PIX_FMT_YUYV) line[2 * x] = luma, line[2 * x + 1] = chroma;
      if (depth == 2 && f.pixelformat == V4L2_PIX_FMT_UYVY) line[2 * x + 1] = luma, line[2 * x] = chroma;
      // Grey would not tell red from blue.
      const uint8_t red = luma, green = static_cast<uint8_t>(luma / 2), blue = static_cast<uint8_t>(luma / 4);
      if (depth == 3) {
        line[3 * x] = f.pixelformat == V4L2_PIX_FMT_RGB24 ? red : blue;
        line[3 * x + 1] = green;
        line[3 * x + 2] = f.pixelformat == V4L2_PIX_FMT_RGB24 ? blue : red;
      }
      if (depth == 1) line[x] = luma;
    }
  }
  if (depth == 1 && f.pixelformat != V4L2_PIX_FMT_GREY) Planes(f, bytes.data());
  return bytes;
}

}  // namespace tempera::stand_in
