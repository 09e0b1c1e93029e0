// Layers that small inputs decide, as exporters write them: norms whose scale and shift are a blend of
// styles, gates.
#pragma once

#include <string>
#include <vector>

#include "src/engine/run/model_builder_for_test.h"

namespace tempera::engine {

enum class Conditional {
  kInputs,      // InstanceNormalization whose scale and shift are computed
  kBehind,      // ... of 1 and 0, then Mul and Add
  kOnePlus,     // ... then x * (1 + gamma) + beta, gamma on the left
  kWrittenOut,  // means and differences instead of the operator, then Mul and Add
  kGroup,       // group norm of two groups as Reshape, InstanceNormalization, Reshape, then Mul and Add
};
inline constexpr Conditional kConditionals[] = {Conditional::kInputs, Conditional::kBehind,
                                                Conditional::kOnePlus, Conditional::kWrittenOut,
                                                Conditional::kGroup};

// weights [1, styles] x a table of random rows: [1, channels].
inline std::string BlendOf(TestModel& m, const std::string& weights, int64_t styles, int64_t channels,
                           float low, float high) {
  return m.Node("MatMul", {weights, m.Random({styles, channels}, low, high)});
}

// x [1, channels, h, w], normalised with what `weights` [1, styles] make of tables.
inline std::string ConditionalNorm(TestModel& m, std::string x, const std::string& weights, int64_t styles,
                                   int64_t channels, Conditional form) {
  const bool plus = form == Conditional::kOnePlus;
  std::string gamma = BlendOf(m, weights, styles, channels, plus ? -0.5f : 0.5f, plus ? 1 : 2),
              beta = BlendOf(m, weights, styles, channels, -1, 1);
  const auto shaped = [&](const std::string& v, const std::vector<int64_t>& shape) {
    return m.Node("Reshape", {v, m.Int64s(shape)});
  };
  const std::string one = m.Floats({channels}, std::vector<float>(static_cast<size_t>(channels), 1)),
                    zero = m.Floats({channels}, std::vector<float>(static_cast<size_t>(channels), 0));
  switch (form) {
    case Conditional::kInputs:
      return m.Node("InstanceNormalization", {x, shaped(gamma, {channels}), shaped(beta, {channels})});
    case Conditional::kWrittenOut: {
      const auto mean = [&](const std::string& v) {
        return m.Node("ReduceMean", {v}, {TestModel::Ints("axes", {2, 3})});
      };
      const std::string d = m.Node("Sub", {x, mean(x)});
      const std::string variance = mean(m.Node("Mul", {d, d}));
      x = m.Node("Div", {d, m.Node("Sqrt", {m.Node("Add", {variance, m.Floats({}, {1e-5f})})})});
      break;
    }
    case Conditional::kGroup: {
      const std::string like = m.Node("Shape", {x});
      x = m.Node("InstanceNormalization", {m.Node("Reshape", {x, m.Int64s({1, 2, -1})}),
                                           m.Floats({2}, {1, 1}), m.Floats({2}, {0, 0})});
      x = m.Node("Reshape", {x, like});
      break;
    }
    default:
      x = m.Node("InstanceNormalization", {x, one, zero});
  }
  gamma = shaped(gamma, {1, channels, 1, 1});
  beta = m.Node("Unsqueeze", {beta, m.Int64s({2, 3})});
  if (plus) gamma = m.Node("Add", {gamma, m.Floats({}, {1})});
  x = plus ? m.Node("Mul", {gamma, x}) : m.Node("Mul", {x, gamma});
  return m.Node("Add", {x, beta});
}

// Squeeze and excite: x times what its own channels' means make of it.
inline std::string Gate(TestModel& m, const std::string& x, int64_t channels, int64_t squeezed) {
  std::string g = m.Node("GlobalAveragePool", {x});
  g = m.Node("Relu", {m.Node("Conv", {g, m.Random({squeezed, channels, 1, 1}), m.Random({squeezed})})});
  g = m.Node("Sigmoid", {m.Node("Conv", {g, m.Random({channels, squeezed, 1, 1}), m.Random({channels})})});
  return m.Node("Mul", {x, g});
}

// x -> painting; input "style" [1, styles]: a small style network of conditional norms with a residual block.
inline TestModel BlendNet(int64_t styles, Conditional form, int64_t channels = 12) {
  TestModel m;
  m.Input("style", {1, styles});
  const auto layer = [&](const std::string& x, int64_t in, int64_t out, int64_t k, int64_t stride) {
    const float most = 1.7f / std::sqrt(static_cast<float>(in * k * k));
    const std::string padded = m.Node("Pad", {x, m.Int64s({0, 0, k / 2, k / 2, 0, 0, k / 2, k / 2})},
                                      {TestModel::Text("mode", "reflect")});
    return m.Node("Conv", {padded, m.Random({out, in, k, k}, -most, most), m.Random({out})},
                  {TestModel::Ints("strides", {stride, stride})});
  };
  const auto normed = [&](const std::string& x, int64_t in, int64_t stride) {
    return ConditionalNorm(m, layer(x, in, channels, 3, stride), "style", styles, channels, form);
  };
  const std::string a = m.Node("Relu", {normed("x", 3, 1)});
  const std::string b = m.Node("Relu", {normed(a, channels, 2)});
  const std::string c = m.Node("Add", {normed(m.Node("Relu", {normed(b, channels, 1)}), channels, 1), b});
  m.Output(layer(c, channels, 3, 5, 1));
  return m;
}

}  // namespace tempera::engine
