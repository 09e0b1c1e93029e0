// Whether a result is the expected one, by the tolerances of ONNX's own backend runner.
#pragma once

#include <string>

#include "src/base/tensor.h"

namespace tempera::conformance {

// "" when type and shape are equal and every element is: integers exactly, floats within
// 1e-7 + 1e-3 * |expected| (bfloat16: one unit in the last place); NaN equals NaN. Otherwise one line that
// says where.
std::string Difference(const Tensor& got, const Tensor& expected);

}  // namespace tempera::conformance
