// Masks from frame to frame, by networks whose word a test can tell.
#include "src/stylize/mask/mask_track.h"

#include <gtest/gtest.h>

#include <memory>
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
  HostPtr host = *HostWithPool(nullptr, 2, false);
  std::unique_ptr<MaskTrack> track;

  explicit Track(const TestModel& model) {
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
