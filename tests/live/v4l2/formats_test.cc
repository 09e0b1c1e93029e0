// Every format, every stride, sizes that are odd: each frame to the last pixel.
#include <linux/videodev2.h>

#include "tests/live/v4l2/desk.h"

namespace tempera::live {
namespace {

struct Case {
  const char* fourcc;
  const char* format;
  const char* size;
  int stride;
};

class FormatsTest : public DeviceDesk, public testing::WithParamInterface<Case> {};

TEST_P(FormatsTest, EveryPixelIsTheCameras) {
  const Case& c = GetParam();
  Plug(0,
       std::string("format ") + c.fourcc + " " + c.size + " 60\nstride " + std::to_string(c.stride) + "\n");
  const auto source = Open({"0", c.format, 0, 0, 0});
  ASSERT_NE(source, nullptr);
  const bool rgb = std::string(c.format).find("24") != std::string::npos;
  const bool grey = std::string(c.format) == "grey";
  for (int i = 0; i < 3; ++i) {
    const auto frame = Next(source.get());
    ASSERT_TRUE(frame.ok()) << frame.status().message();
    const media::Frame& f = frame->frame;
    EXPECT_EQ(std::to_string(f.width) + "x" + std::to_string(f.height), c.size);
    EXPECT_EQ(f.format,
              std::string(c.format) == "nv12" ? media::PixelFormat::kNv12 : media::PixelFormat::kI420);
    if (f.width >= 256) {
      EXPECT_EQ(NumberOf(f), frame->number);
    }
    if (rgb) {
      // Red, half of it green, a quarter blue (pictures.cc): BT.709 in limited range, in doubles.
      for (int y = 0; y < f.height; y += 2) {
        for (int x = 0; x + 8 < f.width; x += 8) {
          const int red = stand_in::LumaAt(x, y, NumberOf(f), f.width), green = red / 2, blue = red / 4;
          const double luma = (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255;
          ASSERT_NEAR(f.planes[0][y * f.stride_bytes[0] + x], 16 + 219 * luma, 0.51);
          ASSERT_NEAR(f.planes[1][y / 2 * f.stride_bytes[1] + x / 2],
                      128 + 224 * (blue / 255.0 - luma) / 1.8556, 0.51);
          ASSERT_NEAR(f.planes[2][y / 2 * f.stride_bytes[2] + x / 2],
                      128 + 224 * (red / 255.0 - luma) / 1.5748, 0.51);
        }
      }
      EXPECT_EQ(f.matrix, media::ColorMatrix::kBt709);
      EXPECT_FALSE(f.full_range);
    } else {
      EXPECT_EQ(Differs(f, static_cast<uint32_t>(frame->number), grey), 0);
      EXPECT_EQ(f.matrix, media::ColorMatrix::kBt601);
      EXPECT_EQ(f.full_range, std::string(c.format) == "mjpeg");
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, FormatsTest,
    testing::Values(Case{"YUYV", "yuyv", "640x480", 0}, Case{"YUYV", "yuyv", "322x242", 60},
                    Case{"YUYV", "yuyv", "99x51", 3}, Case{"UYVY", "uyvy", "640x480", 32},
                    Case{"UYVY", "uyvy", "99x51", 0}, Case{"NV12", "nv12", "640x480", 0},
                    Case{"NV12", "nv12", "322x242", 62}, Case{"NV12", "nv12", "99x51", 0},
                    Case{"YU12", "i420", "640x480", 0}, Case{"YU12", "i420", "322x242", 62},
                    Case{"YU12", "i420", "99x51", 0}, Case{"YV12", "yv12", "322x242", 0},
                    Case{"YV12", "yv12", "99x51", 5}, Case{"RGB3", "rgb24", "320x240", 0},
                    Case{"RGB3", "rgb24", "99x51", 7}, Case{"BGR3", "bgr24", "320x240", 16},
                    Case{"GREY", "grey", "322x242", 30}, Case{"MJPG", "mjpeg", "640x480", 0},
                    Case{"MJPG", "mjpeg", "1280x720", 0}, Case{"MJPG", "mjpeg", "99x51", 0}),
    [](const testing::TestParamInfo<Case>& info) {
      return std::string(info.param.format) + "_" + info.param.size + "_" + std::to_string(info.param.stride);
    });

using ColoursTest = DeviceDesk;

TEST_F(ColoursTest, AreWhatTheDriverSays) {
  const auto colours = [&](const std::string& fourcc, int space, int encoding, int range) {
    Plug(0, "format " + fourcc + " 320x240 60\ncolours " + std::to_string(space) + " " +
                std::to_string(encoding) + " " + std::to_string(range) + "\n");
    const auto source = Open({"0", "", 0, 0, 0});
    const auto frame = Next(source.get());
    return std::pair(frame.value().frame.matrix, frame.value().frame.full_range);
  };
  using media::ColorMatrix;
  EXPECT_EQ(colours("YUYV", V4L2_COLORSPACE_REC709, 0, 0), std::pair(ColorMatrix::kBt709, false));
  EXPECT_EQ(colours("YUYV", V4L2_COLORSPACE_SRGB, 0, 0), std::pair(ColorMatrix::kBt601, false));
  EXPECT_EQ(colours("YUYV", V4L2_COLORSPACE_SRGB, V4L2_YCBCR_ENC_709, V4L2_QUANTIZATION_FULL_RANGE),
            std::pair(ColorMatrix::kBt709, true));
  EXPECT_EQ(colours("YUYV", V4L2_COLORSPACE_BT2020, 0, 0), std::pair(ColorMatrix::kBt2020, false));
  EXPECT_EQ(colours("YUYV", V4L2_COLORSPACE_JPEG, 0, 0), std::pair(ColorMatrix::kBt601, true));
  EXPECT_EQ(colours("MJPG", V4L2_COLORSPACE_SRGB, 0, 0), std::pair(ColorMatrix::kBt601, true));
  EXPECT_EQ(colours("MJPG", V4L2_COLORSPACE_SRGB, 0, V4L2_QUANTIZATION_LIM_RANGE),
            std::pair(ColorMatrix::kBt601, false));
}

}  // namespace
}  // namespace tempera::live
