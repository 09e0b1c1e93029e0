// Makes attributes of nodes.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "src/onnx/model.h"

namespace tempera::onnx {

inline Attribute IntAttribute(std::string name, int64_t value) {
  Attribute a;
  a.name = std::move(name);
  a.type = Attribute::Type::kInt;
  a.i = value;
  return a;
}
inline Attribute IntsAttribute(std::string name, std::vector<int64_t> values) {
  Attribute a;
  a.name = std::move(name);
  a.type = Attribute::Type::kInts;
  a.ints = std::move(values);
  return a;
}
inline Attribute FloatAttribute(std::string name, float value) {
  Attribute a;
  a.name = std::move(name);
  a.type = Attribute::Type::kFloat;
  a.f = value;
  return a;
}
inline Attribute FloatsAttribute(std::string name, std::vector<float> values) {
  Attribute a;
  a.name = std::move(name);
  a.type = Attribute::Type::kFloats;
  a.floats = std::move(values);
  return a;
}
inline Attribute TextAttribute(std::string name, std::string value) {
  Attribute a;
  a.name = std::move(name);
  a.type = Attribute::Type::kString;
  a.s = std::move(value);
  return a;
}

}  // namespace tempera::onnx
