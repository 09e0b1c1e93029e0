#include "cli/mask/region_painter.h"

#include <set>

#include "cli/live/mask_networks_for_test.h"
#include "media/test_clip.h"

namespace tempera::cli {
namespace {

using media::Frame;

// The line's own painter, as a timeline's: it paints the first frames only, and from its second frame on with
// another style, at the address of the first one where the allocator gives it again.
class Changing final : public Painter {
 public:
  Changing(std::string first, std::string second, int64_t painted)
      : first_(std::move(first)), second_(std::move(second)), painted_(painted) {
    stylizer_ = Open(first_);
  }
  ~Changing() override { tempera_close(stylizer_); }

  Status Paint(const Frame&, Frame*) override { return Internal("it lends its network"); }
  std::vector<int64_t> MomentsOf(int64_t index, int64_t pts_us) override {
    return index < painted_ ? std::vector<int64_t>{pts_us} : std::vector<int64_t>();
  }
  Result<tempera_stylizer*> Lend(const Frame&) override {
    if (++lent_ != 2) return stylizer_;
    const tempera_stylizer* const before = stylizer_;
    tempera_close(stylizer_);
    std::set<tempera_stylizer*> others;
    while ((stylizer_ = Open(second_)) != before && others.size() < 50) others.insert(stylizer_);
    for (tempera_stylizer* other : others) {
      if (other != stylizer_) tempera_close(other);
    }
    return stylizer_;
  }

 private:
  static tempera_stylizer* Open(const std::string& path) {
    tempera_options options = TEMPERA_OPTIONS_INIT;
    options.threads = 1;
    tempera_stylizer* stylizer = nullptr;
    EXPECT_EQ(tempera_open_file(path.c_str(), &options, &stylizer), TEMPERA_OK) << tempera_error_message();
    return stylizer;
  }

  const std::string first_, second_;
  const int64_t painted_;
  tempera_stylizer* stylizer_ = nullptr;
  int lent_ = 0;
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
  for (const int level : {50, 200, 200}) {
    ASSERT_STATUS_OK(painter->Paint(in, &out));
    EXPECT_NEAR(out.planes[0][0], level, 2);
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
