// A picture to draw charts on: lines, discs and text in one small font.
#pragma once

#include <cstdint>
#include <string_view>

#include "media/image.h"

namespace tempera::cli {

struct Colour {
  uint8_t r = 0, g = 0, b = 0;
};

// Positions are pixels from the top left corner. What lies outside is left out.
class Canvas {
 public:
  Canvas(int width, int height, Colour background);

  // `dashed`: six pixels on, five off, along the longer side.
  void Line(double x0, double y0, double x1, double y1, Colour colour, int thickness = 1,
            bool dashed = false);
  void Disc(double x, double y, double radius, Colour colour);
  void Box(int x, int y, int width, int height, Colour colour);
  // x, y: the top left corner of the first character. ASCII; anything else becomes '?'. `scale`: pixels a
  // dot.
  void Text(int x, int y, std::string_view text, Colour colour, int scale = 1);
  static int TextWidth(std::string_view text, int scale = 1) {
    return static_cast<int>(text.size()) * 7 * scale;
  }
  static constexpr int kTextHeight = 13;

  const media::RgbImage& image() const { return image_; }

 private:
  void Dot(int x, int y, Colour colour, double cover = 1);

  media::RgbImage image_;
};

// Rows of a character's 7 x 13 dots, the leftmost dot in the highest bit; `c` is ' '..'~'. X11's public
// domain font "7x13".
const uint8_t* FontRows(char c);

}  // namespace tempera::cli
