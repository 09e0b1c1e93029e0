// Charts as SVG text for a page: colours are the page's classes s0 to s7.
#pragma once

#include <string>
#include <vector>

namespace tempera::evaluate {

// & < > " as HTML writes them; bytes that are no UTF-8, and controls, become U+FFFD.
std::string HtmlText(const std::string& text);

struct ScatterPoint {
  std::string name;
  double x = 0, y = 0;
  size_t series = 0;
};
// Both axes from 0. Names stand beside their points, and move up or down where they would meet.
std::string ScatterSvg(const std::vector<ScatterPoint>& points, const std::string& x_title,
                       const std::string& y_title);

struct Line {
  std::string name;
  std::vector<double> values;
  size_t series = 0;
};
// One curve a line, over its index; the vertical axis from 0, or, where `zoomed`, about the values.
std::string CurvesSvg(const std::vector<Line>& lines, bool zoomed);

// Between 0 (or low) and high at most six round numbers.
std::vector<double> Ticks(double low, double high);

}  // namespace tempera::evaluate
