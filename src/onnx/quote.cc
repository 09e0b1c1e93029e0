#include "src/onnx/quote.h"

namespace tempera::onnx {

std::string Quote(std::string_view name) {
  // Names made by exporters (scopes joined by dots or slashes) seldom exceed 80 characters;
  // their ends tell more than their middles.
  constexpr size_t kHead = 40, kTail = 40;
  std::string s;
  if (name.size() > kHead + kTail + 3) {
    s.append(name.substr(0, kHead)).append("...").append(name.substr(name.size() - kTail));
  } else {
    s = name;
  }
  for (char& c : s) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return "'" + s + "'";
}

}  // namespace tempera::onnx
