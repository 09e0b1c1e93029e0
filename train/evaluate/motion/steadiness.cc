#include "train/evaluate/motion/steadiness.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "train/evaluate/hand/fidelity.h"
#include "train/evaluate/plane.h"
#include "train/random.h"

namespace tempera::evaluate {
namespace {

using train::Flow;
using train::FlowEstimator;
using train::WarpDifference;

// Whether any pixel can be compared: behind a cut there is none, and no error is not an error of 0.
bool HasValid(const Flow& flow) {
  return std::find_if(flow.valid.begin(), flow.valid.end(), [](auto v) { return v != 0; }) !=
         flow.valid.end();
}

// Normal numbers by Box and Muller.
media::RgbImage WithNoise(const media::RgbImage& photo, double sigma, train::Random* random) {
  media::RgbImage out = photo;
  for (size_t i = 0; i < out.pixels.size(); i += 2) {
    const double r = sigma * std::sqrt(-2 * std::log(1 - random->Uniform()));
    const double angle = 2 * std::numbers::pi * random->Uniform();
    const double values[2] = {r * std::cos(angle), r * std::sin(angle)};
    for (size_t k = 0; k < 2 && i + k < out.pixels.size(); ++k) {
      out.pixels[i + k] =
          static_cast<uint8_t>(std::lround(std::clamp(out.pixels[i + k] + values[k], 0.0, 255.0)));
    }
  }
  return out;
}

media::RgbImage WithExposure(const media::RgbImage& photo, double share) {
  std::array<uint8_t, 256> table;
  for (size_t i = 0; i < table.size(); ++i) {
    const double v = static_cast<double>(i) / 255;
    const double light = share * (v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4));
    const double coded = light <= 0.0031308 ? 12.92 * light : 1.055 * std::pow(light, 1 / 2.4) - 0.055;
    table[i] = static_cast<uint8_t>(std::lround(255 * coded));
  }
  media::RgbImage out = photo;
  for (uint8_t& p : out.pixels) p = table[p];
  return out;
}

struct Look {
  double rgb[3] = {}, contrast = 0, sharpness = 0;
};

Look LookAt(const media::RgbImage& image) {
  Look look;
  const size_t n = image.pixels.size() / 3;
  for (size_t i = 0; i < image.pixels.size(); ++i)
    look.rgb[i % 3] += image.pixels[i] / (255.0 * static_cast<double>(n));
  const Plane luma = Luma(image);
  double sum = 0, squares = 0;
  for (float v : luma.values) {
    sum += v;
    squares += static_cast<double>(v) * v;
  }
  const double mean = sum / static_cast<double>(n);
  look.contrast = std::sqrt(std::max(0.0, squares / static_cast<double>(n) - mean * mean));
  look.sharpness = SharpnessAt(image, std::vector<uint8_t>(n, 1));
  return look;
}

void Add(const Look& look, double share, Look* sum) {
  for (int k = 0; k < 3; ++k) sum->rgb[k] += share * look.rgb[k];
  sum->contrast += share * look.contrast;
  sum->sharpness += share * look.sharpness;
}

double PercentApart(double now, double then) { return then > 1e-9 ? 100 * std::abs(now - then) / then : 0; }

}  // namespace

Result<std::vector<media::RgbImage>> PaintFilm(const FilmPainter& painter,
                                               const std::vector<media::RgbImage>& frames) {
  TEMPERA_RETURN_IF_ERROR(painter.restart());
  std::vector<media::RgbImage> painted;
  painted.reserve(frames.size());
  for (const media::RgbImage& frame : frames) {
    TEMPERA_ASSIGN_OR_RETURN(media::RgbImage out, painter.paint(frame));
    painted.push_back(std::move(out));
  }
  return painted;
}

Clip MeasureMotion(std::string name, std::vector<media::RgbImage> frames, int pairs) {
  Clip clip{std::move(name), std::move(frames), {}, {}};
  FlowEstimator estimator;
  const int n = static_cast<int>(clip.frames.size());
  for (const int k : {1, kLongStep}) {
    std::vector<Flow>& flows = k == 1 ? clip.back1 : clip.back10;
    const int count = std::max(0, n - k);
    flows.resize(static_cast<size_t>(count));
    const int taken = std::min(count, pairs);
    for (int i = 0; i < taken; ++i) {
      const size_t t = static_cast<size_t>((2 * int64_t{i} + 1) * count / (2 * taken));
      flows[t] = estimator.Estimate(clip.frames[t + static_cast<size_t>(k)], clip.frames[t]);
    }
  }
  return clip;
}

WarpErrors MeasureWarpErrors(const Clip& clip, const std::vector<media::RgbImage>& painted) {
  WarpErrors errors;
  std::vector<double> far;
  for (size_t t = 0; t < clip.back1.size(); ++t) {
    if (HasValid(clip.back1[t])) errors.curve.push_back(WarpError(painted[t + 1], painted[t], clip.back1[t]));
  }
  for (size_t t = 0; t < clip.back10.size(); ++t) {
    if (HasValid(clip.back10[t]))
      far.push_back(WarpError(painted[t + kLongStep], painted[t], clip.back10[t]));
  }
  errors.near = Mean(errors.curve);
  errors.far = Mean(far);
  return errors;
}

double EStab(const std::vector<media::RgbImage>& painted, const std::vector<Flow>& flows) {
  std::vector<double> pairs;
  for (size_t t = 0; t < flows.size() && t + 1 < painted.size(); ++t) {
    const WarpDifference d = CompareAlong(painted[t], painted[t + 1], flows[t]);
    pairs.push_back(d.squares / (3.0 * painted[t].width * painted[t].height));
  }
  return std::sqrt(Mean(pairs));
}

Result<double> StillNoise(const FilmPainter& painter, const media::RgbImage& photo,
                          const StillOptions& options) {
  train::Random random(options.seed);
  std::vector<media::RgbImage> frames;
  for (int i = 0; i < options.frames; ++i) frames.push_back(WithNoise(photo, options.sigma, &random));
  TEMPERA_ASSIGN_OR_RETURN(const std::vector<media::RgbImage> painted, PaintFilm(painter, frames));
  double in = 0, out = 0;
  for (size_t i = 1; i < frames.size(); ++i) {
    in += RmsDifference(frames[i - 1], frames[i]);
    out += RmsDifference(painted[i - 1], painted[i]);
  }
  return in > 0 ? out / in : 0;
}

Result<Exposure> SlowExposure(const FilmPainter& painter, const media::RgbImage& photo, int frames) {
  std::vector<media::RgbImage> film;
  for (int i = 0; i < frames; ++i) {
    const double way = 0.5 - 0.5 * std::cos(std::numbers::pi * i / std::max(1, frames - 1));
    film.push_back(WithExposure(photo, 1 - 0.3 * way));
  }
  TEMPERA_ASSIGN_OR_RETURN(const std::vector<media::RgbImage> painted, PaintFilm(painter, film));
  Exposure result;
  double in = 0, out = 0;
  for (size_t i = 1; i < film.size(); ++i) {
    in += RmsDifference(film[i - 1], film[i]);
    result.curve.push_back(RmsDifference(painted[i - 1], painted[i]));
    out += result.curve.back();
  }
  result.gain = in > 0 ? out / in : 0;
  const double middle = Median(result.curve);
  if (middle > 0) result.jump = *std::max_element(result.curve.begin(), result.curve.end()) / middle;
  return result;
}

double LoopDrift::worst() const { return std::max({colour, contrast, sharpness}); }

Result<LoopDrift> Loop(const FilmPainter& painter, const std::vector<media::RgbImage>& clip, int frames) {
  TEMPERA_RETURN_IF_ERROR(painter.restart());
  LoopDrift drift;
  const int n = static_cast<int>(clip.size()), round = std::max(1, 2 * (n - 1));
  const int rounds = std::max(3, (frames + round - 1) / round);
  Look second;
  for (int r = 0; r < rounds; ++r) {
    Look look;
    for (int i = 0; i < round; ++i) {
      const int at = i < n ? i : round - i;
      TEMPERA_ASSIGN_OR_RETURN(const media::RgbImage painted, painter.paint(clip[static_cast<size_t>(at)]));
      Add(LookAt(painted), 1.0 / round, &look);
    }
    if (r == 1) second = look;
    if (r < 1) continue;
    for (int k = 0; k < 3; ++k)
      drift.colour = std::max(drift.colour, PercentApart(look.rgb[k], second.rgb[k]));
    drift.contrast = std::max(drift.contrast, PercentApart(look.contrast, second.contrast));
    drift.sharpness = std::max(drift.sharpness, PercentApart(look.sharpness, second.sharpness));
    drift.curve.push_back(second.sharpness > 0 ? 100 * look.sharpness / second.sharpness : 100);
  }
  return drift;
}

double SharpnessAt(const media::RgbImage& image, const std::vector<uint8_t>& marked) {
  const Plane luma = Luma(image);
  double sum = 0, count = 0;
  for (int y = 0; y + 1 < luma.height; ++y) {
    for (int x = 0; x + 1 < luma.width; ++x) {
      if (!marked[static_cast<size_t>(y) * static_cast<size_t>(luma.width) + static_cast<size_t>(x)])
        continue;
      const double dx = luma.at(x + 1, y) - luma.at(x, y), dy = luma.at(x, y + 1) - luma.at(x, y);
      sum += std::hypot(dx, dy);
      count += 1;
    }
  }
  return count > 0 ? sum / count : 0;
}

}  // namespace tempera::evaluate
