#include "cli/pictures/stylize_pictures.h"

#include <algorithm>

#include "cli/pictures/picture_list.h"
#include "media/image.h"
#include "media/test_clip.h"

namespace tempera::cli {
namespace {

using media::Frame;

// Counts, and hands through; two at a time would be seen.
class FakePainter final : public Painter {
 public:
  Status Paint(const Frame& in, Frame* out) override {
    EXPECT_FALSE(busy.exchange(true)) << "two pictures at once";
    EXPECT_EQ(resets, ++paintings) << "a picture follows from the one before";
    for (int y = 0; y < in.height; ++y) {
      std::copy_n(in.planes[0] + ptrdiff_t{y} * in.stride_bytes[0], 3 * in.width,
                  out->planes[0] + ptrdiff_t{y} * out->stride_bytes[0]);
    }
    if (paintings == fail_at) {
      busy = false;
      return OutOfMemory("no paint");
    }
    busy = false;
    return OkStatus();
  }
  Status Reset() override {
    ++resets;
    return OkStatus();
  }
  std::atomic<bool> busy{false};
  int paintings = 0, resets = 0, fail_at = -1;
};

class PicturesTest : public media::ClipTest {
 protected:
  std::string Picture(const std::string& name) {
    const media::RgbImage image{4, 4, std::vector<uint8_t>(48, 77)};
    std::filesystem::create_directories(std::filesystem::path(Path(name)).parent_path());
    EXPECT_TRUE(media::WriteImage(Path(name) + ".png", image).ok());
    std::filesystem::rename(Path(name) + ".png", Path(name));
    return Path(name);
  }
};

TEST_F(PicturesTest, EveryInputHasAnOutputOfItsOwn) {
  const std::vector<std::string> inputs = {Picture("a/x.gif"), Picture("a/x.png"), Picture("b/x.png"),
                                           Picture("a/y.webp"), Path("a/x.png")};
  Result<PictureList> list = ListPictures(inputs, "out");
  ASSERT_TRUE(list.ok());
  ASSERT_EQ(list->tasks.size(), 3u);
  EXPECT_EQ(list->tasks[0].output, "out/x.gif.png");
  EXPECT_EQ(list->tasks[1].output, "out/x.png");
  EXPECT_EQ(list->tasks[2].output, "out/y.webp");
  ASSERT_EQ(list->clashes.size(), 1u) << "the file that was named twice is painted once";
  EXPECT_EQ(list->clashes[0].input, inputs[2]);
  // Into a folder of inputs: nothing there is replaced.
  list = ListPictures({Path("a")}, Path("a"));
  ASSERT_TRUE(list.ok());
  ASSERT_EQ(list->tasks.size(), 1u);
  EXPECT_EQ(list->tasks[0].output, Path("a/x.gif.png"));
  EXPECT_EQ(list->clashes.size(), 2u);
}

TEST_F(PicturesTest, OneFailureIsNoneOfTheOthersAndWhatIsDoneStays) {
  std::vector<PictureTask> tasks;
  for (int i = 0; i < 12; ++i) {
    const std::string name = std::to_string(i) + ".png";
    tasks.push_back({Picture("in/" + name), Path("out_" + name)});
  }
  FakePainter painter;
  painter.fail_at = 5;
  std::atomic<bool> interrupt{false};
  int counts[3] = {};
  int64_t heard = 0;
  const auto count = [&](const PictureOutcome& outcome, int64_t done, int64_t total) {
    ++counts[static_cast<int>(outcome.kind)];
    EXPECT_EQ(done, ++heard);
    EXPECT_EQ(total, 12);
  };
  StylizePictures(tasks, {.jobs = 3}, &painter, interrupt, count);
  EXPECT_EQ(counts[0], 11);
  EXPECT_EQ(counts[2], 1);
  heard = 0;
  StylizePictures(tasks, {.jobs = 3}, &painter, interrupt, count);
  EXPECT_EQ(counts[0], 12) << "the one that had failed";
  EXPECT_EQ(counts[1], 11);
  interrupt = true;
  StylizePictures(
      tasks, {.overwrite = true}, &painter, interrupt,
      [](const PictureOutcome&, int64_t, int64_t) { ADD_FAILURE() << "begun after the interrupt"; });
}

}  // namespace
}  // namespace tempera::cli
