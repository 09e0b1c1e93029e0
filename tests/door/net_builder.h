// Writes the nodes of a random network, and knows what flows.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "src/onnx/attributes.h"
#include "src/onnx/model.h"
#include "tests/door/dice.h"

namespace tempera::door {

// A height or width that follows the frame's: num / den of its height (or width).
struct Extent {
  bool of_width = false;
  int num = 1, den = 1;
  bool operator==(const Extent&) const = default;
};

// [n, c, h, w]
struct Flow {
  std::string name;
  int n = 1, c = 3;
  Extent h = {false}, w = {true};
  bool SameSizes(const Flow& o) const { return n == o.n && c == o.c && h == o.h && w == o.w; }
};

class NetBuilder {
 public:
  // `multiple`: frames come in multiples of it, so extents can be divided by what divides that.
  NetBuilder(Dice& dice, int multiple) : dice_(dice), multiple_(multiple) {}

  // Of one output.
  std::string Node(const char* op, std::vector<std::string> inputs,
                   std::vector<onnx::Attribute> attributes = {});
  std::vector<std::string> NodeOfSeveral(const char* op, std::vector<std::string> inputs, size_t outputs,
                                         std::vector<onnx::Attribute> attributes = {});
  std::string Floats(const Shape& shape, float low, float high);
  std::string Float(float value) { return Floats({}, value, value); }
  std::string Int64s(const std::vector<int64_t>& numbers);

  bool Divides(const Extent& e, int by) const { return multiple_ * e.num % (e.den * by) == 0; }
  static Extent Times(Extent e, int num, int den);

  onnx::Model& model() { return model_; }
  const onnx::Model& model() const { return model_; }
  Dice& dice() { return dice_; }

 private:
  std::string Keep(Tensor t);

  Dice& dice_;
  int multiple_;
  onnx::Model model_;
};

inline constexpr auto& Int = onnx::IntAttribute;
inline constexpr auto& Ints = onnx::IntsAttribute;
inline constexpr auto& Real = onnx::FloatAttribute;
inline constexpr auto& Text = onnx::TextAttribute;

}  // namespace tempera::door
