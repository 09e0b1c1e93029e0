// How steadily a painter paints films and stills. All differences in RGB 0..1.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "media/image.h"
#include "src/base/status.h"
#include "train/evaluate/motion/scenes.h"
#include "train/motion/flow.h"

namespace tempera::evaluate {

// Whoever paints frames, one after the other; `restart` makes the next one the first.
struct FilmPainter {
  std::function<Status()> restart;
  std::function<Result<media::RgbImage>(const media::RgbImage&)> paint;
};

Result<std::vector<media::RgbImage>> PaintFilm(const FilmPainter& painter,
                                               const std::vector<media::RgbImage>& frames);

// A film and the estimated motion in it.
struct Clip {
  std::string name;
  std::vector<media::RgbImage> frames;
  // From frame t + k to frame t, for k = 1 and 10; none where the film is shorter.
  std::vector<train::Flow> back1, back10;
};
inline constexpr int kLongStep = 10;
// At most `pairs` of each distance, evenly spread, so that long films take no longer: flows that are left out
// are empty.
Clip MeasureMotion(std::string name, std::vector<media::RgbImage> frames, int pairs);

struct WarpErrors {
  double near = 0,
         far = 0;  // k = 1 and 10: means over the pairs of the mean squared difference along the flow
  std::vector<double> curve;  // k = 1, a pair
};
// painted: as many as the clip's frames.
WarpErrors MeasureWarpErrors(const Clip& clip, const std::vector<media::RgbImage>& painted);

// sqrt(mean over pairs of (1/D) sum M |O_t - W(O_t+1)|^2), D = width x height x 3, M the flow's marks: Huang
// et al. (CVPR 2017), Gao et al. (arXiv:1807.01197).
double EStab(const std::vector<media::RgbImage>& painted, const std::vector<train::Flow>& flows);

// The frames of a still under sensor noise of sigma levels (of 255): root mean square of what changes from
// frame to frame in the painting, over the same of what was put in. 1: the painting moves as much as its
// source.
struct StillOptions {
  int frames = 8;
  double sigma = 2;
  uint64_t seed = 1;
};
Result<double> StillNoise(const FilmPainter& painter, const media::RgbImage& photo,
                          const StillOptions& options);

struct Exposure {
  double gain = 0;            // path length of the painting's changes over that of the source's
  double jump = 0;            // largest step over the median step
  std::vector<double> curve;  // steps, root mean square
};
// The photograph at 1 to 0.7 of its linear light over `frames` frames, along half a cosine.
Result<Exposure> SlowExposure(const FilmPainter& painter, const media::RgbImage& photo, int frames);

struct LoopDrift {
  double colour = 0, contrast = 0, sharpness = 0;  // largest change in percent
  std::vector<double> curve;                       // sharpness, a round, in percent of the first
  double worst() const;
};
// The frames forward and backward for at least `frames` frames: each round's mean colour, deviation of luma
// and mean gradient, against those of the second round (the first may still settle).
Result<LoopDrift> Loop(const FilmPainter& painter, const std::vector<media::RgbImage>& clip, int frames);

// Mean gradient of the luma over the marked pixels.
double SharpnessAt(const media::RgbImage& image, const std::vector<uint8_t>& marked);

}  // namespace tempera::evaluate
