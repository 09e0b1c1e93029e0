// Group norm and layer norm in every spelling: the numbers of the plain loops, gathered by the convolution
// before and applied by whatever reads.
#include <cmath>

#include "src/engine/precision/calibration_frame.h"
#include "src/engine/run/twin_for_test.h"

namespace tempera::engine {
namespace {

using Steps = std::vector<std::string>;

std::string Conv(TestModel& m, const std::string& x, int64_t in, int64_t out, int64_t k) {
  const int64_t pad = k / 2;
  return m.Node("Conv", {x, m.Random({out, in, k, k}), m.Random({out})},
                {TestModel::Ints("pads", {pad, pad, pad, pad})});
}

// As PyTorch's exporter writes nn.GroupNorm(groups, c).
std::string TorchGroupNorm(TestModel& m, const std::string& x, int64_t c, int64_t groups, bool affine,
                           const std::vector<int64_t>& back, int64_t first = 0) {
  const std::string flat = m.Node("Reshape", {x, m.Int64s({first, groups, -1})});
  const std::vector<float> ones(static_cast<size_t>(groups), 1), zeros(static_cast<size_t>(groups), 0);
  const std::string norm =
      m.Node("InstanceNormalization", {flat, m.Floats({groups}, ones), m.Floats({groups}, zeros)});
  const std::string y = m.Node("Reshape", {norm, m.Int64s(back)});
  if (!affine) return y;
  return m.Node("Add", {m.Node("Mul", {y, m.Random({c, 1, 1}, -2, 2)}), m.Random({c, 1, 1})});
}

// Mean, deviation and all around them over channels, height and width.
std::string LayerNormWrittenOut(TestModel& m, const std::string& x, int64_t c, int64_t h, int64_t w) {
  const auto axes = TestModel::Ints("axes", {-3, -2, -1});
  const std::string d = m.Node("Sub", {x, m.Node("ReduceMean", {x}, {axes})});
  const std::string variance = m.Node("ReduceMean", {m.Node("Pow", {d, m.Floats({}, {2})})}, {axes});
  const std::string y =
      m.Node("Div", {d, m.Node("Sqrt", {m.Node("Add", {variance, m.Floats({}, {1e-5f})})})});
  return m.Node("Add", {m.Node("Mul", {y, m.Random({c, h, w}, -2, 2)}), m.Random({c, h, w})});
}

struct Size {
  int64_t n, h, w;
};
constexpr Size kSizes[] = {{1, 1, 1}, {1, 17, 31}, {2, 9, 5}, {2, 40, 66}};

// In the chain conv, norm, activation, conv the norm is no step of its own, whatever convolves.
TEST(GroupNorm, AsPyTorchExportsIt) {
  for (const auto& [c, groups] : {std::pair<int64_t, int64_t>{8, 1}, {8, 2}, {12, 4}, {13, 13}, {5, 1}}) {
    for (const Size& s : kSizes) {
      for (int64_t k : {1, 3}) {
        TestModel m;
        const std::string norm =
            TorchGroupNorm(m, Conv(m, "x", 3, c, k), c, groups, k == 3, {s.n, c, s.h, s.w});
        m.Output(Conv(m, m.Node("LeakyRelu", {norm}), c, 4, 3));
        Steps steps;
        // One number less its own rounded mean, over the root of epsilon.
        const double tolerance = s.h * s.w == 1 ? 3e-4 : 3e-5;
        EXPECT_EQ(PlainLoops(m, {s.n, 3, s.h, s.w}, tolerance, &steps), 0) << c << "/" << groups;
        EXPECT_EQ(steps.size(), 2u) << c << "/" << groups;
      }
    }
  }
}

TEST(GroupNorm, BehindADepthwiseConvolutionAndAnAdd) {
  TestModel m;
  const std::string wide = m.Node("Conv", {"x", m.Random({6, 1, 3, 3})},
                                  {TestModel::Int("group", 6), TestModel::Ints("pads", {1, 1, 1, 1})});
  const std::string a = TorchGroupNorm(m, wide, 6, 2, true, {1, 6, 17, 31});
  const std::string sum = m.Node("Add", {a, "x"});
  m.Output(m.Node("Relu", {TorchGroupNorm(m, sum, 6, 3, true, {1, 6, 17, 31})}));
  EXPECT_EQ(PlainLoops(m, {1, 6, 17, 31}, 3e-5), 0);
}

TEST(GroupNorm, ImagesAsGroups) {
  TestModel m;  // [2, 8, h, w] as [1, 4, -1]: two groups in each of two images
  const std::string norm = TorchGroupNorm(m, Conv(m, "x", 3, 8, 3), 8, 4, true, {2, 8, 9, 21}, 1);
  m.Output(Conv(m, norm, 8, 4, 3));
  Steps steps;
  EXPECT_EQ(PlainLoops(m, {2, 3, 9, 21}, 3e-5, &steps), 0);
  EXPECT_EQ(steps.size(), 2u);
  TestModel halves;  // nine channels of two images as [3, 2, -1]: three groups in each image
  halves.Output(TorchGroupNorm(halves, Conv(halves, "x", 3, 9, 3), 9, 2, false, {2, 9, 9, 21}, 3));
  EXPECT_EQ(PlainLoops(halves, {2, 3, 9, 21}, 3e-5), 0);
  TestModel across;  // the fifth of nine groups lies in both images: a plain loop, and right
  across.Output(TorchGroupNorm(across, Conv(across, "x", 3, 9, 3), 9, 9, false, {2, 9, 9, 21}, 1));
  EXPECT_EQ(PlainLoops(across, {2, 3, 9, 21}, 3e-5), 1);
}

TEST(GroupNorm, AsAnOperator) {
  for (bool by_channel : {false, true}) {  // from opset 21 on
    for (int64_t groups : {1, 2, 8}) {
      TestModel m(18);
      const int64_t numbers = by_channel ? 8 : groups;
      const std::string norm =
          m.Node("GroupNormalization", {Conv(m, "x", 3, 8, 3), m.Random({numbers}), m.Random({numbers})},
                 {TestModel::Int("num_groups", groups), TestModel::Float("epsilon", 1e-3f)});
      m.Output(Conv(m, m.Node("Relu", {norm}), 8, 4, 3));
      Steps steps;
      EXPECT_EQ(PlainLoops(m, {2, 3, 17, 31}, 3e-5, &steps), 0);
      EXPECT_EQ(steps.size(), 2u) << by_channel << ", " << groups;
    }
  }
}

TEST(GroupNorm, LayerNormWrittenOut) {
  for (const Size& s : kSizes) {
    TestModel m;
    m.Output(Conv(m, LayerNormWrittenOut(m, Conv(m, "x", 3, 8, 3), 8, s.h, s.w), 8, 4, 3));
    Steps steps;
    EXPECT_EQ(PlainLoops(m, {s.n, 3, s.h, s.w}, 3e-5, &steps), 0);
    EXPECT_EQ(std::count(steps.begin(), steps.end(), "ReduceMean"), 0);
  }
}

// Large means must cost no digits: a group whose channels lie far from each other, and far from zero.
TEST(GroupNorm, FarFromZero) {
  TestModel m;
  const std::string conv = m.Node(
      "Conv", {"x", m.Random({4, 3, 3, 3}, -1e-2f, 1e-2f), m.Floats({4}, {1000, 1000.5f, 1001, 1000})});
  m.Output(TorchGroupNorm(m, conv, 4, 2, false, {1, 4, 15, 29}));
  EXPECT_EQ(PlainLoops(m, {1, 3, 17, 31}, 2e-2), 0);  // fp32 near 1000 has steps of 6e-5, deviations are 0.2
}

TestModel Net(int64_t groups, int64_t h, int64_t w) {
  TestModel m;
  const auto block = [&](const std::string& x, int64_t in, int64_t out) {
    const std::string y = m.PaddedConv(x, in, out, 3, 1, 1, false);
    return m.Node("Relu", {TorchGroupNorm(m, y, out, groups, true, {-1, out, h, w})});
  };
  std::string x = block(block("x", 3, 16), 16, 24);
  x = m.Node("Add", {block(x, 24, 24), x});
  m.Output(m.PaddedConv(x, 24, 3, 5, 1, 2, false));
  return m;
}

std::unique_ptr<Session> Make(const ModelPtr& model, const Shape& shape, Precision precision, bool reference,
                              NormStatistics statistics = NormStatistics::kExact) {
  SessionOptions options;
  options.num_threads = 2;
  options.reference = reference;
  options.precision = precision;
  options.plain_dot_kernels = true;
  options.norm_statistics = statistics;
  options.norm_smoothing = 0.75f;
  auto session = Session::Create(model, {shape}, options);
  EXPECT_TRUE(session.ok()) << session.status().message();
  return session.ok() ? std::move(session).value() : nullptr;
}

TEST(GroupNorm, InLowerPrecisions) {
  for (int64_t groups : {1, 4}) {
    const ModelPtr model = Net(groups, 48, 64).Load().value();
    const auto truth = Make(model, {1, 3, 48, 64}, Precision::kFp32, true);
    FillCalibrationFrame(truth->input(0), {0, 255});
    ASSERT_TRUE(truth->Run().ok());
    const auto numbers = truth->output(0).span<float>();
    const auto [low, high] = std::minmax_element(numbers.begin(), numbers.end());
    for (Precision p : {Precision::kInt8, Precision::kBf16}) {
      const auto session = Make(model, {1, 3, 48, 64}, p, false);
      FillCalibrationFrame(session->input(0), {0, 255});
      ASSERT_TRUE(session->Run().ok());
      EXPECT_GT(PsnrDb(session->output(0), truth->output(0), static_cast<double>(*high) - *low), 35)
          << PrecisionName(p) << groups;
      for (const StepInfo& step : session->steps()) EXPECT_NE(step.kernel, "reference") << step.name;
    }
  }
}

TEST(GroupNorm, OneColourStaysOneColour) {
  for (Precision p : {Precision::kFp32, Precision::kInt8}) {
    const auto session = Make(Net(4, 33, 50).Load().value(), {1, 3, 33, 50}, p, false);
    Tensor& x = session->input(0);
    std::fill_n(x.data<float>(), x.element_count(), 128.0f);
    ASSERT_TRUE(session->Run().ok());
    const Tensor& y = session->output(0);
    for (int64_t c = 0; c < 3; ++c) {
      const float* plane = y.data<float>() + c * 33 * 50;
      const auto [low, high] = std::minmax_element(plane, plane + 33 * 50);
      EXPECT_LT(*high - *low, 1e-5f * std::max(1.0f, std::abs(*high))) << PrecisionName(p);
    }
  }
}

// The second of two different frames lies between what its own statistics give and what the first's give.
TEST(GroupNorm, StatisticsAreSmoothedAndGiven) {
  const ModelPtr model = Net(2, 24, 40).Load().value();
  const Shape shape = {1, 3, 24, 40};
  const auto exact = Make(model, shape, Precision::kFp32, false);
  const auto smoothed = Make(model, shape, Precision::kFp32, false, NormStatistics::kSmoothed);
  const auto given = Make(model, shape, Precision::kFp32, false, NormStatistics::kGiven);
  const auto paint = [](Session& session, const ValueRange& range) {
    FillCalibrationFrame(session.input(0), range);
    EXPECT_TRUE(session.Run().ok());
  };
  paint(*exact, {100, 255});
  paint(*smoothed, {100, 255});
  EXPECT_EQ(PsnrDb(exact->output(0), smoothed->output(0), 255), 200);
  const auto before = exact->statistics();
  paint(*exact, {0, 80});
  paint(*smoothed, {0, 80});
  const auto after = exact->statistics(), blended = smoothed->statistics();
  ASSERT_EQ(blended.size(), 3u);
  ASSERT_EQ(blended[0].mean.size(), 16u);
  for (size_t c = 0; c < 16; ++c) {
    EXPECT_NEAR(blended[0].mean[c], 0.75 * before[0].mean[c] + 0.25 * after[0].mean[c], 1e-6);
    EXPECT_EQ(after[0].mean[c], after[0].mean[c / 8 * 8]);  // one for a group of eight
  }
  ASSERT_TRUE(given->SetStatistics(after).ok());
  paint(*given, {0, 80});
  EXPECT_GT(PsnrDb(exact->output(0), given->output(0), 255), 120);
}

}  // namespace
}  // namespace tempera::engine
