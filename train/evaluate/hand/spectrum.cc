#include "train/evaluate/hand/spectrum.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <opencv2/core.hpp>

namespace tempera::evaluate {
namespace {

std::vector<float> Hann(int n) {
  std::vector<float> window(static_cast<size_t>(n));
  for (int i = 0; i < n; ++i) {
    window[static_cast<size_t>(i)] =
        static_cast<float>(0.5 - 0.5 * std::cos(2 * std::numbers::pi * (i + 0.5) / n));
  }
  return window;
}

// Power at every frequency, [height][width] in the transform's order, of the rectangle at (left, top) of the
// plane with its mean taken off and a Hann window on it. `deviation`, unless null: of the values before the
// window.
Plane Power(const Plane& plane, int left, int top, int width, int height, double* deviation = nullptr) {
  double sum = 0, squares = 0;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const double v = plane.at(left + x, top + y);
      sum += v;
      squares += v * v;
    }
  }
  const double count = static_cast<double>(width) * height, mean = sum / count;
  if (deviation != nullptr) *deviation = std::sqrt(std::max(0.0, squares / count - mean * mean));
  const std::vector<float> across = Hann(width), down = Hann(height);
  cv::Mat values(height, width, CV_32F), spectrum;
  for (int y = 0; y < height; ++y) {
    float* to = values.ptr<float>(y);
    for (int x = 0; x < width; ++x) {
      to[x] = (plane.at(left + x, top + y) - static_cast<float>(mean)) * across[static_cast<size_t>(x)] *
              down[static_cast<size_t>(y)];
    }
  }
  cv::dft(values, spectrum, cv::DFT_COMPLEX_OUTPUT);
  Plane power(width, height);
  for (int y = 0; y < height; ++y) {
    const cv::Vec2f* from = spectrum.ptr<cv::Vec2f>(y);
    for (int x = 0; x < width; ++x) power.at(x, y) = from[x][0] * from[x][0] + from[x][1] * from[x][1];
  }
  return power;
}

// The inverse transform of a power spectrum: the autocorrelation, up to a factor.
Plane Correlation(const Plane& power) {
  cv::Mat values(power.height, power.width, CV_32FC2), back;
  for (int y = 0; y < power.height; ++y) {
    for (int x = 0; x < power.width; ++x) values.at<cv::Vec2f>(y, x) = {power.at(x, y), 0};
  }
  cv::dft(values, back, cv::DFT_INVERSE | cv::DFT_REAL_OUTPUT);
  Plane out(power.width, power.height);
  for (int y = 0; y < power.height; ++y) {
    for (int x = 0; x < power.width; ++x) out.at(x, y) = back.at<float>(y, x);
  }
  return out;
}

int Wrapped(int i, int n) { return ((i % n) + n) % n; }

// In dB, of bin (x, y) over the median of its neighbours.
double StandsOut(const Plane& power, int x, int y) {
  std::vector<double> around;
  for (int dy = -5; dy <= 5; ++dy) {
    for (int dx = -5; dx <= 5; ++dx) {
      if (std::max(std::abs(dx), std::abs(dy)) < 3) continue;
      around.push_back(power.at(Wrapped(x + dx, power.width), Wrapped(y + dy, power.height)));
    }
  }
  // Below the rounding of 8 bits (1/12 of a step squared, times the window's power) nothing is a pattern.
  constexpr double kFloor = 64 * 64 * 0.140625 / (12.0 * 255 * 255);
  return 10 * std::log10((power.at(x, y) + kFloor) / (Median(std::move(around)) + kFloor));
}

constexpr int kWeaveWindow = 64, kRepeatWindow = 128;

// The window's own autocorrelation: what a correlation is divided by, so that shifts do not count as
// unlikeness.
const Plane& WindowCorrelation() {
  static const Plane correlation = [] {
    const std::vector<float> window = Hann(kRepeatWindow);
    std::vector<float> line(kRepeatWindow);
    for (int s = 0; s < kRepeatWindow; ++s) {
      for (int i = 0; i < kRepeatWindow; ++i) {
        line[static_cast<size_t>(s)] +=
            window[static_cast<size_t>(i)] * window[static_cast<size_t>((i + s) % kRepeatWindow)];
      }
    }
    Plane p(kRepeatWindow, kRepeatWindow);
    for (int y = 0; y < kRepeatWindow; ++y) {
      for (int x = 0; x < kRepeatWindow; ++x) {
        p.at(x, y) = line[static_cast<size_t>(x)] * line[static_cast<size_t>(y)] / (line[0] * line[0]);
      }
    }
    return p;
  }();
  return correlation;
}

// The highest local maximum of a normalised correlation at shifts of 6 to 48 pixels.
double HighestPeak(const Plane& correlation) {
  const int n = correlation.width;
  const Plane& window = WindowCorrelation();
  auto value = [&](int dx, int dy) {
    const int x = Wrapped(dx, n), y = Wrapped(dy, n);
    return correlation.at(x, y) / correlation.at(0, 0) / window.at(x, y);
  };
  double best = 0;
  constexpr int kFrom = 6, kTo = 48;
  for (int dy = 0; dy <= kTo; ++dy) {
    for (int dx = dy == 0 ? kFrom : -kTo; dx <= kTo; ++dx) {
      const double shift = std::hypot(dx, dy);
      if (shift < kFrom || shift > kTo) continue;
      const double v = value(dx, dy);
      if (v <= best) continue;
      bool peak = true;
      for (int k = 0; k < 9 && peak; ++k) peak = v >= value(dx + k % 3 - 1, dy + k / 3 - 1);
      if (peak) best = v;
    }
  }
  return std::min(best, 1.0);
}

}  // namespace

double StrokePeriod(const Plane& luma) {
  const int w = luma.width, h = luma.height;
  const Plane power = Power(luma, 0, 0, w, h);
  double weight = 0, moment = 0;
  for (int y = 0; y < h; ++y) {
    for (int x = 0; x < w; ++x) {
      const double fx = static_cast<double>(x <= w / 2 ? x : x - w) / w;
      const double fy = static_cast<double>(y <= h / 2 ? y : y - h) / h;
      const double f = std::hypot(fx, fy);
      if (f > 0.5) continue;
      weight += power.at(x, y) * f;
      moment += power.at(x, y) * f * f;
    }
  }
  return moment > 1e-12 ? weight / moment : 0;
}

double Weave::worst() const { return std::max({period2, period4, period8}); }

Weave MeasureWeave(const Plane& luma) {
  constexpr int kStep = kWeaveWindow / 2;
  Plane mean(kWeaveWindow, kWeaveWindow);
  int windows = 0;
  for (int top = 0; top + kWeaveWindow <= luma.height; top += kStep) {
    for (int left = 0; left + kWeaveWindow <= luma.width; left += kStep) {
      const Plane power = Power(luma, left, top, kWeaveWindow, kWeaveWindow);
      for (size_t i = 0; i < mean.values.size(); ++i) mean.values[i] += power.values[i];
      ++windows;
    }
  }
  if (windows == 0) return {};
  for (float& v : mean.values) v /= static_cast<float>(windows);
  auto period = [&](int pixels) {
    const int k = kWeaveWindow / pixels;
    return std::max({0.0, StandsOut(mean, k, 0), StandsOut(mean, 0, k), StandsOut(mean, k, k),
                     StandsOut(mean, kWeaveWindow - k, k)});
  };
  return {period(2), period(4), period(8)};
}

double Repetition(const Plane& luma) {
  Plane fine = Blur(luma, 16);
  for (size_t i = 0; i < fine.values.size(); ++i) fine.values[i] = luma.values[i] - fine.values[i];
  std::vector<double> peaks;
  constexpr double kFlat = 2.0 / 255;  // a deviation of two levels: noise, not a pattern
  for (int top = 0; top + kRepeatWindow <= luma.height; top += kRepeatWindow / 2) {
    for (int left = 0; left + kRepeatWindow <= luma.width; left += kRepeatWindow / 2) {
      double deviation = 0;
      const Plane power = Power(fine, left, top, kRepeatWindow, kRepeatWindow, &deviation);
      if (deviation > kFlat) peaks.push_back(HighestPeak(Correlation(power)));
    }
  }
  return Mean(peaks);
}

}  // namespace tempera::evaluate
