// Numbers and text where libc++ has no from_chars for floating point, and its to_chars brings tables larger
// than the rest of the room. A browser's build knows one locale only, C, so the older functions do the same.
#include <cctype>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "src/base/text/number_text.h"

namespace tempera {
namespace {

// What from_chars takes: all of the text, no sign but minus, no blank, no hexadecimal.
bool ParseDouble(std::string_view text, double* out) {
  const std::string copy(text);
  const size_t first = !copy.empty() && copy[0] == '-' ? 1 : 0;
  if (copy.size() <= first || std::isspace(static_cast<unsigned char>(copy[first])) != 0 ||
      copy[first] == '+' || copy[first] == '-' || copy.find_first_of("xX(") != std::string::npos) {
    return false;
  }
  char* end = nullptr;
  const double number = std::strtod(copy.c_str(), &end);
  const bool named = std::isalpha(static_cast<unsigned char>(copy[first])) != 0;  // inf, nan
  const bool infinite = number - number != 0;
  if (end != copy.c_str() + copy.size() || (infinite && !named)) return false;
  *out = number;
  return true;
}

std::string Print(const char* format, int digits, double number) {
  char text[400];
  const int length = std::snprintf(text, sizeof(text), format, digits, number);
  return length > 0 && length < static_cast<int>(sizeof(text)) ? std::string(text) : "?";
}

// The fewest digits that give the number back.
template <typename T>
std::string Shortest(T number, int most) {
  for (int digits = 1; digits < most; ++digits) {
    std::string text = Print("%.*g", digits, static_cast<double>(number));
    if (static_cast<T>(std::strtod(text.c_str(), nullptr)) == number) return text;
  }
  return Print("%.*g", most, static_cast<double>(number));
}

}  // namespace

bool ParseNumber(std::string_view text, int64_t* out) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return false;
  *out = number;
  return true;
}

bool ParseNumber(std::string_view text, float* out) {
  double number = 0;
  if (!ParseDouble(text, &number)) return false;
  const auto narrow = static_cast<float>(number);
  if (narrow - narrow != 0 && number - number == 0) return false;  // too large for a float
  *out = narrow;
  return true;
}
bool ParseNumber(std::string_view text, double* out) { return ParseDouble(text, out); }

std::string NumberToText(float number) { return Shortest(number, 9); }
std::string NumberToText(double number) { return Shortest(number, 17); }
std::string NumberToText(double number, int decimals) { return Print("%.*f", decimals, number); }

}  // namespace tempera
