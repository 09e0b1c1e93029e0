#include "cli/charts/canvas.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace tempera::cli {

Canvas::Canvas(int width, int height, Colour background) {
  image_.width = width;
  image_.height = height;
  image_.pixels.resize(size_t(3) * static_cast<size_t>(width) * static_cast<size_t>(height));
  Box(0, 0, width, height, background);
}

void Canvas::Dot(int x, int y, Colour colour, double cover) {
  if (x < 0 || y < 0 || x >= image_.width || y >= image_.height) return;
  uint8_t* p = &image_.pixels[size_t(3) * (static_cast<size_t>(y) * static_cast<size_t>(image_.width) +
                                           static_cast<size_t>(x))];
  const uint8_t wanted[3] = {colour.r, colour.g, colour.b};
  for (int c = 0; c < 3; ++c) p[c] = static_cast<uint8_t>(std::lround(p[c] + cover * (wanted[c] - p[c])));
}

void Canvas::Line(double x0, double y0, double x1, double y1, Colour colour, int thickness, bool dashed) {
  const bool flat = std::abs(x1 - x0) >= std::abs(y1 - y0);
  if (flat ? x1 < x0 : y1 < y0) std::swap(x0, x1), std::swap(y0, y1);
  const int begin = static_cast<int>(std::lround(flat ? x0 : y0)),
            end = static_cast<int>(std::lround(flat ? x1 : y1));
  const double slope = end == begin ? 0 : flat ? (y1 - y0) / (x1 - x0) : (x1 - x0) / (y1 - y0);
  for (int i = begin; i <= end; ++i) {
    if (dashed && (i - begin) % 11 >= 6) continue;
    const double across = (flat ? y0 : x0) + slope * (i - (flat ? x0 : y0)) - 0.5 * (thickness - 1);
    const int first = static_cast<int>(std::floor(across));
    const double rest = across - first;  // the first and the last pixel share one pixel's worth of colour
    for (int t = 0; t <= thickness; ++t) {
      const double cover = t == 0 ? 1 - rest : t == thickness ? rest : 1;
      flat ? Dot(i, first + t, colour, cover) : Dot(first + t, i, colour, cover);
    }
  }
}

void Canvas::Disc(double x, double y, double radius, Colour colour) {
  const int reach = static_cast<int>(radius) + 2, cx = static_cast<int>(x), cy = static_cast<int>(y);
  for (int j = cy - reach; j <= cy + reach; ++j) {
    for (int i = cx - reach; i <= cx + reach; ++i) {
      Dot(i, j, colour, std::clamp(radius + 0.5 - std::hypot(i - x, j - y), 0.0, 1.0));
    }
  }
}

void Canvas::Box(int x, int y, int width, int height, Colour colour) {
  for (int j = y; j < y + height; ++j) {
    for (int i = x; i < x + width; ++i) Dot(i, j, colour);
  }
}

void Canvas::Text(int x, int y, std::string_view text, Colour colour, int scale) {
  for (char c : text) {
    const uint8_t* rows = FontRows(c >= ' ' && c <= '~' ? c : '?');
    for (int j = 0; j < kTextHeight; ++j) {
      for (int i = 0; i < 7; ++i) {
        if (rows[j] & (0x80 >> i)) Box(x + i * scale, y + j * scale, scale, scale, colour);
      }
    }
    x += 7 * scale;
  }
}

}  // namespace tempera::cli
