#include "train/segment/augment.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace tempera::train {
namespace {

// Source pixel of output pixel (x, y): (a x + b y + c, d x + e y + f).
struct Affine {
  double a = 1, b = 0, c = 0, d = 0, e = 1, f = 0;
};

Affine Inverse(const Affine& t) {
  const double det = t.a * t.e - t.b * t.d;
  Affine i;
  i.a = t.e / det;
  i.b = -t.b / det;
  i.d = -t.d / det;
  i.e = t.a / det;
  i.c = -(i.a * t.c + i.b * t.f);
  i.f = -(i.d * t.c + i.e * t.f);
  return i;
}

double Range(Random& random, double low, double high) { return low + (high - low) * random.Uniform(); }

// About a normal deviate: of six uniform ones.
double Normal(Random& random) {
  double sum = -3;
  for (int i = 0; i < 6; ++i) sum += random.Uniform();
  return sum * std::sqrt(2.0);
}

int Mirrored(int i, int n) {
  if (n == 1) return 0;
  const int period = 2 * (n - 1);
  i = ((i % period) + period) % period;
  return i < n ? i : period - i;
}

// A crop of `width` by `height` somewhere in the picture.
Affine DrawCrop(Random& random, const MaskPair& pair, int width, int height, const AugmentOptions& o) {
  const double w = pair.image.width, h = pair.image.height;
  // At scale 1 the whole picture just fits into the crop one way and fills it the other way.
  const double fit = std::sqrt(w / width * (h / height));
  const double scale = fit / std::exp(Range(random, std::log(o.least_scale), std::log(o.most_scale)) *
                                      (random.Uniform() < 0.5 ? 0.35 : 1.0));
  const double aspect = std::exp(Range(random, -0.12, 0.12));
  const double turn = random.Uniform() < 0.5 ? 0 : Range(random, -1, 1) * o.turn * std::numbers::pi / 180;
  const bool flip = random.Uniform() < 0.5;
  const double sx = scale * aspect * (flip ? -1 : 1), sy = scale / aspect;
  Affine t;
  t.a = sx * std::cos(turn);
  t.b = -sy * std::sin(turn);
  t.d = std::abs(sx) * std::sin(turn) * (flip ? -1 : 1);
  t.e = sy * std::cos(turn);
  // The crop's middle: where it stays inside the picture as far as it can.
  const double room_x = std::max(0.0, w - width * std::abs(sx)), room_y = std::max(0.0, h - height * sy);
  const double slack_x = std::max(0.0, width * std::abs(sx) - w) * 0.5,
               slack_y = std::max(0.0, height * sy - h) * 0.5;
  const double cx = w / 2 + Range(random, -0.5, 0.5) * (room_x + slack_x),
               cy = h / 2 + Range(random, -0.5, 0.5) * (room_y + slack_y);
  t.c = cx - 0.5 - t.a * (width - 1) / 2.0 - t.b * (height - 1) / 2.0;
  t.f = cy - 0.5 - t.d * (width - 1) / 2.0 - t.e * (height - 1) / 2.0;
  return t;
}

// The same crop a frame later: moved, turned and zoomed a little.
Affine DrawNext(Random& random, const Affine& first, int width, int height) {
  const double zoom = std::exp(Range(random, -0.03, 0.03)), turn = Range(random, -0.03, 0.03);
  const double mx = (width - 1) / 2.0, my = (height - 1) / 2.0;
  const double dx = random.Uniform() < 0.3 ? 0 : Range(random, -8, 8),
               dy = random.Uniform() < 0.3 ? 0 : Range(random, -8, 8);
  Affine s;  // of output pixels
  s.a = zoom * std::cos(turn);
  s.b = -zoom * std::sin(turn);
  s.d = zoom * std::sin(turn);
  s.e = zoom * std::cos(turn);
  s.c = mx + dx - s.a * mx - s.b * my;
  s.f = my + dy - s.d * mx - s.e * my;
  Affine t;
  t.a = first.a * s.a + first.b * s.d;
  t.b = first.a * s.b + first.b * s.e;
  t.c = first.a * s.c + first.b * s.f + first.c;
  t.d = first.d * s.a + first.e * s.d;
  t.e = first.d * s.b + first.e * s.e;
  t.f = first.d * s.c + first.e * s.f + first.f;
  return t;
}

void Sample(const MaskPair& pair, const Affine& t, int width, int height, bool classes, View* view) {
  const int w = pair.image.width, h = pair.image.height;
  const size_t plane = static_cast<size_t>(width) * height;
  view->planes.resize(3 * plane);
  view->mask.resize(plane);
  const uint8_t* pixels = pair.image.pixels.data();
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const float sx = static_cast<float>(t.a * x + t.b * y + t.c),
                  sy = static_cast<float>(t.d * x + t.e * y + t.f);
      const float fx = std::floor(sx), fy = std::floor(sy), u = sx - fx, v = sy - fy;
      const int ix = static_cast<int>(fx), iy = static_cast<int>(fy);
      const bool inside = ix >= 0 && iy >= 0 && ix + 1 < w && iy + 1 < h;
      const int x0 = inside ? ix : Mirrored(ix, w), x1 = inside ? ix + 1 : Mirrored(ix + 1, w);
      const int y0 = inside ? iy : Mirrored(iy, h), y1 = inside ? iy + 1 : Mirrored(iy + 1, h);
      const size_t p[4] = {static_cast<size_t>(y0) * w + x0, static_cast<size_t>(y0) * w + x1,
                           static_cast<size_t>(y1) * w + x0, static_cast<size_t>(y1) * w + x1};
      const float weight[4] = {(1 - u) * (1 - v), u * (1 - v), (1 - u) * v, u * v};
      const size_t at = static_cast<size_t>(y) * width + x;
      for (int c = 0; c < 3; ++c) {
        float sum = 0;
        for (int k = 0; k < 4; ++k) sum += weight[k] * static_cast<float>(pixels[3 * p[k] + c]);
        view->planes[c * plane + at] = sum / 127.5f - 1;
      }
      if (classes) {
        const uint8_t m = pair.mask[p[(u >= 0.5f ? 1 : 0) + (v >= 0.5f ? 2 : 0)]];
        view->mask[at] = m == kIgnored ? -1.0f : static_cast<float>(m);
      } else {
        float sum = 0;
        for (int k = 0; k < 4; ++k) sum += weight[k] * static_cast<float>(pair.mask[p[k]]);
        view->mask[at] = sum / 255;
      }
    }
  }
}

// Light, contrast and colours of a camera that is not ours.
struct Light {
  float gain[3] = {1, 1, 1}, offset = 0, saturation = 1, gamma = 1;
};

Light DrawLight(Random& random, double colour) {
  Light l;
  if (random.Uniform() < 0.15) return l;
  const bool dark = random.Uniform() < 0.12;
  const double gain = dark ? Range(random, 0.25, 0.6) : std::exp(colour * Range(random, -0.35, 0.35));
  for (float& g : l.gain) g = static_cast<float>(gain * std::exp(colour * Range(random, -0.12, 0.12)));
  l.offset = static_cast<float>(colour * Range(random, -0.15, 0.15));
  l.saturation =
      static_cast<float>(random.Uniform() < 0.07 ? 0 : std::exp(colour * Range(random, -0.6, 0.4)));
  l.gamma = static_cast<float>(std::exp(colour * Range(random, -0.35, 0.35)));
  return l;
}

void Apply(const Light& l, size_t plane, std::vector<float>* planes) {
  float* r = planes->data();
  const bool bends = std::abs(l.gamma - 1) > 0.02f;
  // The curve as a table: a power each pixel would cost more than the network's first layers.
  float curve[256];
  for (int i = 0; i < 256; ++i)
    curve[i] = bends ? std::pow(static_cast<float>(i) / 255, l.gamma) : static_cast<float>(i) / 255;
  for (size_t i = 0; i < plane; ++i) {
    float rgb[3];
    for (int c = 0; c < 3; ++c) rgb[c] = (r[c * plane + i] + 1) * 0.5f;
    const float grey = 0.299f * rgb[0] + 0.587f * rgb[1] + 0.114f * rgb[2];
    for (int c = 0; c < 3; ++c) {
      float value = (grey + l.saturation * (rgb[c] - grey)) * l.gain[c] + l.offset;
      value = std::min(1.0f, std::max(0.0f, value));
      if (bends) value = curve[static_cast<int>(value * 255 + 0.5f)];
      r[c * plane + i] = value * 2 - 1;
    }
  }
}

void Blur(int width, int height, int radius, std::vector<float>* planes) {
  std::vector<float> row(static_cast<size_t>(std::max(width, height)));
  const size_t plane = static_cast<size_t>(width) * height;
  auto line = [&](float* first, int count, size_t step) {
    float sum = 0;
    for (int i = -radius; i <= radius; ++i)
      sum += first[static_cast<size_t>(std::clamp(i, 0, count - 1)) * step];
    for (int i = 0; i < count; ++i) {
      row[static_cast<size_t>(i)] = sum / static_cast<float>(2 * radius + 1);
      sum += first[static_cast<size_t>(std::min(i + radius + 1, count - 1)) * step] -
             first[static_cast<size_t>(std::max(i - radius, 0)) * step];
    }
    for (int i = 0; i < count; ++i) first[static_cast<size_t>(i) * step] = row[static_cast<size_t>(i)];
  };
  for (int c = 0; c < 3; ++c) {
    float* p = planes->data() + c * plane;
    for (int y = 0; y < height; ++y) line(p + static_cast<size_t>(y) * width, width, 1);
    for (int x = 0; x < width; ++x) line(p + x, height, static_cast<size_t>(width));
  }
}

void Noise(Random& random, float deviation, std::vector<float>* planes) {
  // Two deviates a draw of 64 bits, each of four bytes' sum: near enough to a normal one, and cheap.
  for (size_t i = 0; i + 1 < planes->size(); i += 2) {
    const uint64_t bits = random.Next();
    for (int half = 0; half < 2; ++half) {
      const auto b = static_cast<uint32_t>(bits >> (32 * half));
      const float sum = static_cast<float>((b & 255) + (b >> 8 & 255) + (b >> 16 & 255) + (b >> 24));
      (*planes)[i + static_cast<size_t>(half)] += deviation * (sum - 510) / 147.8f;
    }
  }
}

}  // namespace

namespace {

// The pair at `share` of its size.
MaskPair Resized(const MaskPair& pair, double share) {
  const int w = std::max(8, static_cast<int>(std::lround(pair.image.width * share))),
            h = std::max(8, static_cast<int>(std::lround(pair.image.height * share)));
  MaskPair small;
  Result<media::RgbImage> image = media::ResizeImage(pair.image, w, h);
  if (!image.ok()) return pair;  // no memory: as it is, then
  small.image = std::move(image).value();
  small.mask = ResizeMask(pair.mask, pair.image.width, pair.image.height, w, h, false);
  return small;
}

bool TouchesBottom(const MaskPair& pair) {
  const size_t last = pair.mask.size() - static_cast<size_t>(pair.image.width);
  return std::any_of(pair.mask.begin() + static_cast<std::ptrdiff_t>(last), pair.mask.end(),
                     [](uint8_t m) { return m > 127; });
}

// `over` laid upon `onto` with its top left corner at (left, top), which lies inside.
void Lay(const MaskPair& over, int left, int top, MaskPair* onto) {
  for (int y = 0; y < over.image.height && top + y < onto->image.height; ++y) {
    for (int x = 0; x < over.image.width && left + x < onto->image.width; ++x) {
      const size_t from = static_cast<size_t>(y) * over.image.width + x,
                   to = static_cast<size_t>(top + y) * onto->image.width + left + x;
      const int share = over.mask[from];
      if (share == 0) continue;
      for (int c = 0; c < 3; ++c) {
        uint8_t& p = onto->image.pixels[3 * to + c];
        p = static_cast<uint8_t>((share * over.image.pixels[3 * from + c] + (255 - share) * p + 127) / 255);
      }
      onto->mask[to] = std::max(onto->mask[to], over.mask[from]);
    }
  }
}

// `pair` laid upon `onto` somewhere, where it fits. One that its picture cuts off below stays at the bottom.
void Place(const MaskPair& pair, Random& random, MaskPair* onto) {
  if (pair.image.width >= onto->image.width || pair.image.height >= onto->image.height) return;
  const int room = onto->image.height - pair.image.height;
  const int x = static_cast<int>(random.Below(onto->image.width - pair.image.width + 1));
  Lay(pair, x, TouchesBottom(pair) ? room : static_cast<int>(random.Below(room + 1)), onto);
}

}  // namespace

MaskPair Augmenter::WithBackground(const MaskPair& pair, Random& random) const {
  const media::RgbImage& other =
      backgrounds_[static_cast<size_t>(random.Below(static_cast<int64_t>(backgrounds_.size())))];
  const int w = pair.image.width, h = pair.image.height;
  MaskPair made;
  made.image = {w, h, std::vector<uint8_t>(pair.image.pixels.size())};
  made.mask.assign(pair.mask.size(), 0);
  // A part of the other picture, as large as can be and of any place, mirrored or not.
  const double scale = std::min(static_cast<double>(other.width) / w, static_cast<double>(other.height) / h) *
                       Range(random, 0.6, 1.0);
  const double left = Range(random, 0, std::max(0.0, other.width - w * scale)),
               top = Range(random, 0, std::max(0.0, other.height - h * scale));
  const bool flip = random.Uniform() < 0.5;
  for (int y = 0; y < h; ++y) {
    for (int x = 0; x < w; ++x) {
      const int ox = std::min(other.width - 1, static_cast<int>(left + (flip ? w - 1 - x : x) * scale));
      const int oy = std::min(other.height - 1, static_cast<int>(top + y * scale));
      std::copy_n(&other.pixels[3 * (static_cast<size_t>(oy) * other.width + ox)], 3,
                  &made.image.pixels[3 * (static_cast<size_t>(y) * w + x)]);
    }
  }
  // The person where it was, or smaller and elsewhere, at times a second one: whole bodies are rarer in the
  // sets than heads and shoulders.
  if (random.Uniform() < 0.5) {
    Lay(pair, 0, 0, &made);
    return made;
  }
  if (random.Uniform() < 0.3)
    Place(Resized(pairs_.pair(static_cast<int>(random.Below(pairs_.size()))), Range(random, 0.35, 0.95)),
          random, &made);
  Place(Resized(pair, Range(random, 0.35, 0.95)), random, &made);
  return made;
}

// Groups: one stands before the other, and both count. At times, of few pictures, the same twice.
MaskPair Augmenter::WithAnother(const MaskPair& pair, Random& random) const {
  MaskPair made = pair;
  const MaskPair& other = pairs_.pair(static_cast<int>(random.Below(pairs_.size())));
  // Of about the same size in this picture as in its own.
  const double fit = std::min(static_cast<double>(pair.image.width) / other.image.width,
                              static_cast<double>(pair.image.height) / other.image.height);
  Place(Resized(other, fit * Range(random, 0.4, 0.95)), random, &made);
  return made;
}

void Augmenter::Draw(Random& random, int width, int height, View* first, View* second,
                     ViewMotion* motion) const {
  const MaskPair* pair = &pairs_.pair(static_cast<int>(random.Below(pairs_.size())));
  MaskPair replaced;
  if (!options_.classes && !backgrounds_.empty() && random.Uniform() < options_.background_share) {
    replaced = WithBackground(*pair, random);
    pair = &replaced;
  } else if (!options_.classes && options_.crowd_share > 0 && random.Uniform() < options_.crowd_share) {
    replaced = WithAnother(*pair, random);
    pair = &replaced;
  }
  const Affine crop = DrawCrop(random, *pair, width, height, options_);
  Light light = DrawLight(random, options_.colour);
  const int blur = random.Uniform() < 0.12 ? 1 + static_cast<int>(random.Below(2)) : 0;
  const float noise = random.Uniform() < 0.4 ? static_cast<float>(Range(random, 0.01, 0.09)) : 0;
  const size_t plane = static_cast<size_t>(width) * height;
  auto finish = [&](View* view) {
    Apply(light, plane, &view->planes);
    if (blur > 0) Blur(width, height, blur, &view->planes);
    if (noise > 0) Noise(random, noise, &view->planes);
  };
  Sample(*pair, crop, width, height, options_.classes, first);
  finish(first);
  if (second == nullptr) return;
  const Affine next = DrawNext(random, crop, width, height);
  Sample(*pair, next, width, height, options_.classes, second);
  light.offset += static_cast<float>(0.03 * Normal(random));
  for (float& g : light.gain) g *= static_cast<float>(std::exp(0.03 * Normal(random)));
  finish(second);
  const Affine back = Inverse(next);
  const double m[6] = {
      back.a * crop.a + back.b * crop.d,          back.a * crop.b + back.b * crop.e,
      back.a * crop.c + back.b * crop.f + back.c, back.d * crop.a + back.e * crop.d,
      back.d * crop.b + back.e * crop.e,          back.d * crop.c + back.e * crop.f + back.f};
  std::copy(m, m + 6, motion->m);
}

}  // namespace tempera::train
