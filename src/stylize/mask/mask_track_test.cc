// Masks from frame to frame, by networks whose word a test can tell.
#include "src/stylize/mask/mask_track.h"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "src/base/cpu.h"
#include "src/stylize/owned_image_for_test.h"
#include "src/stylize/test_model.h"

namespace tempera::stylize {
namespace {

struct Track {
  std::unique_ptr<Masker> masker;
  HostPtr host;
  std::unique_ptr<MaskTrack> track;

  explicit Track(const TestModel& model, int threads = 2) : host(*HostWithPool(nullptr, threads, false)) {
    const std::string bytes = model.Bytes();
    auto loaded = engine::LoadModelMemory({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
    StylizerOptions options;
    options.precision = engine::Precision::kFp32;
    auto opened = Masker::Create(std::move(*loaded), "the model", options);
    EXPECT_TRUE(opened.ok()) << opened.status().message();
    masker = std::move(*opened);
    track = std::make_unique<MaskTrack>(masker.get(), ChooseCpuTarget()->highway_bit, host->pool.get());
  }
  void Make(const Image& in, const std::vector<int>& channels) {
    const Status made = track->Make(in, false, channels);
    ASSERT_TRUE(made.ok()) << made.message();
  }
  std::vector<uint8_t> Mask(const Image& in) const {
    return {track->mask(0), track->mask(0) + static_cast<ptrdiff_t>(in.width) * in.height};
  }
};

// Everything is of its first class; how much of its second follows each level of red.
TestModel SureAndUnsure() {
  TestModel m;
  m.Constant("w", {2, 3, 1, 1}, {0, 0, 0, 0.03f, 0, 0}).Constant("b", {2}, {1, -2.5f});
  m.Node("Conv", {"input", "w", "b"}, "output").Metadata("tempera.mask.values", "0..1");
  return m;
}

// A class is held by what the picture showed where it was found out, whatever was asked for with it.
TEST(MaskTrack, HoldsEachClassByItself) {
  Track both(SureAndUnsure()), alone(SureAndUnsure());
  both.masker->params.hold = alone.masker->params.hold = 1;
  both.masker->params.plain_edges = alone.masker->params.plain_edges = true;
  OwnedImage in(PixelFormat::kRgb, 64, 48);
  for (int frame = 0; frame < 12; ++frame) {
    for (int y = 0; y < 48; ++y) {
      for (int x = 0; x < 3 * 64; ++x) in.image.Row(0, y)[x] = static_cast<uint8_t>(100 + frame);
    }
    both.Make(in.image, {0, 1});
    alone.Make(in.image, {1});
    EXPECT_EQ(both.track->mask(0)[64 * 24 + 32], 255);
    EXPECT_EQ(both.track->mask(1)[64 * 24 + 32], alone.track->mask(0)[64 * 24 + 32]) << frame;
  }
}

// Of a network so large that motion is found on a smaller picture, in frames that divide by nothing: what it
// says of things that move flickers less, and they end where they end. The same for any number of threads.
TEST(MaskTrack, LargeMasksAreHeldAlongTheMotion) {
  constexpr Size kSize = {401, 303};
  TestModel m;
  m.Constant("w", {1, 3, 1, 1}, {0.03f, 0, 0}).Constant("b", {1}, {0.5f - 0.03f * 140});
  m.Node("Conv", {"input", "w", "b"}, "said").Node("Clip", {"said", "no", "all"}, "output");
  m.Constant("no", {}, {0}).Constant("all", {}, {1});
  m.Metadata("tempera.mask.values", "0..1").Metadata("tempera.mask.long_side", "401");
  Track alone(m), held(m), one(m, 1);
  alone.masker->params.plain_edges = held.masker->params.plain_edges = one.masker->params.plain_edges = true;
  held.masker->params.hold = one.masker->params.hold = 1;
  std::mt19937 random(7);
  OwnedImage in(PixelFormat::kRgb, kSize.width, kSize.height);
  std::vector<uint8_t> before[2];
  double flicker[2] = {};
  for (int frame = 0; frame <= 16; ++frame) {
    // Left of its edge is a thing of which the network is not sure.
    const int moved = 3 * frame, edge = 150 + moved;
    for (int y = 0; y < kSize.height; ++y) {
      for (int x = 0; x < kSize.width; ++x) {
        const int u = x < edge ? x - moved : x;
        uint8_t* const p = in.image.Row(0, y) + 3 * x;
        p[0] = static_cast<uint8_t>((x < edge ? 140 : 20) + static_cast<int>(random() % 9));
        p[1] = static_cast<uint8_t>(120 + 60 * std::sin(0.11 * u + 0.05 * y));
        p[2] = static_cast<uint8_t>(120 + 60 * std::sin(0.13 * y - 0.07 * u));
      }
    }
    alone.Make(in.image, {0}), held.Make(in.image, {0}), one.Make(in.image, {0});
    const std::vector<uint8_t> now[2] = {alone.Mask(in.image), held.Mask(in.image)};
    EXPECT_EQ(one.Mask(in.image), now[1]) << frame;
    double error = 0;
    for (int y = 20; y < kSize.height - 20; ++y) {
      for (int x = edge - 12; x < edge + 12; ++x) {
        const double is = now[1][static_cast<size_t>(y * kSize.width + x)] > 64;
        error += std::abs(is - (x < edge ? 1 : 0)) / (kSize.height - 40);
      }
      for (int x = 60 + moved; frame > 4 && x < edge - 16; ++x) {
        const size_t at = static_cast<size_t>(y * kSize.width + x);
        for (size_t i = 0; i < 2; ++i) flicker[i] += std::abs(now[i][at] - before[i][at - 3]);
      }
    }
    EXPECT_LT(error, 0.35) << frame;  // pixels of each row
    before[0] = now[0], before[1] = now[1];
  }
  EXPECT_LT(flicker[1], flicker[0] / 2);
}

// Masks as large as the frame have edges of their own, and specks all the same.
TEST(MaskTrack, FineMasksLoseTheirSpecks) {
  constexpr Size kSize = {400, 304};
  TestModel m;
  m.Constant("w", {1, 3, 1, 1}, {1.0f / 255, 0, 0}).Node("Conv", {"input", "w"}, "output");
  m.Metadata("tempera.mask.values", "0..1");
  Track fine(m);
  OwnedImage in(PixelFormat::kRgb, kSize.width, kSize.height);
  for (int y = 0; y < kSize.height; ++y) {
    for (int x = 0; x < kSize.width; ++x) {
      const bool thing = x >= 100 && x < 200 && y >= 100 && y < 200;
      const bool speck = x >= 300 && x < 304 && y >= 40 && y < 44;
      uint8_t* p = in.image.Row(0, y) + 3 * x;
      p[0] = thing || speck ? 255 : 3, p[1] = p[2] = 0;
    }
  }
  const auto at = [&](int x, int y) { return static_cast<int>(fine.track->mask(0)[y * kSize.width + x]); };
  for (const bool plain : {false, true}) {
    fine.masker->params.plain_edges = plain;
    fine.Make(in.image, {0});
    EXPECT_EQ(at(302, 42), plain ? 255 : 0);
    EXPECT_EQ(at(20, 20), plain ? 3 : 0);
    EXPECT_EQ(at(150, 150), 255);
    EXPECT_EQ(at(100, 100), 255);
    EXPECT_EQ(at(99, 150), plain ? 3 : 0);
  }
}

}  // namespace
}  // namespace tempera::stylize
