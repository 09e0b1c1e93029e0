#include <sys/stat.h>

#include <chrono>
#include <csignal>
#include <cstring>
#include <fstream>
#include <future>
#include <thread>

#include "cli/fake_painter_for_test.h"
#include "cli/stylize_job.h"
#include "media/test_clip.h"

namespace tempera::cli {
namespace {

class StylizeVideoTest : public media::ClipTest {
 protected:
  void SetUp() override {
    ClipTest::SetUp();
    job_.input =
        Make("-f lavfi -i testsrc2=s=64x48:r=10:d=3 -f lavfi -i sine=d=3 -c:v ffv1 -pix_fmt yuv420p -c:a aac",
             "a.mkv");
    job_.output = Path("b.mkv");
    job_.codec = "ffv1";
  }
  StylizeJob job_;
  FakePainter painter_;
  std::atomic<bool> interrupt_{false};
};

TEST_F(StylizeVideoTest, PaintsEveryFrameOnceInOrder) {
  auto summary = StylizeVideo(job_, &painter_, interrupt_);
  ASSERT_TRUE(summary.ok()) << summary.status().message();
  EXPECT_EQ(summary->frames, 30);
  EXPECT_EQ(painter_.frames, 30);
  EXPECT_EQ(summary->codec, "ffv1");
  EXPECT_FALSE(summary->interrupted);
  // ffv1 is lossless: negated again it is the input, frame by frame.
  const std::string luma = " -map 0:v -f framemd5 -pix_fmt gray - | grep -v '^#'";
  EXPECT_EQ(Shell("ffmpeg -v error -i " + job_.output + " -vf extractplanes=y,lutyuv=y=255-val" + luma),
            Shell("ffmpeg -v error -i " + job_.input + " -vf extractplanes=y" + luma));
  EXPECT_EQ(PacketDigest(job_.output, "a"), PacketDigest(job_.input, "a"));
}

TEST_F(StylizeVideoTest, InterruptKeepsWhatIsDone) {
  painter_.interrupt = &interrupt_;
  painter_.interrupt_at = 12;
  auto summary = StylizeVideo(job_, &painter_, interrupt_);
  ASSERT_TRUE(summary.ok()) << summary.status().message();
  EXPECT_TRUE(summary->interrupted);
  EXPECT_EQ(summary->frames, 12);
  EXPECT_EQ(Shell("ffprobe -v error -count_frames -select_streams v -show_entries stream=nb_read_frames -of "
                  "csv=p=0 " +
                  job_.output),
            "12\n");
  EXPECT_EQ(FilesInFolder(), 2u);
}

TEST_F(StylizeVideoTest, InterruptBeforeTheFirstFrameWritesNothing) {
  interrupt_ = true;
  auto summary = StylizeVideo(job_, &painter_, interrupt_);
  ASSERT_FALSE(summary.ok());
  EXPECT_EQ(summary.status().code(), StatusCode::kCancelled);
  EXPECT_EQ(FilesInFolder(), 1u);
}

TEST_F(StylizeVideoTest, PaintersErrorEndsItAndLeavesNothing) {
  painter_.fail_at = 7;
  auto summary = StylizeVideo(job_, &painter_, interrupt_);
  ASSERT_FALSE(summary.ok());
  EXPECT_EQ(summary.status().message(), "the painter ran out of paint");
  EXPECT_EQ(FilesInFolder(), 1u);
}

// A pipe that has given some frames and then gives nothing more, but stays open: a camera that hangs.
class IdlePipeTest : public StylizeVideoTest {
 protected:
  void SetUp() override {
    StylizeVideoTest::SetUp();
    // A reader that stops before the end.
    std::signal(SIGPIPE, SIG_IGN);
  }
  void Feed(int frames) {
    const std::string clip = Make(
        "-f lavfi -i testsrc2=s=64x48:r=10:d=20 -frames:v " + std::to_string(frames) + " -pix_fmt yuv420p",
        "c.y4m");
    job_.input = Path("pipe.y4m");
    ASSERT_EQ(mkfifo(job_.input.c_str(), 0600), 0);
    feeder_ = std::thread([this, clip] {
      std::ifstream from(clip, std::ios::binary);
      std::ofstream to(job_.input, std::ios::binary);
      to << from.rdbuf() << std::flush;
      while (!over_) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    });
  }
  void TearDown() override {
    over_ = true;
    if (feeder_.joinable()) feeder_.join();
    StylizeVideoTest::TearDown();
  }
  // What came out; kInternal when nothing did while the pipe was open.
  Status Outcome() {
    auto result =
        std::async(std::launch::async, [this] { return StylizeVideo(job_, &painter_, interrupt_); });
    if (result.wait_for(std::chrono::seconds(20)) == std::future_status::ready) return result.get().status();
    over_ = true;
    (void)result.get();
    return Internal("it waits for the next frame");
  }

  std::thread feeder_;
  std::atomic<bool> over_{false};
};

TEST_F(IdlePipeTest, PaintersErrorDoesNotWaitForTheNextFrame) {
  Feed(8);
  painter_.fail_at = 3;
  EXPECT_EQ(Outcome().message(), "the painter ran out of paint");
}

TEST_F(IdlePipeTest, WritersErrorDoesNotWaitForTheNextFrame) {
  // FFmpeg writes files by 256 KiB: with Y4M's frames of 4,614 bytes the last of these shows that the disk is
  // full.
  Feed(57);
  std::filesystem::create_symlink("/dev/full", Path("full.y4m"));
  job_.output = Path("full.y4m");
  job_.codec = "";
  const Status status = Outcome();
  EXPECT_NE(status.message().find("No space left"), std::string::npos) << status.message();
}

TEST_F(IdlePipeTest, InterruptDoesNotWaitForTheNextFrame) {
  Feed(8);
  painter_.interrupt = &interrupt_;
  painter_.interrupt_at = 3;
  EXPECT_TRUE(Outcome().ok());
}

TEST_F(StylizeVideoTest, WritersErrorEndsIt) {
  std::filesystem::create_symlink("/dev/full", Path("full.mkv"));
  job_.output = Path("full.mkv");
  auto summary = StylizeVideo(job_, &painter_, interrupt_);
  ASSERT_FALSE(summary.ok());
  EXPECT_NE(summary.status().message().find("No space left"), std::string::npos)
      << summary.status().message();
}

}  // namespace
}  // namespace tempera::cli
