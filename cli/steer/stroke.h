// Strokes that are the same share of every picture, whatever its size: the rows of a model and the size it
// works at, chosen together.
#pragma once

#include <string>
#include <string_view>

#include "src/base/status.h"

namespace tempera::cli {

// "fine", "medium", "bold" or "2.5%": the share of a picture's shorter side from one stroke to the next.
Result<float> ParseStroke(std::string_view text);

// The strokes a model has: their period, in pixels, in the paintings as they were shown to it with its
// stroke_size at 0 and at 1 (equal where it has no such parameter).
struct StrokePeriods {
  float fine = 0, bold = 0;
};
// "5.2, 10.8", as metadata tempera.stroke_period has it; one number for both.
Result<StrokePeriods> ParsePeriods(std::string_view text);

// The most pixels of the shorter side to work at: there the boldest strokes have the wanted share, so that
// nothing finer than needed is lost. At least 64.
int WorkingSide(const StrokePeriods& periods, float share);
// stroke_size for a picture that is painted at `side` pixels of the shorter side.
float StrokeSize(const StrokePeriods& periods, float share, int side);

}  // namespace tempera::cli
