#include "cli/charts/roofline.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "cli/charts/canvas.h"

namespace tempera::cli {
namespace {

constexpr Colour kPaper = {255, 255, 255}, kInk = {30, 30, 34}, kFaint = {226, 226, 230},
                 kGrey = {120, 120, 128};
// Okabe and Ito's colours: told apart by the colour-blind too.
constexpr Colour kUnitColours[] = {{0, 114, 178}, {213, 94, 0},   {0, 158, 115}, {204, 121, 167},
                                   {230, 159, 0}, {86, 180, 233}, {120, 94, 0},  {60, 60, 60}};

constexpr int kWidth = 1500, kHeight = 880, kLeft = 96, kTop = 92, kBottom = 64, kLegend = 560;

std::string Number(double x, const char* format = "%g") {
  char text[32];
  std::snprintf(text, sizeof(text), format, x);
  return text;
}

// Numbers to pixels, both ways logarithmic.
struct Axes {
  double x_low, x_high, y_low, y_high;
  double X(double v) const {
    return kLeft + (kWidth - kLegend - kLeft) * std::log(v / x_low) / std::log(x_high / x_low);
  }
  double Y(double v) const {
    return kHeight - kBottom - (kHeight - kBottom - kTop) * std::log(v / y_low) / std::log(y_high / y_low);
  }
};

double Speed(const RooflinePoint& p) { return p.ms > 0 ? p.macs / p.ms * 1e-6 : 0; }
double Intensity(const RooflinePoint& p) { return p.bytes > 0 ? p.macs / p.bytes : 0; }

Axes AxesOf(const Roofline& r, const std::vector<RooflinePoint>& points) {
  double x_low = 1, x_high = 10, y_low = 10, y_high = 20;
  for (const UnitPeak& unit : r.peaks.units) {
    y_high = std::max(y_high, unit.gmac_per_s * 1.6);
    x_high = std::max(x_high, 4 * unit.gmac_per_s / std::max(r.peaks.read_gb_per_s, 1e-3));
  }
  for (const RooflinePoint& p : points) {
    x_low = std::min(x_low, Intensity(p) / 2), x_high = std::max(x_high, Intensity(p) * 2);
    y_low = std::min(y_low, Speed(p) / 2), y_high = std::max(y_high, Speed(p) * 1.6);
  }
  return {x_low, x_high, y_low, y_high};
}

void DrawGrid(Canvas& canvas, const Axes& axes) {
  const auto each = [](double low, double high, auto&& draw) {
    for (double decade = std::pow(10, std::floor(std::log10(low))); decade <= high; decade *= 10) {
      for (int digit = 1; digit < 10; ++digit) {
        const double v = decade * digit;
        if (v >= low && v <= high) draw(v, digit == 1 || digit == 2 || digit == 5);
      }
    }
  };
  const double bottom = kHeight - kBottom, right = kWidth - kLegend;
  each(axes.x_low, axes.x_high, [&](double v, bool labelled) {
    canvas.Line(axes.X(v), kTop, axes.X(v), bottom, kFaint);
    const std::string text = Number(v);
    if (labelled)
      canvas.Text(static_cast<int>(axes.X(v)) - Canvas::TextWidth(text) / 2, static_cast<int>(bottom) + 8,
                  text, kGrey);
  });
  each(axes.y_low, axes.y_high, [&](double v, bool labelled) {
    canvas.Line(kLeft, axes.Y(v), right, axes.Y(v), kFaint);
    const std::string text = Number(v);
    if (labelled)
      canvas.Text(kLeft - 8 - Canvas::TextWidth(text), static_cast<int>(axes.Y(v)) - 6, text, kGrey);
  });
  canvas.Line(kLeft, kTop, kLeft, bottom, kInk);
  canvas.Line(kLeft, bottom, right, bottom, kInk);
  canvas.Text(kLeft + 200, static_cast<int>(bottom) + 32,
              "multiply-accumulates a byte (activations once, and weights)", kInk);
  canvas.Text(12, kTop - 22, "GMAC/s", kInk);
}

void DrawRoofs(Canvas& canvas, const Axes& axes, const Roofline& r) {
  // The slope: bandwidth times intensity, up to the highest peak.
  double highest = 0;
  for (const UnitPeak& unit : r.peaks.units) highest = std::max(highest, unit.gmac_per_s);
  const double bandwidth = std::max(r.peaks.read_gb_per_s, 1e-3);
  const double start = std::max(axes.x_low, axes.y_low / bandwidth),
               end = std::min(axes.x_high, highest / bandwidth);
  if (end > start) {
    canvas.Line(axes.X(start), axes.Y(start * bandwidth), axes.X(end), axes.Y(end * bandwidth), kInk, 2);
    const double middle = std::sqrt(start * end);
    canvas.Text(static_cast<int>(axes.X(middle)) - 150, static_cast<int>(axes.Y(middle * bandwidth)) - 18,
                "memory " + Number(bandwidth, "%.1f") + " GB/s", kInk);
  }
  for (size_t u = 0; u < r.peaks.units.size(); ++u) {
    const UnitPeak& unit = r.peaks.units[u];
    const Colour colour = kUnitColours[u % std::size(kUnitColours)];
    const double knee = std::clamp(unit.gmac_per_s / bandwidth, axes.x_low, axes.x_high);
    canvas.Line(axes.X(knee), axes.Y(unit.gmac_per_s), kWidth - kLegend, axes.Y(unit.gmac_per_s), colour, 2);
    const std::string text = unit.name + " " + Number(unit.gmac_per_s, "%.0f");
    canvas.Text(kWidth - kLegend - Canvas::TextWidth(text) - 6,
                static_cast<int>(axes.Y(unit.gmac_per_s)) - 15, text, colour);
  }
}

Colour ColourOf(const Roofline& r, const RooflinePoint& p) {
  const UnitPeak& unit = r.peaks.UnitOf(p.kernel);
  return kUnitColours[static_cast<size_t>(&unit - r.peaks.units.data()) % std::size(kUnitColours)];
}

// Numbers stand beside their points, where no other number stands yet.
void DrawPoints(Canvas& canvas, const Axes& axes, const Roofline& r, std::vector<RooflinePoint> points) {
  double longest = 0;
  for (const RooflinePoint& p : points) longest = std::max(longest, p.ms);
  for (const RooflinePoint& p : points) {
    const double roof = RoofOf(r, p), x = axes.X(Intensity(p));
    canvas.Line(x, axes.Y(Speed(p)), x, axes.Y(std::max(roof, axes.y_low)), ColourOf(r, p), 1, true);
  }
  struct Label {
    int x, y, width;
  };
  std::vector<Label> taken;
  // From above: where several are close, their numbers stand in the order of the points.
  std::sort(points.begin(), points.end(),
            [](const RooflinePoint& a, const RooflinePoint& b) { return Speed(a) > Speed(b); });
  for (const RooflinePoint& p : points) {
    const double x = axes.X(Intensity(p)), y = axes.Y(Speed(p));
    // Its area is its share of the time.
    canvas.Disc(x, y, 3 + 9 * std::sqrt(p.ms / std::max(longest, 1e-9)), ColourOf(r, p));
    const std::string text = std::to_string(p.step);
    Label label = {static_cast<int>(x) + 13, static_cast<int>(y) - 6, Canvas::TextWidth(text)};
    const auto clashes = [&](const Label& other) {
      return std::abs(other.y - label.y) < Canvas::kTextHeight && label.x < other.x + other.width + 3 &&
             other.x < label.x + label.width + 3;
    };
    for (int tries = 0; tries < 12 && std::any_of(taken.begin(), taken.end(), clashes); ++tries) label.y += 6;
    taken.push_back(label);
    canvas.Text(label.x, label.y, text, kInk);
  }
}

void DrawLegend(Canvas& canvas, const Roofline& r, const std::vector<RooflinePoint>& points) {
  int y = kTop;
  const int x = kWidth - kLegend + 20;
  canvas.Text(x, y, "step     ms  GMAC/s  MAC/B  of roof", kGrey);
  const int rows = (kHeight - kTop - 40) / 15;
  for (size_t i = 0; i < points.size(); ++i) {
    y += 15;
    if (static_cast<int>(i) >= rows) {
      canvas.Text(x, y, "and " + std::to_string(points.size() - i) + " more", kGrey);
      return;
    }
    const RooflinePoint& p = points[i];
    char line[160];
    std::snprintf(line, sizeof(line), "%4d %6.2f %7.1f %6.1f %6.0f %%  %s", p.step, p.ms, Speed(p),
                  Intensity(p), 100 * ShareOfRoof(r, p), p.label.substr(0, 34).c_str());
    canvas.Text(x, y, line, kInk);
    canvas.Disc(x - 8, y + 6, 4, ColourOf(r, p));
  }
}

}  // namespace

double RoofOf(const Roofline& r, const RooflinePoint& p) {
  return p.macs > 0 ? r.peaks.Roof(r.peaks.UnitOf(p.kernel), p.macs, p.bytes) : 0;
}

double ShareOfRoof(const Roofline& r, const RooflinePoint& p) {
  const double roof = RoofOf(r, p);
  return roof > 0 ? Speed(p) / roof : 0;
}

media::RgbImage DrawRoofline(const Roofline& r) {
  std::vector<RooflinePoint> points;
  for (const RooflinePoint& p : r.points) {
    if (Speed(p) > 0 && Intensity(p) > 0) points.push_back(p);
  }
  Canvas canvas(kWidth, kHeight, kPaper);
  const Axes axes = AxesOf(r, points);
  canvas.Text(kLeft, 14, r.title.substr(0, 95), kInk, 2);
  canvas.Text(kLeft, 46, r.subtitle, kGrey);
  DrawGrid(canvas, axes);
  DrawRoofs(canvas, axes, r);
  DrawPoints(canvas, axes, r, points);
  DrawLegend(canvas, r, points);
  return canvas.image();
}

}  // namespace tempera::cli
