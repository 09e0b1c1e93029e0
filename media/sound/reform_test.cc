// Sound that changes its rate or channels where films are joined.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "media/film/film_test.h"
#include "media/sound/adts.h"
#include "media/sound/blocks.h"

namespace tempera::media {
namespace {

class FilmSound : public FilmTest {
 protected:
  void Part(const char* rate, const char* channels, const std::string& name) const {
    Make("-f lavfi -i testsrc2=s=64x48:r=25:d=3 -f lavfi -i sine=440:d=3:r=" + std::string(rate) +
             " -pix_fmt yuv420p -c:v libx264 -preset ultrafast -c:a aac -ac " + channels,
         name);
  }
  // Waves of sound in each half second: 220 of 440 Hz.
  std::vector<int> Waves(const std::string& name) const {
    const std::string raw = Shell("ffmpeg -nostdin -v error -i '" + Path(name) +
                                  "' -vn -af aresample=async=1 -ac 1 -ar 48000 -f s16le -");
    std::vector<int> waves;
    int16_t before = 0;
    for (size_t at = 0; at + 2 <= raw.size(); at += 2) {
      if (at % 48000 == 0) waves.push_back(0);
      const auto now =
          static_cast<int16_t>(static_cast<uint8_t>(raw[at]) | static_cast<uint8_t>(raw[at + 1]) << 8);
      if (before < 0 && now >= 0) ++waves.back();
      before = now;
    }
    return waves;
  }
};

TEST_F(FilmSound, OfAnotherFormBecomesTheFirst) {
  Part("22050", "1", "low.ts");
  Part("48000", "2", "high.ts");
  Part("44100", "2", "cd.ts");
  struct Join2 {
    const char* a;
    const char* b;
  };
  for (const Join2& parts :
       {Join2{"low.ts", "high.ts"}, Join2{"high.ts", "low.ts"}, Join2{"cd.ts", "high.ts"}}) {
    Join(parts.a, parts.b, "both.ts");
    for (const char* to : {"o.mp4", "o.mkv", "o.mov", "o.flv", "o.ts"}) {
      SCOPED_TRACE(std::string(parts.a) + " " + parts.b + " " + to);
      std::string notices;
      ASSERT_STATUS_OK(Copy(Path("both.ts"), Path(to), &notices));
      const auto pictures = Times(Path(to), "v"), sounds = Times(Path(to), "a");
      ASSERT_EQ(pictures.size(), 150u);
      EXPECT_LT(Longest(pictures), 0.16);
      EXPECT_NEAR(pictures.back() - pictures.front(), 6, 0.1);
      EXPECT_NE(notices.find("clock jumps back by 3."), std::string::npos) << notices;
      if (std::string(to) == "o.ts") continue;
      EXPECT_NEAR(sounds.back() - sounds.front(), 6, 0.15);
      EXPECT_LT(Longest(sounds), 0.13);
      EXPECT_NE(notices.find("it becomes what it was before"), std::string::npos) << notices;
      EXPECT_EQ(notices.find("left out"), std::string::npos) << notices;
      const auto waves = Waves(to);
      ASSERT_GE(waves.size(), 11u);
      for (size_t i = 1; i < 11; ++i) {
        // The encoder of the clip runs in during the first; the join lies in the seventh.
        if (i != 6) {
          EXPECT_NEAR(waves[i], 220, 5) << i;
        }
      }
    }
  }
}

TEST_F(FilmSound, ThatOnlyTheSecondPartHasIsKept) {
  Part("48000", "2", "sound.ts");
  for (const char* length : {"3", "8"}) {
    Make("-f lavfi -i testsrc2=s=64x48:r=25:d=" + std::string(length) +
             " -pix_fmt yuv420p -c:v libx264 -preset ultrafast",
         "mute.ts");
    Join("mute.ts", "sound.ts", "both.ts");
    std::string notices;
    ASSERT_STATUS_OK(Copy(Path("both.ts"), Path("o.mp4"), &notices));
    EXPECT_EQ(notices.find("left out"), std::string::npos) << notices;
    EXPECT_EQ(Times(Path("o.mp4"), "v").size(), 25 * std::stoul(length) + 75);
    const auto sounds = Times(Path("o.mp4"), "a");
    ASSERT_FALSE(sounds.empty()) << notices;
    EXPECT_NEAR(sounds.front(), std::stod(length), 0.1);
    EXPECT_NEAR(sounds.back() - sounds.front(), 3, 0.1);
  }
}

// Encoders of blocks refuse a short one midway: parts, pauses and overlaps make none.
TEST(Blocks, AreWholeButTheLast) {
  const AVCodec* const codec = avcodec_find_encoder(AV_CODEC_ID_AAC);
  ASSERT_TRUE(codec);
  CodecPtr encoder(avcodec_alloc_context3(codec));
  encoder->sample_fmt = AV_SAMPLE_FMT_FLTP;
  encoder->sample_rate = 48000;
  encoder->time_base = {1, 48000};
  av_channel_layout_default(&encoder->ch_layout, 1);
  ASSERT_GE(avcodec_open2(encoder.get(), codec, nullptr), 0);
  auto blocks = Blocks::For(*encoder);
  ASSERT_TRUE(blocks.ok());
  std::vector<FramePtr> ready;
  const auto push = [&](int64_t pts, int samples, float value) {
    FramePtr frame(av_frame_alloc());
    frame->format = AV_SAMPLE_FMT_FLTP;
    frame->sample_rate = 48000;
    frame->nb_samples = samples;
    frame->pts = pts;
    av_channel_layout_default(&frame->ch_layout, 1);
    ASSERT_GE(av_frame_get_buffer(frame.get(), 0), 0);
    std::fill_n(reinterpret_cast<float*>(frame->data[0]), samples, value);
    ASSERT_TRUE((*blocks)->Push(*frame, &ready).ok());
  };
  push(0, 1500, 0.5F);
  push(1510, 700, 0.5F);  // a clock that is coarser than samples
  push(AV_NOPTS_VALUE, 100, 0.5F);
  push(1000, 100, 0.5F);     // what comes twice
  push(100000, 3000, 0.5F);  // behind two seconds of nothing
  ASSERT_TRUE((*blocks)->End(&ready).ok());
  std::vector<int64_t> begins;
  int64_t heard = 0;
  for (size_t i = 0; i < ready.size(); ++i) {
    begins.push_back(ready[i]->pts);
    if (i + 1 < ready.size()) {
      EXPECT_EQ(ready[i]->nb_samples, 1024) << i;
    }
    const auto* samples = reinterpret_cast<const float*>(ready[i]->data[0]);
    heard += std::count(samples, samples + ready[i]->nb_samples, 0.5F);
  }
  EXPECT_EQ(begins, (std::vector<int64_t>{0, 1024, 2048, 100000, 101024, 102048}));
  EXPECT_EQ(heard, 1500 + 700 + 100 + 100 + 3000);
}

TEST_F(FilmSound, HeadsThatAreNone) {
  AVPacket packet = {};
  uint8_t bytes[7] = {0xFF, 0xF1, 0x50, 0x80, 0, 0x1F, 0xFC};
  packet.data = bytes;
  packet.size = 6;
  EXPECT_FALSE(ReadAdts(packet));
  packet.size = 7;
  EXPECT_EQ(ReadAdts(packet), (AdtsForm{44100, 2}));
  bytes[2] = 0x7C;  // a rate that is reserved
  EXPECT_FALSE(ReadAdts(packet));
  bytes[0] = 0;
  EXPECT_FALSE(ReadAdts(packet));
}

}  // namespace
}  // namespace tempera::media
