// Frames that come damaged are skipped and counted, and never shown.
#include <gmock/gmock.h>

#include "media/live/jpeg_stream.h"
#include "tests/live/v4l2/desk.h"
#include "tests/live/v4l2/stand_in/pictures.h"

namespace tempera::live {
namespace {

using testing::HasSubstr;

struct Case {
  const char* fourcc;
  const char* damage;
};

class DamageTest : public DeviceDesk, public testing::WithParamInterface<Case> {};

TEST_P(DamageTest, IsSkippedAndCounted) {
  Plug(0, std::string("format ") + GetParam().fourcc + " 640x480 100\ndamage 3 " + GetParam().damage + "\n");
  const auto source = Open({"0", "", 0, 0, 100});
  ASSERT_NE(source, nullptr);
  int64_t before = -1;
  for (int i = 0; i < 20; ++i) {
    const auto frame = Next(source.get());
    ASSERT_TRUE(frame.ok()) << frame.status().message();
    EXPECT_NE(frame->number % 3, 2);
    EXPECT_GT(frame->number, before);
    before = frame->number;
    EXPECT_EQ(Differs(frame->frame, static_cast<uint32_t>(frame->number)), 0);
  }
  if (std::string(GetParam().damage) != "eio") {  // the driver gave none
    EXPECT_GE(source->damaged(), 5);              // of some 30; a reader that is late sees fewer
    EXPECT_LE(source->damaged(), before / 3 + 1);
  }
}

INSTANTIATE_TEST_SUITE_P(All, DamageTest,
                         testing::Values(Case{"MJPG", "truncated"}, Case{"MJPG", "garbage"},
                                         Case{"MJPG", "empty"}, Case{"MJPG", "flagged"},
                                         Case{"MJPG", "overlong"}, Case{"MJPG", "eio"},
                                         Case{"YUYV", "truncated"}, Case{"YUYV", "short"},
                                         Case{"YUYV", "empty"}, Case{"YUYV", "flagged"},
                                         Case{"YUYV", "overlong"}, Case{"YUYV", "eio"},
                                         Case{"NV12", "short"}),
                         [](const testing::TestParamInfo<Case>& info) {
                           return std::string(info.param.fourcc) + "_" + info.param.damage;
                         });

using DamagedCameraTest = DeviceDesk;

TEST_F(DamagedCameraTest, ThatSendsNothingElseSaysSo) {
  Plug(0, "card Bad\nformat MJPG 640x480 100\ndamage 1 truncated\n");
  const auto source = Open({"0", "", 0, 0, 100});
  SourceFrame frame;
  const int64_t begun = NowNs();
  std::string words;
  while (words.empty() && NowNs() - begun < 6'000'000'000) {
    const auto got = source->Read(&frame);
    if (!got.ok()) words = got.status().message();
    ASSERT_TRUE(!got.ok() || *got == Source::Got::kNotYet);
  }
  EXPECT_THAT(words, HasSubstr("camera 'Bad' (/dev/video0) sends damaged frames only"));
  EXPECT_GT(NowNs() - begun, 2'500'000'000);
}

TEST_F(DamagedCameraTest, OnlyErrorsIsLost) {
  Plug(0, "card Bad\nformat YUYV 640x480 100\ndamage 1 eio\n");
  const auto source = Open({"0", "", 0, 0, 100});
  SourceFrame frame;
  std::string words;
  for (int i = 0; i < 60 && words.empty(); ++i) {
    const auto got = source->Read(&frame);
    if (!got.ok()) words = got.status().message();
  }
  EXPECT_THAT(words, HasSubstr("camera 'Bad' (/dev/video0): reading a frame failed"));
}

TEST_F(DamagedCameraTest, JpegsOfAnotherSizeAreBelievedInTime) {
  Plug(0, "format MJPG 640x480 100\npicture 320x240\n");
  const auto source = Open({"0", "", 0, 0, 100});
  const auto frame = Next(source.get());
  ASSERT_TRUE(frame.ok());
  EXPECT_EQ(frame->frame.width, 320);
  EXPECT_EQ(source->info().width, 320);
  EXPECT_EQ(source->damaged(), 2);
}

// Every way to cut a JPEG short.
TEST_F(DamagedCameraTest, NoPartOfAJpegIsAPicture) {
  v4l2_pix_format format = {};
  format.pixelformat = V4L2_PIX_FMT_MJPEG;
  format.width = 64;
  format.height = 48;
  const std::vector<uint8_t> whole = stand_in::Picture(format, 5);
  const auto stream = media::JpegStream::Open();
  ASSERT_TRUE(stream.ok());
  ASSERT_TRUE((*stream)->Decode(whole.data(), whole.size()).ok());
  for (size_t length = 0; length <= whole.size(); ++length) {
    const auto frame = (*stream)->Decode(whole.data(), length);
    EXPECT_EQ(frame.ok(), length == whole.size()) << length << " of " << whole.size();
    if (!frame.ok()) {
      EXPECT_EQ(frame.status().code(), StatusCode::kIo);
    }
  }
  std::vector<uint8_t> padded = whole;
  padded.resize(whole.size() + 1000);
  EXPECT_TRUE((*stream)->Decode(padded.data(), padded.size()).ok());
  // A camera that leaves all ends away is read too.
  const auto endless = media::JpegStream::Open();
  const auto frame = (*endless)->Decode(whole.data(), whole.size() - 2);
  ASSERT_TRUE(frame.ok());
  EXPECT_EQ(Differs(*frame, 5), 0);
}

// Flipped bits leave a damaged picture, or one that nothing tells from a whole one; the next one is whole
// again.
TEST_F(DamagedCameraTest, FlippedBitsDoNotStay) {
  v4l2_pix_format format = {};
  format.pixelformat = V4L2_PIX_FMT_MJPEG;
  format.width = 64;
  format.height = 48;
  const std::vector<uint8_t> whole = stand_in::Picture(format, 5);
  const auto stream = media::JpegStream::Open();
  ASSERT_TRUE(stream.ok());
  int late = 0;
  for (size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::vector<uint8_t> flipped = whole;
    flipped[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    const auto frame = (*stream)->Decode(flipped.data(), flipped.size());
    if (!frame.ok()) {
      EXPECT_EQ(frame.status().code(), StatusCode::kIo);
    }
    const auto next = (*stream)->Decode(whole.data(), whole.size());
    // Tables that the flipped bit made are thrown away with the first picture that they spoil.
    if (next.ok() && Differs(*next, 5) == 0) continue;
    ++late;
    const auto again = (*stream)->Decode(whole.data(), whole.size());
    ASSERT_TRUE(again.ok()) << "after bit " << bit;
    ASSERT_EQ(Differs(*again, 5), 0) << "after bit " << bit;
  }
  EXPECT_LE(late, 3);
}

}  // namespace
}  // namespace tempera::live
