// Lower precisions against fp32 and the plain loops: near enough, the same on any number of threads, on every
// target, and nothing but fp32 where they cannot serve.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <random>
#include <string>

#include "src/base/cpu.h"
#include "src/engine/precision/calibrate.h"
#include "src/engine/precision/calibration_frame.h"
#include "src/engine/run/model_builder_for_test.h"
#include "src/engine/run/session.h"

namespace tempera::engine {
namespace {

// A style network in small: `ends` x `ends` kernels at both ends, two residual adds, two enlargements.
TestModel StyleNet(int64_t a = 8, int64_t b = 13, int64_t ends = 5) {
  TestModel m;
  const auto upsampled = [&](const std::string& x) {
    return m.Node("Resize", {x, "", m.Floats({4}, {1, 1, 2, 2})},
                  {TestModel::Text("mode", "nearest"), TestModel::Text("nearest_mode", "floor"),
                   TestModel::Text("coordinate_transformation_mode", "asymmetric")});
  };
  std::string x = m.Node("Relu", {m.PaddedConv("x", 3, a, ends, 1, ends / 2, true)});
  x = m.Node("Relu", {m.PaddedConv(x, a, b, 3, 2, 1, true)});
  for (int i = 0; i < 2; ++i) {
    const std::string y = m.Node("Relu", {m.PaddedConv(x, b, b, 3, 1, 1, true)});
    x = m.Node("Add", {m.PaddedConv(y, b, b, 3, 1, 1, true), x});
  }
  x = m.Node("Relu", {m.PaddedConv(upsampled(x), b, a, 3, 1, 1, true)});
  m.Output(m.PaddedConv(x, a, 3, ends, 1, ends / 2, false));
  return m;
}

std::unique_ptr<Session> Make(const ModelPtr& model, const Shape& shape, SessionOptions options) {
  options.plain_dot_kernels = true;  // bf16 is tested where no processor has it
  auto session = Session::Create(model, {shape}, options);
  EXPECT_TRUE(session.ok()) << session.status().message();
  if (!session.ok()) return nullptr;
  FillCalibrationFrame((*session)->input(0), options.input_range.value_or(ValueRange{}));
  EXPECT_TRUE((*session)->Run().ok());
  return std::move(session).value();
}

double Psnr(const Tensor& a, const Tensor& b) {
  const auto numbers = b.span<float>();
  const auto [low, high] = std::minmax_element(numbers.begin(), numbers.end());
  return PsnrDb(a, b, static_cast<double>(*high) - *low);
}

ModelPtr Loaded(const TestModel& model) {
  const auto loaded = model.Load();
  EXPECT_TRUE(loaded.ok()) << loaded.status().message();
  return loaded.ok() ? *loaded : nullptr;
}

int CountKernels(const Session& session, const std::string& beginning) {
  return static_cast<int>(std::count_if(session.steps().begin(), session.steps().end(),
                                        [&](const StepInfo& s) { return s.kernel.starts_with(beginning); }));
}

TEST(LowPrecision, StaysNearTheReferenceAtAwkwardSizes) {
  const ModelPtr model = Loaded(StyleNet());
  // [n, 3, h, w]; odd sizes do not come back from stride 2 as they were, so even ones and a net without.
  for (const Shape& shape :
       {Shape{1, 3, 18, 32}, Shape{2, 3, 64, 22}, Shape{1, 3, 6, 1026}, Shape{1, 3, 130, 66}}) {
    const auto truth = Make(model, shape, {.num_threads = 1, .reference = true});
    ASSERT_NE(truth, nullptr);
    for (Precision p : {Precision::kInt8, Precision::kBf16}) {
      const auto session = Make(model, shape, {.num_threads = 2, .precision = p});
      ASSERT_NE(session, nullptr);
      const double psnr = Psnr(session->output(0), truth->output(0));
      EXPECT_GT(psnr, p == Precision::kInt8 ? 28 : 36) << PrecisionName(p) << ShapeToString(shape);
      EXPECT_EQ(CountKernels(*session, std::string("conv_") + PrecisionName(p)), 8);
      EXPECT_EQ(CountKernels(*session, "add_f16"), 2);
      EXPECT_EQ(CountKernels(*session, "to_planar"), 0);
    }
  }
}

TEST(LowPrecision, ServesPicturesOfAnySize) {
  TestModel m;
  std::string x = m.Node("Relu", {m.PaddedConv("x", 3, 5, 1, 1, 0, true)});
  x = m.Node("Conv", {x, m.Random({4, 5, 3, 3}), m.Random({4})}, {TestModel::Ints("pads", {1, 1, 1, 1})});
  m.Output(m.Node("Sigmoid", {x}));
  const ModelPtr model = Loaded(m);
  for (const Shape& shape :
       {Shape{1, 3, 1, 1}, Shape{1, 3, 17, 31}, Shape{1, 3, 3, 4097}, Shape{3, 3, 5, 2}}) {
    const auto truth = Make(model, shape, {.num_threads = 1, .reference = true});
    for (Precision p : {Precision::kInt8, Precision::kBf16}) {
      const auto session = Make(model, shape, {.num_threads = 2, .precision = p});
      ASSERT_NE(session, nullptr);
      ASSERT_NE(truth, nullptr);
      for (int64_t i = 0; i < truth->output(0).element_count(); ++i) {
        ASSERT_NEAR(session->output(0).data<float>()[i], truth->output(0).data<float>()[i], 0.08)
            << PrecisionName(p) << ShapeToString(shape) << " at " << i;
      }
    }
  }
}

// Expand, depthwise, project, with a stride, a residual and a slope: between products that run in a lower
// precision the picture stays interleaved. One more depthwise convolution that is read in planes stays there
// itself.
TEST(LowPrecision, KeepsSeparableConvolutionsInterleaved) {
  TestModel m;
  const auto depthwise = [&](const std::string& x, int64_t channels, int64_t k, int64_t stride,
                             int64_t dilation) {
    const int64_t pad = k / 2 * dilation;
    return m.Node(
        "Conv", {x, m.Random({channels, 1, k, k}, -0.4f, 0.4f), m.Random({channels})},
        {TestModel::Int("group", channels), TestModel::Ints("strides", {stride, stride}),
         TestModel::Ints("dilations", {dilation, dilation}), TestModel::Ints("pads", {pad, pad, pad, pad})});
  };
  std::string x = m.Node("Relu", {m.PaddedConv("x", 3, 12, 3, 1, 1, true)});
  x = m.Node("Clip", {depthwise(x, 12, 3, 2, 1), m.Floats({}, {0}), m.Floats({}, {6})});
  x = m.PaddedConv(x, 12, 16, 1, 1, 0, false);
  std::string y = m.Node("HardSwish", {m.PaddedConv(x, 16, 40, 1, 1, 0, false)});
  y = m.Node("LeakyRelu", {depthwise(y, 40, 5, 1, 1)}, {TestModel::Float("alpha", 0.1f)});
  x = m.Node("Relu", {m.Node("Add", {m.PaddedConv(y, 40, 16, 1, 1, 0, false), x})});
  x = m.PaddedConv(depthwise(x, 16, 3, 1, 2), 16, 8, 1, 1, 0, false);
  m.Output(m.Node("Sigmoid", {depthwise(x, 8, 3, 1, 1)}));
  const ModelPtr model = Loaded(m);
  for (const Shape& shape : {Shape{1, 3, 22, 34}, Shape{2, 3, 64, 130}, Shape{1, 3, 11, 9}}) {
    const auto truth = Make(model, shape, {.num_threads = 1, .reference = true});
    ASSERT_NE(truth, nullptr);
    for (Precision p : {Precision::kInt8, Precision::kBf16}) {
      const auto session = Make(model, shape, {.num_threads = 2, .precision = p});
      ASSERT_NE(session, nullptr);
      EXPECT_EQ(CountKernels(*session, "depthwise_f16"), 3) << ShapeToString(shape);
      EXPECT_EQ(CountKernels(*session, "depthwise_f32"), 1) << ShapeToString(shape);
      EXPECT_EQ(CountKernels(*session, "add_f16"), 1);
      EXPECT_EQ(CountKernels(*session, "to_planar"), 0);
      EXPECT_GT(Psnr(session->output(0), truth->output(0)), p == Precision::kInt8 ? 20 : 30)
          << PrecisionName(p) << ShapeToString(shape);
    }
  }
}

TEST(LowPrecision, GivesTheSameBytesOnAnyThreadsAndRuns) {
  const ModelPtr model = Loaded(StyleNet());
  for (const CpuTarget& target : AvailableCpuTargets()) {
    for (Precision p : {Precision::kInt8, Precision::kBf16, Precision::kAuto}) {
      const Shape shape = {1, 3, 66, 130};
      const auto one = Make(model, shape, {.num_threads = 1, .precision = p, .cpu = target.name});
      ASSERT_NE(one, nullptr);
      for (int threads = 2; threads <= 8; threads += 3) {
        const auto more = Make(model, shape, {.num_threads = threads, .precision = p, .cpu = target.name});
        ASSERT_NE(more, nullptr);
        EXPECT_EQ(more->precision().chosen, one->precision().chosen);
        ASSERT_TRUE(more->Run().ok());  // memory is used again
        EXPECT_EQ(std::memcmp(more->output(0).raw(), one->output(0).raw(), one->output(0).size_bytes()), 0)
            << target.name << PrecisionName(p) << threads;
      }
    }
  }
}

TEST(LowPrecision, InputsAndOutputsInTheArenaChangeNothing) {
  const ModelPtr model = Loaded(StyleNet());
  for (Precision p : {Precision::kFp32, Precision::kInt8}) {
    const Shape shape = {1, 3, 64, 48};
    const auto apart = Make(model, shape, {.num_threads = 2, .precision = p});
    const auto within = Make(model, shape, {.num_threads = 2, .precision = p, .rewrites_inputs = true});
    ASSERT_TRUE(apart != nullptr && within != nullptr);
    FillCalibrationFrame(within->input(0), {});
    ASSERT_TRUE(within->Run().ok());
    EXPECT_EQ(std::memcmp(within->output(0).raw(), apart->output(0).raw(), apart->output(0).size_bytes()), 0);
  }
}

TEST(LowPrecision, MixesWithWhatOnlyPlanesServe) {
  TestModel m;
  const std::string a = m.Node("Relu", {m.PaddedConv("x", 3, 8, 3, 1, 1, true)});
  // Read by a convolution, a pool and a grouped convolution.
  const std::string b = m.PaddedConv(a, 8, 8, 3, 1, 1, true);
  const std::string pooled = m.Node(
      "MaxPool", {a}, {TestModel::Ints("kernel_shape", {3, 3}), TestModel::Ints("pads", {1, 1, 1, 1})});
  const std::string grouped = m.Node("Conv", {b, m.Random({8, 4, 3, 3})},
                                     {TestModel::Int("group", 2), TestModel::Ints("pads", {1, 1, 1, 1})});
  const std::string sum = m.Node("Add", {pooled, grouped});
  const std::string both = m.Node("Concat", {sum, b}, {TestModel::Int("axis", 1)});
  m.Output(m.PaddedConv(m.Node("Tanh", {both}), 16, 3, 3, 1, 1, false));
  m.Output(b);  // with its norm pending
  const ModelPtr model = Loaded(m);
  const Shape shape = {2, 3, 31, 45};
  const auto truth = Make(model, shape, {.num_threads = 1, .reference = true});
  const auto session = Make(model, shape, {.num_threads = 2, .precision = Precision::kInt8});
  ASSERT_TRUE(truth != nullptr && session != nullptr);
  EXPECT_GT(Psnr(session->output(0), truth->output(0)), 25);
  EXPECT_GT(Psnr(session->output(1), truth->output(1)), 30);
  EXPECT_EQ(CountKernels(*session, "conv_f32"), 1);  // the grouped one
}

TEST(LowPrecision, WhatNoConvolutionOfOursServesStaysExact) {
  TestModel m;
  const std::string x = m.Node("Conv", {"x", m.Random({3, 1, 3, 3})}, {TestModel::Int("group", 3)});
  m.Output(m.Node("ConvTranspose", {x, m.Random({3, 2, 1, 1})}, {TestModel::Ints("strides", {2, 2})}));
  const ModelPtr model = Loaded(m);
  const auto exact = Make(model, {1, 3, 20, 20}, {.num_threads = 1});
  for (Precision p : {Precision::kAuto, Precision::kInt8, Precision::kBf16}) {
    const auto session = Make(model, {1, 3, 20, 20}, {.num_threads = 1, .precision = p});
    ASSERT_TRUE(session != nullptr && exact != nullptr);
    EXPECT_EQ(std::memcmp(session->output(0).raw(), exact->output(0).raw(), exact->output(0).size_bytes()),
              0);
  }
}

// Behind a global mean a convolution reads one number a channel, here a large one; behind a logarithm what is
// none at all. Neither is a reason to refuse the model.
TEST(LowPrecision, NumbersWithoutARangeAreNoObstacle) {
  for (const bool endless : {false, true}) {
    TestModel m;
    const std::string x = m.PaddedConv("x", 3, 8, 3, 1, 1, true);
    const std::string large = m.Node("Add", {x, m.Floats({}, {endless ? -1000.0f : 1000.0f})});
    const std::string mean = endless ? m.Node("Log", {large}) : m.Node("GlobalAveragePool", {large});
    const std::string weight = m.Node("HardSigmoid", {m.Node("Conv", {mean, m.Random({8, 8, 1, 1})})});
    m.Output(m.PaddedConv(endless ? x : m.Node("Mul", {x, weight}), 8, 3, 3, 1, 1, false));
    m.Output(weight);
    for (Precision p : {Precision::kAuto, Precision::kInt8, Precision::kBf16}) {
      EXPECT_NE(Make(Loaded(m), {1, 3, 24, 20}, {.precision = p}), nullptr) << PrecisionName(p) << endless;
    }
  }
}

// Squeeze and excite: what the means of the picture decide, scales its features.
TestModel GatedNet(unsigned seed) {
  TestModel m;
  m.random().seed(seed);
  // Weights by which numbers keep their size, times `gain`.
  const auto conv = [&m](const std::string& x, int64_t in, int64_t out, int64_t k, float gain) {
    const float most = gain * std::sqrt(3.0f / static_cast<float>(in * k * k));
    const int64_t pad = k / 2;
    return m.Node("Conv", {x, m.Random({out, in, k, k}, -most, most), m.Random({out}, -0.1f, 0.1f)},
                  {TestModel::Ints("pads", {pad, pad, pad, pad})});
  };
  std::string x = m.Node("Relu", {conv("x", 3, 16, 3, 2)});
  x = m.Node("Relu", {conv(x, 16, 16, 3, 1.4f)});
  std::string gate = seed % 2 == 0 ? m.Node("GlobalAveragePool", {x})
                                   : m.Node("ReduceMean", {x}, {TestModel::Ints("axes", {2, 3})});
  gate = m.Node("Relu", {conv(gate, 16, 8, 1, 4)});
  gate = m.Node("HardSigmoid", {conv(gate, 8, 16, 1, 4)});
  m.Output(m.Node("Sigmoid", {conv(m.Node("Mul", {x, gate}), 16, 3, 3, 2)}));
  return m;
}

// None of them is the calibration's.
constexpr const char* kUnlikePictures[] = {"dark", "bright", "noise", "one-sided", "blue"};

void FillUnlike(Tensor& picture, const std::string& name) {
  std::mt19937 random(9);
  std::uniform_real_distribution<float> uniform(0, 1);
  const int64_t h = picture.shape()[2], w = picture.shape()[3];
  for (int64_t i = 0; i < picture.element_count(); ++i) {
    const float noise = uniform(random);
    const bool left = i % w < w / 2, blue = i / (h * w) % 3 == 2;
    picture.data<float>()[i] = name == "dark"        ? 0.06f * noise
                               : name == "bright"    ? 1 - 0.1f * noise
                               : name == "one-sided" ? (left ? 0.02f : 0.97f)
                               : name == "blue"      ? (blue ? 1 - 0.2f * noise : 0.1f * noise)
                                                     : noise;
  }
}

TEST(LowPrecision, AutoServesPicturesUnlikeItsOwnBehindGates) {
  const Shape shape = {1, 3, 72, 96};
  int low = 0;
  for (unsigned seed = 1; seed <= 12; ++seed) {
    const ModelPtr model = Loaded(GatedNet(seed));
    const SessionOptions options = {
        .num_threads = 2, .precision = Precision::kAuto, .input_range = ValueRange{0, 1}};
    const auto session = Make(model, shape, options);
    const auto truth = Make(model, shape, {.num_threads = 2});
    ASSERT_TRUE(session != nullptr && truth != nullptr);
    low += session->precision().chosen != "fp32";
    for (const char* name : kUnlikePictures) {
      FillUnlike(session->input(0), name);
      FillUnlike(truth->input(0), name);
      ASSERT_TRUE(session->Run().ok() && truth->Run().ok());
      EXPECT_GT(PsnrDb(session->output(0), truth->output(0), 1), 30)
          << seed << " " << name << ", " << session->precision().chosen;
    }
  }
  EXPECT_GT(low, 0);
}

// A pixel that stands for the frame costs nothing in fp32, and a range of it would be one frame's.
TEST(LowPrecision, PixelsOfTheWholeFrameStayExact) {
  const auto session = Make(Loaded(GatedNet(2)), {1, 3, 40, 40}, {.precision = Precision::kInt8});
  ASSERT_NE(session, nullptr);
  EXPECT_EQ(session->precision().chosen, "int8 in 3 of 5");
  for (const StepInfo& step : session->steps()) {
    const Shape& made = step.output_shape;
    if (made.size() == 4 && made[2] == 1) EXPECT_FALSE(step.kernel.starts_with("conv_int8")) << step.name;
  }
}

TEST(LowPrecision, AutoKeepsThePictureOrStaysExact) {
  // Good weights: int8 serves.
  const auto good =
      Make(Loaded(StyleNet()), {1, 3, 96, 64}, {.num_threads = 2, .precision = Precision::kAuto});
  ASSERT_NE(good, nullptr);
  EXPECT_NE(good->precision().chosen, "fp32");
  EXPECT_GE(good->precision().psnr_db, kLeastPsnrInt8);
  // The difference of two nearly equal copies keeps nothing but rounding errors: neither 8 bits nor bf16
  // serve.
  TestModel m;
  const std::string w = m.Random({8, 3, 3, 3});
  const std::string a = m.PaddedConv("x", 3, 8, 3, 1, 1, true);
  const std::string b = m.PaddedConv(a, 8, 1, 3, 1, 1, false);
  const std::string shifted = m.Node("Add", {b, m.Floats({1}, {1000})});
  const std::string c = m.Node("Conv", {shifted, m.Floats({1, 1, 1, 1}, {1})});
  m.Output(m.Node("Sub", {c, shifted}));
  m.Output(m.Node("Conv", {m.Node("Mul", {b, m.Floats({1}, {1e-3f})}), m.Floats({1, 1, 1, 1}, {1e3f})}));
  const auto bad = Make(Loaded(m), {1, 3, 40, 40}, {.num_threads = 2, .precision = Precision::kAuto});
  ASSERT_NE(bad, nullptr);
  EXPECT_EQ(bad->precision().chosen, "fp32");
}

TEST(LowPrecision, AutoSparesTheLayerThat8BitsWouldRuin) {
  // Two equal channels cancel under weights of 1000, and one of weight 1 is all that remains: rounded to 8
  // bits, that weight is 0.
  TestModel m;
  std::string x = m.Node("Relu", {m.PaddedConv("x", 3, 16, 3, 1, 1, true)});
  x = m.Node("Relu", {m.PaddedConv(x, 16, 16, 3, 1, 1, true)});
  const std::string half = m.Random({8, 16, 1, 1});
  x = m.Node("Concat", {m.Node("Conv", {x, half}), m.Node("Conv", {x, half})}, {TestModel::Int("axis", 1)});
  std::vector<float> w(16 * 16);
  for (size_t o = 0; o < 16; ++o) {
    w[o * 16] = 1000;
    w[o * 16 + 8] = -1000;
    w[o * 16 + 1 + o % 7] += 1;
  }
  const std::string cancels = m.Node("Conv", {x, m.Floats({16, 16, 1, 1}, w)});
  m.Output(m.PaddedConv(m.Node("Relu", {cancels}), 16, 3, 3, 1, 1, false));
  const auto session = Make(Loaded(m), {1, 3, 64, 48}, {.num_threads = 2, .precision = Precision::kAuto});
  ASSERT_NE(session, nullptr);
  EXPECT_TRUE(session->precision().chosen.starts_with("int8 in ")) << session->precision().chosen;
  EXPECT_GE(session->precision().psnr_db, kLeastPsnrInt8);
  EXPECT_GE(CountKernels(*session, "conv_int8"), 2);
  const std::string name = cancels.substr(0, cancels.size() - std::string("_out").size());
  for (const StepInfo& step : session->steps()) {
    if (step.name.starts_with(name)) EXPECT_FALSE(step.kernel.starts_with("conv_int8")) << step.name;
  }
}

TEST(LowPrecision, RefusesBf16WithoutInstructionsByName) {
  if (!ChooseCpuTarget("sse4").ok()) GTEST_SKIP() << "this processor has no SSE4";
  const ModelPtr model = Loaded(StyleNet());
  const auto session =
      Session::Create(model, {{1, 3, 32, 32}}, {.precision = Precision::kBf16, .cpu = "sse4"});
  ASSERT_FALSE(session.ok());
  EXPECT_EQ(session.status().code(), StatusCode::kUnsupported);
  EXPECT_NE(session.status().message().find("--precision auto"), std::string::npos);
  const auto found = Session::Create(model, {{1, 3, 32, 32}}, {.precision = Precision::kAuto, .cpu = "sse4"});
  ASSERT_TRUE(found.ok());
  EXPECT_EQ((*found)->precision().chosen, "fp32");  // loops alone are no faster
}

TEST(LowPrecision, ACalibrationServesEverySize) {
  const ModelPtr model = Loaded(StyleNet());
  SessionOptions options = {.num_threads = 2, .precision = Precision::kAuto};
  const auto first = Make(model, {1, 3, 64, 64}, options);
  ASSERT_NE(first, nullptr);
  options.calibration = first->calibration();
  const auto second = Make(model, {1, 3, 34, 90}, options);
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(second->calibration(), options.calibration);
  options.input_range = ValueRange{-1, 1};  // another question
  const auto third = Make(model, {1, 3, 64, 64}, options);
  ASSERT_NE(third, nullptr);
  EXPECT_NE(third->calibration(), options.calibration);
}

TEST(LowPrecision, BundledStylesStayAbove35Db) {
  int models = 0;
  for (const auto& entry : std::filesystem::directory_iterator("models")) {
    if (entry.path().extension() != ".onnx") continue;
    const auto model = LoadModelFile(entry.path());
    ASSERT_TRUE(model.ok()) << model.status().message();
    if ((*model)->inputs.size() > 1) continue;  // many styles: src/stylize/door/many_styles_test.cc
    const auto session = Make(*model, {1, 3, 128, 160}, {.num_threads = 2, .precision = Precision::kAuto});
    const auto truth = Make(*model, {1, 3, 128, 160}, {.num_threads = 2});
    ASSERT_TRUE(session != nullptr && truth != nullptr);
    EXPECT_TRUE(session->precision().chosen.starts_with("int8")) << entry.path();
    const double psnr = PsnrDb(session->output(0), truth->output(0), 255);
    std::printf("%s: %.1f dB\n", entry.path().c_str(), psnr);
    EXPECT_GT(psnr, 35) << entry.path();
    ++models;
  }
  EXPECT_GT(models, 0);
}

}  // namespace
}  // namespace tempera::engine
