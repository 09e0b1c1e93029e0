// Small models through the fast path and through the plain loops: the numbers agree, and what
// should be fused is fused (a step list says so), what must not be is not.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "src/base/cpu.h"
#include "src/engine/run/model_builder_for_test.h"
#include "src/engine/run/session.h"

namespace tempera::engine {
namespace {

std::unique_ptr<Session> Make(const TestModel& model, const Shape& shape, bool reference, int threads = 1,
                              const std::string& cpu = "") {
  const auto loaded = model.Load();
  EXPECT_TRUE(loaded.ok()) << loaded.status().message();
  if (!loaded.ok()) return nullptr;
  SessionOptions options;
  options.num_threads = threads;
  options.reference = reference;
  options.cpu = cpu;
  auto session = Session::Create(*loaded, {shape}, options);
  EXPECT_TRUE(session.ok()) << session.status().message();
  if (!session.ok()) return nullptr;
  std::mt19937 random(5);
  std::uniform_real_distribution<float> uniform(-1, 1);
  Tensor& x = (*session)->input(0);
  for (int64_t i = 0; i < x.element_count(); ++i) x.data<float>()[i] = uniform(random);
  return std::move(session).value();
}

// The steps of the fast session, after checking its numbers against the plain loops on every target.
std::vector<std::string> FastSteps(const TestModel& model, const Shape& shape) {
  std::vector<std::string> steps;
  const auto slow = Make(model, shape, true);
  if (slow == nullptr || !slow->Run().ok()) return {"failed"};
  for (const StepInfo& step : slow->steps())
    EXPECT_TRUE(step.kernel == "reference" || step.kernel == "copy") << step.kernel;
  for (const CpuTarget& target : AvailableCpuTargets()) {
    const auto fast = Make(model, shape, false, 2, target.name);
    if (fast == nullptr || !fast->Run().ok() || !fast->Run().ok())
      return {"failed"};  // twice: memory is reused
    for (size_t o = 0; o < fast->output_count(); ++o) {
      const auto a = fast->output(o).span<float>(), b = slow->output(o).span<float>();
      EXPECT_EQ(fast->output(o).shape(), slow->output(o).shape());
      double worst = 0, range = 1e-3;
      for (size_t i = 0; i < b.size(); ++i) {
        worst = std::max(worst, static_cast<double>(std::abs(a[i] - b[i])));
        range = std::max(range, static_cast<double>(std::abs(b[i])));
      }
      EXPECT_LT(worst, 2e-5 * range) << target.name << " output " << o;
    }
    steps.clear();
    for (const StepInfo& step : fast->steps()) steps.push_back(step.operators);
  }
  return steps;
}

using Steps = std::vector<std::string>;

TEST(Fusion, PadConvNormRelu) {
  TestModel m;
  std::string y = m.Node("Relu", {m.PaddedConv("x", 3, 8, 5, 2, 2, true)});
  y = m.Node("Relu", {m.PaddedConv(y, 8, 16, 3, 2, 1, true)});
  m.Output(m.PaddedConv(y, 16, 3, 3, 1, 1, false));
  const Steps expected = {"Pad+Conv+InstanceNormalization+Relu", "Pad+Conv+InstanceNormalization+Relu",
                          "Pad+Conv"};
  EXPECT_EQ(FastSteps(m, {1, 3, 37, 50}), expected);
  EXPECT_EQ(FastSteps(m, {2, 3, 12, 9}), expected);
}

TEST(Fusion, ResidualBlockOfPendingValues) {
  TestModel m;
  const std::string a = m.Node("Relu", {m.PaddedConv("x", 3, 6, 3, 1, 1, true)});
  const std::string b = m.Node("Relu", {m.PaddedConv(a, 6, 6, 3, 1, 1, true)});
  const std::string c = m.Node("Add", {m.PaddedConv(b, 6, 6, 3, 1, 1, true), a});
  m.Output(m.Node("Relu", {m.PaddedConv(m.Node("Relu", {c}), 6, 2, 1, 1, 0, false)}));
  EXPECT_EQ(FastSteps(m, {1, 3, 20, 33}).size(), 5u);
}

TEST(Fusion, UpsampleBecomesPhases) {
  for (const char* pad_mode : {"reflect", "edge", "constant"}) {
    for (int64_t pad : {0, 1, 2}) {
      TestModel m;
      const std::string up =
          m.Node("Resize", {"x", "", m.Floats({4}, {1, 1, 2, 2})},
                 {TestModel::Text("mode", "nearest"), TestModel::Text("nearest_mode", "floor"),
                  TestModel::Text("coordinate_transformation_mode", "asymmetric")});
      const std::string padded = m.Node("Pad", {up, m.Int64s({0, 0, pad, pad, 0, 0, pad, pad})},
                                        {TestModel::Text("mode", pad_mode)});
      m.Output(m.Node("Conv", {padded, m.Random({5, 3, 3, 3})}));
      EXPECT_EQ(FastSteps(m, {1, 3, 9, 17}), Steps{"Resize+Pad+Conv"}) << pad_mode << pad;
    }
  }
}

TEST(Fusion, OtherResizesStayAsTheyAre) {
  const auto model = [](const char* mode, const char* where, const char* round, float scale) {
    TestModel m;
    const std::string up = m.Node("Resize", {"x", "", m.Floats({4}, {1, 1, scale, scale})},
                                  {TestModel::Text("mode", mode), TestModel::Text("nearest_mode", round),
                                   TestModel::Text("coordinate_transformation_mode", where)});
    m.Output(m.Node("Conv", {up, m.Random({2, 2, 3, 3})}));
    return m;
  };
  EXPECT_EQ(FastSteps(model("nearest", "half_pixel", "round_prefer_floor", 2), {1, 2, 7, 5}).size(), 1u);
  EXPECT_EQ(FastSteps(model("nearest", "asymmetric", "round_prefer_floor", 2), {1, 2, 7, 5}).size(), 1u);
  EXPECT_EQ(FastSteps(model("nearest", "asymmetric", "ceil", 2), {1, 2, 7, 5}).size(), 2u);
  EXPECT_EQ(FastSteps(model("nearest", "asymmetric", "round_prefer_ceil", 2), {1, 2, 7, 5}).size(), 2u);
  EXPECT_EQ(FastSteps(model("nearest", "half_pixel", "floor", 2), {1, 2, 7, 5}).size(), 2u);
  EXPECT_EQ(FastSteps(model("nearest", "align_corners", "floor", 2), {1, 2, 7, 5}).size(), 2u);
  EXPECT_EQ(FastSteps(model("linear", "half_pixel", "floor", 2), {1, 2, 7, 5}).size(), 2u);
  // 3 * 2.2 is 6 pixels as well, but other ones.
  EXPECT_EQ(FastSteps(model("nearest", "asymmetric", "floor", 2.2f), {1, 2, 3, 3}).size(), 2u);
}

TEST(Fusion, EnlargedPictureThatIsAlsoAnOutputIsKept) {
  TestModel m(9);
  const std::string up =
      m.Node("Upsample", {"x", m.Floats({4}, {1, 1, 2, 2})}, {TestModel::Text("mode", "nearest")});
  m.Output(m.Node("Conv", {up, m.Random({2, 2, 3, 3})}));
  m.Output(up);
  EXPECT_EQ(FastSteps(m, {1, 2, 7, 5}).size(), 2u);
}

TEST(Fusion, DoublingByConcat) {
  TestModel m(9);
  const std::string zero = m.Floats({}, {0});
  const std::string a = m.Node("Reshape", {"x", m.Int64s({1 * 2 * 6 * 5, 1})});
  const std::string b = m.Node("Concat", {a, m.Node("Add", {a, zero})}, {TestModel::Int("axis", 1)});
  const std::string c = m.Node("Reshape", {b, m.Int64s({1 * 2 * 6, 10})});
  const std::string d = m.Node("Concat", {c, m.Node("Add", {c, zero})}, {TestModel::Int("axis", 1)});
  const std::string e = m.Node("Reshape", {d, m.Int64s({1, 2, 12, 10})});
  m.Output(m.Node("Conv", {e, m.Random({3, 2, 3, 3})}));
  EXPECT_EQ(FastSteps(m, {1, 2, 6, 5}), Steps{"Reshape+Conv"});
}

TEST(Fusion, InstanceNormWrittenOut) {
  TestModel m(9);
  const std::string conv = m.Node("Conv", {"x", m.Random({4, 3, 3, 3})});
  const std::string flat = m.Node("Reshape", {conv, m.Int64s({1, 4, 1, -1})});
  const std::string mean = m.Node("ReduceMean", {flat}, {TestModel::Ints("axes", {3})});
  const std::string d = m.Node("Sub", {conv, mean});
  const std::string square = m.Node("Mul", {d, m.Node("Add", {d, m.Floats({}, {1e-9f})})});
  const std::string variance = m.Node("ReduceMean", {m.Node("Reshape", {square, m.Int64s({1, 4, 1, -1})})},
                                      {TestModel::Ints("axes", {-1})});
  const std::string deviation = m.Node("Sqrt", {m.Node("Add", {variance, m.Floats({}, {1e-5f})})});
  const std::string normal = m.Node("Div", {d, deviation});
  const std::string scaled = m.Node("Mul", {normal, m.Random({1, 4, 1, 1})});
  m.Output(m.Node("Relu", {m.Node("Add", {scaled, m.Random({1, 4, 1, 1})})}));
  const Steps steps = FastSteps(m, {1, 3, 11, 19});
  ASSERT_EQ(steps.size(), 2u);  // the second one writes the pending output
  EXPECT_EQ(steps[0], "Conv+InstanceNormalization+Mul+Add+Relu");
}

TEST(Fusion, BatchNormAndArithmeticGoIntoWeights) {
  TestModel m;
  const std::string scaled = m.Node(
      "Div", {m.Node("Sub", {"x", m.Floats({1, 3, 1, 1}, {0.1f, 0.2f, 0.3f})}), m.Floats({}, {0.25f})});
  const std::string conv = m.Node("Conv", {scaled, m.Random({6, 3, 3, 3}), m.Random({6})},
                                  {TestModel::Ints("pads", {1, 1, 1, 1})});
  const std::string norm = m.Node(
      "BatchNormalization", {conv, m.Random({6}), m.Random({6}), m.Random({6}), m.Random({6}, 0.5f, 2)});
  const std::string act = m.Node("PRelu", {norm, m.Random({6, 1, 1})});
  const std::string out = m.Node("Conv", {act, m.Random({3, 6, 1, 1})});
  m.Output(
      m.Node("Add", {m.Node("Mul", {m.Node("Tanh", {out}), m.Floats({1}, {150})}), m.Floats({1}, {127.5f})}));
  const Steps steps = FastSteps(m, {1, 3, 10, 21});
  ASSERT_GE(steps.size(), 2u);
  EXPECT_NE(std::find(steps.begin(), steps.end(), "Conv+BatchNormalization+PRelu"), steps.end());
}

TEST(Fusion, FunctionsTakeWhatIsPending) {
  TestModel m;
  const std::string a = m.PaddedConv("x", 3, 5, 3, 1, 1, true);
  const std::string wide = m.Node("Mul", {a, m.Floats({}, {40})});  // far into saturation
  m.Output(m.Node("Tanh", {a}));
  m.Output(m.Node("Sigmoid", {m.Node("Relu", {a})}));
  m.Output(m.Node("Tanh", {wide}));
  m.Output(m.Node("Sigmoid", {wide}));
  m.Output(m.Node("Sigmoid", {m.Node("Flatten", {"x"})}));
  EXPECT_FALSE(FastSteps(m, {1, 3, 9, 14}).empty());
}

TEST(Fusion, ActivationsPendingAndFused) {
  TestModel m;
  const std::string conv = m.Node("Conv", {"x", m.Random({4, 3, 3, 3})});
  const std::string leaky = m.Node("LeakyRelu", {conv}, {TestModel::Float("alpha", 0.2f)});
  const std::string clip = m.Node("Clip", {leaky, m.Floats({}, {-0.5f}), m.Floats({}, {6})});
  const std::string again = m.Node("PRelu", {clip, m.Random({4, 1, 1})});
  m.Output(m.Node("Conv", {again, m.Random({2, 4, 3, 3})}));
  m.Output(conv);  // also read before its activation
  EXPECT_FALSE(FastSteps(m, {2, 3, 9, 14}).empty());
}

TEST(Fusion, DepthwiseGroupsDilationsAutoPad) {
  TestModel m;
  const std::string a = m.Node("Conv", {"x", m.Random({4, 1, 3, 3})},
                               {TestModel::Int("group", 4), TestModel::Text("auto_pad", "SAME_UPPER"),
                                TestModel::Ints("strides", {2, 2})});
  const std::string b = m.Node("Conv", {a, m.Random({6, 2, 3, 3})},
                               {TestModel::Int("group", 2), TestModel::Ints("dilations", {2, 2}),
                                TestModel::Ints("pads", {2, 2, 2, 2})});
  m.Output(m.Node("Conv", {b, m.Random({3, 6, 2, 4})},
                  {TestModel::Text("auto_pad", "SAME_LOWER"), TestModel::Ints("kernel_shape", {2, 4})}));
  EXPECT_EQ(FastSteps(m, {1, 4, 15, 18}).size(), 3u);
}

TEST(Fusion, ConvTranspose) {
  TestModel m;
  const std::string a = m.Node("ConvTranspose", {"x", m.Random({3, 4, 3, 3}), m.Random({4})},
                               {TestModel::Ints("strides", {2, 2}), TestModel::Ints("pads", {1, 1, 1, 1}),
                                TestModel::Ints("output_padding", {1, 1})});
  const std::string b = m.Node("ConvTranspose", {m.Node("Relu", {a}), m.Random({4, 2, 4, 4})},
                               {TestModel::Int("group", 2), TestModel::Ints("strides", {2, 2}),
                                TestModel::Ints("pads", {1, 1, 1, 1})});
  m.Output(m.Node("ConvTranspose", {b, m.Random({4, 2, 3, 3})}, {TestModel::Ints("strides", {3, 3})}));
  const Steps steps = FastSteps(m, {1, 3, 5, 9});
  ASSERT_EQ(steps.size(), 3u);
  EXPECT_EQ(steps[0], "ConvTranspose+Relu");
}

TEST(Fusion, NormOfWhatNoConvolutionWrote) {
  TestModel m;
  const std::string a = m.Node("InstanceNormalization", {"x", m.Random({3}), m.Random({3})});
  const std::string b = m.Node("InstanceNormalization", {m.Node("Relu", {a}), m.Random({3}), m.Random({3})});
  m.Output(b);
  m.Output(m.Node("Identity", {b}));
  m.Output("x");
  EXPECT_FALSE(FastSteps(m, {2, 3, 13, 7}).empty());
}

TEST(Session, SameBytesWhateverTheThreads) {
  TestModel m;
  std::string y = m.Node("Relu", {m.PaddedConv("x", 3, 8, 5, 2, 2, true)});
  y = m.Node("Relu", {m.PaddedConv(y, 8, 16, 3, 1, 1, true)});
  m.Output(m.PaddedConv(y, 16, 3, 3, 1, 1, false));
  const auto one = Make(m, {1, 3, 90, 161}, false, 1);
  ASSERT_TRUE(one != nullptr && one->Run().ok());
  for (int threads : {2, 3, 7}) {
    const auto many = Make(m, {1, 3, 90, 161}, false, threads);
    ASSERT_TRUE(many != nullptr);
    for (int round = 0; round < 3; ++round) {
      ASSERT_TRUE(many->Run().ok());
      ASSERT_EQ(std::memcmp(many->output(0).raw(), one->output(0).raw(), one->output(0).size_bytes()), 0);
    }
  }
}

TEST(Session, FlatPictureGivesFlatNumbers) {
  TestModel m;
  m.Output(m.PaddedConv(m.Node("Relu", {m.PaddedConv("x", 3, 8, 3, 1, 1, true)}), 8, 3, 3, 1, 1, false));
  const auto session = Make(m, {1, 3, 24, 40}, false);
  ASSERT_TRUE(session != nullptr);
  Tensor& x = session->input(0);
  std::fill_n(x.data<float>(), x.element_count(), 255.0f);
  ASSERT_TRUE(session->Run().ok());
  for (size_t c = 0; c < 3; ++c) {
    const float* plane = session->output(0).data<float>() + c * 24 * 40;
    for (size_t i = 0; i < 24 * 40; ++i) ASSERT_NEAR(plane[i], plane[0], 1e-4) << i;
  }
}

TEST(Session, ReportsStepsAndMemory) {
  TestModel m;
  m.Output(m.PaddedConv("x", 3, 4, 3, 1, 1, false));
  const auto session = Make(m, {1, 3, 32, 48}, false);
  ASSERT_TRUE(session != nullptr);
  session->set_profiling(true);
  ASSERT_TRUE(session->Run().ok());
  ASSERT_EQ(session->steps().size(), 1u);
  EXPECT_EQ(session->steps()[0].macs, 32 * 48 * 3 * 4 * 9);
  EXPECT_GT(session->steps()[0].last_ms, 0);
  EXPECT_EQ(session->steps()[0].output_shape, (Shape{1, 4, 32, 48}));
  EXPECT_GE(session->steps()[0].bytes, 32 * 48 * (3 + 4) * 4 + 3 * 4 * 9 * 4);
  EXPECT_EQ(session->steps()[0].sources, std::vector<int32_t>{-1});
  EXPECT_GT(session->memory().activation_bytes, 0u);
  EXPECT_GE(session->memory().weight_bytes, 3 * 4 * 9 * sizeof(float));
}

TEST(Session, MistakesAreNamed) {
  TestModel m;
  m.Output(m.PaddedConv("x", 3, 4, 9, 1, 4, false));
  const auto loaded = m.Load();
  ASSERT_TRUE(loaded.ok());
  const auto tiny = Session::Create(*loaded, {{1, 3, 3, 3}}, {});
  ASSERT_FALSE(tiny.ok());
  EXPECT_NE(tiny.status().message().find("Pad"), std::string::npos) << tiny.status().message();
  EXPECT_FALSE(Session::Create(*loaded, {}, {}).ok());
  EXPECT_FALSE(Session::Create(nullptr, {{1, 3, 8, 8}}, {}).ok());
  SessionOptions options;
  options.cpu = "z80";
  EXPECT_FALSE(Session::Create(*loaded, {{1, 3, 32, 32}}, options).ok());
}

}  // namespace
}  // namespace tempera::engine
