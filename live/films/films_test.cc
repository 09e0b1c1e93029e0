// Film sources, recordings and streams, with films made by ffmpeg.
#include <gtest/gtest.h>

extern "C" {
#include <libavcodec/packet.h>
}

#include <cstdlib>
#include <sstream>
#include <thread>

#include "live/fakes_for_test.h"
#include "live/films/film_sinks.h"
#include "live/films/film_sound.h"
#include "live/films/film_source.h"
#include "live/films/source_recorder.h"
#include "media/test_clip.h"

namespace tempera::live {
namespace {

using media::ClipTest;
using std::chrono::milliseconds;

class LiveFilms : public ClipTest {
 protected:
  // Two seconds at 10 frames a second; frame n is white where n % 10 is 0, and then it beeps for 0.1 s.
  std::string Flashes() {
    return Make(
        "-f lavfi -i \"color=black:s=64x48:r=10:d=2,geq=lum='if(eq(mod(N,10),0),235,16)':cb=128:cr=128\" "
        "-f lavfi -i \"aevalsrc='if(lt(mod(t,1),0.1),0.5*sin(2*PI*880*t),0)':s=48000:d=2\" -c:v libx264 -g 5 "
        "-c:a pcm_s16le -pix_fmt yuv420p",
        "flashes.mkv");
  }
  using PacketPtr = std::unique_ptr<AVPacket, void (*)(AVPacket*)>;
  // All that lies beside the pictures.
  static std::vector<PacketPtr> PacketsOf(media::VideoReader* reader) {
    std::vector<PacketPtr> packets;
    EXPECT_TRUE(reader
                    ->SetPacketSink([&](AVPacket* p) {
                      packets.emplace_back(av_packet_clone(p), [](AVPacket* q) { av_packet_free(&q); });
                      return OkStatus();
                    })
                    .ok());
    while (reader->Read().value()) {
    }
    (void)reader->SetPacketSink(nullptr);
    return packets;
  }
  static std::vector<SourceFrame> ReadFrames(Source* source, size_t count) {
    std::vector<SourceFrame> frames;
    const int64_t start = NowNs();
    while (frames.size() < count && NowNs() - start < 20'000'000'000) {
      SourceFrame frame;
      Result<Source::Got> got = source->Read(&frame);
      if (!got.ok() || *got == Source::Got::kEnd) break;
      if (*got == Source::Got::kFrame) frames.push_back(std::move(frame));
    }
    return frames;
  }
};

TEST_F(LiveFilms, ALoopGoesOnAtItsPaceAndSaysWhereItBegan) {
  const auto source = MakeFilmSource({Flashes(), true, nullptr});
  ASSERT_TRUE(source->Open().ok());
  EXPECT_EQ(source->info().width, 64);
  EXPECT_EQ(source->info().fps, 10);
  const auto frames = ReadFrames(source.get(), 45);
  ASSERT_EQ(frames.size(), 45u);
  for (size_t i = 0; i < frames.size(); ++i) {
    EXPECT_EQ(frames[i].cut, i % 20 == 0) << i;
    EXPECT_EQ(frames[i].number, static_cast<int64_t>(i));
    EXPECT_EQ(frames[i].frame.planes[0][0] > 128, i % 10 == 0) << i;
  }
  const double seconds = static_cast<double>(frames[44].captured_ns - frames[0].captured_ns) * 1e-9;
  EXPECT_GT(seconds, 4.35);  // 44 intervals of 0.1 s, never faster
}

TEST_F(LiveFilms, OnceMeansOnce) {
  const auto source = MakeFilmSource({Flashes(), false, nullptr});
  ASSERT_TRUE(source->Open().ok());
  EXPECT_EQ(ReadFrames(source.get(), 45).size(), 20u);
  SourceFrame frame;
  EXPECT_EQ(source->Read(&frame).value(), Source::Got::kEnd);
}

TEST_F(LiveFilms, StopsWhileNobodyFillsThePipe) {
  // A pipe with a writer that says nothing.
  const std::string fifo = Path("fifo.y4m");
  ASSERT_EQ(std::system(("mkfifo " + fifo).c_str()), 0);
  std::thread writer([&] { (void)std::system(("sleep 3 > " + fifo).c_str()); });
  const auto source = MakeFilmSource({fifo, false, nullptr});
  std::thread stopper([&] {
    std::this_thread::sleep_for(milliseconds(300));
    source->Stop();
  });
  (void)source->Open();
  source->Close();
  stopper.join();
  writer.join();
}

TEST_F(LiveFilms, WhatIsNoFilmIsSaid) {
  const auto source = MakeFilmSource({Path("none.mp4"), true, nullptr});
  const Status status = source->Open();
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.message().find("none.mp4"), std::string::npos);
  EXPECT_FALSE(source->comes_back());
  EXPECT_TRUE(MakeFilmSource({"rtsp://localhost/x", true, nullptr})->comes_back());
}

TEST_F(LiveFilms, TestPatternsAreNamed) {
  for (const char* good : {"test", "test:64x48", "test:64x48@60", "test@5"})
    EXPECT_TRUE(MakeTestSource(good).ok()) << good;
  for (const char* bad : {"test:", "test:64", "test:0x0", "test:64x48@0", "test:64x48@nan", "test:99999x10",
                          "test:64x48x", "testament"})
    EXPECT_FALSE(MakeTestSource(bad).ok()) << bad;
  auto source = MakeTestSource("test:64x48@50").value();
  ASSERT_TRUE(source->Open().ok());
  const auto frames = ReadFrames(source.get(), 10);
  ASSERT_EQ(frames.size(), 10u);
  EXPECT_NE(std::memcmp(frames[0].frame.planes[0] + 40 * frames[0].frame.stride_bytes[0],
                        frames[9].frame.planes[0] + 40 * frames[9].frame.stride_bytes[0], 64),
            0);
}

// Flashes and beeps of a recording that began in the middle of a loop, over two of its seams.
TEST_F(LiveFilms, SoundIsInSyncWithTheRecording) {
  const std::string film = Flashes(), recorded = Path("recorded.mkv");
  const auto sound = std::make_shared<FilmSound>();
  std::atomic<int> delay{0};
  Controls controls{Settings{}};
  auto session = Session::Start({}, MakeFilmSource({film, true, sound}),
                                std::make_unique<FakePainter>(&delay), &controls)
                     .value();
  ASSERT_NE(session->WaitForPainting(4, milliseconds(10000)), nullptr);
  RecordingOptions options;
  options.path = recorded;
  options.sound = sound;
  session->AddSink(MakeRecordingSink(options));
  std::this_thread::sleep_for(milliseconds(5200));
  ASSERT_TRUE(session->Stop().ok());

  std::vector<double> flashes;
  auto reader = media::VideoReader::Open(recorded, {}).value();
  int64_t frames = 0;
  while (auto frame = reader->Read().value()) {
    ++frames;
    if (frame->planes[0][0] > 128) flashes.push_back(static_cast<double>(frame->pts_us) * 1e-6);
  }
  EXPECT_GE(frames, 40);
  ASSERT_GE(flashes.size(), 4u);
  // Where silence ends, a beep begins.
  std::istringstream lines(Shell("ffmpeg -nostdin -i '" + recorded +
                                 "' -af silencedetect=noise=-30dB:d=0.2 -f null - 2>&1 | grep silence_end | "
                                 "sed 's/.*silence_end: \\([0-9.]*\\).*/\\1/'"));
  std::vector<double> beeps;
  for (double at; lines >> at;) beeps.push_back(at);
  ASSERT_GE(beeps.size(), 4u);
  for (const double flash : flashes) {
    if (flash < 0.2 || flash > beeps.back() + 0.5) continue;  // one that the recording begins or ends in
    double nearest = 9;
    for (const double beep : beeps) nearest = std::min(nearest, std::abs(beep - flash));
    EXPECT_LT(nearest, 0.06) << flash;  // a frame is 0.1 s
  }
}

TEST_F(LiveFilms, TheSourceIsRecordedToTheByte) {
  auto recorder = SourceRecorder::Make(Path("source.mkv"), 30).value();
  std::vector<SourceFrame> given;
  for (int i = 0; i < 40; ++i) {
    SourceFrame frame;
    frame.frame = GreyFrame(66, 50, static_cast<uint8_t>(16 + i));
    for (int x = 0; x < 66; ++x) frame.frame.planes[0][x] = static_cast<uint8_t>(x * 3 + i);
    frame.captured_ns = 1'000'000'000 + i * int64_t{33'333'333};
    recorder->Take(frame);
    given.push_back(std::move(frame));
  }
  ASSERT_TRUE(recorder->Finish().ok());
  auto reader = media::VideoReader::Open(Path("source.mkv"), {}).value();
  for (const SourceFrame& frame : given) {
    const auto read = reader->Read().value();
    ASSERT_TRUE(read.has_value());
    for (int plane = 0; plane < 3; ++plane) {
      for (int y = 0; y < (plane == 0 ? 50 : 25); ++y)
        ASSERT_EQ(std::memcmp(read->planes[plane] + y * read->stride_bytes[plane],
                              frame.frame.planes[plane] + y * frame.frame.stride_bytes[plane],
                              plane == 0 ? 66 : 33),
                  0);
    }
  }
  EXPECT_FALSE(reader->Read().value().has_value());
  EXPECT_FALSE(SourceRecorder::Make(Path("source.mp4"), 30).ok());
}

TEST_F(LiveFilms, ARecordingOfAnotherSizeEndsWithItsName) {
  const std::string path = Path("two.mkv");
  auto sink = MakeRecordingSink({path, "", -1, nullptr, 30});
  PaintedFrame painted;
  painted.frame = GreyFrame(64, 48, 100);
  ASSERT_TRUE(sink->Open(painted).ok());
  ASSERT_TRUE(sink->Show(painted).ok());
  painted.frame = GreyFrame(32, 48, 100);
  EXPECT_FALSE(sink->Show(painted).ok());
  EXPECT_TRUE(sink->Close().ok());
  EXPECT_TRUE(std::filesystem::exists(path));
}

// A packet of sound may come at any moment, also while a recording ends.
TEST_F(LiveFilms, RecordingsComeAndGoWhileSoundComes) {
  const std::string film = Flashes();
  const auto sound = std::make_shared<FilmSound>();
  auto reader = media::VideoReader::Open(film, {}).value();
  const auto packets = PacketsOf(reader.get());
  ASSERT_GT(packets.size(), 20u);
  sound->BeginPass(reader->input(), reader->video_stream(), true);
  sound->SetStart(NowNs());
  std::atomic<bool> over{false};
  std::thread decoder([&] {
    for (int64_t pass = 0; !over; pass += 2'000'000'000) {
      for (const auto& packet : packets) sound->Put(reader->input(), packet.get(), pass);
      std::this_thread::sleep_for(milliseconds(1));
    }
  });
  for (int i = 0; i < 40; ++i) {
    RecordingOptions options;
    options.path = Path("r.mkv");
    options.sound = sound;
    const auto sink = MakeRecordingSink(options);
    PaintedFrame painted;
    painted.frame = GreyFrame(64, 48, 100);
    painted.source.captured_ns = NowNs();
    ASSERT_TRUE(sink->Open(painted).ok());
    ASSERT_TRUE(sink->Show(painted).ok());
    ASSERT_TRUE(sink->Close().ok());
  }
  over = true;
  decoder.join();
}

// What was kept of the time before a camera was lost lies in no recording of the time after.
TEST_F(LiveFilms, ASourceThatComesBackStartsItsSoundAnew) {
  const std::string film = Flashes();
  const auto sound = std::make_shared<FilmSound>();
  auto reader = media::VideoReader::Open(film, {}).value();
  const auto packets = PacketsOf(reader.get());
  const int64_t now = NowNs();
  sound->BeginPass(reader->input(), reader->video_stream(), true);
  sound->SetStart(now - 3'600'000'000'000);  // an hour ago
  for (const auto& packet : packets) sound->Put(reader->input(), packet.get(), 3'598'000'000'000);
  sound->BeginPass(reader->input(), reader->video_stream(), true);
  sound->SetStart(now);
  for (const auto& packet : packets) sound->Put(reader->input(), packet.get(), 0);
  const auto tap = FilmSound::MakeTap(sound);
  ASSERT_NE(tap, nullptr);
  tap->StartAt(now);
  size_t heard = 0;
  int64_t last = -1;
  ASSERT_TRUE(tap->SetPacketSink([&](AVPacket* p) {
                   EXPECT_GT(p->pts, last);
                   last = p->pts;
                   ++heard;
                   return OkStatus();
                 })
                  .ok());
  ASSERT_TRUE(tap->Drain().ok());
  EXPECT_EQ(heard, packets.size());
}

TEST(RecordingClock, AFrozenPictureLastsAsLongAsItWasPainted) {
  RecordingClock clock;
  PaintedFrame painted;
  const auto at = [&](int64_t captured_ms, int64_t painted_ms) {
    painted.source.captured_ns = captured_ms * 1'000'000;
    painted.painted_ns = painted_ms * 1'000'000;
    return clock.PtsOf(painted) / 90;  // milliseconds
  };
  EXPECT_EQ(at(1000, 1010), 0);
  EXPECT_EQ(at(1100, 1110), 100);
  EXPECT_EQ(at(1100, 2110), 1100);
  EXPECT_EQ(at(1100, 6110), 5100);
  EXPECT_EQ(at(6200, 6210), 5200);
}

// The stream is read by ffmpeg, which then goes away, and another one comes.
TEST_F(LiveFilms, AStreamConnectsAgain) {
  const std::string address = "tcp://127.0.0.1:" + std::to_string(20000 + getpid() % 20000);
  const auto source = std::make_shared<FakeSourceState>();
  std::atomic<int> delay{0};
  Controls controls{Settings{}};
  auto session = Session::Start({}, std::make_unique<FakeSource>(source),
                                std::make_unique<FakePainter>(&delay), &controls)
                     .value();
  session->AddSink(MakeStreamSink(address, 30));
  std::atomic<bool> over{false};
  std::thread feeding([&] {
    for (int i = 0; !over; ++i) {
      source->Put(static_cast<uint8_t>(i));
      std::this_thread::sleep_for(milliseconds(20));
    }
  });
  for (int time = 0; time < 2; ++time) {
    const std::string out = Path("got" + std::to_string(time) + ".ts");
    (void)std::system(("timeout 20 ffmpeg -nostdin -v error -listen_timeout 15000 -i '" + address +
                       "?listen=1' -map 0:v -c copy -frames:v 20 " + out + " > /dev/null 2>&1")
                          .c_str());
    EXPECT_EQ(Probe(out, "v", "stream=codec_name,width").substr(0, 7), "h264\n64") << time;
  }
  over = true;
  feeding.join();
  EXPECT_TRUE(session->Stop().ok());
}

}  // namespace
}  // namespace tempera::live
