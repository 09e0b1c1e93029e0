#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>

#include "train/segment/augment.h"
#include "train/segment/mask_measures.h"
#include "train/segment/mask_net.h"
#include "train/segment/pairs.h"
#include "train/segment/segment_words.h"

namespace tempera::train {
namespace {

namespace fs = std::filesystem;

// A grey disc on black; the mask is the same disc.
MaskPair Disc(int width, int height, double cx, double cy, double radius) {
  MaskPair pair;
  pair.image = {width, height, std::vector<uint8_t>(static_cast<size_t>(width) * height * 3)};
  pair.mask.resize(static_cast<size_t>(width) * height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const double inside = std::clamp(radius - std::hypot(x - cx, y - cy) + 0.5, 0.0, 1.0);
      const auto byte = static_cast<uint8_t>(std::lround(255 * inside));
      const size_t at = static_cast<size_t>(y) * width + x;
      pair.mask[at] = byte;
      for (int c = 0; c < 3; ++c) pair.image.pixels[3 * at + c] = byte;
    }
  }
  return pair;
}

AugmentOptions Plain() {
  AugmentOptions o;
  o.colour = 0;
  o.background_share = 0;
  return o;
}

// Of how many pixels picture and mask differ by more than `most`: noise, blur and darkness change some crops.
double Apart(const View& view, double most) {
  const size_t plane = view.mask.size();
  int apart = 0;
  for (size_t i = 0; i < plane; ++i) apart += std::abs((view.planes[i] + 1) / 2 - view.mask[i]) > most;
  return static_cast<double>(apart) / static_cast<double>(plane);
}

TEST(Augmenter, MovesPictureAndMaskAlike) {
  const MaskPairs pairs = MaskPairs::FromPairs({Disc(150, 200, 70, 90, 50)});
  const std::vector<media::RgbImage> none;
  const Augmenter augmenter(pairs, none, Plain());
  std::vector<double> apart;
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    Random random(seed);
    View view;
    augmenter.Draw(random, 96, 64, &view, nullptr, nullptr);
    ASSERT_EQ(view.planes.size(), 3u * 96 * 64);
    apart.push_back(Apart(view, 0.2));
  }
  std::sort(apart.begin(), apart.end());
  EXPECT_LT(apart[apart.size() / 2], 0.01) << "most crops are neither dark nor blurred";
}

TEST(Augmenter, SaysWhereTheSecondViewShowsTheFirst) {
  const MaskPairs pairs = MaskPairs::FromPairs({Disc(200, 200, 100, 100, 60)});
  const std::vector<media::RgbImage> none;
  const Augmenter augmenter(pairs, none, Plain());
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    Random random(seed);
    View first, second;
    ViewMotion motion;
    augmenter.Draw(random, 96, 96, &first, &second, &motion);
    int compared = 0, wrong = 0;
    for (int y = 0; y < 96; ++y) {
      for (int x = 0; x < 96; ++x) {
        const double* m = motion.m;
        const int sx = static_cast<int>(std::lround(m[0] * x + m[1] * y + m[2])),
                  sy = static_cast<int>(std::lround(m[3] * x + m[4] * y + m[5]));
        if (sx < 0 || sy < 0 || sx >= 96 || sy >= 96) continue;
        ++compared;
        wrong += std::abs(first.mask[static_cast<size_t>(y * 96 + x)] -
                          second.mask[static_cast<size_t>(sy * 96 + sx)]) > 0.75;
      }
    }
    ASSERT_GT(compared, 96 * 96 / 2);
    EXPECT_LT(wrong, compared / 200) << "seed " << seed;
  }
}

TEST(Augmenter, ReplacesBackgroundsThroughTheMask) {
  const MaskPairs pairs = MaskPairs::FromPairs({Disc(64, 64, 32, 32, 20)});
  const std::vector<media::RgbImage> backgrounds = {{80, 80, std::vector<uint8_t>(80 * 80 * 3, 128)}};
  AugmentOptions options = Plain();
  options.background_share = 1;
  options.least_scale = options.most_scale = 1;
  const Augmenter augmenter(pairs, backgrounds, options);
  int replaced = 0;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    Random random(seed);
    View view;
    augmenter.Draw(random, 64, 64, &view, nullptr, nullptr);
    for (size_t i = 0; i < view.mask.size(); ++i) {
      if (view.mask[i] == 0 && std::abs(view.planes[i] - (128 / 127.5f - 1)) < 0.01f) ++replaced;
    }
  }
  EXPECT_GT(replaced, 20 * 64 * 64 / 4);
}

TEST(Augmenter, LaysSomebodyOfAnotherPictureUponThis) {
  // Two pictures of a disc each: of which crowds show two, and the mask knows both.
  const MaskPairs pairs = MaskPairs::FromPairs({Disc(96, 96, 20, 20, 12), Disc(80, 120, 60, 90, 12)});
  const std::vector<media::RgbImage> none;
  AugmentOptions options = Plain();
  options.least_scale = options.most_scale = 1;
  double inside[2] = {0, 0};
  for (const int crowd : {0, 1}) {
    options.crowd_share = crowd;
    const Augmenter augmenter(pairs, none, options);
    std::vector<double> apart;
    for (uint64_t seed = 1; seed <= 40; ++seed) {
      Random random(seed);
      View view;
      augmenter.Draw(random, 96, 96, &view, nullptr, nullptr);
      for (const float m : view.mask) inside[crowd] += m;
      apart.push_back(Apart(view, 0.2));
    }
    std::sort(apart.begin(), apart.end());
    EXPECT_LT(apart[apart.size() / 2], 0.01) << "the mask goes with the picture";
  }
  EXPECT_GT(inside[1], 1.1 * inside[0]);
}

TEST(Augmenter, TurnsAsFarAsItIsTold) {
  // The upper half of the picture is the person: how far its edge has turned is its slope.
  MaskPair half = Disc(200, 200, 0, 0, 1);
  for (size_t i = 0; i < half.mask.size(); ++i) half.mask[i] = i < half.mask.size() / 2 ? 255 : 0;
  const MaskPairs pairs = MaskPairs::FromPairs({half});
  const std::vector<media::RgbImage> none;
  AugmentOptions options = Plain();
  options.least_scale = options.most_scale = 1;
  for (const double turn : {0.0, 30.0}) {
    options.turn = turn;
    const Augmenter augmenter(pairs, none, options);
    int most = 0;
    for (uint64_t seed = 1; seed <= 40; ++seed) {
      Random random(seed);
      View view;
      augmenter.Draw(random, 64, 64, &view, nullptr, nullptr);
      int left = 0, right = 0;  // rows of the person at the 17th and the 47th column
      for (size_t y = 0; y < 64; ++y) {
        left += view.mask[y * 64 + 16] > 0.5f;
        right += view.mask[y * 64 + 46] > 0.5f;
      }
      most = std::max(most, std::abs(left - right));
    }
    if (turn == 0) EXPECT_LE(most, 1);
    // tan(20 degrees) and tan(35 degrees), the crop's own stretching with them, times 30 columns.
    if (turn > 0) EXPECT_GE(most, 11);
    if (turn > 0) EXPECT_LE(most, 24);
  }
}

TEST(Augmenter, KeepsClassNumbers) {
  MaskPair pair = Disc(64, 64, 32, 32, 20);
  for (uint8_t& m : pair.mask) m = m > 128 ? 3 : kIgnored;
  const MaskPairs pairs = MaskPairs::FromPairs({pair});
  const std::vector<media::RgbImage> none;
  AugmentOptions options = Plain();
  options.classes = true;
  const Augmenter augmenter(pairs, none, options);
  Random random(5);
  View view;
  augmenter.Draw(random, 64, 96, &view, nullptr, nullptr);
  for (const float m : view.mask) ASSERT_TRUE(m == 3 || m == -1) << m;
}

TEST(MaskMeasures, OverlapsAndOutlines) {
  const MaskPair a = Disc(100, 100, 50, 50, 30), b = Disc(100, 100, 51, 50, 30),
                 far = Disc(100, 100, 70, 50, 30);
  EXPECT_EQ(OverlapOf(a.mask, a.mask).iou(), 1);
  EXPECT_NEAR(OverlapOf(a.mask, b.mask).iou(), 0.96, 0.01);
  EXPECT_EQ(OverlapOf(std::vector<uint8_t>(4), std::vector<uint8_t>(4)).iou(), 1)
      << "nothing found where nothing is";
  EXPECT_EQ(BoundaryF(a.mask, a.mask, 100, 100, 2), 1);
  EXPECT_GT(BoundaryF(a.mask, b.mask, 100, 100, 2), 0.99);
  EXPECT_LT(BoundaryF(a.mask, far.mask, 100, 100, 2), 0.2);
  EXPECT_EQ(BoundaryF(std::vector<uint8_t>(10000), a.mask, 100, 100, 2), 0);
}

TEST(MaskMeasures, CountsClassesThatOccur) {
  ClassCounts counts(4);
  counts.Add({0, 0, 1, 1, 3}, {0, 0, 1, 0, kIgnored});
  EXPECT_NEAR(counts.iou(0), 2.0 / 3, 1e-12);
  EXPECT_NEAR(counts.iou(1), 0.5, 1e-12);
  EXPECT_FALSE(counts.seen(2));
  EXPECT_NEAR(counts.mean_iou(), (2.0 / 3 + 0.5) / 2, 1e-12);
  EXPECT_NEAR(counts.accuracy(), 0.75, 1e-12);
}

class MaskFiles : public testing::Test {
 protected:
  MaskFiles() {
    folder_ = fs::temp_directory_path() / ("tempera_pairs_" + std::to_string(::getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_ / "masks");
  }
  ~MaskFiles() override { fs::remove_all(folder_); }
  void Write(const std::string& name, const media::RgbImage& image) {
    ASSERT_TRUE(media::WriteImage((folder_ / name).string(), image).ok());
  }
  static media::RgbImage Grey(int width, int height, uint8_t level) {
    return {width, height, std::vector<uint8_t>(static_cast<size_t>(width) * height * 3, level)};
  }
  fs::path folder_;
};

TEST_F(MaskFiles, AreFoundByName) {
  Write("a.png", Grey(40, 30, 9));
  Write("masks/a.png", Grey(40, 30, 15));
  Write("b.png", Grey(80, 60, 9));
  Write("masks/b_mask.png", Grey(40, 30, 7));
  Write("c.png", Grey(40, 30, 9));
  Write("d.png", Grey(40, 30, 9));
  Write("masks/d.png", Grey(30, 30, 15));
  const Result<MaskPairs> pairs =
      MaskPairs::Load({{folder_.string(), (folder_ / "masks").string(), 15}}, 1, 256);
  ASSERT_TRUE(pairs.ok()) << pairs.status().message();
  ASSERT_EQ(pairs->size(), 2);
  EXPECT_EQ(pairs->pair(0).mask, std::vector<uint8_t>(40 * 30, 255));
  EXPECT_EQ(pairs->pair(1).mask, std::vector<uint8_t>(80 * 60, 0))
      << "another class; enlarged to its picture";
  EXPECT_EQ(pairs->Line(),
            "2 pictures with masks; 1 without; 1 of another shape than their mask, e.g. c.png");
  const Result<MaskPairs> nothing = MaskPairs::Load({{folder_.string(), folder_.string(), -1}}, 1, 256);
  ASSERT_FALSE(nothing.ok());
  EXPECT_NE(nothing.status().message().find("NAME_mask.png"), std::string::npos);
}

TEST_F(MaskFiles, WordsNameClassesAndFolders) {
  std::vector<std::string> classes;
  std::ofstream(folder_ / "classes.txt") << "sky\r\n\nroad\n";
  ASSERT_TRUE(TakeClasses((folder_ / "classes.txt").string(), &classes).ok());
  EXPECT_EQ(classes, (std::vector<std::string>{"sky", "road"}));
  classes.clear();
  ASSERT_TRUE(TakeClasses("person", &classes).ok());
  EXPECT_EQ(classes, std::vector<std::string>{"person"});
  classes.clear();
  EXPECT_FALSE(TakeClasses(",", &classes).ok());
  std::vector<MaskFolders> folders;
  ASSERT_TRUE(TakeFolders({"a", "b"}, {"c:15", "d"}, &folders).ok());
  EXPECT_EQ(folders[0].masks, "c");
  EXPECT_EQ(folders[0].value, 15);
  EXPECT_EQ(folders[1].value, -1);
  EXPECT_FALSE(TakeFolders({"a", "b"}, {"c"}, &folders).ok());
  EXPECT_FALSE(TakeFolders({"a"}, {"c:x"}, &folders).ok());
}

TEST(MaskNet, HasTheSizesItSays) {
  for (const char* name : {"person", "street", "fast-scnn"}) {
    const Result<MaskNet> net = MakeMaskNet(name, {"a", "b"}, 1);
    ASSERT_TRUE(net.ok()) << name;
    EXPECT_EQ(net->layers.back().out_channels, 2);
    for (size_t i = 0; i < net->layers.size(); ++i) {
      for (const int from : net->layers[i].from) EXPECT_LT(from, static_cast<int>(i)) << name;
    }
  }
  // 1.11 M as published (arXiv:1902.04502), with 19 classes.
  const std::vector<std::string> nineteen(19, "x");
  EXPECT_NEAR(static_cast<double>(CountParameters(*MakeMaskNet("fast-scnn", nineteen, 1))), 1.11e6, 0.06e6);
  EXPECT_LT(CountParameters(*MakeMaskNet("person", {"person"}, 1)), 210000);
  EXPECT_LT(CountParameters(*MakeMaskNet("person", {"person"}, 0.5)), 80000);
  EXPECT_FALSE(MakeMaskNet("unet", {"a"}, 1).ok());
}

}  // namespace
}  // namespace tempera::train
