// Exporters' spellings, one small model each: the numbers are those of the plain loops, and the steps are
// those of the real thing.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <tuple>

#include "src/engine/run/twin_for_test.h"

namespace tempera::engine {
namespace {

using Steps = std::vector<std::string>;

// The steps of a model that runs without plain loops; "plain" where it does not.
Steps StepsOf(const TestModel& model, const Shape& shape, double tolerance = 2e-5) {
  Steps steps;
  return PlainLoops(model, shape, tolerance, &steps) == 0 ? steps : Steps{"plain"};
}

std::string Conv3x3(TestModel& m, const std::string& x, int64_t in, int64_t out, int64_t pad) {
  return m.Node("Conv", {x, m.Random({out, in, 3, 3}), m.Random({out})},
                {TestModel::Ints("pads", {pad, pad, pad, pad})});
}

TEST(Passes, HardSwishInEverySpelling) {
  const auto finish = [](TestModel& m, const std::string& y) { m.Output(Conv3x3(m, y, 4, 3, 1)); };
  const auto gate = [](TestModel& m) {
    const std::string line = m.Node("Add", {"x", m.Floats({}, {3})});
    return m.Node("Clip", {line, m.Floats({}, {0}), m.Floats({}, {6})});
  };
  TestModel div_last, div_first, mul_sixth, hard_sigmoid;
  finish(div_last,
         div_last.Node("Div", {div_last.Node("Mul", {"x", gate(div_last)}), div_last.Floats({}, {6})}));
  finish(div_first,
         div_first.Node("Mul", {div_first.Node("Div", {gate(div_first), div_first.Floats({}, {6})}), "x"}));
  finish(mul_sixth,
         mul_sixth.Node("Mul",
                        {"x", mul_sixth.Node("Mul", {gate(mul_sixth), mul_sixth.Floats({}, {1.0f / 6})})}));
  const std::string sigmoid = hard_sigmoid.Node("HardSigmoid", {"x"}, {TestModel::Float("alpha", 1.0f / 6)});
  finish(hard_sigmoid, hard_sigmoid.Node("Mul", {"x", sigmoid}));
  TestModel own(14);
  finish(own, own.Node("HardSwish", {"x"}));
  for (const TestModel* m : {&div_last, &div_first, &mul_sixth, &hard_sigmoid, &own}) {
    const Steps steps = StepsOf(*m, {2, 4, 9, 21});
    EXPECT_NE(steps, Steps{"plain"});
    EXPECT_LE(steps.size(), 3u);  // the product, at most one copy, the convolution
  }
}

// Behind a convolution it costs no step of its own, in no spelling.
TEST(Passes, HardSwishIsTheConvolutionsOwn) {
  const auto gate = [](TestModel& m, const std::string& x) {
    return m.Node("Clip", {m.Node("Add", {x, m.Floats({}, {3})}), m.Floats({}, {0}), m.Floats({}, {6})});
  };
  for (int spelling = 0; spelling < 4; ++spelling) {
    TestModel m(14);
    const std::string x = Conv3x3(m, "x", 4, 8, 1);
    std::string y;
    if (spelling == 0) y = m.Node("HardSwish", {x});
    if (spelling == 1)
      y = m.Node("Mul", {x, m.Node("HardSigmoid", {x}, {TestModel::Float("alpha", 1.0f / 6)})});
    if (spelling == 2) y = m.Node("Div", {m.Node("Mul", {gate(m, x), x}), m.Floats({}, {6})});
    if (spelling == 3) y = m.Node("Mul", {m.Node("Mul", {x, m.Floats({}, {1.0f / 6})}), gate(m, x)});
    m.Output(y);
    EXPECT_EQ(StepsOf(m, {2, 4, 9, 21}), Steps{"Conv+HardSwish"}) << spelling;
  }
  // Nearly so is not so.
  TestModel other(14);
  const std::string x = Conv3x3(other, "x", 4, 8, 1);
  other.Output(other.Node("Mul", {x, other.Node("HardSigmoid", {x}, {TestModel::Float("alpha", 0.2f)})}));
  EXPECT_NE(StepsOf(other, {2, 4, 9, 21}), Steps{"Conv+HardSwish"});
}

TEST(Passes, HardSigmoidOfOldOpsets) {
  TestModel m(8);
  m.Output(m.Node("HardSigmoid", {"x"}, {TestModel::Float("alpha", 0.3f), TestModel::Float("beta", 0.4f)}));
  EXPECT_NE(StepsOf(m, {1, 3, 5, 7}), Steps{"plain"});
}

TEST(Passes, InstanceNormOverReshapes) {
  const auto model = [](std::vector<int64_t> wrapped, int64_t groups) {
    TestModel m;
    const std::string conv = Conv3x3(m, "x", 4, 4, 1);
    const std::string flat = m.Node("Reshape", {conv, m.Int64s(wrapped)});
    const std::vector<float> ones(static_cast<size_t>(groups), 1), zeros(static_cast<size_t>(groups), 0);
    const std::string norm =
        m.Node("InstanceNormalization", {flat, m.Floats({groups}, ones), m.Floats({groups}, zeros)});
    const std::string back = m.Node("Reshape", {norm, m.Int64s({2, 4, 9, 21})});
    m.Output(m.Node("Add", {m.Node("Mul", {back, m.Random({1, 4, 1, 1})}), m.Random({1, 4, 1, 1})}));
    return m;
  };
  // The convolution gathers the statistics; one step applies them for the output.
  EXPECT_EQ(StepsOf(model({2, 4, -1}, 4), {2, 4, 9, 21}).size(), 2u);
  EXPECT_EQ(StepsOf(model({1, 8, -1}, 8), {2, 4, 9, 21}).size(), 2u);
}

TEST(Passes, InstanceNormWrittenOut) {
  for (const char* form : {"div", "reciprocal", "power"}) {
    TestModel m;
    const std::string conv = Conv3x3(m, "x", 3, 4, 1);
    const std::string mean = m.Node("ReduceMean", {conv}, {TestModel::Ints("axes", {2, 3})});
    const std::string d = m.Node("Sub", {conv, mean});
    const std::string square = m.Node("Pow", {d, m.Floats({}, {2})});
    const std::string variance = m.Node("ReduceMean", {square}, {TestModel::Ints("axes", {2, 3})});
    const std::string sum = m.Node("Add", {variance, m.Floats({}, {1e-4f})});
    const std::string root = m.Node("Sqrt", {sum});
    std::string y;
    if (std::string(form) == "div") y = m.Node("Div", {d, root});
    if (std::string(form) == "reciprocal") y = m.Node("Mul", {d, m.Node("Reciprocal", {root})});
    if (std::string(form) == "power") y = m.Node("Mul", {m.Node("Pow", {sum, m.Floats({}, {-0.5f})}), d});
    m.Output(Conv3x3(m, y, 4, 2, 1));
    EXPECT_EQ(StepsOf(m, {1, 3, 12, 19}).size(), 2u) << form;
  }
}

TEST(Passes, DoublingByExpandTileAndConcat) {
  for (const char* form : {"Expand", "Tile", "Concat"}) {
    TestModel m;
    const std::string open = m.Node("Reshape", {"x", m.Int64s({1, 3, 9, 1, 17, 1})});
    std::string twice;
    if (std::string(form) == "Expand") twice = m.Node("Expand", {open, m.Int64s({1, 3, 9, 2, 17, 2})});
    if (std::string(form) == "Tile") twice = m.Node("Tile", {open, m.Int64s({1, 1, 1, 2, 1, 2})});
    if (std::string(form) == "Concat") {
      const std::string rows = m.Node("Concat", {open, open}, {TestModel::Int("axis", 3)});
      twice = m.Node("Concat", {rows, rows}, {TestModel::Int("axis", -1)});
    }
    m.Output(Conv3x3(m, m.Node("Reshape", {twice, m.Int64s({1, 3, 18, 34})}), 3, 4, 1));
    EXPECT_EQ(StepsOf(m, {1, 3, 9, 17}).size(), 1u) << form;
  }
  TestModel other;  // repeats of whole rows of pixels are no enlargement
  const std::string open = other.Node("Reshape", {"x", other.Int64s({1, 3, 1, 9, 1, 17})});
  const std::string twice = other.Node("Expand", {open, other.Int64s({1, 3, 2, 9, 2, 17})});
  other.Output(Conv3x3(other, other.Node("Reshape", {twice, other.Int64s({1, 3, 18, 34})}), 3, 4, 1));
  EXPECT_GT(StepsOf(other, {1, 3, 9, 17}).size(), 1u);
}

TEST(Passes, PadsBeforePads) {
  const auto model = [](const char* first, const char* then, int64_t own) {
    TestModel m;
    const std::string a =
        m.Node("Pad", {"x", m.Int64s({0, 0, 1, 2, 0, 0, 0, 1})}, {TestModel::Text("mode", first)});
    const std::string b =
        m.Node("Pad", {a, m.Int64s({0, 0, 1, 1, 0, 0, 2, 1})}, {TestModel::Text("mode", then)});
    m.Output(Conv3x3(m, b, 3, 4, own));
    return m;
  };
  EXPECT_EQ(StepsOf(model("constant", "constant", 0), {1, 3, 9, 17}).size(), 1u);
  EXPECT_EQ(StepsOf(model("constant", "constant", 1), {1, 3, 9, 17}).size(), 1u);
  EXPECT_EQ(StepsOf(model("edge", "edge", 0), {1, 3, 9, 17}).size(), 1u);
  // Reflections of reflections, and edges of zeros, are neither.
  for (const auto& [a, b, own] : {std::tuple{"reflect", "reflect", 0},
                                  {"constant", "edge", 0},
                                  {"edge", "constant", 0},
                                  {"reflect", "constant", 1}}) {
    EXPECT_EQ(StepsOf(model(a, b, own), {1, 3, 9, 17}).size(), 2u) << a << b;
  }
}

// A convolution to blocks of b x b pixels; `spelling`: DCR, CRD, or either by Reshape and Transpose.
std::string ShuffledConv(TestModel& m, const std::string& spelling, int64_t channels, int64_t b, int64_t h,
                         int64_t w, const char* activation) {
  std::string y = m.Node("Conv", {"x", m.Random({channels * b * b, 5, 3, 3}), m.Random({channels * b * b})},
                         {TestModel::Ints("pads", {1, 1, 1, 1})});
  if (std::string(activation) == "PRelu") {
    y = m.Node("PRelu", {y, m.Random({channels * b * b, 1, 1})});
  } else if (*activation != '\0') {
    y = m.Node(activation, {y});
  }
  if (spelling == "DCR" || spelling == "CRD") {
    return m.Node("DepthToSpace", {y},
                  {TestModel::Int("blocksize", b), TestModel::Text("mode", spelling.c_str())});
  }
  const bool columns_first = spelling == "columns first";
  const std::string open = m.Node("Reshape", {y, columns_first ? m.Int64s({2, channels, b, b, h, w})
                                                               : m.Int64s({2, b, b, channels, h, w})});
  const std::string turned = m.Node("Transpose", {open},
                                    {columns_first ? TestModel::Ints("perm", {0, 1, 4, 2, 5, 3})
                                                   : TestModel::Ints("perm", {0, 3, 4, 1, 5, 2})});
  return m.Node("Reshape", {turned, m.Int64s({2, channels, h * b, w * b})});
}

TEST(Passes, DepthToSpaceIsTheConvolutionsOwn) {
  for (const char* spelling : {"DCR", "CRD", "columns first", "rows first"}) {
    for (int64_t b : {2, 3, 4}) {
      for (const char* activation : {"", "Relu", "PRelu"}) {
        TestModel m;
        m.Output(ShuffledConv(m, spelling, 3, b, 9, 17, activation));
        EXPECT_EQ(StepsOf(m, {2, 5, 9, 17}).size(), 1u) << spelling << b << activation;
      }
      // What is behind it belongs to the convolution, too; a norm finds its statistics gathered.
      TestModel slope, norm;
      const std::string before = ShuffledConv(slope, spelling, 3, b, 9, 17, "");
      slope.Output(slope.Node("PRelu", {before, slope.Random({3, 1, 1})}));
      EXPECT_EQ(StepsOf(slope, {2, 5, 9, 17}).size(), 1u) << spelling << b;
      const std::string wide = ShuffledConv(norm, spelling, 3, b, 9, 17, "");
      norm.Output(Conv3x3(
          norm, norm.Node("InstanceNormalization", {wide, norm.Random({3}, 0.5f, 2), norm.Random({3})}), 3, 2,
          1));
      EXPECT_EQ(StepsOf(norm, {2, 5, 9, 17}).size(), 2u) << spelling << b;
    }
  }
}

TEST(Passes, DepthToSpaceStaysApart) {
  // Larger blocks, groups, a norm in between, and another reader.
  for (int form = 0; form < 4; ++form) {
    TestModel m;
    const int64_t b = form == 0 ? 5 : 2, out = 4 * b * b;
    const std::string conv =
        m.Node("Conv", {"x", m.Random({out, form == 1 ? 2 : 4, 3, 3}), m.Random({out})},
               {TestModel::Ints("pads", {1, 1, 1, 1}), TestModel::Int("group", form == 1 ? 2 : 1)});
    std::string y = conv;
    if (form == 2) y = m.Node("InstanceNormalization", {y, m.Random({out}, 0.5f, 2), m.Random({out})});
    m.Output(m.Node("DepthToSpace", {y}, {TestModel::Int("blocksize", b)}));
    if (form == 3) m.Output(m.Node("Relu", {conv}));
    const Steps steps = StepsOf(m, {2, 4, 9, 17});
    EXPECT_NE(std::find(steps.begin(), steps.end(), "DepthToSpace"), steps.end()) << form;
  }
}

TEST(Passes, AveragePoolIsADepthwiseConvolution) {
  const auto model = [](int64_t k, int64_t stride, int64_t pad, int64_t include, int64_t ceil) {
    TestModel m;
    m.Output(
        m.Node("Relu",
               {m.Node("AveragePool", {"x"},
                       {TestModel::Ints("kernel_shape", {k, k}), TestModel::Ints("strides", {stride, stride}),
                        TestModel::Ints("pads", {pad, pad, pad, pad}),
                        TestModel::Int("count_include_pad", include), TestModel::Int("ceil_mode", ceil)})}));
    return m;
  };
  EXPECT_EQ(StepsOf(model(2, 2, 0, 0, 0), {2, 5, 17, 31}), Steps{"AveragePool+Relu"});
  EXPECT_EQ(StepsOf(model(3, 1, 1, 1, 0), {2, 5, 17, 31}), Steps{"AveragePool+Relu"});
  EXPECT_EQ(StepsOf(model(4, 4, 0, 0, 0), {2, 5, 17, 31}), Steps{"AveragePool+Relu"});
  // Fewer taps at the border: a pool, and what stands behind it stays apart.
  const Steps pool = {"AveragePool+Relu", "Identity"};
  EXPECT_EQ(StepsOf(model(3, 1, 1, 0, 0), {2, 5, 17, 31}), pool);
  EXPECT_EQ(StepsOf(model(2, 2, 0, 0, 1), {2, 5, 17, 31}), pool);
}

TEST(Passes, SoftmaxBetweenTransposes) {
  for (int64_t opset : {11, 13}) {
    TestModel m(opset);
    const std::string there = m.Node("Transpose", {"x"}, {TestModel::Ints("perm", {0, 2, 3, 1})});
    const std::string softmax = m.Node("Softmax", {there}, {TestModel::Int("axis", 3)});
    m.Output(m.Node("Transpose", {softmax}, {TestModel::Ints("perm", {0, 3, 1, 2})}));
    EXPECT_EQ(StepsOf(m, {2, 5, 17, 31}), Steps{"Transpose+Softmax+Transpose"}) << opset;
    TestModel other(opset);  // not back to where it came from
    const std::string one = other.Node("Transpose", {"x"}, {TestModel::Ints("perm", {0, 2, 3, 1})});
    const std::string two = other.Node("Softmax", {one}, {TestModel::Int("axis", 3)});
    other.Output(other.Node("Transpose", {two}, {TestModel::Ints("perm", {0, 2, 3, 1})}));
    EXPECT_EQ(StepsOf(other, {2, 5, 17, 31}).size(), 3u) << opset;
  }
}

// Normalisation written out and nearest enlargement by Concat, as in 2017.
TEST(Passes, PublicStyleNetworksRunOnFastStepsOnly) {
  const char* data = std::getenv("TEMPERA_TEST_DATA");
  const std::filesystem::path folder = std::filesystem::path(data ? data : "../shared/data") / "models/onnx";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no test data at " << folder;
  int seen = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().filename().string().find("_nc16_") == std::string::npos) continue;
    const auto model = LoadModelFile(entry.path().string());
    ASSERT_TRUE(model.ok()) << model.status().message();
    Shape shape;
    for (const auto& dim : (*model)->input_dims[0]) shape.push_back(dim.value);
    SessionOptions options;
    options.precision = Precision::kFp32;
    const auto session = Session::Create(*model, {shape}, options);
    ASSERT_TRUE(session.ok()) << session.status().message();
    for (const StepInfo& step : (*session)->steps()) {
      EXPECT_NE(step.kernel, "reference") << entry.path() << " " << step.operators;
    }
    EXPECT_LE((*session)->steps().size(), 24u) << entry.path();
    ++seen;
  }
  EXPECT_GE(seen, 3);
}

}  // namespace
}  // namespace tempera::engine
