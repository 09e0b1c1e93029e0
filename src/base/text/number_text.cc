#include "src/base/text/number_text.h"

#include <charconv>

namespace tempera {
namespace {

template <typename T>
bool Parse(std::string_view text, T* out) {
  T number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return false;
  *out = number;
  return true;
}

// 308 digits before the point, and some behind it.
constexpr size_t kLongest = 400;

template <typename... Arguments>
std::string Write(Arguments... arguments) {
  char text[kLongest];
  const auto [end, error] = std::to_chars(text, text + kLongest, arguments...);
  return error == std::errc() ? std::string(text, end) : "?";
}

}  // namespace

bool ParseNumber(std::string_view text, int64_t* out) { return Parse(text, out); }
bool ParseNumber(std::string_view text, float* out) { return Parse(text, out); }
bool ParseNumber(std::string_view text, double* out) { return Parse(text, out); }

std::string NumberToText(float number) { return Write(number); }
std::string NumberToText(double number) { return Write(number); }
std::string NumberToText(double number, int decimals) {
  return Write(number, std::chars_format::fixed, decimals);
}

}  // namespace tempera
