#include "cli/mask/region_painter.h"

#include <array>

#include "cli/live/mask_networks_for_test.h"
#include "media/test_clip.h"

namespace tempera::cli {
namespace {

using media::Frame;

// The line's own painter, as a timeline's: it paints the first frames only, and each with another style than
// the one before, maybe at the address of that, which is closed.
class Changing final : public Painter {
 public:
  Changing(std::string first, std::string second, int64_t painted)
      : styles_{std::move(first), std::move(second)}, painted_(painted) {}
  ~Changing() override { tempera_close(stylizer_); }

  Status Paint(const Frame&, Frame*) override { return Internal("it lends its network"); }
  std::vector<int64_t> MomentsOf(int64_t index, int64_t pts_us) override {
    return index < painted_ ? std::vector<int64_t>{pts_us} : std::vector<int64_t>();
  }
  Result<tempera_stylizer*> Lend(const Frame&) override {
    tempera_close(stylizer_);
    stylizer_ = nullptr;
    tempera_options options = TEMPERA_OPTIONS_INIT;
    options.threads = 1;
    EXPECT_EQ(tempera_open_file(styles_[lent_++ % 2].c_str(), &options, &stylizer_), TEMPERA_OK)
        << tempera_error_message();
    return stylizer_;
  }

 private:
  const std::array<std::string, 2> styles_;
  const int64_t painted_;
  tempera_stylizer* stylizer_ = nullptr;
  size_t lent_ = 0;
};

class RegionPainterTest : public media::ClipTest {
 protected:
  // Within a mask that covers all, by a painter that changes its style.
  std::unique_ptr<Painter> Open(MaskPlan::Source source, const std::string& mask, int64_t painted) {
    WriteGreyStyle(Path("dark.onnx"), 50);
    WriteGreyStyle(Path("light.onnx"), 200);
    MaskPlan plan;
    plan.source = source;
    plan.path = mask;
    plan.regions = {{.name = "mask"}};
    plan.chosen = {0};
    PaintOptions paint;
    paint.threads = 1;
    auto painter = OpenRegionPainter(plan, paint, [&](const PaintOptions&) {
      return Result<std::unique_ptr<Painter>>(
          std::make_unique<Changing>(Path("dark.onnx"), Path("light.onnx"), painted));
    });
    EXPECT_TRUE(painter.ok()) << painter.status().message();
    return painter.ok() ? std::move(painter).value() : nullptr;
  }
};

TEST_F(RegionPainterTest, PaintsWithWhatIsLentNow) {
  const auto painter =
      Open(MaskPlan::Source::kStill, Make("-f lavfi -i color=white:s=32x32 -frames:v 1", "mask.png"), 4);
  ASSERT_TRUE(painter);
  const Frame in = Frame::Allocate(media::PixelFormat::kRgb, 32, 32).value();
  Frame out = Frame::AllocateLike(in).value();
  for (int i = 0; i < 20; ++i) {
    ASSERT_STATUS_OK(painter->Paint(in, &out));
    EXPECT_NEAR(out.planes[0][0], i % 2 ? 200 : 50, 2) << i;
  }
}

TEST_F(RegionPainterTest, CountsTheFramesThatNobodyPaints) {
  for (const int frames : {7, 8, 9}) {
    const std::string name = "mask" + std::to_string(frames) + ".mkv";
    const auto painter = Open(
        MaskPlan::Source::kFilm,
        Make("-f lavfi -i color=white:s=32x32:r=10 -c:v ffv1 -frames:v " + std::to_string(frames), name), 3);
    ASSERT_TRUE(painter);
    media::VideoInfo film;
    film.frame_rate = {10, 1};
    ASSERT_STATUS_OK(painter->Begin(film));
    const Frame in = Frame::Allocate(media::PixelFormat::kRgb, 32, 32).value();
    Frame out = Frame::AllocateLike(in).value();
    for (int64_t i = 0; i < 8; ++i) {
      for (const int64_t moment : painter->MomentsOf(i, i * 100'000)) {
        EXPECT_EQ(moment, i * 100'000);
        ASSERT_STATUS_OK(painter->Paint(in, &out));
      }
    }
    EXPECT_EQ(painter->AtEnd().ok(), frames == 8) << frames;
  }
}

}  // namespace
}  // namespace tempera::cli
