// Frames painted live by regions: opened beside the painting, turned while it goes on.
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <filesystem>
#include <random>
#include <thread>

#include "cli/live/live_mask.h"
#include "cli/live/mask_networks_for_test.h"
#include "live/painter.h"

namespace tempera::cli {
namespace {

namespace fs = std::filesystem;
using live::Change;
using live::MaskRegion;

constexpr int kDark = 16, kBright = 235;  // black and white, of limited range: masks of 0 and 1

// Dark, with a bright square of `side` pixels whose corner is at x, y.
media::Frame Picture(int width, int height, int x, int y, int side) {
  media::Frame frame = media::Frame::Allocate(media::PixelFormat::kI420, width, height).value();
  for (int plane = 0; plane < 3; ++plane) {
    for (int row = 0; row < (plane ? height / 2 : height); ++row)
      std::memset(frame.planes[plane] + ptrdiff_t{row} * frame.stride_bytes[plane], plane ? 128 : kDark,
                  static_cast<size_t>(plane ? width / 2 : width));
  }
  for (int row = y; row < y + side; ++row)
    std::memset(frame.planes[0] + ptrdiff_t{row} * frame.stride_bytes[0] + x, kBright,
                static_cast<size_t>(side));
  return frame;
}

// Of limited range, as such a grey is written.
int LumaOf(int grey) { return 16 + (219 * grey + 127) / 255; }

class LiveMaskTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fs::temp_directory_path() /
              (std::string("tempera_live_mask_") + info->name() + "_" + std::to_string(getpid()));
    fs::create_directories(folder_);
    WriteBrightMask(Path("bright.onnx"));
    WriteGreyStyle(Path("grey90.onnx"), 90);
    WriteGreyStyle(Path("grey160.onnx"), 160);
    live::PainterOptions options;
    options.threads = 2;
    options.precision = "fp32";
    painter_ = live::MakePainter(
        options, [](const std::string& word) -> Result<live::ModelFile> { return live::ModelFile{word, ""}; },
        FindLiveMask);
    settings_.style = Path("grey90.onnx");
    settings_.mask.network = Path("bright.onnx");
  }
  void TearDown() override {
    painter_.reset();
    fs::remove_all(folder_);
  }
  std::string Path(const std::string& name) const { return (folder_ / name).string(); }

  Status Paint(bool cut = false) {
    change_ = {};
    in_.frame = Picture(width_, height_, x_, y_, side_);
    in_.cut = cut;
    ++in_.number;
    out_ = media::Frame::AllocateLike(in_.frame).value();
    return painter_->Paint(in_, settings_, &out_, &change_);
  }
  // Frames until one says so; every one of them must be painted.
  testing::AssertionResult PaintUntil(const std::function<bool()>& holds) {
    for (int i = 0; i < 2000; ++i) {
      if (const Status status = Paint(); !status.ok()) return testing::AssertionFailure() << status.message();
      if (holds()) return testing::AssertionSuccess();
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return testing::AssertionFailure() << "never; trouble: '" << painter_->trouble() << "'";
  }
  int At(int x, int y) const { return out_.planes[0][ptrdiff_t{y} * out_.stride_bytes[0] + x]; }
  int Inside() const { return At(x_ + 12, y_ + 12); }
  // Far from the square, which is never there.
  int Outside() const { return At(width_ - 3, height_ - 3); }

  fs::path folder_;
  std::unique_ptr<live::Painter> painter_;
  live::SourceFrame in_;
  live::Settings settings_;
  Change change_;
  media::Frame out_;
  int width_ = 96, height_ = 64, x_ = 10, y_ = 12, side_ = 24;
};

TEST_F(LiveMaskTest, TheMaskIsThatOfItsFrame) {
  settings_.mask.on = true;
  std::mt19937 random(4);
  for (const float hold : {0.0f, 0.5f, 1.0f}) {
    settings_.mask.numbers.hold = hold;
    for (int i = 0; i < 20; ++i) {
      const int before_x = x_, before_y = y_;
      x_ = static_cast<int>(random() % 45), y_ = static_cast<int>(random() % 20);
      ASSERT_TRUE(Paint(i == 7).ok());
      EXPECT_NEAR(Inside(), LumaOf(90), 2) << i;
      EXPECT_EQ(Outside(), kDark) << i;
      const int x = before_x + 12, y = before_y + 12;
      const bool still = x > x_ - 8 && x < x_ + 32 && y > y_ - 8 && y < y_ + 32;
      if (!still) EXPECT_NEAR(At(x, y), kDark, 1) << "where the square was, frame " << i;
      EXPECT_EQ(change_.mask.opens, hold == 0 && i == 0) << "the first frame waits for it";
    }
  }
}

TEST_F(LiveMaskTest, ComesAndGoesWithoutAGap) {
  ASSERT_TRUE(Paint().ok());
  EXPECT_TRUE(change_.mask.empty());
  EXPECT_NEAR(Outside(), LumaOf(90), 1);
  settings_.mask.on = true;
  settings_.mask.regions = live::RegionsOf({.background = true, .outside = Path("grey160.onnx")});
  ASSERT_TRUE(PaintUntil([&] { return change_.mask.opens; }));
  EXPECT_TRUE(change_.reset);
  EXPECT_NEAR(Inside(), LumaOf(160), 2);
  EXPECT_NEAR(Outside(), LumaOf(90), 2);
  ASSERT_EQ(change_.mask.values.size(), 1u);
  EXPECT_TRUE(change_.mask.values[0].contains("strength")) << "all that holds of the styles";
  // Values are for the styles of all regions.
  settings_.values["strength"] = {0.5f};
  ASSERT_TRUE(Paint().ok());
  EXPECT_EQ(change_.mask.values.at(0).at("strength"), std::vector<float>{0.5f});
  EXPECT_FALSE(change_.mask.opens || change_.reset);
  EXPECT_NEAR(Inside(), (LumaOf(160) + kBright) / 2, 2);
  EXPECT_NEAR(Outside(), (LumaOf(90) + kDark) / 2, 2);
  settings_.values["strength"] = {1};
  // Off at once, and on again at once: it was kept.
  settings_.mask.on = false;
  ASSERT_TRUE(Paint().ok());
  EXPECT_TRUE(change_.mask.off && change_.reset);
  EXPECT_NEAR(Inside(), LumaOf(90), 1);
  settings_.mask.on = true;
  ASSERT_TRUE(Paint().ok());
  EXPECT_TRUE(change_.mask.opens);
  EXPECT_NEAR(Inside(), LumaOf(160), 2);
  // Numbers open nothing.
  settings_.mask.numbers.threshold = 0.99f;
  settings_.mask.numbers.feather = 2;
  ASSERT_TRUE(Paint().ok());
  EXPECT_FALSE(change_.mask.opens || change_.reset);
  EXPECT_EQ(change_.mask.numbers, settings_.mask.numbers);
}

TEST_F(LiveMaskTest, StyleHeightAndSourceChangeBeneathIt) {
  settings_.mask.on = true;
  settings_.mask.regions = live::RegionsOf({.outside = Path("grey160.onnx")});
  ASSERT_TRUE(Paint().ok());
  EXPECT_NEAR(Inside(), LumaOf(90), 2);
  EXPECT_NEAR(Outside(), LumaOf(160), 2);
  WriteGreyStyle(Path("grey200.onnx"), 200);
  settings_.style = Path("grey200.onnx");
  ASSERT_TRUE(PaintUntil([&] { return !change_.path.empty(); }));
  EXPECT_NEAR(Inside(), LumaOf(200), 2);
  EXPECT_NEAR(Outside(), LumaOf(160), 2) << "the mask stayed";
  // Both are opened for another height; in between one is ahead of the other.
  settings_.height = 32;
  bool own = false, mask = false;
  ASSERT_TRUE(PaintUntil([&] {
    own = own || !change_.path.empty(), mask = mask || change_.mask.opens;
    EXPECT_NEAR(Inside(), LumaOf(200), 2);
    EXPECT_NEAR(Outside(), LumaOf(160), 2);
    return own && mask;
  }));
  EXPECT_FALSE(painter_->opening());
  for (const auto& [width, height] : {std::pair{128, 80}, {64, 48}, {96, 64}}) {
    width_ = width, height_ = height;
    ASSERT_TRUE(Paint(true).ok());
    EXPECT_NEAR(Inside(), LumaOf(200), 2) << width;
    EXPECT_NEAR(Outside(), LumaOf(160), 2) << width;
  }
  settings_.mask.regions = live::RegionsOf({.outside = "blur:3"});
  ASSERT_TRUE(PaintUntil([&] { return change_.mask.opens; }));
  EXPECT_NEAR(Outside(), kDark, 2);
}

// A square of 24 by 24 in 96 by 64, less than a level of it at its soft edges.
TEST_F(LiveMaskTest, SaysHowMuchIsMasked) {
  constexpr double kSquare = 24.0 * 24 / (96 * 64);
  const auto share = [&](std::vector<MaskRegion> regions) {
    settings_.mask.regions = std::move(regions);
    EXPECT_TRUE(PaintUntil([&] { return change_.mask.opens; }));
    return painter_->mask().share;
  };
  ASSERT_TRUE(Paint().ok());
  EXPECT_EQ(painter_->mask().name, "");
  settings_.mask.on = true;
  settings_.mask.numbers.hold = 0;
  EXPECT_NEAR(share(live::RegionsOf({})), kSquare, 0.01);
  EXPECT_EQ(painter_->mask().name, "bright");
  EXPECT_GT(painter_->mask().ms, 0);
  // Every seventh frame: the one that has a smaller square is looked at, those before it are not.
  for (int i = 1; i < 7; ++i) {
    ASSERT_TRUE(Paint().ok());
    EXPECT_LT(painter_->mask().share, 0) << i;
  }
  side_ = 12;
  ASSERT_TRUE(Paint().ok());
  EXPECT_NEAR(painter_->mask().share, kSquare / 4, 0.01);
  side_ = 24;
  EXPECT_NEAR(share(live::RegionsOf({.background = true})), 1 - kSquare, 0.01);
  EXPECT_NEAR(share({{live::kBackground, "blur"}, {"person", "none"}}), kSquare, 0.01);
  EXPECT_NEAR(share({{live::kBackground, "painted"}}), 1 - kSquare, 0.01);
  // Named one by one, what has a class counts.
  settings_.mask.listed = true;
  EXPECT_NEAR(share({{"person", "none"}, {live::kBackground, "painted"}}), kSquare, 0.01);
  settings_.mask.listed = false;
  // Two that lie over each other are not more than all.
  EXPECT_NEAR(share({{"person", "painted"}, {"0", "none"}, {live::kBackground, "blur"}}), kSquare, 0.01);
  settings_.mask.on = false;
  ASSERT_TRUE(Paint().ok());
  EXPECT_EQ(painter_->mask().name, "");
}

TEST(MaskMeterTest, MeansOverWhatWasLookedAt) {
  live::MaskMeter meter;
  meter.Add({});
  EXPECT_EQ(meter.figures().name, "");
  for (const double share : {0.5, -1.0, -1.0, 0.0004, 0.25}) meter.Add({"person", 2.5, share});
  const live::MaskFigures on = meter.figures();
  EXPECT_TRUE(on.on);
  EXPECT_NEAR(on.share, 0.7504 / 3, 1e-9);
  EXPECT_EQ(on.share_now, 0.25);
  EXPECT_NEAR(on.empty_share, 1.0 / 3, 1e-9);
  EXPECT_EQ(on.ms, 2.5);
  meter.Add({});
  EXPECT_FALSE(meter.figures().on);
  EXPECT_EQ(meter.figures().name, "person") << "what masked is said at the end";
  // Another network begins anew.
  for (const double share : {0.125, 0.375}) meter.Add({"room", 1, share});
  EXPECT_EQ(meter.figures().share, 0.25);
  EXPECT_EQ(meter.figures().empty_share, 0);
}

TEST_F(LiveMaskTest, WhatIsMissingIsSaidAndPaintingGoesOnAsItWas) {
  settings_.mask.on = true;
  ASSERT_TRUE(Paint().ok());
  const auto goes_on = [&] {
    EXPECT_NEAR(Inside(), LumaOf(90), 2);
    EXPECT_EQ(Outside(), kDark);
    return !painter_->trouble().empty();
  };
  settings_.mask.network = Path("nothing.onnx");
  ASSERT_TRUE(PaintUntil(goes_on));
  EXPECT_NE(painter_->trouble().find("nothing.onnx"), std::string::npos) << painter_->trouble();
  EXPECT_EQ(painter_->trouble().find('\n'), std::string::npos);
  settings_.mask.network = Path("bright.onnx");
  ASSERT_TRUE(Paint().ok());
  EXPECT_EQ(painter_->trouble(), "");
  // No such class; a style that is none; a network that makes no masks.
  settings_.mask.regions = live::RegionsOf({.of = "dog"});
  ASSERT_TRUE(PaintUntil(goes_on));
  EXPECT_NE(painter_->trouble().find("dog"), std::string::npos) << painter_->trouble();
  settings_.mask.regions = live::RegionsOf({.outside = Path("none.onnx")});
  ASSERT_TRUE(PaintUntil(goes_on));
  settings_.mask.regions = live::RegionsOf({});
  settings_.mask.network = "models/great-wave.onnx";
  ASSERT_TRUE(PaintUntil(goes_on));
  settings_.mask.on = false;
  ASSERT_TRUE(Paint().ok());
  EXPECT_EQ(painter_->trouble(), "") << "nothing of it is asked for";
}

TEST_F(LiveMaskTest, ASourceThatTheNetworkDoesNotBearIsPaintedAllTheSame) {
  WriteBrightMask(Path("one.onnx"), height_);  // 64, which is tried as it is opened
  settings_.mask.on = true;
  settings_.mask.network = Path("one.onnx");
  const Status first = Paint();
  ASSERT_TRUE(first.ok()) << first.message();
  EXPECT_EQ(Outside(), kDark);
  width_ = 128, height_ = 80;
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(Paint(i == 0).ok());
    EXPECT_EQ(change_.mask.off, i == 0);
    EXPECT_NEAR(Outside(), LumaOf(90), 1);
    EXPECT_NE(painter_->trouble(), "");
  }
  width_ = 96, height_ = 64;
  settings_.mask.on = false;
  ASSERT_TRUE(Paint(true).ok());
  EXPECT_EQ(painter_->trouble(), "");
  settings_.mask.on = true;
  ASSERT_TRUE(PaintUntil([&] { return change_.mask.opens; }));
  EXPECT_EQ(Outside(), kDark);
}

TEST_F(LiveMaskTest, AtTheBeginningItIsAnError) {
  settings_.mask.on = true;
  settings_.mask.regions = live::RegionsOf({.of = "dog"});
  const Status status = Paint();
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.message().find("dog"), std::string::npos) << status.message();
}

TEST_F(LiveMaskTest, WordsMeanWhatTheLineMeans) {
  live::MaskSettings asked;
  asked.network = Path("bright.onnx");
  asked.regions = {{"person", "blur:4"}, {live::kBackground, "great-wave"}, {"", "painted"}, {"x", "none"}};
  const Result<live::MaskCast> cast = FindLiveMask(asked);
  ASSERT_TRUE(cast.ok()) << cast.status().message();
  using Shows = live::MaskCast::Region::Shows;
  EXPECT_EQ(cast->regions[0].shows, Shows::kBlur);
  EXPECT_EQ(cast->regions[0].blur, 4);
  EXPECT_EQ(cast->regions[1].shows, Shows::kStyle);
  EXPECT_NE(cast->regions[1].style.path.find("great-wave"), std::string::npos);
  EXPECT_EQ(cast->regions[2].shows, Shows::kOwn);
  EXPECT_EQ(cast->regions[3].shows, Shows::kInput);
  asked.regions = {{"person", "blur:0"}};
  EXPECT_FALSE(FindLiveMask(asked).ok());
  asked.regions = {{"person", "no such style"}};
  EXPECT_EQ(FindLiveMask(asked).status().code(), StatusCode::kNotFound);
}

}  // namespace
}  // namespace tempera::cli
