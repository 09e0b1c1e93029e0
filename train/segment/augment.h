// Pictures and masks seen from elsewhere, in other light: what a mask network learns from.
#pragma once

#include <cstdint>
#include <vector>

#include "train/random.h"
#include "train/segment/pairs.h"

namespace tempera::train {

constexpr double kTurn = 11.459155902616466;  // degrees: a fifth of a radian

struct AugmentOptions {
  double least_scale = 0.5, most_scale = 2;  // of the picture, in the crop
  double colour = 1;                         // how far light, contrast and colours go: 0 not at all
  double turn = kTurn;                       // degrees, either way, at most; half the crops stay upright
  double background_share = 0.25;            // of one class: pictures whose background is another's
  double crowd_share = 0;  // of one class: pictures with somebody of another one before them
  bool classes = false;    // masks are class maps
};

// One view: planes [3, height, width] of RGB -1..1 and the mask: shares 0..1, or class numbers with -1 for
// ignored.
struct View {
  std::vector<float> planes, mask;
};
// Where the second of two views of one picture shows what the first shows at (x, y), in pixels from the
// middles of the corner pixels: (m[0] x + m[1] y + m[2], m[3] x + m[4] y + m[5]).
struct ViewMotion {
  double m[6] = {1, 0, 0, 0, 1, 0};
};

class Augmenter {
 public:
  // Both outlive this. backgrounds: pictures without what is looked for; may be empty.
  Augmenter(const MaskPairs& pairs, const std::vector<media::RgbImage>& backgrounds,
            const AugmentOptions& options)
      : pairs_(pairs), backgrounds_(backgrounds), options_(options) {}

  // A random picture as width * height pixels. The same geometry for picture and mask. second (may be null):
  // the same scene, moved a little and in other noise and light, as the next frame of a film would show it.
  void Draw(Random& random, int width, int height, View* first, View* second, ViewMotion* motion) const;

 private:
  MaskPair WithBackground(const MaskPair& pair, Random& random) const;
  MaskPair WithAnother(const MaskPair& pair, Random& random) const;

  const MaskPairs& pairs_;
  const std::vector<media::RgbImage>& backgrounds_;
  AugmentOptions options_;
};

}  // namespace tempera::train
