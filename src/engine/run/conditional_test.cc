// Norms with computed scale and shift, and gates: the numbers of the plain loops, at no pass over the
// picture.
#include "src/engine/run/conditional_for_test.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>
#include <random>

#include "src/base/cpu.h"
#include "src/engine/precision/calibration_frame.h"
#include "src/engine/run/twin_for_test.h"

namespace tempera::engine {
namespace {

constexpr int64_t kHeight = 44, kWidth = 60;

std::unique_ptr<Session> Make(const TestModel& model, std::vector<Shape> others, SessionOptions options) {
  const auto loaded = model.Load();
  EXPECT_TRUE(loaded.ok()) << loaded.status().message();
  others.insert(others.begin(), {1, 3, kHeight, kWidth});
  auto session = Session::Create(*loaded, others, options);
  EXPECT_TRUE(session.ok()) << session.status().message();
  return session.ok() ? std::move(session).value() : nullptr;
}

Tensor Paint(Session& session, const std::vector<float>& style, const ValueRange& range = {}) {
  std::copy(style.begin(), style.end(), session.input(1).data<float>());
  FillCalibrationFrame(session.input(0), range);
  EXPECT_TRUE(session.Run().ok());
  Tensor copy = Tensor::Create(DataType::kFloat32, session.output(0).shape()).value();
  std::memcpy(copy.raw(), session.output(0).raw(), copy.size_bytes());
  return copy;
}

double Range(const Tensor& t) {
  const auto [low, high] = std::minmax_element(t.span<float>().begin(), t.span<float>().end());
  return static_cast<double>(*high) - *low;
}

// One style alone, each in turn, then blends of all.
std::vector<std::vector<float>> Blends(int64_t styles) {
  std::vector<std::vector<float>> blends;
  for (int64_t k = 0; k < styles; ++k) {
    blends.emplace_back(static_cast<size_t>(styles), 0.0f).at(static_cast<size_t>(k)) = 1;
  }
  std::mt19937 random(3);
  std::uniform_real_distribution<float> uniform(0, 1);
  for (int i = 0; i < 4; ++i) {
    std::vector<float>& blend = blends.emplace_back();
    float sum = 0;
    for (int64_t k = 0; k < styles; ++k) sum += blend.emplace_back(uniform(random));
    for (float& w : blend) w /= sum;
  }
  return blends;
}

// Steps that read or write a picture, and what the convolutions among them are.
int PictureSteps(const Session& session, int* convolutions) {
  int pictures = 0;
  *convolutions = 0;
  for (const StepInfo& step : session.steps()) {
    const Shape& s = step.output_shape;
    pictures += s.size() == 4 && s[2] * s[3] > 1;
    *convolutions += step.macs > 0 && step.kernel.starts_with("conv");
    EXPECT_NE(step.kernel, "reference") << step.name;
  }
  return pictures;
}

TEST(Conditional, NormsAgreeWithPlainLoopsAndCostNoPass) {
  for (const Conditional form : kConditionals) {
    SCOPED_TRACE(static_cast<int>(form));
    const TestModel model = BlendNet(3, form);
    const auto slow = Make(model, {{1, 3}}, {.num_threads = 1, .reference = true});
    std::vector<Tensor> want;
    for (const auto& blend : Blends(3)) want.push_back(Paint(*slow, blend));
    EXPECT_LT(PsnrDb(want[0], want[1], Range(want[0])), 30);
    for (const CpuTarget& target : AvailableCpuTargets()) {
      for (const int threads : {1, 3}) {
        const auto fast = Make(model, {{1, 3}}, {.num_threads = threads, .cpu = target.name});
        int convolutions = 0;
        EXPECT_EQ(PictureSteps(*fast, &convolutions), 6) << "five convolutions and an Add";
        EXPECT_EQ(convolutions, 5);
        for (size_t i = 0; i < want.size(); ++i) {
          EXPECT_GT(PsnrDb(Paint(*fast, Blends(3)[i]), want[i], Range(want[i])), 95) << i;
        }
      }
    }
  }
}

// The first frame with another style is painted with it, whatever was carried over.
TEST(Conditional, NormsFollowTheirInputsWithEveryStatistics) {
  const TestModel model = BlendNet(2, Conditional::kBehind);
  for (const Precision precision : {Precision::kFp32, Precision::kInt8}) {
    SessionOptions options = {.num_threads = 2, .precision = precision, .plain_dot_kernels = true};
    options.input_values = {std::nullopt, InputValues{.shares = true, .initial = {0.5f}}};
    const auto exact = Make(model, {{1, 2}}, options);
    for (const NormStatistics statistics :
         {NormStatistics::kSmoothed, NormStatistics::kCarried, NormStatistics::kGiven}) {
      for (const int64_t chain_bytes : {int64_t{-1}, int64_t{1} << 40}) {
        options.norm_statistics = statistics;
        options.chain_bytes = chain_bytes;
        const auto session = Make(model, {{1, 2}}, options);
        const Tensor first = Paint(*exact, {0, 1});
        if (statistics == NormStatistics::kGiven)
          ASSERT_TRUE(session->SetStatistics(exact->statistics()).ok());
        const double least = statistics == NormStatistics::kGiven ? 60 : 200;
        EXPECT_GE(PsnrDb(Paint(*session, {0, 1}), first, Range(first)), least);
        // What carries over are statistics of pictures behind other scales and shifts; those of the first
        // norm are right, and the frame is painted again where the others are too far off.
        const Tensor second = Paint(*exact, {1, 0});
        if (statistics != NormStatistics::kCarried) continue;
        for (int i = 0; i < 8; ++i) Paint(*session, {1, 0});
        EXPECT_GT(PsnrDb(Paint(*session, {1, 0}), second, Range(second)), 60);
        EXPECT_GT(PsnrDb(Paint(*session, {0.01f, 0.99f}), first, Range(first)), 25);
      }
    }
  }
}

TEST(Conditional, FlatFramesGiveTheComputedShift) {
  for (const Conditional form : kConditionals) {
    SCOPED_TRACE(static_cast<int>(form));
    const TestModel model = BlendNet(2, form);
    const auto slow = Make(model, {{1, 2}}, {.num_threads = 1, .reference = true});
    const auto fast = Make(model, {{1, 2}}, {.num_threads = 1});
    for (const auto& blend : Blends(2)) {
      const Tensor painted = Paint(*fast, blend, {17, 17});
      for (int c = 0; c < 3; ++c) {
        const float* plane = painted.data<float>() + c * kHeight / 2 * kWidth / 2;
        const auto [low, high] = std::minmax_element(plane, plane + kHeight / 2 * kWidth / 2);
        EXPECT_LT(*high - *low, 1e-5f);
      }
      if (form != Conditional::kGroup) continue;
      EXPECT_LT(std::abs(painted.data<float>()[0] - Paint(*slow, blend, {17, 17}).data<float>()[0]), 1e-2f);
    }
  }
}

TEST(Conditional, EightBitsHoldForEveryBlend) {
  for (const int64_t styles : {int64_t{2}, int64_t{4}}) {
    for (const Conditional form : kConditionals) {
      SCOPED_TRACE(std::to_string(styles) + " styles, form " + std::to_string(static_cast<int>(form)));
      const TestModel model = BlendNet(styles, form, 24);
      SessionOptions options = {.num_threads = 2};
      const auto exact = Make(model, {{1, styles}}, options);
      options.precision = Precision::kAuto;
      options.plain_dot_kernels = true;
      options.input_values = {std::nullopt,
                              InputValues{.shares = true, .initial = {1.0f / static_cast<float>(styles)}}};
      const auto session = Make(model, {{1, styles}}, options);
      EXPECT_EQ(session->precision().chosen.substr(0, 4), "int8") << session->precision().chosen;
      EXPECT_GE(session->precision().psnr_db, 35);
      for (const auto& blend : Blends(styles)) {
        const Tensor want = Paint(*exact, blend);
        EXPECT_GT(PsnrDb(Paint(*session, blend), want, Range(want)), 35) << session->precision().chosen;
      }
    }
  }
}

TEST(Conditional, WithoutARangeItsConvolutionsStayInFp32) {
  const TestModel model = BlendNet(2, Conditional::kInputs);
  SessionOptions options = {.num_threads = 1, .precision = Precision::kInt8, .plain_dot_kernels = true};
  // Four of five read what follows from the style.
  EXPECT_EQ(Make(model, {{1, 2}}, options)->precision().chosen, "int8 in 1 of 5");
  options.input_values = {std::nullopt, InputValues{.low = -1, .high = 2}};
  EXPECT_EQ(Make(model, {{1, 2}}, options)->precision().chosen, "int8");
}

TEST(Conditional, GatesStayPendingForTheNextConvolution) {
  for (const int64_t n : {int64_t{1}, int64_t{2}}) {
    TestModel m;
    std::string x = m.Node("Relu", {m.PaddedConv("x", 3, 8, 3, 1, 1, false)});
    x = m.PaddedConv(Gate(m, x, 8, 4), 8, 6, 3, 1, 1, true);
    x = m.Node("LeakyRelu", {Gate(m, x, 6, 2)});
    m.Output(m.PaddedConv(x, 6, 3, 3, 2, 1, false));
    std::vector<std::string> operators;
    EXPECT_EQ(PlainLoops(m, {n, 3, 24, 40}, 2e-5, &operators), 0);
    if (n == 1) EXPECT_EQ(std::count(operators.begin(), operators.end(), "Mul"), 0);
  }
}

// Scales of one number for all channels, shifts alone, differences, and constants between.
TEST(Conditional, ArithmeticWithComputedNumbersAgrees) {
  TestModel m;
  m.Input("k", {1, 6});
  const std::string per_channel = m.Node("Reshape", {m.Node("Sigmoid", {"k"}), m.Int64s({1, 6, 1, 1})});
  const std::string one =
      m.Node("ReduceMean", {"k"}, {TestModel::Ints("axes", {0, 1}), TestModel::Int("keepdims", 0)});
  std::string x = m.PaddedConv("x", 3, 6, 3, 1, 1, true);
  x = m.Node("Sub", {m.Node("Mul", {x, one}), per_channel});
  x = m.Node("Mul", {x, m.Random({6, 1, 1})});
  x = m.Node("Add", {m.Node("Mul", {x, per_channel}), m.Random({6, 1, 1})});
  x = m.PaddedConv(m.Node("LeakyRelu", {x}), 6, 6, 3, 1, 1, false);
  x = m.Node("Add", {m.Node("Mul", {per_channel, x}), one});
  m.Output(m.Node("Sub", {per_channel, m.Node("Div", {x, per_channel})}));
  const auto slow = Make(m, {{1, 6}}, {.num_threads = 1, .reference = true});
  const auto fast = Make(m, {{1, 6}}, {.num_threads = 3});
  for (const float k : {0.5f, -2.0f, 1.5f}) {
    const std::vector<float> numbers = {k, 1, -k, 0.25f, 2, 3};
    const Tensor want = Paint(*slow, numbers);
    EXPECT_GT(PsnrDb(Paint(*fast, numbers), want, Range(want)), 100);
  }
}

}  // namespace
}  // namespace tempera::engine
