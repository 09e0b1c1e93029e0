#include "src/stylize/painting_look.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "src/base/text/number_text.h"

namespace tempera::stylize {
namespace {

// Beyond black and white by more than this share of their distance is clipped; by more than that is far.
constexpr float kClipped = 0.02f, kFar = 0.25f;
constexpr double kTooMany = 0.25;
// Two: 0..1 read as 0..255 gives black and the darkest grey.
constexpr int kTooFewLevels = 2;
// Next to black, of 255; nearly all of a painting.
constexpr int kBlackLevel = 12;
constexpr double kNearlyAll = 0.95;
// All in a quarter, of a picture that spans half: a network of -0.1..0.9 that is given 0..255, say.
constexpr int kLowSpan = 64, kSourceSpan = 128;

template <typename Better>
void Update(std::atomic<float>& kept, float number, Better better) {
  float before = kept.load(std::memory_order_relaxed);
  while (better(number, before) && !kept.compare_exchange_weak(before, number, std::memory_order_relaxed)) {
  }
}

}  // namespace

void PaintingLook::Add(const float* numbers, int64_t n, size_t colour) {
  if (n <= 0) return;
  const float low = values_.low[colour], scale = 1 / (values_.high[colour] - low);
  uint64_t levels[4] = {};
  int64_t below = 0, above = 0, far = 0, black = 0;
  float least = std::numeric_limits<float>::infinity(), most = -least;
  for (int64_t i = 0; i < n; ++i) {
    const float share = (numbers[i] - low) * scale;
    const auto level = static_cast<unsigned>(255 * (share > 0 ? share < 1 ? share : 1 : 0) + 0.5f);  // NaN: 0
    levels[level / 64] |= uint64_t{1} << level % 64;
    black += level <= kBlackLevel;
    below += share < -kClipped;
    above += share > 1 + kClipped;
    far += !(share >= -kFar && share <= 1 + kFar);  // NaN too
    least = std::min(least, numbers[i]);
    most = std::max(most, numbers[i]);
  }
  for (size_t i = 0; i < 4; ++i) levels_[i].fetch_or(levels[i], std::memory_order_relaxed);
  count_.fetch_add(n, std::memory_order_relaxed);
  below_.fetch_add(below, std::memory_order_relaxed);
  above_.fetch_add(above, std::memory_order_relaxed);
  black_.fetch_add(black, std::memory_order_relaxed);
  far_.fetch_add(far, std::memory_order_relaxed);
  Update(least_, least, [](float a, float b) { return a < b; });
  Update(most_, most, [](float a, float b) { return a > b; });
}

void PaintingLook::AddAll(const Tensor& painting) {
  const int64_t plane = painting.element_count() / 3;
  for (size_t plane_index = 0; plane_index < 3; ++plane_index) {
    const size_t colour = values_.bgr ? 2 - plane_index : plane_index;
    Add(painting.data<float>() + static_cast<int64_t>(plane_index) * plane, plane, colour);
  }
}

Levels PaintingLook::Met() const {
  Levels met;
  int first = 256, last = 0;
  for (int level = 0; level < 256; ++level) {
    if ((levels_[static_cast<size_t>(level / 64)].load(std::memory_order_relaxed) >> level % 64 & 1) == 0)
      continue;
    ++met.count;
    first = std::min(first, level);
    last = level;
  }
  met.span = std::max(0, last - first);
  return met;
}

std::string PaintingLook::Seen() const {
  const float least = least_, most = most_;
  if (!(least <= most)) return "no numbers at all";
  return "numbers of " + NumberToText(static_cast<double>(least), 2) + ".." +
         NumberToText(static_cast<double>(most), 2);
}

std::optional<std::string> PaintingLook::Wrong(const Levels& source) const {
  const auto count = static_cast<double>(count_.load());
  if (count == 0) return std::nullopt;
  const engine::ValueRange read = {*std::min_element(values_.low.begin(), values_.low.end()),
                                   *std::max_element(values_.high.begin(), values_.high.end())};
  const std::string as = " where " + metadata::RangeText(read) + " is black to white";
  const Levels met = Met();
  if (met.count <= kTooFewLevels) return "its painting has no more than two levels: it gives " + Seen() + as;
  const bool far = static_cast<double>(far_.load()) > kTooMany * count;
  const bool both = static_cast<double>(below_.load()) > kTooMany * count &&
                    static_cast<double>(above_.load()) > kTooMany * count;
  if (far || both) return "much of its painting is clipped: it gives " + Seen() + as;
  if (met.span <= kLowSpan && source.span >= kSourceSpan)
    return "its painting has hardly any contrast: it gives " + Seen() + as;
  if (static_cast<double>(black_.load()) > kNearlyAll * count && source.black < 0.5)
    return "its painting is nearly black: it gives " + Seen() + as;
  return std::nullopt;
}

Levels LevelsOf(const PixelKernels& kernels, const Image& image) {
  constexpr int kRows = 64;
  const auto width = static_cast<size_t>(image.width);
  std::vector<float> numbers(3 * width);
  const RgbRow row = {numbers.data(), numbers.data() + width, numbers.data() + 2 * width};
  std::array<bool, 256> met = {};
  double black = 0, all = 0;
  const int step = std::max(1, image.height / kRows);
  for (int y = 0; y < image.height; y += step) {
    ReadRow(kernels, image, y, row);
    for (const float x : numbers) {
      met[static_cast<size_t>(std::clamp(x, 0.0f, 255.0f))] = true;
      black += x <= kBlackLevel;
    }
    all += static_cast<double>(numbers.size());
  }
  const auto first = std::find(met.begin(), met.end(), true);
  const auto last = std::find(met.rbegin(), met.rend(), true);
  Levels levels;
  levels.count = static_cast<int>(std::count(met.begin(), met.end(), true));
  levels.black = all > 0 ? black / all : 0;
  levels.span = static_cast<int>(last.base() - first) - 1;
  return levels;
}

}  // namespace tempera::stylize
