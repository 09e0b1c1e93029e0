// A loopback device: the format first, frames whole and as large as it answered, and what it refuses.
#include <gmock/gmock.h>
#include <linux/videodev2.h>

#include <cstring>
#include <sstream>

#include "tests/live/v4l2/desk.h"
#include "tests/live/v4l2/stand_in/pictures.h"

namespace tempera::live {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// A painting that shows the pattern.
PaintedFrame Painting(uint32_t number, int width, int height) {
  v4l2_pix_format format = {};
  format.pixelformat = V4L2_PIX_FMT_YUV420;
  format.width = static_cast<uint32_t>(width);
  format.height = static_cast<uint32_t>(height);
  stand_in::Lay(&format, 0);
  const std::vector<uint8_t> bytes = stand_in::Picture(format, number);
  PaintedFrame painted;
  painted.number = number;
  painted.frame = media::Frame::Allocate(media::PixelFormat::kI420, width, height).value();
  painted.frame.matrix = width >= 1280 ? media::ColorMatrix::kBt709 : media::ColorMatrix::kBt601;
  const uint8_t* from = bytes.data();
  for (int plane = 0; plane < 3; ++plane) {
    const int columns = plane == 0 ? width : (width + 1) / 2, lines = plane == 0 ? height : (height + 1) / 2;
    for (int y = 0; y < lines; ++y, from += columns) {
      memcpy(painted.frame.planes[plane] + y * painted.frame.stride_bytes[plane], from,
             static_cast<size_t>(columns));
    }
  }
  return painted;
}

class SinkTest : public DeviceDesk {
 protected:
  void PlugLoopback(const std::string& lines) {
    Plug(9, "kind loopback\ncard Loop\nformat YU12 1280x720 30\nout " + Out().string() + "\n" + lines);
  }
  std::filesystem::path Out() const { return folder_ / "written"; }
  static std::string Bytes(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::ostringstream all;
    all << in.rdbuf();
    return all.str();
  }
  std::string Log() const { return Bytes(Out().string() + ".log"); }
  static std::unique_ptr<Sink> Make(const std::string& words) {
    const auto choice = ParseV4l2Output(words);
    EXPECT_TRUE(choice.ok()) << choice.status().message();
    auto sink = MakeV4l2Sink(*choice);
    EXPECT_TRUE(sink.ok()) << sink.status().message();
    return std::move(*sink);
  }
  static std::string Expected(uint32_t fourcc, int width, int height, int stride, uint32_t number) {
    v4l2_pix_format format = {};
    format.pixelformat = fourcc;
    format.width = static_cast<uint32_t>(width);
    format.height = static_cast<uint32_t>(height);
    stand_in::Lay(&format, stride);
    const std::vector<uint8_t> bytes = stand_in::Picture(format, number);
    return std::string(bytes.begin(), bytes.end());
  }
};

TEST_F(SinkTest, FormatFirstThenWholeFrames) {
  PlugLoopback("");
  const auto sink = Make("/dev/video9");
  EXPECT_EQ(sink->name(), "v4l2:/dev/video9");
  EXPECT_EQ(sink->pace(), Sink::Pace::kPaced);
  EXPECT_EQ(sink->fps(), 30);
  const PaintedFrame first = Painting(0, 1280, 720);
  ASSERT_TRUE(sink->Open(first).ok());
  std::string wanted;
  for (uint32_t i = 0; i < 4; ++i) {
    ASSERT_TRUE(sink->Show(Painting(i, 1280, 720)).ok());
    wanted += Expected(V4L2_PIX_FMT_YUV420, 1280, 720, 0, i);
  }
  const PaintedFrame last = Painting(7, 1280, 720);
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(sink->Show(last).ok());  // paced: the same again
  wanted += Expected(V4L2_PIX_FMT_YUV420, 1280, 720, 0, 7) + Expected(V4L2_PIX_FMT_YUV420, 1280, 720, 0, 7);
  ASSERT_TRUE(sink->Close().ok());
  EXPECT_TRUE(Bytes(Out()) == wanted);
  // BT.709 in limited range, and said so.
  EXPECT_THAT(Log(),
              StartsWith("format YU12 1280x720 1280 1382400 colours " +
                         std::to_string(V4L2_COLORSPACE_REC709) + " " + std::to_string(V4L2_YCBCR_ENC_709) +
                         " " + std::to_string(V4L2_QUANTIZATION_LIM_RANGE) + "\n"));
  EXPECT_THAT(Log(), Not(HasSubstr("refused")));
}

TEST_F(SinkTest, EveryFormatAndStride) {
  struct {
    const char* words;
    uint32_t fourcc;
    int stride;
  } const kCases[] = {{"9,size=640x360,format=i420", V4L2_PIX_FMT_YUV420, 0},
                      {"9,size=640x360,format=nv12", V4L2_PIX_FMT_NV12, 0},
                      {"9,size=640x360,format=yuyv", V4L2_PIX_FMT_YUYV, 0},
                      {"9,size=322x242,format=yuyv", V4L2_PIX_FMT_YUYV, 12},
                      {"9,size=322x242,format=nv12", V4L2_PIX_FMT_NV12, 6},
                      {"9,size=322x242,format=i420", V4L2_PIX_FMT_YUV420, 6}};
  for (const auto& c : kCases) {
    PlugLoopback("stride " + std::to_string(c.stride) + "\n");
    std::filesystem::remove(Out());
    const auto sink = Make(c.words);
    const auto choice = ParseV4l2Output(c.words);
    const PaintedFrame painting = Painting(3, choice->width, choice->height);
    ASSERT_TRUE(sink->Open(painting).ok());
    ASSERT_TRUE(sink->Show(painting).ok());
    std::string wanted = Expected(c.fourcc, choice->width, choice->height, c.stride, 3), got = Bytes(Out());
    // Between lines the camera's pattern has what nobody shows; the sink leaves zeros there.
    ASSERT_EQ(got.size(), wanted.size()) << c.words;
    size_t differ = 0, between = 0;
    for (size_t i = 0; i < got.size(); ++i) {
      if (got[i] == 0 && wanted[i] == '\xee')
        ++between;
      else
        differ += got[i] != wanted[i];
    }
    EXPECT_EQ(differ, 0u) << c.words;
    EXPECT_EQ(between > 0, c.stride > 0) << c.words;
  }
}

TEST_F(SinkTest, OtherSizesAreFittedWithBars) {
  PlugLoopback("");
  const auto sink = Make("9,size=640x360");
  ASSERT_TRUE(sink->Open(Painting(0, 320, 240)).ok());
  ASSERT_TRUE(sink->Show(Painting(1, 320, 240)).ok());
  ASSERT_TRUE(sink->Show(Painting(2, 800, 200)).ok());
  const std::string got = Bytes(Out());
  ASSERT_EQ(got.size(), 2u * 640 * 360 * 3 / 2);
  const auto luma = [&](size_t frame, int x, int y) {
    return static_cast<uint8_t>(got[frame * 640 * 360 * 3 / 2 + static_cast<size_t>(y * 640 + x)]);
  };
  EXPECT_EQ(luma(0, 40, 180), 16);
  EXPECT_GT(luma(0, 100, 180), 30);
  EXPECT_EQ(luma(0, 600, 180), 16);
  EXPECT_EQ(luma(1, 320, 60), 16);
  EXPECT_GT(luma(1, 20, 180), 30);
}

TEST_F(SinkTest, WhatTheDeviceAnswersCounts) {
  PlugLoopback("holds NV12 320x180\n");
  const auto sink = Make("9");
  ASSERT_TRUE(sink->Open(Painting(0, 1280, 720)).ok());
  ASSERT_TRUE(sink->Show(Painting(0, 1280, 720)).ok());
  EXPECT_EQ(Bytes(Out()).size(), 320u * 180 * 3 / 2);
  EXPECT_THAT(Log(), Not(HasSubstr("refused")));
}

TEST_F(SinkTest, RefusalsNameTheDeviceAndTheCure) {
  const PaintedFrame first = Painting(0, 640, 360);
  const auto refusal = [&](const std::string& lines) {
    PlugLoopback(lines);
    return Make("9")->Open(first).message();
  };
  EXPECT_THAT(refusal("busy\n"),
              HasSubstr("video output 'Loop' (/dev/video9): another program writes to it"));
  EXPECT_THAT(refusal("holds RGB3 320x180\n"), HasSubstr("insists on rgb24 320x180"));
  EXPECT_THAT(refusal("fault format EBUSY\n"), HasSubstr("another program uses it"));
  EXPECT_THAT(refusal("fault open EACCES\n"), HasSubstr("no permission to open /dev/video9"));
  EXPECT_THAT(Make("8")->Open(first).message(), HasSubstr("there is no /dev/video8: load v4l2loopback"));
  Plug(7, "card Cam\nformat YUYV 640x480 30\n");
  EXPECT_THAT(Make("7")->Open(first).message(), HasSubstr("is a camera, and takes no pictures"));
  for (const char* bad : {"", "9,format=mjpeg", "9,size=641x360"})
    EXPECT_FALSE(MakeV4l2Sink(*ParseV4l2Output(bad)).ok()) << bad;
}

TEST_F(SinkTest, VanishesAndComesBack) {
  PlugLoopback("");
  const auto sink = Make("loop,size=640x360");  // by a part of its name
  const PaintedFrame painting = Painting(1, 640, 360);
  ASSERT_TRUE(sink->Open(painting).ok());
  ASSERT_TRUE(sink->Show(painting).ok());
  EXPECT_TRUE(sink->comes_back());
  Unplug(9);
  EXPECT_THAT(sink->Show(painting).message(), HasSubstr("(/dev/video9) was unplugged"));
  ASSERT_TRUE(sink->Close().ok());
  EXPECT_THAT(sink->Open(painting).message(), HasSubstr("no video output 'loop': there is none"));
  PlugLoopback("");
  Move(9, 11);
  ASSERT_TRUE(sink->Open(painting).ok());
  ASSERT_TRUE(sink->Show(painting).ok());
  EXPECT_TRUE(Bytes(Out()) ==
              Expected(V4L2_PIX_FMT_YUV420, 640, 360, 0, 1) + Expected(V4L2_PIX_FMT_YUV420, 640, 360, 0, 1));
}

TEST_F(SinkTest, AWriteThatFailsIsAnError) {
  PlugLoopback("fault write EIO 1\n");
  const auto sink = Make("9,size=640x360");
  const PaintedFrame painting = Painting(1, 640, 360);
  ASSERT_TRUE(sink->Open(painting).ok());
  ASSERT_TRUE(sink->Show(painting).ok());
  EXPECT_THAT(sink->Show(painting).message(), HasSubstr("writing a frame failed"));
}

}  // namespace
}  // namespace tempera::live
