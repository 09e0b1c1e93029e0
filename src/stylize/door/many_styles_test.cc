// Files of many styles through the public door: rows that are computed against rows that are written down, in
// every precision; styles by name; what else can meet them.
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "src/onnx/many_styles.h"
#include "src/onnx/model_builder.h"
#include "src/onnx/writer.h"
#include "src/stylize/door/rgba_for_test.h"
#include "tempera/tempera.hpp"

namespace tempera::stylize {
namespace {

using Pixels = std::vector<uint8_t>;
constexpr int kWidth = 96, kHeight = 72, kStyles = 5;

// The bundled styles' shape with fewer channels and random weights. `state`: the painting before goes in too.
onnx::ModelBuilder OneStyle(unsigned seed, bool state = false) {
  using onnx::ModelBuilder;
  ModelBuilder m(13, seed);
  std::string x = m.Input("input", {1, 3, -1, -1});
  const auto conv = [&](int64_t in, int64_t out, int64_t k, int64_t stride, bool norm) {
    const int64_t pad = k / 2;
    x = m.Node("Pad", {x, m.Int64s({0, 0, pad, pad, 0, 0, pad, pad})},
               {ModelBuilder::Text("mode", "reflect")});
    const float spread = std::sqrt(6.0f / static_cast<float>(in * k * k));
    x = m.Node("Conv", {x, m.Random({out, in, k, k}, -spread, spread), m.Random({out}, -0.1f, 0.1f)},
               {ModelBuilder::Ints("strides", {stride, stride})});
    if (norm)
      x = m.Node("InstanceNormalization", {x, m.Random({out}, 0.5f, 1.5f), m.Random({out}, -0.5f, 0.5f)});
  };
  const auto relu = [&] { x = m.Node("Relu", {x}); };
  if (state) {
    x = m.Node("Concat", {x, m.Input("before", {1, 3, -1, -1})}, {ModelBuilder::Int("axis", 1)});
    m.Metadata("tempera.state.output", "before");
  }
  conv(state ? 6 : 3, 8, 5, 2, true), relu();
  conv(8, 16, 3, 2, true), relu();
  for (int block = 0; block < 2; ++block) {
    const std::string entered = x;
    conv(16, 16, 3, 1, true), relu();
    conv(16, 16, 3, 1, true);
    x = m.Node("Add", {x, entered});
  }
  for (const auto& [in, out] : {std::pair{16, 8}, {8, 8}}) {
    x = m.Node("Resize", {x, "", m.Floats({4}, {1, 1, 2, 2})},
               {ModelBuilder::Text("mode", "nearest"),
                ModelBuilder::Text("coordinate_transformation_mode", "asymmetric"),
                ModelBuilder::Text("nearest_mode", "floor")});
    conv(in, out, 3, 1, true), relu();
  }
  conv(8, 3, 5, 1, false);
  m.NamedNode("output", "Add", {m.Node("Mul", {x, m.Floats({1}, {25})}), m.Floats({1}, {127})});
  m.Output("output");
  return m;
}

std::string Bytes(unsigned seed, onnx::ManyStyles how, bool state = false) {
  onnx::ModelBuilder m = OneStyle(seed, state);
  how.styles = kStyles;
  EXPECT_TRUE(onnx::MakeManyStyles(&m.model(), how));
  return onnx::WriteModel(m.model()).value();
}

tempera::Stylizer Opened(const std::string& bytes, const Options& options) {
  auto s = tempera::Stylizer::Open(std::as_bytes(std::span(bytes)), options);
  EXPECT_TRUE(s) << s.error().message;
  return *std::move(s);
}

// Flat parts, slopes, stripes and noise, never twice the same.
Pixels Picture(unsigned seed) {
  std::mt19937 random(seed);
  Pixels p;
  const size_t period = 3 + random() % 20, low = random() % 100, stripes = random() % 120,
               noise = 1 + random() % 40;
  for (unsigned y = 0; y < kHeight; ++y) {
    for (unsigned x = 0; x < kWidth; ++x) {
      for (unsigned c = 0; c < 4; ++c)
        p.push_back(static_cast<uint8_t>(
            std::min<size_t>(255, low + (c + 1) * y / 2 + (x / period % 2) * stripes + random() % noise)));
    }
  }
  return p;
}

void Turn(tempera::Stylizer& s, const onnx::StyleSetting& at) {
  ASSERT_FALSE(s.SetParameter("style_weights", at.weights));
  ASSERT_FALSE(s.SetParameter("strength", at.strength));
  ASSERT_FALSE(s.SetParameter("fine_strength", at.fine_strength));
  ASSERT_FALSE(s.SetParameter("coarse_strength", at.coarse_strength));
  ASSERT_FALSE(s.SetParameter("stroke_size", at.stroke_size));
}

Pixels Painted(tempera::Stylizer& s, const Pixels& in) { return PaintRgba(s, in, kWidth, kHeight); }

double Psnr(const Pixels& a, const Pixels& b) {
  double squares = 1e-9;
  for (size_t i = 0; i < a.size(); ++i) squares += std::pow(static_cast<double>(a[i]) - b[i], 2);
  return 10 * std::log10(255.0 * 255 * static_cast<double>(a.size()) / squares);
}

// Every style alone, every end, and blends of any kind.
std::vector<onnx::StyleSetting> Settings() {
  std::vector<onnx::StyleSetting> all;
  for (size_t i = 0; i < kStyles; ++i) {
    onnx::StyleSetting& at = all.emplace_back();
    at.weights.assign(kStyles, 0);
    at.weights[i] = 1;
    at.stroke_size = static_cast<float>(i % 3) / 2;
  }
  std::mt19937 random(5);
  std::uniform_real_distribution<float> uniform(0, 1);
  for (int i = 0; i < 8; ++i) {
    onnx::StyleSetting& at = all.emplace_back();
    float sum = 0;
    for (int k = 0; k < kStyles; ++k) sum += at.weights.emplace_back(uniform(random));
    for (float& w : at.weights) w /= sum;
    at.strength = i == 0 ? 0.001f : uniform(random);
    at.fine_strength = i == 1 ? 1.5f : 1.5f * uniform(random);
    at.coarse_strength = i == 1 ? 1.5f : 1.5f * uniform(random);
    at.stroke_size = uniform(random);
  }
  return all;
}

TEST(ManyStyles, ComputedRowsPaintAsWrittenOnesDo) {
  const Pixels in = Picture(1);
  for (const bool one_table : {false, true}) {
    auto computed =
        Opened(Bytes(3, {.one_table = one_table}), {.threads = 2, .precision = TEMPERA_PRECISION_FP32});
    for (const onnx::StyleSetting& at : Settings()) {
      Turn(computed, at);
      const Pixels got = Painted(computed, in);
      // Weights in between go through shares: sums may round another way.
      auto written = Opened(Bytes(3, {.at = &at}), {.threads = 1, .precision = TEMPERA_PRECISION_FP32});
      // Near 0 a strength of the file's own is mixed with the source, as this file's built-in one is.
      ASSERT_FALSE(written.SetParameter("strength", std::min(1.0f, at.strength / 0.1f)));
      const Pixels wanted = Painted(written, in);
      int most = 0;
      for (size_t i = 0; i < got.size(); ++i) most = std::max(most, std::abs(got[i] - wanted[i]));
      EXPECT_LE(most, 1);
    }
  }
}

// Ranges of 8 bits hold for whatever is turned: as near to fp32 as single styles are.
TEST(ManyStyles, EveryBlendKeepsItsPictureInAuto) {
  for (const unsigned seed : {3u, 4u}) {
    const std::string bytes = Bytes(seed, {});
    auto exact = Opened(bytes, {.threads = 2, .precision = TEMPERA_PRECISION_FP32});
    auto automatic = Opened(bytes, {.threads = 2});
    auto eight = Opened(bytes, {.threads = 2, .precision = TEMPERA_PRECISION_INT8});
    unsigned picture = 10;
    for (const onnx::StyleSetting& at : Settings()) {
      const Pixels in = Picture(++picture);
      Turn(exact, at), Turn(automatic, at), Turn(eight, at);
      const Pixels wanted = Painted(exact, in);
      EXPECT_GE(Psnr(Painted(automatic, in), wanted), 33) << seed << " " << picture;
      // Forced, whatever it costs: ranges that were of the default alone are off by 20 dB.
      EXPECT_GE(Psnr(Painted(eight, in), wanted), 27) << seed << " " << picture;
    }
  }
}

// Turned before every frame, with a state, smoothed statistics and the source's colours: the same bytes
// whatever the threads.
TEST(ManyStyles, TurnedThroughFilmsOfAnyKind) {
  for (const bool state : {false, true}) {
    for (const tempera_precision precision : {TEMPERA_PRECISION_FP32, TEMPERA_PRECISION_INT8}) {
      for (const tempera_norm_statistics statistics :
           {TEMPERA_NORM_EXACT, TEMPERA_NORM_SMOOTHED, TEMPERA_NORM_CARRIED}) {
        const std::string bytes = Bytes(6, {.one_table = state}, state);
        auto alone = Opened(bytes, {.threads = 1, .precision = precision, .norm_statistics = statistics});
        auto many = Opened(bytes, {.threads = 3, .precision = precision, .norm_statistics = statistics});
        Pixels before;
        for (unsigned frame = 0; frame < 10; ++frame) {
          const float t = static_cast<float>(frame) / 9;
          const std::vector<float> weights = {1 - t, 0, t, 0, 0};
          for (tempera::Stylizer* s : {&alone, &many}) {
            ASSERT_FALSE(s->SetParameter("style_weights", weights));
            ASSERT_FALSE(s->SetParameter("strength", frame == 7 ? 0.0f : 1 - t / 2));
            ASSERT_FALSE(s->SetParameter("keep_colors", frame % 3 == 2 ? 1.0f : 0.0f));
            ASSERT_FALSE(s->SetParameter("stroke_size", t));
          }
          const Pixels in = Picture(30), got = Painted(alone, in);
          EXPECT_EQ(Painted(many, in), got) << frame;
          if (frame == 7) EXPECT_EQ(got, in);  // the source, to the byte
          if (frame > 0 && frame != 7) EXPECT_NE(got, before);
          before = got;
        }
      }
    }
  }
}

TEST(ManyStyles, ByName) {
  auto s = Opened(Bytes(3, {}), {.threads = 1, .precision = TEMPERA_PRECISION_FP32});
  const int32_t index = tempera_find_parameter(s.handle(), "style_weights");
  ASSERT_GE(index, 0);
  const auto info = s.ParameterInfo(index);
  ASSERT_TRUE(info);
  EXPECT_STREQ(info->short_names[3], "style-3");
  EXPECT_STREQ(info->element_names[3], "Style 3");
  for (const char* name : {"style-3", "Style 3", "STYLE_3"})
    EXPECT_EQ(tempera_find_element(s.handle(), index, name), 3) << name;
  EXPECT_EQ(tempera_find_element(s.handle(), index, "style"), -1);
  EXPECT_EQ(tempera_find_element(s.handle(), 99, "style-3"), -1);
  EXPECT_EQ(tempera_find_element(nullptr, index, "style-3"), -1);
  ASSERT_FALSE(s.SetStyle("Style 3"));
  EXPECT_EQ(*s.GetParameter("style_weights"), (std::vector<float>{0, 0, 0, 1, 0}));
  const Error unknown = s.SetStyle("wave");
  EXPECT_EQ(unknown.code, TEMPERA_NOT_FOUND);
  EXPECT_EQ(unknown.message,
            "there is no style 'wave'; the model has style-0, style-1, style-2, style-3, style-4");
  const std::vector<std::pair<std::string, float>> shares = {{"style-1", 0.5f}, {"Style 4", 1.0f}};
  ASSERT_FALSE(s.SetBlend(shares));
  EXPECT_EQ(*s.GetParameter("style_weights"), (std::vector<float>{0, 0.5f, 0, 0, 1}));
  const std::vector<std::pair<std::string, float>> wrong = {{"style-1", 0.5f}, {"wave", 1.0f}};
  EXPECT_EQ(s.SetBlend(wrong).code, TEMPERA_NOT_FOUND);
  EXPECT_EQ(*s.GetParameter("style_weights"), (std::vector<float>{0, 0.5f, 0, 0, 1}));
}

TEST(ManyStyles, NamesThatCannotBeAreRefused) {
  for (const char* names :
       {"a | b", "a | b | c | d | d", "a | b | c | d | E F", "a | b | c | d | ", "a|b|c|d|x=1", ""}) {
    onnx::ModelBuilder m = OneStyle(3);
    ASSERT_TRUE(onnx::MakeManyStyles(&m.model(), {.styles = kStyles}));
    for (auto& [key, value] : m.model().metadata_props) {
      if (key == "tempera.styles") value = names;
    }
    const std::string bytes = onnx::WriteModel(m.model()).value();
    const auto s = tempera::Stylizer::Open(std::as_bytes(std::span(bytes)), {.threads = 1});
    ASSERT_FALSE(s) << names;
    EXPECT_EQ(s.error().code, TEMPERA_CORRUPT_MODEL) << names;
    EXPECT_NE(s.error().message.find("tempera.styles"), std::string::npos) << s.error().message;
  }
}

}  // namespace
}  // namespace tempera::stylize
