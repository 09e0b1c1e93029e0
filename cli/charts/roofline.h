// The roofline chart of `tempera bench --roofline` (Williams, Waterman, Patterson 2009): each step's
// arithmetic intensity and speed under what the machine can do.
#pragma once

#include <string>
#include <vector>

#include "media/image.h"
#include "src/base/peaks.h"

namespace tempera::cli {

struct RooflinePoint {
  int step = 0;        // its number in the plan
  std::string label;   // "3x3 s1", for the legend
  std::string kernel;  // names the unit (MachinePeaks::UnitOf)
  double macs = 0, bytes = 0, ms = 0;
};

struct Roofline {
  std::string title, subtitle;
  MachinePeaks peaks;
  std::vector<RooflinePoint> points;  // those without multiply-accumulates are not drawn
};

// 1e9 multiply-accumulates a second that a point could reach, and the share that it does; 0 without work or
// time.
double RoofOf(const Roofline& roofline, const RooflinePoint& point);
double ShareOfRoof(const Roofline& roofline, const RooflinePoint& point);

// Both axes logarithmic; every point carries its number, the legend says which step that is.
media::RgbImage DrawRoofline(const Roofline& roofline);

}  // namespace tempera::cli
