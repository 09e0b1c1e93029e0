// In which precision a model's convolutions are computed, and what was found out about that.
#pragma once

#include <memory>
#include <string>

namespace tempera::engine {

// What convolutions calculate in; everything else is fp32.
enum class Precision {
  kAuto,  // the fastest whose picture stays near fp32's (precision/calibrate.h): 36 dB in int8, 40 dB in bf16
  kFp32,
  kBf16,  // needs a processor with AMX, AVX-512 BF16 or ARM's BF16
  kInt8,  // 8-bit activations and weights, exact sums
};
const char* PrecisionName(Precision precision);  // "auto", "fp32", "bf16", "int8"

// Numbers between black and white.
struct ValueRange {
  float low = 0, high = 255;
};

struct PrecisionInfo {
  std::string chosen = "fp32";  // "int8", "int8 in 14 of 16" (convolutions), "bf16", ...
  double psnr_db = -1;  // of the worst calibration frame against fp32; 200: the same; -1: not measured
};

// What was found out about a model in some precision on some processor; immutable, for any size.
struct Calibration;
using CalibrationPtr = std::shared_ptr<const Calibration>;

}  // namespace tempera::engine
