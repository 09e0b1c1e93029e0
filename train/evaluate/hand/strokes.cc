#include "train/evaluate/hand/strokes.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "train/evaluate/hand/colour.h"

namespace tempera::evaluate {
namespace {

// Of each pixel the doubled angle of its direction, as a unit vector, and its coherence.
struct Directions {
  Plane cos2, sin2, coherence;
};

Directions MeasureDirections(const Plane& luma) {
  const int w = luma.width, h = luma.height;
  const Plane smooth = Blur(luma, 1.0);
  Plane xx(w, h), yy(w, h), xy(w, h);
  for (int y = 0; y < h; ++y) {
    for (int x = 0; x < w; ++x) {
      const float gx = 0.5f * (smooth.at(std::min(x + 1, w - 1), y) - smooth.at(std::max(x - 1, 0), y));
      const float gy = 0.5f * (smooth.at(x, std::min(y + 1, h - 1)) - smooth.at(x, std::max(y - 1, 0)));
      xx.at(x, y) = gx * gx;
      yy.at(x, y) = gy * gy;
      xy.at(x, y) = gx * gy;
    }
  }
  constexpr double kGather = 4;
  xx = Blur(xx, kGather);
  yy = Blur(yy, kGather);
  xy = Blur(xy, kGather);
  Directions d{Plane(w, h), Plane(w, h), Plane(w, h)};
  constexpr float kNoise = (2.0f / 255) * (2.0f / 255);
  for (size_t i = 0; i < xx.values.size(); ++i) {
    const float along = xx.values[i] - yy.values[i], across = 2 * xy.values[i];
    const float apart = std::hypot(along, across), sum = xx.values[i] + yy.values[i];
    d.cos2.values[i] = apart > 0 ? along / apart : 0;
    d.sin2.values[i] = apart > 0 ? across / apart : 0;
    const float ratio = apart / (sum + kNoise);
    d.coherence.values[i] = ratio * ratio;
  }
  return d;
}

// Mean squared differences of neighbours inside and in the outer `margin` pixels.
std::pair<double, double> Detail(const Plane& p, int margin) {
  double sum[2] = {}, count[2] = {};
  for (int y = 0; y + 1 < p.height; ++y) {
    for (int x = 0; x + 1 < p.width; ++x) {
      const bool border = x < margin || y < margin || x + 1 >= p.width - margin || y + 1 >= p.height - margin;
      const double dx = p.at(x + 1, y) - p.at(x, y), dy = p.at(x, y + 1) - p.at(x, y);
      sum[border] += dx * dx + dy * dy;
      count[border] += 1;
    }
  }
  return {sum[0] / std::max(1.0, count[0]), sum[1] / std::max(1.0, count[1])};
}

// How far each pixel's colour lies from its surroundings'.
Plane FromSurroundings(const media::RgbImage& image) {
  const std::vector<float> lab = LabPixels(image);
  Plane distance(image.width, image.height), channel(image.width, image.height);
  for (size_t c = 0; c < 3; ++c) {
    for (size_t i = 0; i < channel.values.size(); ++i) channel.values[i] = lab[3 * i + c];
    const Plane near = Blur(channel, 2), wide = Blur(channel, 24);
    for (size_t i = 0; i < distance.values.size(); ++i) {
      const float d = near.values[i] - wide.values[i];
      distance.values[i] += d * d;
    }
  }
  for (float& v : distance.values) v = std::sqrt(v);
  return distance;
}

// Connected areas (four neighbours) of at least `least` marked pixels.
int CountAreas(std::vector<char> marked, int width, int height, size_t least) {
  int areas = 0;
  std::vector<int> stack;
  for (int start = 0; start < width * height; ++start) {
    if (!marked[static_cast<size_t>(start)]) continue;
    size_t size = 0;
    stack.assign(1, start);
    marked[static_cast<size_t>(start)] = 0;
    while (!stack.empty()) {
      const int at = stack.back(), x = at % width, y = at / width;
      stack.pop_back();
      ++size;
      auto visit = [&](bool inside, int to) {
        if (!inside || !marked[static_cast<size_t>(to)]) return;
        marked[static_cast<size_t>(to)] = 0;
        stack.push_back(to);
      };
      visit(x > 0, at - 1);
      visit(x + 1 < width, at + 1);
      visit(y > 0, at - width);
      visit(y + 1 < height, at + width);
    }
    areas += size >= least;
  }
  return areas;
}

}  // namespace

double EdgeAlignment(const Plane& source, const Plane& painted) {
  const Directions s = MeasureDirections(source), p = MeasureDirections(painted);
  double sum = 0, weight = 0;
  for (size_t i = 0; i < s.coherence.values.size(); ++i) {
    const double cosine = s.cos2.values[i] * p.cos2.values[i] + s.sin2.values[i] * p.sin2.values[i];
    sum += s.coherence.values[i] * cosine;
    weight += s.coherence.values[i];
  }
  return weight > 1e-9 ? sum / weight : 0;
}

double BorderEnergy(const Plane& source, const Plane& painted) {
  constexpr int kMargin = 8;
  const auto [source_in, source_out] = Detail(source, kMargin);
  const auto [painted_in, painted_out] = Detail(painted, kMargin);
  constexpr double kNone = 1e-9;
  if (source_in < kNone || source_out < kNone || painted_in < kNone) return 0;
  return (painted_out / painted_in) / (source_out / source_in);
}

double OutlierBlobs(const media::RgbImage& source, const media::RgbImage& painted) {
  constexpr float kFar = 40, kSourceFar = 15;
  constexpr size_t kLeast = 20;
  const Plane s = FromSurroundings(source), p = FromSurroundings(painted);
  std::vector<char> marked(p.values.size());
  for (size_t i = 0; i < marked.size(); ++i) marked[i] = p.values[i] >= kFar && s.values[i] < kSourceFar;
  const double pixels = static_cast<double>(painted.width) * painted.height;
  return CountAreas(std::move(marked), painted.width, painted.height, kLeast) * 1e6 / pixels;
}

}  // namespace tempera::evaluate
