#include "cli/replay/replay.h"

#include <atomic>
#include <cstring>
#include <map>
#include <set>

#include "live/mirror.h"
#include "live/timeline/timeline_writer.h"
#include "media/test_clip.h"
#include "tempera/tempera.h"

namespace tempera::cli {
namespace {

using media::Frame;

// All pixels of an I420 frame, rows without their gaps.
std::string Bytes(const Frame& frame) {
  std::string bytes;
  for (int plane = 0; plane < 3; ++plane) {
    const int rows = plane ? (frame.height + 1) / 2 : frame.height;
    const int columns = plane ? (frame.width + 1) / 2 : frame.width;
    for (int y = 0; y < rows; ++y)
      bytes.append(
          reinterpret_cast<const char*>(frame.planes[plane]) + ptrdiff_t{y} * frame.stride_bytes[plane],
          static_cast<size_t>(columns));
  }
  return bytes;
}

Frame AsNv12(const Frame& in) {
  Frame out = Frame::Allocate(media::PixelFormat::kNv12, in.width, in.height).value();
  out.matrix = in.matrix, out.full_range = in.full_range;
  for (int y = 0; y < in.height; ++y)
    std::memcpy(out.planes[0] + ptrdiff_t{y} * out.stride_bytes[0],
                in.planes[0] + ptrdiff_t{y} * in.stride_bytes[0], static_cast<size_t>(in.width));
  for (int y = 0; y < (in.height + 1) / 2; ++y) {
    for (int x = 0; x < (in.width + 1) / 2; ++x) {
      for (const int c : {0, 1})
        out.planes[1][ptrdiff_t{y} * out.stride_bytes[1] + 2 * x + c] =
            in.planes[1 + c][ptrdiff_t{y} * in.stride_bytes[1 + c] + x];
    }
  }
  return out;
}

Frame AsI420(const Frame& in) {
  Frame out = Frame::Allocate(media::PixelFormat::kI420, in.width, in.height).value();
  for (int y = 0; y < in.height; ++y)
    std::memcpy(out.planes[0] + ptrdiff_t{y} * out.stride_bytes[0],
                in.planes[0] + ptrdiff_t{y} * in.stride_bytes[0], static_cast<size_t>(in.width));
  for (int y = 0; y < (in.height + 1) / 2; ++y) {
    for (int x = 0; x < (in.width + 1) / 2; ++x) {
      for (const int c : {0, 1})
        out.planes[1 + c][ptrdiff_t{y} * out.stride_bytes[1 + c] + x] =
            in.planes[1][ptrdiff_t{y} * in.stride_bytes[1] + 2 * x + c];
    }
  }
  return out;
}

tempera_image ImageOf(const Frame& frame) {
  tempera_image image = TEMPERA_IMAGE_INIT;
  image.format = frame.format == media::PixelFormat::kNv12 ? TEMPERA_NV12 : TEMPERA_I420;
  image.width = frame.width, image.height = frame.height;
  for (int i = 0; i < 3; ++i)
    image.planes[i] = frame.planes[i], image.stride_bytes[i] = frame.stride_bytes[i];
  image.matrix = frame.matrix == media::ColorMatrix::kBt601 ? TEMPERA_MATRIX_BT601 : TEMPERA_MATRIX_BT709;
  image.range = frame.full_range ? TEMPERA_RANGE_FULL : TEMPERA_RANGE_LIMITED;
  return image;
}

// A session by hand, through tempera.h, as a camera with NV12 would have it.
class ReplayTest : public media::ClipTest {
 protected:
  static constexpr int kFrames = 18;
  void TearDown() override {
    tempera_close(stylizer_);
    ClipTest::TearDown();
  }

  void Open(const std::string& path, int height) {
    tempera_close(stylizer_);
    stylizer_ = nullptr;
    tempera_options options = TEMPERA_OPTIONS_INIT;
    options.threads = 1;
    options.precision = TEMPERA_PRECISION_FP32;
    options.working_height = height;
    ASSERT_EQ(tempera_open_file(path.c_str(), &options, &stylizer_), TEMPERA_OK) << tempera_error_message();
  }

  // Paints, tells the writer, keeps the painting.
  void PaintLive(const live::SourceFrame& captured, const live::Change& change,
                 live::TimelineWriter* writer) {
    if (!change.path.empty()) Open(change.path, change.height);
    for (const auto& [name, values] : change.values) {
      ASSERT_EQ(tempera_set_named_parameter(stylizer_, name.c_str(), values.data(),
                                            static_cast<int32_t>(values.size())),
                TEMPERA_OK)
          << tempera_error_message();
    }
    live::PaintedFrame painted;
    painted.source = captured;
    painted.frame = Frame::AllocateLike(painted.source.frame).value();
    const tempera_image in = ImageOf(painted.source.frame), out = ImageOf(painted.frame);
    tempera_frame_params params = TEMPERA_FRAME_PARAMS_INIT;
    params.cut = change.reset;
    ASSERT_EQ(tempera_process_frame(stylizer_, &in, &out, &params), TEMPERA_OK) << tempera_error_message();
    clock_ns_ = std::max(clock_ns_ + 1'000'000, captured.captured_ns + 20'000'000);
    painted.painted_ns = clock_ns_;
    writer->Painted(painted, settings_, change);
    live_.push_back(Bytes(AsI420(painted.frame)));
  }

  void Play(const std::string& film, live::TimelineWriter* writer) {
    auto reader = media::VideoReader::Open(film, {});
    ASSERT_TRUE(reader.ok()) << reader.status().message();
    settings_.style = "starry-night";
    for (int i = 0; i < kFrames; ++i) {
      const auto frame = (*reader)->Read();
      ASSERT_TRUE(frame.ok() && frame->has_value());
      live::SourceFrame captured;
      captured.frame = AsNv12(**frame);
      captured.number = 2 * i;  // a device that skips every second one
      captured.captured_ns = 7'000'000'000 + (*frame)->pts_us * 1000;
      writer->Captured(captured);
      if (i == 3 || i == 4 || i == 11) continue;  // too slow for those
      PaintLive(captured, ChangeAt(i), writer);
      if (i == 9) {  // frozen, and turned meanwhile
        live::Change turned;
        turned.values["strength"] = {0.25f};
        PaintLive(captured, {}, writer);
        PaintLive(captured, turned, writer);
      }
    }
  }

  live::Change ChangeAt(int i) {
    live::Change change;
    if (i == 0) {
      change.path = "models/starry-night.onnx", change.height = 40, change.reset = true;
      change.values["steadiness"] = {0.7f};
    }
    if (i == 2) change.values["strength"] = {0.8f};
    if (i == 5) settings_.mirror = true;
    if (i == 7) {
      settings_.style = "great-wave";
      change.path = "models/great-wave.onnx", change.height = 48, change.reset = true;
      change.values["steadiness"] = {0.7f};
      change.values["contrast"] = {1.2f};
    }
    if (i == 13) change.reset = true;
    return change;
  }

  // What a session has captured: from the sixth frame on mirrored.
  static Status Mirror(const std::string& from, const std::string& to) {
    TEMPERA_ASSIGN_OR_RETURN(auto reader, media::VideoReader::Open(from, {}));
    media::WriterOptions options;
    options.codec = "ffv1";
    TEMPERA_ASSIGN_OR_RETURN(auto writer,
                             media::VideoWriter::Open(to, reader->info(), reader.get(), options));
    for (int i = 0;; ++i) {
      TEMPERA_ASSIGN_OR_RETURN(auto frame, reader->Read());
      if (!frame) return writer->Finish();
      if (i >= 5) {
        TEMPERA_ASSIGN_OR_RETURN(*frame, live::Mirrored(*frame));
      }
      TEMPERA_RETURN_IF_ERROR(writer->Write(*frame));
    }
  }

  // The film, its timeline and the paintings.
  void Record() {
    const std::string camera = Make(
        "-f lavfi -i testsrc2=s=70x54:r=25:d=2 -frames:v 18 "
        "-vf noise=alls=40:allf=t,setparams=colorspace=bt709:range=tv -c:v ffv1 -pix_fmt yuv420p",
        "camera.mkv");
    ASSERT_STATUS_OK(Mirror(camera, Path("source.mkv")));
    film_ = Path("source.mkv");
    live::TimelineInfo info;
    info.precision = "fp32";
    info.source_recording = "source.mkv";
    auto writer = live::TimelineWriter::Create(Path("live.json"), info);
    ASSERT_TRUE(writer.ok()) << writer.status().message();
    Play(film_, writer->get());
    ASSERT_STATUS_OK((*writer)->Close());
    request_.timeline = Path("live.json");
    request_.paint.threads = 1;
  }

  // Stylized through the command's code.
  Status Replay(const std::string& input, std::vector<std::string>* paintings,
                std::vector<int64_t>* times_us) {
    StylizeJob job;
    job.input = input;
    job.output = Path("painted.mkv");
    job.codec = "ffv1";
    const std::atomic<bool> interrupt{false};
    TEMPERA_ASSIGN_OR_RETURN(auto painter, OpenReplay(job, request_));
    TEMPERA_RETURN_IF_ERROR(StylizeVideo(job, painter.get(), interrupt).status());
    TEMPERA_ASSIGN_OR_RETURN(auto reader, media::VideoReader::Open(job.output, {}));
    for (;;) {
      TEMPERA_ASSIGN_OR_RETURN(auto frame, reader->Read());
      if (!frame) return OkStatus();
      paintings->push_back(Bytes(*frame));
      times_us->push_back(frame->pts_us);
    }
  }

  std::string film_;
  ReplayRequest request_;
  std::vector<std::string> live_;
  live::Settings settings_;
  int64_t clock_ns_ = 0;
  tempera_stylizer* stylizer_ = nullptr;
};

TEST_F(ReplayTest, TheRecordingGivesTheLiveBytes) {
  Record();
  ASSERT_FALSE(HasFatalFailure());
  ASSERT_EQ(live_.size(), 17u);
  EXPECT_EQ(std::set<std::string>(live_.begin(), live_.end()).size(), 16u)
      << "the frozen one is the same once";
  std::vector<std::string> paintings;
  std::vector<int64_t> times_us;
  ASSERT_STATUS_OK(Replay(film_, &paintings, &times_us));
  ASSERT_EQ(paintings.size(), live_.size());
  for (size_t i = 0; i < live_.size(); ++i) EXPECT_TRUE(paintings[i] == live_[i]) << "painting " << i;
  const Result<live::Timeline> timeline = live::ReadTimeline(request_.timeline);
  for (size_t i = 0; i < times_us.size(); ++i) EXPECT_NEAR(times_us[i], timeline->frames[i].time_us, 1500);
}

TEST_F(ReplayTest, AnotherFilmIsTurnedAsTimePasses) {
  Record();
  ASSERT_FALSE(HasFatalFailure());
  const std::string other =
      Make("-f lavfi -i testsrc=s=64x48:r=50:d=1 -c:v ffv1 -pix_fmt yuv420p", "other.mkv");
  request_.paint.precision = "fp32";
  std::vector<std::string> paintings;
  std::vector<int64_t> times_us;
  ASSERT_STATUS_OK(Replay(other, &paintings, &times_us));
  ASSERT_EQ(paintings.size(), 50u);
  // By hand: the model changes at 0.28 s, at the film's own size; steadiness would carry from frame to frame.
  auto reader = media::VideoReader::Open(other, {});
  Open("models/starry-night.onnx", 0);
  const auto set = [&](const char* name, float value) {
    ASSERT_EQ(tempera_set_named_parameter(stylizer_, name, &value, 1), TEMPERA_OK) << tempera_error_message();
  };
  set("steadiness", 0.7f);
  for (int i = 0; i < 50; ++i) {
    Frame frame = *(*reader)->Read().value();
    if (i == 4) set("strength", 0.8f);
    if (i == 14) {
      Open("models/great-wave.onnx", 0);
      set("steadiness", 0.7f), set("contrast", 1.2f);
    }
    if (i == 19) set("strength", 0.25f);  // 9 * 40 ms, and two milliseconds of the freeze
    if (i >= 10) frame = live::Mirrored(frame).value();
    Frame out = Frame::AllocateLike(frame).value();
    const tempera_image from = ImageOf(frame), to = ImageOf(out);
    ASSERT_EQ(tempera_process(stylizer_, &from, &to), TEMPERA_OK) << tempera_error_message();
    EXPECT_TRUE(Bytes(out) == paintings[static_cast<size_t>(i)]) << "painting " << i;
  }
}

TEST_F(ReplayTest, AnotherQualityPaintsAllFrames) {
  Record();
  ASSERT_FALSE(HasFatalFailure());
  request_.other_size = true;
  request_.paint.working_height = 32;
  std::vector<std::string> paintings;
  std::vector<int64_t> times_us;
  ASSERT_STATUS_OK(Replay(film_, &paintings, &times_us));
  EXPECT_EQ(paintings.size(), size_t{kFrames});
}

TEST_F(ReplayTest, ARecordingThatIsAnotherIsRefused) {
  Record();
  ASSERT_FALSE(HasFatalFailure());
  std::filesystem::remove(film_);
  std::vector<std::string> paintings;
  std::vector<int64_t> times_us;
  Make(
      "-f lavfi -i testsrc=s=70x54:r=25:d=1 -vf setparams=colorspace=bt709:range=tv -c:v ffv1 -pix_fmt "
      "yuv420p",
      "source.mkv");
  Status status = Replay(film_, &paintings, &times_us);
  EXPECT_NE(status.message().find("frame 0 of the input is not the one"), std::string::npos)
      << status.message();
  Make("-f lavfi -i testsrc=s=64x48:r=25:d=1 -c:v ffv1 -pix_fmt yuv420p", "source.mkv");
  status = Replay(film_, &paintings, &times_us);
  EXPECT_NE(status.message().find("70x54"), std::string::npos) << status.message();
  EXPECT_FALSE(std::filesystem::exists(Path("painted.mkv")));
}

TEST_F(ReplayTest, WhatContradictsIsRefused) {
  Record();
  ASSERT_FALSE(HasFatalFailure());
  StylizeJob job;
  job.input = film_;
  request_.style = "great-wave";
  EXPECT_NE(CheckReplay(request_).message().find("--style"), std::string::npos);
  request_.style.clear();
  EXPECT_TRUE(CheckReplay(request_).ok());
  job.start_s = 1;
  EXPECT_NE(OpenReplay(job, request_).status().message().find("--start"), std::string::npos);
  request_.paint.strength = 0.5f;
  EXPECT_NE(OpenReplay(job, request_).status().message().find("turns strength"), std::string::npos);
  request_.paint.strength = 1;
  request_.paint.keep_colors = true;
  EXPECT_TRUE(OpenReplay(job, request_).ok());
}

TEST_F(ReplayTest, AModelThatIsGoneIsNamedBeforeAnythingIsPainted) {
  live::Timeline timeline;
  timeline.frames.push_back({});
  live::TimelineChange change;
  change.opens = true;
  change.state.path = "/no/such/model-of-mine.onnx";
  timeline.changes.push_back(change);
  EXPECT_NE(MakeReplay(timeline, "live.json", {}).status().message().find("model-of-mine"),
            std::string::npos);
  // A bundled one is found wherever it lies now.
  timeline.changes[0].state.path = "/no/such/great-wave.onnx";
  EXPECT_TRUE(MakeReplay(timeline, "live.json", {}).ok());
}

}  // namespace
}  // namespace tempera::cli
