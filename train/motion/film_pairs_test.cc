// Films and films with known motion, made here; and what is wrong with folders.
#include "train/motion/film_pairs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "media/test_clip.h"

namespace tempera::train {
namespace {

// Smooth waves that moved by (dx, dy).
media::RgbImage Waves(int width, int height, double dx, double dy) {
  media::RgbImage image{width, height, {}};
  for (int py = 0; py < height; ++py) {
    for (int px = 0; px < width; ++px) {
      const double x = px - dx, y = py - dy;
      for (double v : {128 + 60 * std::sin(x / 3.1) + 40 * std::sin((x + y) / 5.3),
                       128 + 70 * std::sin(y / 4.2 + 1), 128 + 50 * std::sin((x - 2 * y) / 6.1)})
        image.pixels.push_back(static_cast<uint8_t>(std::lround(v)));
    }
  }
  return image;
}

class FilmPairsTest : public media::ClipTest {
 protected:
  std::string Folder(const std::string& name) {
    std::filesystem::create_directories(folder_ / name);
    return Path(name);
  }
  // A film of waves that move by (0.8, 0.4) a frame: by less than half their period in ten.
  void Film(const std::string& name, int frames, int width = 112, int height = 96) {
    Folder("frames");
    for (int t = 0; t < frames; ++t) {
      EXPECT_TRUE(media::WriteImage(Path("frames/" + std::to_string(t) + ".png"),
                                    Waves(width, height, 0.8 * t, 0.4 * t))
                      .ok());
    }
    Make("-framerate 25 -start_number 0 -i frames/%d.png -frames:v " + std::to_string(frames) +
             " -pix_fmt yuv420p -c:v ffv1",
         name);
  }
  // Sintel's layout; the motion is (3, -2) a frame, and what is right of `seen` is occluded.
  void Scene(const std::string& root, int width, int height, int frames, int seen) {
    for (const char* f : {"clean", "flow", "occlusions"}) Folder(root + "/" + f + "/alley");
    Flow flow(width, height);
    std::fill(flow.dx.begin(), flow.dx.end(), 3.0f);
    std::fill(flow.dy.begin(), flow.dy.end(), -2.0f);
    media::RgbImage occluded{width, height, {}};
    for (int i = 0; i < width * height * 3; ++i) occluded.pixels.push_back(i / 3 % width >= seen ? 255 : 0);
    for (int t = 0; t < frames; ++t) {
      const std::string file = "/alley/frame_000" + std::to_string(t + 1);
      EXPECT_TRUE(
          media::WriteImage(Path(root + "/clean" + file + ".png"), Waves(width, height, 3 * t, -2 * t)).ok());
      if (t + 1 == frames) continue;
      EXPECT_TRUE(WriteFlo(Path(root + "/flow" + file + ".flo"), flow).ok());
      EXPECT_TRUE(media::WriteImage(Path(root + "/occlusions" + file + ".png"), occluded).ok());
    }
  }
  static std::string ErrorOf(const std::vector<std::string>& clips, const std::vector<std::string>& truth) {
    const Result<FilmPairs> films = FilmPairs::Load(clips, truth, 64, 1);
    EXPECT_FALSE(films.ok());
    return films.status().message();
  }
};

struct Fit {
  double along = 0, still = 0;  // mean difference in levels with the motion, and without
  double seen = 0;              // share of places
};

Fit FitOf(const FilmPairs::Crop& crop) {
  const int size = crop.size;
  const auto n = static_cast<size_t>(size) * static_cast<size_t>(size);
  Fit fit;
  double count = 0;
  for (size_t i = 0; i < n; ++i) {
    if (crop.visible[i] == 0) continue;
    const float x = crop.from[2 * i], y = crop.from[2 * i + 1];
    const int x0 = std::min(static_cast<int>(x), size - 2), y0 = std::min(static_cast<int>(y), size - 2);
    const float wx = x - static_cast<float>(x0), wy = y - static_cast<float>(y0);
    for (size_t c = 0; c < 3; ++c) {
      const float* plane = crop.first.data() + c * n;
      auto at = [&](int px, int py) { return plane[static_cast<size_t>(py) * size + px]; };
      const float there = (1 - wy) * ((1 - wx) * at(x0, y0) + wx * at(x0 + 1, y0)) +
                          wy * ((1 - wx) * at(x0, y0 + 1) + wx * at(x0 + 1, y0 + 1));
      fit.along += std::abs(there - crop.second[c * n + i]);
      fit.still += std::abs(plane[i] - crop.second[c * n + i]);
      ++count;
    }
  }
  fit.seen = count / 3 / static_cast<double>(n);
  fit.along /= std::max(1.0, count);
  fit.still /= std::max(1.0, count);
  return fit;
}

TEST_F(FilmPairsTest, TheMotionOfAFilmIsFollowed) {
  Folder("clips");
  Film("clips/a.mkv", 16);
  const Result<FilmPairs> films = FilmPairs::Load({Path("clips")}, {}, 64, 1);
  ASSERT_TRUE(films.ok()) << films.status().message();
  EXPECT_GE(films->size(), 12);
  EXPECT_LE(films->size(), 15);
  EXPECT_EQ(films->report().films, 1);
  EXPECT_EQ(films->report().film_pairs, films->size());
  Random random(1);
  double along = 0, still = 0, seen = 0;
  for (int i = 0; i < 20; ++i) {
    const Fit fit = FitOf(films->RandomCrop(random, 48));
    along += fit.along / 20, still += fit.still / 20, seen += fit.seen / 20;
  }
  EXPECT_LT(along, 6);
  EXPECT_GT(still, 5 * along);
  EXPECT_GT(seen, 0.5);
}

TEST_F(FilmPairsTest, TheSameSeedGivesTheSamePairs) {
  Folder("clips");
  Film("clips/a.mkv", 12);
  auto crop = [&](uint64_t seed) {
    const Result<FilmPairs> films = FilmPairs::Load({Path("clips")}, {}, 64, seed);
    EXPECT_TRUE(films.ok());
    Random random(3);
    FilmPairs::Crop out = films->RandomCrop(random, 64);
    out.second.insert(out.second.end(), out.first.begin(), out.first.end());
    out.second.insert(out.second.end(), out.from.begin(), out.from.end());
    return out.second;
  };
  EXPECT_EQ(crop(1), crop(1));
  EXPECT_NE(crop(1), crop(2));
}

// At their own size, and shrunk.
TEST_F(FilmPairsTest, KnownMotionStaysExact) {
  for (const auto& [width, height] : {std::pair{112, 88}, std::pair{300, 240}}) {
    const std::string root = "truth" + std::to_string(width);
    Scene(root, width, height, 4, width);
    const Result<FilmPairs> films = FilmPairs::Load({}, {Path(root)}, 64, 1);
    ASSERT_TRUE(films.ok()) << films.status().message();
    EXPECT_EQ(films->report().truths, 1);
    EXPECT_EQ(films->report().truth_pairs, 3);
    Random random(1);
    int left = 0, right = 0;
    for (int i = 0; i < 12; ++i) {
      const FilmPairs::Crop crop = films->RandomCrop(random, 48);
      const Fit fit = FitOf(crop);
      EXPECT_LT(fit.along, 5);
      EXPECT_GT(fit.still, 3 * fit.along);
      EXPECT_GT(fit.seen, 0.7);
      const size_t middle = 24 * 48 + 24;
      ASSERT_EQ(crop.visible[middle], 1);
      const double dx = crop.from[2 * middle] - 24, dy = crop.from[2 * middle + 1] - 24;
      EXPECT_LT(dy, 0);
      EXPECT_NEAR(std::abs(dx / dy), 1.5, 0.03);
      ++(dx < 0 ? left : right);
    }
    EXPECT_GT(left, 0) << "none mirrored";
    EXPECT_GT(right, 0) << "all mirrored";
  }
}

TEST_F(FilmPairsTest, WhatIsOccludedIsNotCompared) {
  Scene("truth", 88, 88, 3, 44);
  const Result<FilmPairs> films = FilmPairs::Load({}, {Path("truth")}, 64, 1);
  ASSERT_TRUE(films.ok()) << films.status().message();
  Random random(1);
  double seen = 0;
  for (int i = 0; i < 20; ++i) seen += FitOf(films->RandomCrop(random, 64)).seen / 20;
  EXPECT_GT(seen, 0.25);
  EXPECT_LT(seen, 0.7);
}

TEST_F(FilmPairsTest, BothKindsShareTheRoom) {
  Folder("clips");
  Film("clips/a.mkv", 12);
  Scene("truth", 112, 88, 3, 112);
  const Result<FilmPairs> films = FilmPairs::Load({Path("clips")}, {Path("truth")}, 64, 1);
  ASSERT_TRUE(films.ok()) << films.status().message();
  EXPECT_EQ(films->report().Used(), std::to_string(films->report().film_pairs) +
                                        " pairs of 1 film, 2 pairs of 1 scene with known motion");
}

TEST_F(FilmPairsTest, WhatIsWrongIsSaidInOneLine) {
  Folder("empty");
  std::ofstream(Path("broken.mp4")) << "no film";
  Film("one.mkv", 1);
  Film("small.mkv", 4, 64, 40);
  Folder("pictures");
  EXPECT_TRUE(media::WriteImage(Path("pictures/frame_0001.png"), Waves(96, 96, 0, 0)).ok());
  const struct {
    std::vector<std::string> clips, truth;
    const char* says;
  } cases[] = {
      {{Path("empty")}, {}, "no film in"},
      {{Path("gone")}, {}, "gone"},
      {{Path("broken.mp4")}, {}, "broken.mp4"},
      {{Path("one.mkv")}, {}, "one frame"},
      {{Path("small.mkv")}, {}, "1 too small"},
      {{}, {Path("pictures")}, "no film with known motion"},
      {{}, {Path("empty")}, "no film with known motion"},
  };
  for (const auto& c : cases) {
    const std::string message = ErrorOf(c.clips, c.truth);
    EXPECT_NE(message.find(c.says), std::string::npos) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    EXPECT_NE(message.find(folder_.string()), std::string::npos) << message;
  }
}

}  // namespace
}  // namespace tempera::train
