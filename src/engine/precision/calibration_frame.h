// The picture that precisions are compared on: no file is needed, and it is the same everywhere.
#pragma once

#include "src/base/tensor.h"
#include "src/engine/types/precision.h"

namespace tempera::engine {

// Fills fp32 [n, c, h, w] (other ranks: as one row of numbers) with something photograph-like between
// range.low and range.high, both reached: smooth shades, sharp edged shapes, texture that gets finer by
// octaves as natural pictures have it, and a little noise. Channels go together as colours do.
// Other scenes need not reach both ends.
enum class CalibrationScene {
  kUsual,
  kRed,       // a wall of one strong colour in soft light
  kCyan,      // and of the opposite one
  kNoise,     // equally distributed, each number for itself
  kPatterns,  // patches of stripes, checks and edges in the strongest colours there are
  kOther,     // photograph-like as the usual one, other shapes
  kDark,      // such a one, a tenth as light
  kLight,     // the same turned to its negative
  kText,      // dark strokes on white
  kFaces,     // ovals of skin with eyes and hair in front of a room
  kBlue,      // walls as the red one is
  kYellow
};
// Ranges that the graph does not tell are those of these, and 8 bits that use them are judged on the others.
constexpr CalibrationScene kMeasuredScenes[] = {CalibrationScene::kUsual, CalibrationScene::kRed,
                                                CalibrationScene::kCyan, CalibrationScene::kNoise,
                                                CalibrationScene::kPatterns};
constexpr CalibrationScene kJudgedScenes[] = {  // those that refuse most come first
    CalibrationScene::kOther, CalibrationScene::kFaces, CalibrationScene::kBlue, CalibrationScene::kYellow,
    CalibrationScene::kText,  CalibrationScene::kDark,  CalibrationScene::kLight};
void FillCalibrationFrame(Tensor& picture, const ValueRange& range,
                          CalibrationScene scene = CalibrationScene::kUsual);

// 10 log10(peak^2 / mean squared difference) in dB; 200 when they agree or hold nothing, 0 when a number is
// not finite in one of them only.
double PsnrDb(const Tensor& a, const Tensor& b, double peak);

}  // namespace tempera::engine
