// What stands behind "v4l2:" on the command's line.
#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>

#include "live/v4l2/modes.h"
#include "live/v4l2/v4l2.h"
#include "src/base/text/number_text.h"
#include "src/base/text/parts.h"

namespace tempera::live {
namespace {

constexpr int kMostSide = 16384;
constexpr double kMostFps = 1000;

Status TakeSize(std::string_view text, int* width, int* height) {
  const size_t by = text.find('x');
  int64_t w = 0, h = 0;
  if (by == std::string_view::npos || !ParseNumber(text.substr(0, by), &w) ||
      !ParseNumber(text.substr(by + 1), &h) || w < 1 || h < 1 || w > kMostSide || h > kMostSide) {
    return InvalidArgument("'size=" + std::string(text) + "' is no size: write size=1280x720");
  }
  *width = static_cast<int>(w);
  *height = static_cast<int>(h);
  return OkStatus();
}

Status TakeFps(std::string_view text, double* fps) {
  double rate = 0;
  if (!ParseNumber(text, &rate) || !(rate > 0) || rate > kMostFps)
    return InvalidArgument("'fps=" + std::string(text) + "' is no rate: write fps=30");
  *fps = rate;
  return OkStatus();
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(tolower(static_cast<unsigned char>(c)));
  return lower;
}

// Choice: V4l2Choice or V4l2OutputChoice, which have the same fields.
template <typename Choice>
Status Take(const std::string& text, Choice* choice) {
  const std::vector<std::string_view> parts = SplitTrimmed(text, ',', 16);
  choice->device = parts[0];
  for (size_t i = 1; i < parts.size(); ++i) {
    const std::string_view part = parts[i];
    if (part.starts_with("size=")) {
      TEMPERA_RETURN_IF_ERROR(TakeSize(part.substr(5), &choice->width, &choice->height));
    } else if (part.starts_with("fps=")) {
      TEMPERA_RETURN_IF_ERROR(TakeFps(part.substr(4), &choice->fps));
    } else if (part.starts_with("format=")) {
      choice->format = Lower(part.substr(7));
    } else {
      return InvalidArgument("'" + std::string(part) +
                             "' behind a video device is unknown: there are size=WxH, fps=N and format=NAME");
    }
  }
  return OkStatus();
}

}  // namespace

Result<V4l2Choice> ParseV4l2Choice(const std::string& text) {
  V4l2Choice choice;
  TEMPERA_RETURN_IF_ERROR(Take(text, &choice));
  return choice;
}

Result<V4l2OutputChoice> ParseV4l2Output(const std::string& text) {
  V4l2OutputChoice choice;
  TEMPERA_RETURN_IF_ERROR(Take(text, &choice));
  return choice;
}

}  // namespace tempera::live
