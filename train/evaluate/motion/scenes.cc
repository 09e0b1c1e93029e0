#include "train/evaluate/motion/scenes.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "train/random.h"

namespace tempera::evaluate {
namespace {

using train::Flow;
using train::TrueFilm;

struct Point {
  double x = 0, y = 0;
};

// A layer's motion: at time t the layer's point p is seen at centre + shift t + scale^t R(turn t) (p -
// pivot).
struct Layer {
  const media::RgbImage* texture = nullptr;
  Point start, shift;           // of the pivot in the frame, pixels; pixels a frame
  double turn = 0, growth = 0;  // radians, share; a frame
  double texels = 1;            // of the texture, a pixel
  double phase[3] = {};         // of the outline
  double radius = 0;            // of a cut-out, pixels; 0: everywhere

  // Where the layer's own coordinates of the frame's point lie, at time t.
  Point Local(Point p, double t) const {
    const double dx = p.x - (start.x + shift.x * t), dy = p.y - (start.y + shift.y * t);
    const double scale = std::exp(-growth * t), c = std::cos(-turn * t), s = std::sin(-turn * t);
    return {scale * (c * dx - s * dy), scale * (s * dx + c * dy)};
  }
  Point Frame(Point q, double t) const {
    const double scale = std::exp(growth * t), c = std::cos(turn * t), s = std::sin(turn * t);
    return {start.x + shift.x * t + scale * (c * q.x - s * q.y),
            start.y + shift.y * t + scale * (s * q.x + c * q.y)};
  }
  bool Covers(Point q) const {
    if (radius <= 0) return true;
    const double angle = std::atan2(q.y, q.x);
    const double edge =
        radius * (1 + 0.18 * std::sin(2 * angle + phase[0]) + 0.12 * std::sin(3 * angle + phase[1]) +
                  0.06 * std::sin(5 * angle + phase[2]));
    return q.x * q.x + q.y * q.y < edge * edge;
  }
  // RGB 0..255, the texture mirrored beyond its edges.
  void Colour(Point q, double* rgb) const {
    const media::RgbImage& image = *texture;
    auto mirrored = [](double v, int n) {
      const double period = 2.0 * n;
      v = std::fmod(v, period);
      if (v < 0) v += period;
      return std::clamp(v < n ? v : period - v, 0.0, n - 1.0);
    };
    const double x = mirrored(q.x * texels + image.width / 2.0, image.width);
    const double y = mirrored(q.y * texels + image.height / 2.0, image.height);
    const int x0 = static_cast<int>(x), y0 = static_cast<int>(y);
    const int x1 = std::min(x0 + 1, image.width - 1), y1 = std::min(y0 + 1, image.height - 1);
    const double wx = x - x0, wy = y - y0;
    for (size_t k = 0; k < 3; ++k) {
      auto at = [&](int px, int py) {
        return static_cast<double>(image.pixels[(static_cast<size_t>(py) * static_cast<size_t>(image.width) +
                                                 static_cast<size_t>(px)) *
                                                    3 +
                                                k]);
      };
      rgb[k] = (at(x0, y0) * (1 - wx) + at(x1, y0) * wx) * (1 - wy) +
               (at(x0, y1) * (1 - wx) + at(x1, y1) * wx) * wy;
    }
  }
};

// From the back to the front.
std::vector<Layer> MakeLayers(const std::vector<media::RgbImage>& textures, const SceneOptions& o) {
  train::Random random(o.seed);
  auto between = [&](double low, double high) { return low + (high - low) * random.Uniform(); };
  std::vector<Layer> layers;
  for (int i = 0; i <= o.cut_outs; ++i) {
    Layer layer;
    const bool back = i == 0;
    layer.texture =
        &textures[back || textures.size() == 1 ? 0 : 1 + static_cast<size_t>(i - 1) % (textures.size() - 1)];
    layer.start = back ? Point{o.width / 2.0, o.height / 2.0}
                       : Point{between(0.15, 0.85) * o.width, between(0.2, 0.8) * o.height};
    const double speed = o.speed * between(back ? 1.0 : 2.5, back ? 3.0 : 8.0),
                 way = between(0, 2 * std::numbers::pi);
    layer.shift = {speed * std::cos(way), speed * std::sin(way)};
    layer.turn = o.speed * between(-1, 1) * (back ? 0.2 : 0.8) * std::numbers::pi / 180;
    layer.growth = o.speed * between(-1, 1) * 0.004;
    for (double& p : layer.phase) p = between(0, 2 * std::numbers::pi);
    layer.radius = back ? 0 : between(1.0 / 12, 1.0 / 6) * o.height;
    // The plane behind shows the whole of its picture at the start; cut-outs show half of theirs.
    const double fit = std::min(static_cast<double>(layer.texture->width) / o.width,
                                static_cast<double>(layer.texture->height) / o.height);
    layer.texels = std::min(1.0, fit);
    layers.push_back(layer);
  }
  return layers;
}

size_t Front(const std::vector<Layer>& layers, Point p, double t) {
  for (size_t i = layers.size(); i-- > 1;) {
    if (layers[i].Covers(layers[i].Local(p, t))) return i;
  }
  return 0;
}

// Four samples a pixel. `whole`: of each pixel, whether all four and the centre belong to one layer.
media::RgbImage Render(const std::vector<Layer>& layers, const SceneOptions& o, double t,
                       std::vector<uint8_t>* layer_of, std::vector<uint8_t>* whole) {
  media::RgbImage image{o.width, o.height, {}};
  const size_t pixels = static_cast<size_t>(o.width) * static_cast<size_t>(o.height);
  image.pixels.resize(3 * pixels);
  layer_of->assign(pixels, 0);
  whole->assign(pixels, 1);
  constexpr Point kSamples[] = {{-0.25, -0.25}, {0.25, -0.25}, {-0.25, 0.25}, {0.25, 0.25}};
  size_t i = 0;
  for (int y = 0; y < o.height; ++y) {
    for (int x = 0; x < o.width; ++x, ++i) {
      const size_t centre = Front(layers, {double(x), double(y)}, t);
      (*layer_of)[i] = static_cast<uint8_t>(centre);
      double sum[3] = {};
      for (const Point& s : kSamples) {
        const Point p{x + s.x, y + s.y};
        const size_t front = Front(layers, p, t);
        if (front != centre) (*whole)[i] = 0;
        double rgb[3];
        layers[front].Colour(layers[front].Local(p, t), rgb);
        for (int k = 0; k < 3; ++k) sum[k] += rgb[k] / std::size(kSamples);
      }
      for (size_t k = 0; k < 3; ++k) image.pixels[3 * i + k] = static_cast<uint8_t>(std::lround(sum[k]));
    }
  }
  return image;
}

// Whether all pixels that a bilinear look at (x, y) reads are whole and of this layer.
bool SeesOnly(size_t layer, double x, double y, const SceneOptions& o, const std::vector<uint8_t>& layer_of,
              const std::vector<uint8_t>& whole) {
  if (x < 0 || y < 0 || x > o.width - 1 || y > o.height - 1) return false;
  const int x0 = static_cast<int>(x), y0 = static_cast<int>(y);
  for (int py = y0; py <= std::min(y0 + 1, o.height - 1); ++py) {
    for (int px = x0; px <= std::min(x0 + 1, o.width - 1); ++px) {
      const size_t at = static_cast<size_t>(py) * static_cast<size_t>(o.width) + static_cast<size_t>(px);
      if (!whole[at] || layer_of[at] != layer) return false;
    }
  }
  return true;
}

}  // namespace

TrueFilm RenderScene(const std::vector<media::RgbImage>& textures, const SceneOptions& options) {
  const std::vector<Layer> layers = MakeLayers(textures, options);
  TrueFilm film;
  std::vector<uint8_t> layer_before, whole_before, layer_now, whole_now;
  for (int t = 0; t < options.frames; ++t) {
    film.frames.push_back(Render(layers, options, t, &layer_now, &whole_now));
    if (t > 0) {
      Flow flow(options.width, options.height);
      size_t i = 0;
      for (int y = 0; y < options.height; ++y) {
        for (int x = 0; x < options.width; ++x, ++i) {
          const Layer& layer = layers[layer_before[i]];
          const Point to = layer.Frame(layer.Local({double(x), double(y)}, t - 1), t);
          flow.dx[i] = static_cast<float>(to.x - x);
          flow.dy[i] = static_cast<float>(to.y - y);
          flow.valid[i] =
              whole_before[i] && SeesOnly(layer_before[i], to.x, to.y, options, layer_now, whole_now);
        }
      }
      film.flows.push_back(std::move(flow));
    }
    layer_before.swap(layer_now);
    whole_before.swap(whole_now);
  }
  return film;
}

std::vector<uint8_t> OutlineOf(const std::vector<media::RgbImage>& textures, const SceneOptions& options,
                               int frame, int reach) {
  const std::vector<Layer> layers = MakeLayers(textures, options);
  const int w = options.width, h = options.height;
  std::vector<uint8_t> layer_of(static_cast<size_t>(w) * static_cast<size_t>(h)), outline(layer_of.size());
  size_t i = 0;
  for (int y = 0; y < h; ++y) {
    for (int x = 0; x < w; ++x, ++i)
      layer_of[i] = static_cast<uint8_t>(Front(layers, {double(x), double(y)}, frame));
  }
  i = 0;
  for (int y = 0; y < h; ++y) {
    for (int x = 0; x < w; ++x, ++i) {
      for (int py = std::max(0, y - reach); py <= std::min(h - 1, y + reach) && !outline[i]; ++py) {
        for (int px = std::max(0, x - reach); px <= std::min(w - 1, x + reach); ++px) {
          if (layer_of[static_cast<size_t>(py) * static_cast<size_t>(w) + static_cast<size_t>(px)] !=
              layer_of[i])
            outline[i] = 1;
        }
      }
    }
  }
  return outline;
}

}  // namespace tempera::evaluate
