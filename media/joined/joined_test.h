// For tests of films joined byte by byte: pictures all of one grey, and what becomes of them.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "media/film/film_test.h"

namespace tempera::media {

class FilmJoined : public FilmTest {
 protected:
  // Pictures all of one grey, and a tone.
  void Grey(int level, const std::string& length, const std::string& more, const std::string& name) const {
    char colour[16];
    std::snprintf(colour, sizeof colour, "0x%02x%02x%02x", level, level, level);
    Make("-f lavfi -i color=" + std::string(colour) + ":s=64x48:r=25:d=" + length +
             " -f lavfi -i sine=440:d=" + length + " -pix_fmt yuv420p " + more + " -shortest",
         name);
  }
  // The mean luma of each frame.
  std::vector<double> Greys(const std::string& name) const {
    const std::string raw = Shell(
        "ffmpeg -nostdin -v fatal -i '" + Path(name) +
        "' -vf scale=1:1:flags=area,settb=1/25,setpts=N -vsync passthrough -f rawvideo -pix_fmt gray -");
    std::vector<double> all;
    for (const char c : raw) all.push_back(static_cast<uint8_t>(c));
    return all;
  }
  // Dark frames, then as many or fewer bright ones, at an even pace, and sound as long.
  void ExpectBoth(const std::string& joined, size_t dark, size_t bright) {
    SCOPED_TRACE(joined);
    std::string notices;
    ASSERT_STATUS_OK(Copy(Path(joined), Path("o.mkv"), &notices));
    const auto greys = Greys("o.mkv"), times = Times(Path("o.mkv"), "v"), sounds = Times(Path("o.mkv"), "a");
    ASSERT_EQ(greys.size(), dark + bright) << notices;
    for (size_t i = 0; i < greys.size(); ++i) {
      if (i < dark) {
        EXPECT_LT(greys[i], 100) << i;
      }
      if (i >= dark) {
        EXPECT_GT(greys[i], 150) << i;
      }
    }
    const double length = 0.04 * static_cast<double>(dark + bright);
    EXPECT_NEAR(times.back() - times.front(), length - 0.04, 0.07);
    EXPECT_LT(Longest(times), 0.1);
    EXPECT_GT(Shortest(times), 0.03) << "squeezed";
    EXPECT_NEAR(sounds.back() - sounds.front(), length, 0.11);
    EXPECT_LT(Longest(sounds), 0.08);
    EXPECT_NE(notices.find("2 films joined byte by byte"), std::string::npos) << notices;
    EXPECT_EQ(notices.find("damaged"), std::string::npos) << notices;
    EXPECT_EQ(notices.find("breaks off"), std::string::npos) << notices;
  }
  // Of raw sound, 16 bits: how often it goes up through nothing.
  static int Waves(const std::string& raw) {
    int waves = 0;
    int16_t before = 0;
    for (size_t at = 0; at + 2 <= raw.size(); at += 2) {
      const auto now =
          static_cast<int16_t>(static_cast<uint8_t>(raw[at]) | static_cast<uint8_t>(raw[at + 1]) << 8);
      waves += before < 0 && now >= 0;
      before = now;
    }
    return waves;
  }
};

}  // namespace tempera::media
