// The paintings that a style encoder learns from, those that it is judged by, and what is done to them.
#pragma once

#include <string>
#include <vector>

#include "media/image.h"
#include "src/base/status.h"
#include "train/gallery.h"
#include "train/random.h"

namespace tempera::train {

struct Painting {
  std::string name;  // of the file, without its ending
  media::RgbImage image;
  int style = -1;  // of the base's styles the one that is this painting's, or -1
};

struct Paintings {
  std::vector<Painting> learnt, held_out;
};

// How many paintings are kept out, and the seed of the draw: always the same of the same files.
inline constexpr int kHeldOutPaintings = 10;
inline constexpr uint64_t kHeldOutSeed = 2026;

// Pictures in `folders` (not in folders below them), by name; those that cannot be read are left out and
// counted in *unreadable. `gallery`: whose names among `styles` say which picture is which style. Held out
// are pictures of no style. kNotFound when fewer than 4 remain to learn from.
Result<Paintings> LoadPaintings(const std::vector<std::string>& folders,
                                const std::vector<StyleSource>& gallery,
                                const std::vector<std::string>& styles, int* unreadable);

// Another picture of some style: a part of at least half of each side, mirrored or not, a little sheared and
// stretched, its colours turned, faded, darkened or, rarely, inverted. Long side 640 at most.
media::RgbImage Distort(const media::RgbImage& image, Random& random);

// A part of at least 70 % of each side, mirrored or not: still of the same style.
media::RgbImage PartOf(const media::RgbImage& image, Random& random);

}  // namespace tempera::train
