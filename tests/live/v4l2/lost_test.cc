// Cameras that are unplugged, and come back: at the same place, at another, beside others.
#include <gmock/gmock.h>

#include "tests/live/v4l2/desk.h"

namespace tempera::live {
namespace {

using testing::HasSubstr;
using LostTest = DeviceDesk;

// Reads until it fails.
std::string LastWords(Source* source) {
  SourceFrame frame;
  for (int64_t deadline = NowNs() + 3'000'000'000; NowNs() < deadline;) {
    const auto got = source->Read(&frame);
    if (!got.ok()) return got.status().message();
  }
  return "";
}

TEST_F(LostTest, UnpluggedAndBack) {
  Plug(0, "card Cam\nformat YUYV 640x480 100\nvanish 5 300\n");
  const auto source = Open({"0", "", 0, 0, 100});
  ASSERT_NE(source, nullptr);
  const int64_t before = Next(source.get()).value().number;
  EXPECT_EQ(LastWords(source.get()), "camera 'Cam' (/dev/video0) was unplugged: plug it in again");
  EXPECT_TRUE(source->comes_back());
  source->Close();
  EXPECT_EQ(source->Open().message(), "camera 'Cam' is gone: plug it in again, and it goes on");
  const int64_t deadline = NowNs() + 2'000'000'000;
  Status status;
  do status = source->Open();
  while (!status.ok() && NowNs() < deadline);
  ASSERT_TRUE(status.ok()) << status.message();
  const auto frame = Next(source.get());
  ASSERT_TRUE(frame.ok());
  EXPECT_TRUE(frame->cut);
  EXPECT_GT(frame->number, before);
  EXPECT_FALSE(Next(source.get()).value().cut);
}

TEST_F(LostTest, BackUnderAnotherNumber) {
  Plug(10, "card Cam\nbus usb-1\nformat YUYV 640x480 100\n");
  const auto source = Open({"10", "", 0, 0, 0});
  Move(10, 12);
  EXPECT_THAT(LastWords(source.get()), HasSubstr("was unplugged"));
  source->Close();
  // Another one took its number meanwhile.
  Plug(10, "card Other\nbus usb-1\nformat YUYV 352x288 100\n");
  ASSERT_TRUE(source->Open().ok());
  EXPECT_EQ(source->info().width, 640);
  // And at another place, known by its name.
  source->Close();
  Unplug(12);
  Plug(13, "card Cam\nbus usb-9\nformat YUYV 160x120 100\n");
  ASSERT_TRUE(source->Open().ok());
  EXPECT_EQ(source->info().width, 160);
}

TEST_F(LostTest, ItsTwinIsNotIt) {
  Plug(20, "card Twin\nbus usb-1\nformat YUYV 640x480 100\n");
  Plug(22, "card Twin\nbus usb-2\nformat YUYV 352x288 100\n");
  const auto source = Open({"20", "", 0, 0, 0});
  Unplug(20);
  EXPECT_THAT(LastWords(source.get()), HasSubstr("was unplugged"));
  source->Close();
  EXPECT_THAT(source->Open().message(), HasSubstr("'Twin' is gone"));
  Plug(24, "card Twin\nbus usb-3\nformat YUYV 640x480 100\n");
  ASSERT_TRUE(source->Open().ok());
  EXPECT_EQ(source->info().width, 640);
}

TEST_F(LostTest, AnotherCameraAtItsNumberWillDo) {
  Plug(30, "card Old\nbus usb-1\nformat YUYV 640x480 100\n");
  const auto source = Open({"/dev/video30", "", 0, 0, 0});
  Unplug(30);
  source->Close();
  Plug(30, "card New\nbus usb-1\nformat MJPG 352x288 100\n");
  ASSERT_TRUE(source->Open().ok());
  EXPECT_EQ(source->info().name, "New");
  EXPECT_EQ(source->info().width, 352);
}

TEST_F(LostTest, NotOpenIsAnError) {
  Plug(40, "format YUYV 640x480 100\n");
  const auto source = Open({"40", "", 0, 0, 0});
  source->Close();
  SourceFrame frame;
  EXPECT_FALSE(source->Read(&frame).ok());
}

}  // namespace
}  // namespace tempera::live
