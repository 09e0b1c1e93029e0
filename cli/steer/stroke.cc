#include "cli/steer/stroke.h"

#include <algorithm>
#include <cmath>

#include "src/base/text/number_text.h"
#include "src/base/text/parts.h"

namespace tempera::cli {

Result<float> ParseStroke(std::string_view text) {
  // The bundled gallery's finest, middle and boldest at 360 lines.
  if (text == "fine") return 0.0165f;
  if (text == "medium") return 0.0284f;
  if (text == "bold") return 0.0403f;
  if (!text.empty() && text.back() == '%') {
    float share = 0;
    if (ParseNumber(text.substr(0, text.size() - 1), &share) && share >= 0.1f && share <= 20)
      return share / 100;
  }
  return InvalidArgument("'" + std::string(text) +
                         "' is no stroke: write fine, medium, bold or a share of the picture's shorter side, "
                         "0.1% to 20%");
}

Result<StrokePeriods> ParsePeriods(std::string_view text) {
  const size_t comma = text.find(',');
  const auto number = [](std::string_view part) {
    float value = 0;
    return ParseNumber(Trimmed(part), &value) ? value : 0;
  };
  const float fine = number(text.substr(0, comma));
  const float bold = comma == std::string_view::npos ? fine : number(text.substr(comma + 1));
  if (!(fine >= 1 && bold >= fine && bold <= 1000))
    return InvalidArgument("tempera.stroke_period = '" + std::string(text) +
                           "' is not the pixels of fine and of bold strokes, such as 5.2, 10.8");
  return StrokePeriods{fine, bold};
}

int WorkingSide(const StrokePeriods& periods, float share) {
  constexpr float kLeast = 64, kMost = 16384;
  return static_cast<int>(std::lround(std::clamp(periods.bold / share, kLeast, kMost)));
}

float StrokeSize(const StrokePeriods& periods, float share, int side) {
  const float range = periods.bold - periods.fine;
  if (range <= 0) return 1;
  return std::clamp((share * static_cast<float>(side) - periods.fine) / range, 0.0f, 1.0f);
}

}  // namespace tempera::cli
