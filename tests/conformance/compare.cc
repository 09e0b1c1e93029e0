#include "tests/conformance/compare.h"

#include <cmath>
#include <type_traits>

#include "src/ops/element_types.h"

namespace tempera::conformance {
namespace {

template <typename T>
bool Close(T got, T expected) {
  if constexpr (std::is_integral_v<T>) {
    return got == expected;
  } else {
    const auto g = static_cast<double>(got), e = static_cast<double>(expected);
    if (std::isnan(e) || std::isnan(g)) return std::isnan(e) && std::isnan(g);
    if (std::isinf(e)) return g == e;
    // One unit in bfloat16's last place: ONNX 1.12's data was cut off where later versions round.
    constexpr double kRelative = std::is_same_v<T, ops::Bfloat> ? 0x1p-7 : 1e-3;
    return std::abs(g - e) <= 1e-7 + kRelative * std::abs(e);
  }
}

template <typename T>
std::string FirstDifference(const Tensor& got, const Tensor& expected) {
  for (int64_t i = 0; i < got.element_count(); ++i) {
    const T g = got.data<T>()[i], e = expected.data<T>()[i];
    if (Close(g, e)) continue;
    return "element " + std::to_string(i) + " is " + std::to_string(static_cast<double>(g)) + ", not " +
           std::to_string(static_cast<double>(e));
  }
  return "";
}

}  // namespace

std::string Difference(const Tensor& got, const Tensor& expected) {
  if (got.dtype() != expected.dtype()) {
    return std::string("type ") + DataTypeName(got.dtype()) + ", not " + DataTypeName(expected.dtype());
  }
  if (got.shape() != expected.shape()) {
    return "shape " + ShapeToString(got.shape()) + ", not " + ShapeToString(expected.shape());
  }
  if (got.dtype() == DataType::kBool) return FirstDifference<uint8_t>(got, expected);
  std::string difference;
  const Status status = ops::DispatchNumeric(got.dtype(), [&]<typename T>() {
    difference = FirstDifference<T>(got, expected);
    return OkStatus();
  });
  return status.ok() ? difference : status.message();
}

}  // namespace tempera::conformance
