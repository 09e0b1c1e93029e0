// Flow, scenes and what is measured along them.
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "media/test_clip.h"
#include "src/base/atomic_file.h"
#include "train/evaluate/motion/scenes.h"
#include "train/evaluate/motion/steadiness.h"
#include "train/evaluate/pictures_for_test.h"
#include "train/motion/flow.h"
#include "train/motion/truth.h"

namespace tempera::evaluate {
namespace {

using train::FindTruth;
using train::Flow;
using train::FlowEstimator;
using train::ReadFlo;
using train::ReadKittiFlow;
using train::ReadTruth;
using train::TrueFilm;
using train::WarpDifference;

Flow Shift(int width, int height, float dx, float dy) {
  Flow flow(width, height);
  std::fill(flow.dx.begin(), flow.dx.end(), dx);
  std::fill(flow.dy.begin(), flow.dy.end(), dy);
  MaskOutside(&flow);
  return flow;
}

TEST(Warp, AWholeShiftHasNoError) {
  const media::RgbImage first = Waves(96, 64), second = Waves(96, 64, 3, -2);
  EXPECT_EQ(WarpError(first, second, Shift(96, 64, 3, -2)), 0);
  EXPECT_GT(WarpError(first, second, Shift(96, 64, 0, 0)), 0.005);
}

// The same figure from the definition, in doubles and without any of the code under test.
double SlowWarpError(const media::RgbImage& a, const media::RgbImage& b, const Flow& flow) {
  double sum = 0, count = 0;
  for (int y = 0; y < a.height; ++y) {
    for (int x = 0; x < a.width; ++x) {
      const size_t i = static_cast<size_t>(y) * static_cast<size_t>(a.width) + static_cast<size_t>(x);
      const double tx = x + static_cast<double>(flow.dx[i]), ty = y + static_cast<double>(flow.dy[i]);
      if (!flow.valid[i] || tx < 0 || ty < 0 || tx > a.width - 1 || ty > a.height - 1) continue;
      for (int k = 0; k < 3; ++k) {
        double there = 0;  // the sum over all pixels of a tent around the place
        for (int v = static_cast<int>(ty) - 1; v <= static_cast<int>(ty) + 1; ++v) {
          for (int u = static_cast<int>(tx) - 1; u <= static_cast<int>(tx) + 1; ++u) {
            if (u < 0 || v < 0 || u >= a.width || v >= a.height) continue;
            const double weight = std::max(0.0, 1 - std::abs(tx - u)) * std::max(0.0, 1 - std::abs(ty - v));
            there +=
                weight *
                b.pixels[(static_cast<size_t>(v) * static_cast<size_t>(b.width) + static_cast<size_t>(u)) *
                             3 +
                         static_cast<size_t>(k)];
          }
        }
        const double d = (a.pixels[3 * i + static_cast<size_t>(k)] - there) / 255;
        sum += d * d;
        count += 1;
      }
    }
  }
  return count > 0 ? sum / count : 0;
}

TEST(Warp, AgreesWithASlowReferenceOnRandomFlow) {
  train::Random random(11);
  for (int round = 0; round < 5; ++round) {
    const int w = 17 + static_cast<int>(random.Below(20)), h = 9 + static_cast<int>(random.Below(20));
    const media::RgbImage a = Noise(w, h, random.Next()), b = Noise(w, h, random.Next());
    Flow flow(w, h);
    for (size_t i = 0; i < flow.dx.size(); ++i) {
      flow.dx[i] = static_cast<float>(12 * random.Uniform() - 6);
      flow.dy[i] = static_cast<float>(12 * random.Uniform() - 6);
      flow.valid[i] = random.Below(4) > 0;
    }
    EXPECT_NEAR(WarpError(a, b, flow), SlowWarpError(a, b, flow), 1e-6);
    Flow masked = flow;
    MaskOutside(&masked);
    EXPECT_NEAR(WarpError(a, b, masked), SlowWarpError(a, b, flow), 1e-6)
        << "what leads outside never counted";
  }
}

TEST(Warp, NothingValidIsNoError) {
  Flow flow = Shift(8, 8, 100, 0);
  EXPECT_EQ(WarpError(Grey(8, 8, 0), Grey(8, 8, 255), flow), 0);
  EXPECT_EQ(CompareAlong(Grey(8, 8, 0), Grey(8, 8, 255), flow).pixels, 0);
}

TEST(Masks, EdgesOfMotionAndUnlikeFramesGo) {
  Flow flow(40, 20);
  for (int y = 0; y < 20; ++y) {
    for (int x = 20; x < 40; ++x) flow.dx[static_cast<size_t>(y * 40 + x)] = -5;
  }
  MaskMotionEdges(&flow);
  for (int y = 0; y < 19; ++y) EXPECT_EQ(flow.valid[static_cast<size_t>(y * 40 + 19)], 0) << y;
  EXPECT_EQ(flow.valid[5 * 40 + 5], 1);
  EXPECT_EQ(flow.valid[5 * 40 + 30], 1);
  const media::RgbImage half =
      Picture(40, 20, [](int x, int) { return x < 10 ? Rgb{200, 100, 100} : Rgb{100, 100, 100}; });
  Flow still(40, 20);
  MaskUnlike(Grey(40, 20, 100), half, 0.1, &still);
  EXPECT_EQ(still.valid[5 * 40 + 5], 0);
  EXPECT_EQ(still.valid[5 * 40 + 30], 1);
}

TEST(Estimate, FindsAKnownShift) {
  const media::RgbImage first = Waves(192, 128), second = Waves(192, 128, 4, 2);
  FlowEstimator estimator;
  const Flow flow = estimator.Estimate(first, second);
  double dx = 0, dy = 0, count = 0;
  for (int y = 30; y < 100; ++y) {
    for (int x = 30; x < 160; ++x) {
      const size_t i = static_cast<size_t>(y) * 192 + static_cast<size_t>(x);
      if (!flow.valid[i]) continue;
      dx += flow.dx[i];
      dy += flow.dy[i];
      ++count;
    }
  }
  ASSERT_GT(count, 5000);
  EXPECT_NEAR(dx / count, 4, 0.2);
  EXPECT_NEAR(dy / count, 2, 0.2);
  EXPECT_LT(WarpError(first, second, flow), 1e-3);
}

TEST(Estimate, IsTheSameEachTime) {
  const media::RgbImage first = Waves(128, 96), second = Waves(128, 96, 2.5, 1);
  FlowEstimator a, b;
  const Flow one = a.Estimate(first, second), two = b.Estimate(first, second);
  EXPECT_EQ(one.dx, two.dx);
  EXPECT_EQ(one.dy, two.dy);
  EXPECT_EQ(one.valid, two.valid);
}

std::vector<media::RgbImage> SceneTextures() {
  return {Waves(320, 200), Noise(150, 150, 4), Waves(100, 130, 7, 3)};
}

SceneOptions SmallScene(uint64_t seed) {
  SceneOptions o;
  o.width = 160;
  o.height = 96;
  o.frames = 4;
  o.seed = seed;
  return o;
}

TEST(Scenes, AreTheSameFromTheSameSeed) {
  const TrueFilm a = RenderScene(SceneTextures(), SmallScene(3)),
                 b = RenderScene(SceneTextures(), SmallScene(3));
  const TrueFilm c = RenderScene(SceneTextures(), SmallScene(4));
  ASSERT_EQ(a.frames.size(), 4u);
  ASSERT_EQ(a.flows.size(), 3u);
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(a.frames[i].pixels, b.frames[i].pixels);
  EXPECT_EQ(a.flows[1].dx, b.flows[1].dx);
  EXPECT_NE(a.frames[2].pixels, c.frames[2].pixels);
}

// Smooth textures: along the true flow nothing changes but by bilinear rounding, however the seed falls.
TEST(Scenes, FramesAgreeAlongTheirFlow) {
  for (uint64_t seed = 1; seed < 8; ++seed) {
    const TrueFilm film = RenderScene({Waves(320, 200), Waves(150, 150, 9, 1)}, SmallScene(seed));
    for (size_t t = 0; t < film.flows.size(); ++t) {
      const WarpDifference d = CompareAlong(film.frames[t], film.frames[t + 1], film.flows[t]);
      EXPECT_GT(d.pixels, 160 * 96 / 2);
      EXPECT_LT(d.pixels, 160 * 96);
      const double error = d.squares / (3 * d.pixels),
                   unmoved = WarpError(film.frames[t], film.frames[t + 1], Flow(160, 96));
      EXPECT_LT(error, 0.003) << seed;
      EXPECT_LT(error, 0.2 * unmoved) << seed;
    }
  }
}

TEST(Scenes, WithoutSpeedNothingMoves) {
  SceneOptions o = SmallScene(5);
  o.speed = 0;
  const TrueFilm film = RenderScene(SceneTextures(), o);
  EXPECT_EQ(film.frames[0].pixels, film.frames[3].pixels);
  for (float v : film.flows[0].dx) EXPECT_NEAR(v, 0, 1e-4);
}

TEST(Scenes, OutlinesLieWhereLayersMeet) {
  const std::vector<uint8_t> outline = OutlineOf(SceneTextures(), SmallScene(3), 1, 2);
  const auto marked = std::count(outline.begin(), outline.end(), 1);
  EXPECT_GT(marked, 100);
  EXPECT_LT(marked, 160 * 96 / 2);
  SceneOptions empty = SmallScene(3);
  empty.cut_outs = 0;
  const std::vector<uint8_t> none = OutlineOf(SceneTextures(), empty, 1, 2);
  EXPECT_EQ(std::count(none.begin(), none.end(), 1), 0);
}

class TruthTest : public media::ClipTest {
 protected:
  void Folder(const std::string& name) { std::filesystem::create_directories(folder_ / name); }
  std::string Root() const { return folder_.string(); }
  void Bytes(const std::string& name, const std::string& bytes) {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
  }
};

TEST_F(TruthTest, FloIsReadAsItWasWritten) {
  Flow flow = Shift(5, 4, 1.5f, -2);
  flow.dx[7] = 3.25f;
  ASSERT_TRUE(WriteFlo(Path("a.flo"), flow).ok());
  const Result<Flow> read = ReadFlo(Path("a.flo"));
  ASSERT_TRUE(read.ok()) << read.status().message();
  EXPECT_EQ(read->valid, flow.valid);
  for (size_t i = 0; i < flow.dx.size(); ++i) {
    if (!flow.valid[i]) continue;
    EXPECT_EQ(read->dx[i], flow.dx[i]);
    EXPECT_EQ(read->dy[i], flow.dy[i]);
  }
}

TEST_F(TruthTest, BrokenFloIsRefused) {
  ASSERT_TRUE(WriteFlo(Path("a.flo"), Flow(5, 4)).ok());
  std::ifstream in(Path("a.flo"), std::ios::binary);
  const std::string good((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  std::string huge = good;
  const int32_t side = 0x7fffffff;
  std::memcpy(huge.data() + 4, &side, 4);
  std::memcpy(huge.data() + 8, &side, 4);
  std::string unknown = good;
  const float nan = std::nanf("");
  std::memcpy(unknown.data() + 12, &nan, 4);
  const std::string bad[] = {"", good.substr(0, 11), good.substr(0, good.size() - 1), "x" + good.substr(1),
                             huge};
  for (size_t i = 0; i < std::size(bad); ++i) {
    Bytes("bad.flo", bad[i]);
    const Result<Flow> read = ReadFlo(Path("bad.flo"));
    EXPECT_FALSE(read.ok()) << i;
    EXPECT_NE(read.status().message().find("bad.flo"), std::string::npos) << read.status().message();
  }
  Bytes("nan.flo", unknown);
  const Result<Flow> read = ReadFlo(Path("nan.flo"));
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->valid[0], 0);
  EXPECT_EQ(read->valid[1], 1);
}

TEST_F(TruthTest, KittiFlowIsReadToTheBit) {
  // 32768 + 64 u, big end first: (1.5, -2, valid), (0, 0, not).
  const unsigned char raw[] = {0x80, 0x60, 0x7f, 0x80, 0x00, 0x01, 0x80, 0x00, 0x80, 0x00, 0x00, 0x00};
  Bytes("raw.bin", std::string(reinterpret_cast<const char*>(raw), sizeof raw));
  Make("-f rawvideo -pix_fmt rgb48be -s 2x1 -i raw.bin -pix_fmt rgb48be", "flow_gt.png");
  const Result<Flow> read = ReadKittiFlow(Path("flow_gt.png"));
  ASSERT_TRUE(read.ok()) << read.status().message();
  EXPECT_EQ(read->dx[0], 1.5f);
  EXPECT_EQ(read->dy[0], -2.0f);
  EXPECT_EQ(read->valid[0], 1);
  EXPECT_EQ(read->valid[1], 0);
  ASSERT_TRUE(media::WriteImage(Path("eight.png"), Grey(4, 4, 9)).ok());
  EXPECT_FALSE(ReadKittiFlow(Path("eight.png")).ok()) << "8 bits are no flow";
}

TEST_F(TruthTest, SintelsLayoutIsFoundAndItsOcclusionsCount) {
  const TrueFilm film = RenderScene(SceneTextures(), SmallScene(6));
  for (const char* f : {"clean/alley", "flow/alley", "occlusions/alley"}) Folder(f);
  for (size_t t = 0; t < film.frames.size(); ++t) {
    const std::string number = "frame_000" + std::to_string(t + 1);
    ASSERT_TRUE(media::WriteImage(Path("clean/alley/" + number + ".png"), film.frames[t]).ok());
    if (t >= film.flows.size()) continue;
    Flow all = film.flows[t];
    media::RgbImage occluded = Grey(160, 96, 0);
    for (size_t i = 0; i < all.valid.size(); ++i) {
      for (size_t k = 0; k < 3; ++k) occluded.pixels[3 * i + k] = all.valid[i] ? 0 : 255;
      all.valid[i] = 1;
    }
    ASSERT_TRUE(WriteFlo(Path("flow/alley/" + number + ".flo"), all).ok());
    ASSERT_TRUE(media::WriteImage(Path("occlusions/alley/" + number + ".png"), occluded).ok());
  }
  const auto places = FindTruth({Root()});
  ASSERT_TRUE(places.ok()) << places.status().message();
  ASSERT_EQ(places->size(), 1u);
  EXPECT_EQ(places->front().name, "alley");
  EXPECT_EQ(places->front().occlusions.size(), 3u);
  const Result<TrueFilm> read = ReadTruth(places->front(), 50);
  ASSERT_TRUE(read.ok()) << read.status().message();
  ASSERT_EQ(read->flows.size(), 3u);
  for (size_t t = 0; t < 3; ++t) {
    for (size_t i = 0; i < film.flows[t].valid.size(); ++i)
      EXPECT_LE(read->flows[t].valid[i], film.flows[t].valid[i])
          << "only ever less than what is not occluded";
  }
  EXPECT_NEAR(EStab(read->frames, read->flows), EStab(film.frames, film.flows), 0.02);
}

TEST_F(TruthTest, AFolderOfNothingIsRefused) {
  const auto places = FindTruth({Root()});
  ASSERT_FALSE(places.ok());
  EXPECT_NE(places.status().message().find(Root()), std::string::npos);
  EXPECT_FALSE(FindTruth({Root() + "/gone"}).ok());
}

}  // namespace
}  // namespace tempera::evaluate
