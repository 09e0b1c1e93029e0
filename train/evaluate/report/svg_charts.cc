#include "train/evaluate/report/svg_charts.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>

namespace tempera::evaluate {
namespace {

std::string Number(double v) {
  char text[32];
  std::snprintf(text, sizeof text, "%.5g", v);
  return text;
}

std::string Place(double v) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", v);
  return text;
}

// A frame with two axes: values to pixels, and what is drawn of it.
struct Axes {
  double width, height, left, right, top, bottom;
  double x0, x1, y0, y1;
  double X(double v) const { return left + (v - x0) / (x1 - x0) * (width - left - right); }
  double Y(double v) const { return height - bottom - (v - y0) / (y1 - y0) * (height - top - bottom); }

  std::string Begin(const std::string& what) const {
    return "<svg viewBox=\"0 0 " + Place(width) + " " + Place(height) + "\" role=\"img\" aria-label=\"" +
           HtmlText(what) + "\">\n";
  }
  std::string Across() const {
    std::string svg;
    for (double v : Ticks(y0, y1)) {
      svg += "<line class=\"grid\" x1=\"" + Place(left) + "\" x2=\"" + Place(width - right) + "\" y1=\"" +
             Place(Y(v)) + "\" y2=\"" + Place(Y(v)) + "\"/><text class=\"tick\" text-anchor=\"end\" x=\"" +
             Place(left - 6) + "\" y=\"" + Place(Y(v) + 4) + "\">" + Number(v) + "</text>\n";
    }
    return svg;
  }
  std::string Below() const {
    std::string svg;
    for (double v : Ticks(x0, x1)) {
      svg += "<text class=\"tick\" text-anchor=\"middle\" x=\"" + Place(X(v)) + "\" y=\"" +
             Place(height - bottom + 16) + "\">" + Number(v) + "</text>\n";
    }
    return svg;
  }
};

std::string Series(size_t series) {
  return "s" + std::to_string(series % 8) + (series >= 8 ? " second" : "");
}

// Length of one UTF-8 sequence at `at`, 0 where it is none.
size_t SequenceLength(const std::string& text, size_t at) {
  const auto byte = [&](size_t i) { return i < text.size() ? static_cast<uint8_t>(text[i]) : uint8_t{0}; };
  const uint8_t lead = byte(at);
  if (lead < 0x80) return lead >= 0x20 ? 1 : 0;
  const size_t length = lead >= 0xC2 && lead < 0xE0   ? 2
                        : lead >= 0xE0 && lead < 0xF0 ? 3
                        : lead >= 0xF0 && lead < 0xF5 ? 4
                                                      : 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xC0) != 0x80) return 0;
  }
  return length;
}

}  // namespace

std::string HtmlText(const std::string& text) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    const size_t length = SequenceLength(text, i);
    if (length == 0) {
      out += "\xEF\xBF\xBD";
      ++i;
      continue;
    }
    switch (text[i]) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out.append(text, i, length);
    }
    i += length;
  }
  return out;
}

std::vector<double> Ticks(double low, double high) {
  std::vector<double> ticks;
  const double span = high - low;
  if (!(span > 0) || !std::isfinite(span)) return ticks;
  const double rough = span / 5, power = std::pow(10.0, std::floor(std::log10(rough)));
  const double step = rough / power <= 1   ? power
                      : rough / power <= 2 ? 2 * power
                      : rough / power <= 5 ? 5 * power
                                           : 10 * power;
  for (double k = std::ceil(low / step - 1e-9); k * step <= high + 1e-9 * span; ++k)
    ticks.push_back(k * step + 0.0);  // no "-0"
  return ticks;
}

std::string ScatterSvg(const std::vector<ScatterPoint>& points, const std::string& x_title,
                       const std::string& y_title) {
  double x = 0, y = 0;
  for (const ScatterPoint& p : points) {
    x = std::max(x, p.x);
    y = std::max(y, p.y);
  }
  const Axes axes{720, 420, 70, 30, 16, 52, 0, x > 0 ? 1.12 * x : 1, 0, y > 0 ? 1.12 * y : 1};
  std::string svg = axes.Begin(y_title + " against " + x_title) + axes.Across() + axes.Below();
  svg += "<text class=\"axis\" text-anchor=\"middle\" x=\"" + Place((axes.left + axes.width) / 2) +
         "\" y=\"" + Place(axes.height - 10) + "\">" + HtmlText(x_title) +
         "</text><text class=\"axis\" text-anchor=\"middle\" " + "transform=\"rotate(-90)\" x=\"" +
         Place(-axes.height / 2 + 16) + "\" y=\"14\">" + HtmlText(y_title) + "</text>\n";
  struct Label {
    double left, right, y;
  };
  std::vector<Label> taken;
  for (const ScatterPoint& p : points) {
    const double px = axes.X(p.x), py = axes.Y(p.y), wide = 6.6 * static_cast<double>(p.name.size());
    const bool before = px + 10 + wide > axes.width;
    const double from = before ? px - 9 - wide : px + 9;
    double at = py + 4;
    auto meets = [&](const Label& l) {
      return l.left < from + wide && from < l.right && std::abs(l.y - at) < 13;
    };
    for (int turn = 1; turn < 40 && std::any_of(taken.begin(), taken.end(), meets); ++turn)
      at = py + 4 + (turn % 2 == 1 ? -1 : 1) * 7.0 * (turn + 1) / 2;
    taken.push_back({from, from + wide, at});
    svg += "<circle class=\"dot " + Series(p.series) + "\" cx=\"" + Place(px) + "\" cy=\"" + Place(py) +
           "\" r=\"5\"><title>" + HtmlText(p.name) + ": " + Number(p.x) + ", " + Number(p.y) +
           "</title></circle>" + "<text class=\"name\" text-anchor=\"" + (before ? "end" : "start") +
           "\" x=\"" + Place(before ? px - 9 : px + 9) + "\" y=\"" + Place(at) + "\">" + HtmlText(p.name) +
           "</text>\n";
  }
  return svg + "</svg>\n";
}

std::string CurvesSvg(const std::vector<Line>& lines, bool zoomed) {
  double low = 1e300, high = -1e300;
  size_t longest = 2;
  for (const Line& line : lines) {
    longest = std::max(longest, line.values.size());
    for (double v : line.values) {
      low = std::min(low, v);
      high = std::max(high, v);
    }
  }
  if (low > high) return "";
  if (!zoomed) low = 0;
  const double room = std::max({0.06 * (high - low), 1e-3 * std::abs(high), 1e-9});
  const Axes axes{
      460, 220, 62, 10, 10, 26, 0, static_cast<double>(longest - 1), zoomed ? low - room : 0, high + room};
  std::string svg = axes.Begin("curves over time") + axes.Across() + axes.Below();
  for (const Line& line : lines) {
    std::string points;
    for (size_t i = 0; i < line.values.size(); ++i)
      points += Place(axes.X(static_cast<double>(i))) + "," + Place(axes.Y(line.values[i])) + " ";
    svg += "<polyline class=\"line " + Series(line.series) + "\" points=\"" + points + "\"><title>" +
           HtmlText(line.name) + "</title></polyline>\n";
  }
  return svg + "</svg>\n";
}

}  // namespace tempera::evaluate
