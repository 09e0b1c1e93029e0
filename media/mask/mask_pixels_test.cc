#include "media/mask/mask_pixels.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <numeric>

#include "media/mask/alpha_codec.h"
#include "media/test_clip.h"

namespace tempera::media {
namespace {

constexpr int kWidth = 64, kHeight = 48;

// Nothing at the left, all at the right, each number in between once.
std::vector<uint8_t> Ramp(int shift = 0) {
  std::vector<uint8_t> mask(kWidth * kHeight);
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x)
      mask[static_cast<size_t>(y * kWidth + x)] =
          static_cast<uint8_t>(std::clamp((x - 20 - shift) * 12, 0, 255));
  }
  return mask;
}

int Farthest(const std::vector<uint8_t>& a, const std::vector<uint8_t>& b) {
  int most = a.size() == b.size() ? 0 : 999;
  for (size_t i = 0; i < a.size() && most < 999; ++i) most = std::max(most, std::abs(a[i] - b[i]));
  return most;
}

Frame Coloured(PixelFormat format, uint8_t value) {
  Frame frame = Frame::Allocate(format, kWidth, kHeight).value();
  const bool planar = format == PixelFormat::kI420 || format == PixelFormat::kNv12;
  const int bytes = planar ? 1 : format == PixelFormat::kRgb ? 3 : 4;
  for (int plane = 0; plane < 3 && frame.planes[plane]; ++plane) {
    const int rows = plane ? kHeight / 2 : kHeight;
    const int columns = plane && format == PixelFormat::kI420 ? kWidth / 2 : bytes * kWidth;
    for (int y = 0; y < rows; ++y)
      std::memset(frame.planes[plane] + ptrdiff_t{y} * frame.stride_bytes[plane], value,
                  static_cast<size_t>(columns));
  }
  return frame;
}

TEST(MaskPixels, WhatIsDrawnIsReadBack) {
  for (const PixelFormat format : {PixelFormat::kRgb, PixelFormat::kI420, PixelFormat::kNv12}) {
    for (const bool full : {false, true}) {
      Frame frame = Coloured(format, 77);
      frame.full_range = full;
      DrawMask(Ramp(), &frame);
      const int most = format == PixelFormat::kRgb || full ? 0 : 1;
      EXPECT_LE(Farthest(MaskOf(frame).value(), Ramp()), most) << static_cast<int>(format) << full;
    }
  }
}

TEST(MaskPixels, ColoursAreTold) {
  for (const PixelFormat format :
       {PixelFormat::kRgb, PixelFormat::kRgba, PixelFormat::kI420, PixelFormat::kNv12}) {
    Frame frame = Coloured(format, 128);
    EXPECT_FALSE(IsColored(frame));
    // 2 of 64 by 48 pixels, and 40.
    const bool planar = format == PixelFormat::kI420 || format == PixelFormat::kNv12;
    uint8_t* row = frame.planes[planar ? 1 : 0];
    row[0] = row[4] = 0;
    EXPECT_FALSE(IsColored(frame)) << static_cast<int>(format);
    for (int i = 0; i < 40; ++i)
      row[i / 10 * frame.stride_bytes[planar ? 1 : 0] + i % 10 *
                                                            (format == PixelFormat::kRgb ? 3
                                                             : planar                    ? 1
                                                                                         : 4)] = 200;
    EXPECT_TRUE(IsColored(frame)) << static_cast<int>(format);
  }
}

TEST(MaskPixels, TransparencyGoesBeforeLight) {
  Frame frame = Coloured(PixelFormat::kRgba, 200);
  ASSERT_STATUS_OK(CutOut(Ramp(), &frame));
  std::vector<uint8_t> wanted = Ramp();
  for (uint8_t& v : wanted) v = static_cast<uint8_t>((v * 200 + 127) / 255);
  EXPECT_EQ(Farthest(MaskOf(frame).value(), wanted), 0);
}

// A mask in black and white that was saved in a format with transparency.
TEST(MaskPixels, OpaquePicturesGoByLight) {
  const std::vector<uint8_t> all(kWidth * kHeight, 255);
  for (const PixelFormat format : {PixelFormat::kRgba, PixelFormat::kBgra, PixelFormat::kI420}) {
    Frame frame = Coloured(format, 0);
    frame.full_range = true;
    DrawMask(Ramp(), &frame);
    if (format == PixelFormat::kI420) {
      ASSERT_STATUS_OK(CutOut(all, &frame));
    }
    EXPECT_FALSE(ShowsThrough(frame));
    EXPECT_EQ(Farthest(MaskOf(frame).value(), Ramp()), 0) << static_cast<int>(format);
    EXPECT_EQ(Farthest(MaskOf(frame, MaskBy::kTransparency).value(), all), 0);
    std::vector<uint8_t> nearly = all;
    nearly.back() = 254;
    ASSERT_STATUS_OK(CutOut(nearly, &frame));
    EXPECT_TRUE(ShowsThrough(frame));
    EXPECT_EQ(Farthest(MaskOf(frame).value(), nearly), 0) << static_cast<int>(format);
  }
}

TEST(MaskPixels, ColoursOfWhatIsCutOffAreGone) {
  Frame picture = Coloured(PixelFormat::kRgba, 255), film = Coloured(PixelFormat::kI420, 180);
  ASSERT_STATUS_OK(CutOut(Ramp(), &picture));
  ASSERT_STATUS_OK(CutOut(Ramp(), &film));
  EXPECT_EQ(picture.planes[0][0], 0);
  EXPECT_EQ(picture.planes[0][4 * 63], 255);
  EXPECT_EQ(film.planes[0][0], 16);  // a whole square without anything seen
  EXPECT_EQ(film.planes[1][0], 128);
  EXPECT_EQ(film.planes[0][17], 180);  // beside what is seen
  EXPECT_EQ(film.planes[0][63], 180);
  EXPECT_EQ(Farthest(MaskOf(film).value(), Ramp()), 0);
}

class CutOutFilmTest : public ClipTest {};

// The mask moves: each frame's transparency is its own.
TEST_F(CutOutFilmTest, IsDecodedWithItsTransparency) {
  for (const auto& [name, most] : {std::pair{"cut.mov", 1.0}, {"cut.webm", 3.0}, {"cut.mkv", 3.0}}) {
    VideoInfo info;
    info.width = kWidth, info.height = kHeight;
    info.time_base = {1, 1000}, info.frame_rate = {10, 1};
    info.has_alpha = true;
    WriterOptions options;
    options.codec = ChooseAlphaCodec("", Path(name)).value();
    auto writer = VideoWriter::Open(Path(name), info, nullptr, options);
    ASSERT_TRUE(writer.ok()) << writer.status().message();
    for (int i = 0; i < 8; ++i) {
      Frame frame = Coloured(PixelFormat::kI420, 150);
      frame.pts = 100 * i, frame.duration = 100;
      ASSERT_STATUS_OK(CutOut(Ramp(2 * i), &frame));
      ASSERT_STATUS_OK((*writer)->Write(frame));
    }
    ASSERT_STATUS_OK((*writer)->Finish());
    EXPECT_TRUE((*writer)->notices().empty()) << (*writer)->notices().front();
    auto reader = VideoReader::Open(Path(name), {});
    ASSERT_TRUE(reader.ok()) << reader.status().message();
    EXPECT_TRUE((*reader)->info().has_alpha) << name;
    for (int i = 0; i < 8; ++i) {
      const auto frame = (*reader)->Read();
      ASSERT_TRUE(frame.ok() && *frame) << name << " frame " << i;
      const std::vector<uint8_t> mask = MaskOf(**frame).value(), wanted = Ramp(2 * i);
      double sum = 0;
      for (size_t p = 0; p < mask.size(); ++p) sum += std::abs(mask[p] - wanted[p]);
      EXPECT_LE(sum / static_cast<double>(mask.size()), most) << name << " frame " << i;
    }
  }
}

TEST(AlphaCodec, IsThatOfTheContainer) {
  EXPECT_EQ(ChooseAlphaCodec("", "a.mov").value(), "prores_ks");
  EXPECT_EQ(ChooseAlphaCodec("", "a.webm").value(), "libvpx-vp9");
  EXPECT_EQ(ChooseAlphaCodec("", "a_%04d.png").value(), "");
  EXPECT_EQ(ChooseAlphaCodec("qtrle", "a.mov").value(), "qtrle");
  for (const auto& [codec, name] : {std::pair{"", "a.mp4"},
                                    {"libx264", "a.mov"},
                                    {"libvpx-vp9", "a.mp4"},
                                    {"", "a_%04d.jpg"},
                                    {"", "a.gif"},
                                    {"", "-"}}) {
    EXPECT_FALSE(ChooseAlphaCodec(codec, name).ok()) << codec << " " << name;
  }
}

}  // namespace
}  // namespace tempera::media
