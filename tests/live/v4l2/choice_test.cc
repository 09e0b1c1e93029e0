// Which camera is meant, and what of it is asked for.
#include <gmock/gmock.h>

#include "tests/live/v4l2/desk.h"

namespace tempera::live {
namespace {

using testing::HasSubstr;
using ChoiceTest = DeviceDesk;

// A camera as laptops have it: raw is slow at large sizes.
constexpr char kLaptop[] =
    "card Integrated Camera: HD\nbus usb-1\n"
    "format YUYV 640x480 30 15\nformat YUYV 1280x720 10\nformat YUYV 320x240 60\n"
    "format MJPG 1920x1080 30\nformat MJPG 1280x720 60 30\nformat MJPG 640x480 30\nformat H264 1920x1080 "
    "30\n";

std::string Got(const V4l2Choice& choice) {
  auto source = MakeV4l2Source(choice);
  if (!source.ok()) return source.status().message();
  const Status status = (*source)->Open();
  return status.ok() ? (*source)->info().format : status.message();
}

TEST_F(ChoiceTest, TakesWhatComesNearest) {
  Plug(0, kLaptop);
  // Nothing said: 720 lines at 30, which only JPEG has.
  EXPECT_EQ(Got({"", "", 0, 0, 0}), "MJPEG 1280x720 at 30");
  // A size: that one, and raw where raw is as fast.
  EXPECT_EQ(Got({"", "", 640, 480, 0}), "YUYV 640x480 at 30");
  EXPECT_EQ(Got({"", "", 640, 480, 15}), "YUYV 640x480 at 15");
  EXPECT_EQ(Got({"", "", 700, 500, 30}), "YUYV 640x480 at 30");
  EXPECT_EQ(Got({"", "", 0, 1080, 0}), "MJPEG 1920x1080 at 30");
  EXPECT_EQ(Got({"", "", 1280, 720, 60}), "MJPEG 1280x720 at 60");
  // A format: that one, slow as it is where the size is asked for, else what keeps the rate.
  EXPECT_EQ(Got({"", "yuyv", 1280, 720, 0}), "YUYV 1280x720 at 10");
  EXPECT_EQ(Got({"", "yuyv", 0, 0, 0}), "YUYV 640x480 at 30");
  // A rate alone.
  EXPECT_EQ(Got({"", "yuyv", 0, 0, 60}), "YUYV 320x240 at 60");
}

TEST_F(ChoiceTest, SizesInSteps) {
  Plug(0, "format NV12 64x64-1921x1081/16 25 50\n");
  EXPECT_EQ(Got({"", "", 1000, 500, 50}), "NV12 1008x496 at 50");
  EXPECT_EQ(Got({"", "", 9999, 9999, 50}), "NV12 1920x1072 at 50");
  EXPECT_EQ(Got({"", "", 0, 0, 0}), "NV12 1280x720 at 25");
}

TEST_F(ChoiceTest, WhatTheCameraAnswersCounts) {
  Plug(0, "format YUYV 640x480 30\nanswer 352x288\n");
  EXPECT_EQ(Got({"", "", 640, 480, 0}), "YUYV 352x288 at 30");
  Plug(0, "format YUYV 640x480 30\nformat MJPG 640x480 30\nanswer_format UYVY\n");
  EXPECT_EQ(Got({"", "", 640, 480, 0}), "UYVY 640x480 at 30");
  EXPECT_THAT(Got({"", "yuyv", 640, 480, 0}), HasSubstr("answers with the format uyvy 640x480"));
  Plug(0, "format YUYV 640x480 30\nanswer_format H264\n");
  EXPECT_THAT(Got({"", "", 640, 480, 0}), HasSubstr("choose another format"));
  Plug(0, "format YUYV 640x480 30\nsilent\n");  // lists no sizes
  EXPECT_EQ(Got({"", "", 640, 480, 0}), "YUYV 640x480 at 30");
  Plug(0, "format YUYV 640x480 30\nbuffers 1\n");
  EXPECT_EQ(Got({"", "", 640, 480, 0}), "YUYV 640x480 at 30");
}

TEST_F(ChoiceTest, FindsByNumberPathAndName) {
  Plug(0, kLaptop);
  Plug(2, "card Elgato Facecam\nbus usb-2\nformat YUYV 640x480 30\n");
  Plug(4, "card Elgato Facecam\nbus usb-3\nformat YUYV 352x288 30\n");
  Plug(5, "kind loopback\ncard Elgato Output\nformat YU12 640x480 30\n");
  const auto name = [](const std::string& device) {
    const auto source = Open({device, "", 0, 0, 0});
    return source ? source->info().name + " " + std::to_string(source->info().width) : "";
  };
  EXPECT_EQ(name(""), "Integrated Camera: HD 1280");
  EXPECT_EQ(name("2"), "Elgato Facecam 640");
  EXPECT_EQ(name("/dev/video4"), "Elgato Facecam 352");
  EXPECT_EQ(name("facecam"), "Elgato Facecam 640");
  EXPECT_EQ(name("integrated"), "Integrated Camera: HD 1280");
  EXPECT_THAT(Refusal({"a", "", 0, 0, 0}),
              HasSubstr("'a' fits several: 'Integrated Camera: HD' (/dev/video0)"));
  EXPECT_THAT(Refusal({"logitech", "", 0, 0, 0}), HasSubstr("no camera 'logitech': there are 'Integrated"));
  EXPECT_THAT(Refusal({"7", "", 0, 0, 0}), HasSubstr("there is no /dev/video7: plug it in"));
  EXPECT_THAT(Refusal({"5", "", 0, 0, 0}), HasSubstr("loopback device that nothing writes to"));
  EXPECT_THAT(Refusal({"/dev/null", "", 0, 0, 0}), HasSubstr("is no video device"));
}

TEST_F(ChoiceTest, TheFirstCameraIsARealOne) {
  Plug(0, "card Virtual\ndriver v4l2 loopback\nformat YUYV 352x288 30\n");
  EXPECT_EQ(Open({"", "", 0, 0, 0})->info().name, "Virtual");
  Plug(1, "card Real\nformat YUYV 640x480 30\n");
  EXPECT_EQ(Open({"", "", 0, 0, 0})->info().name, "Real");
}

TEST_F(ChoiceTest, NoCameraAtAll) {
  EXPECT_EQ(Refusal({"", "", 0, 0, 0}), "there is no camera: plug one in");
}

TEST_F(ChoiceTest, RefusalsNameTheCameraAndTheCure) {
  const auto refusal = [&](const std::string& lines) {
    Plug(0, "card Cam\nformat YUYV 640x480 30\n" + lines);
    return Refusal({"0", "", 0, 0, 0});
  };
  EXPECT_THAT(refusal("fault open EACCES\n"), HasSubstr("camera /dev/video0: no permission to open"));
  EXPECT_THAT(refusal("fault open EACCES\n"), HasSubstr("usermod -aG video"));
  EXPECT_THAT(refusal("fault open EBUSY\n"), HasSubstr("another program uses it: close that program"));
  EXPECT_THAT(refusal("fault format EBUSY\n"),
              HasSubstr("camera 'Cam' (/dev/video0): another program uses it"));
  EXPECT_THAT(refusal("fault buffers EBUSY\n"), HasSubstr("another program uses it"));
  EXPECT_THAT(refusal("fault start ENOSPC\n"), HasSubstr("choose mjpeg or a smaller size"));
  EXPECT_THAT(refusal("fault start EIO\n"), HasSubstr("starting it failed"));
  EXPECT_THAT(refusal("fault start EIO\ndriver v4l2 loopback\n"), HasSubstr("nothing writes to"));
  EXPECT_THAT(refusal("field 7\n"), HasSubstr("sends single fields"));
  EXPECT_EQ(refusal(""), "");
  EXPECT_THAT(Refusal({"0", "nv12", 0, 0, 0}), HasSubstr("has no format 'nv12': it has yuyv"));
  EXPECT_THAT(Refusal({"0", "h264", 0, 0, 0}), HasSubstr("'h264' is not read: there are nv12, i420"));
}

TEST_F(ChoiceTest, Lists) {
  Plug(0, kLaptop);
  Plug(1, "card Locked\nfault open EACCES\n");
  Plug(3, "format NV12 64x64-1920x1080/16 50 25\nbus platform-3\n");
  Plug(9, "kind loopback\nformat YU12 640x480 30\n");
  const std::vector<V4l2Camera> cameras = ListV4l2Cameras();
  ASSERT_EQ(cameras.size(), 3u);
  EXPECT_EQ(cameras[0].path, "/dev/video0");
  EXPECT_EQ(cameras[0].name, "Integrated Camera: HD");
  EXPECT_EQ(cameras[0].bus, "usb-1");
  ASSERT_EQ(cameras[0].formats.size(), 3u);
  EXPECT_EQ(cameras[0].formats[0].name, "yuyv");
  ASSERT_EQ(cameras[0].formats[1].sizes.size(), 3u);
  EXPECT_EQ(cameras[0].formats[1].sizes[1].height, 720);
  EXPECT_EQ(cameras[0].formats[1].sizes[1].fps, (std::vector<double>{60, 30}));
  EXPECT_EQ(cameras[0].formats[2].name, "H264");
  EXPECT_FALSE(cameras[0].formats[2].usable);
  EXPECT_THAT(cameras[1].problem, HasSubstr("no permission to open /dev/video1"));
  EXPECT_EQ(cameras[2].formats[0].sizes[0].least_width, 64);
  EXPECT_EQ(cameras[2].formats[0].sizes[0].step_height, 16);
}

TEST_F(ChoiceTest, Words) {
  const auto choice = ParseV4l2Choice("Elgato Facecam, size=640x360 ,fps=29.97,format=MJPEG");
  ASSERT_TRUE(choice.ok()) << choice.status().message();
  EXPECT_EQ(choice->device, "Elgato Facecam");
  EXPECT_EQ(choice->width, 640);
  EXPECT_EQ(choice->height, 360);
  EXPECT_EQ(choice->fps, 29.97);
  EXPECT_EQ(choice->format, "mjpeg");
  const auto output = ParseV4l2Output("/dev/video9");
  ASSERT_TRUE(output.ok());
  EXPECT_EQ(output->device, "/dev/video9");
  EXPECT_EQ(output->width, 1280);
  EXPECT_EQ(output->fps, 30);
  for (const char* bad : {"0,size=640", "0,size=0x4", "0,size=640x99999", "0,fps=0", "0,fps=nan", "0,fps=x",
                          "0,rate=3", "0,size=1x2x3", "0,"}) {
    EXPECT_FALSE(ParseV4l2Choice(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace tempera::live
