// Numbers from text and into it, the same in every program: what the C library and streams offer obeys the
// host's locale, in which a decimal point may be a comma. tools/check_files keeps those out of src.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tempera {

// All of `text` is one number, as C++ writes it in decimal ("-1", "0.5", "1e3"); false, and *out untouched,
// when it is not, or does not fit.
bool ParseNumber(std::string_view text, int64_t* out);
bool ParseNumber(std::string_view text, float* out);
bool ParseNumber(std::string_view text, double* out);

// The shortest text that reads back as the same number; with `decimals`, so many digits behind the point.
std::string NumberToText(float number);
std::string NumberToText(double number);
std::string NumberToText(double number, int decimals);

}  // namespace tempera
