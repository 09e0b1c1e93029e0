// Networks with ends of every kind that paint what a test can tell.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "src/stylize/test_model.h"
#include "tempera/tempera.hpp"

namespace tempera::stylize {

using Metadata = std::vector<std::pair<std::string, std::string>>;

// What the network's ends are like.
struct Form {
  float low = 0, high = 255;
  bool last = false;  // channels
  int64_t channels_in = 3, channels_out = 3;
  DataType type_in = DataType::kFloat32, type_out = DataType::kFloat32;
  bool batch = true;
  bool clips = false;  // at the end, between low and high
  bool open = false;   // it declares no number of channels
};

// Paints (255 - red, green, blue / 2); of one channel, 255 - grey; to one, 255 - red. A fourth channel that
// is not opaque darkens its green.
inline TestModel Network(const Form& f) {
  const int64_t c = f.open ? -1 : f.channels_in;
  std::vector<int64_t> dims = f.last ? std::vector<int64_t>{-1, -1, c} : std::vector<int64_t>{c, -1, -1};
  if (f.batch) dims.insert(dims.begin(), 1);
  TestModel m(dims);
  m.model().graph.inputs[0].dtype = f.type_in;
  std::string x = "input";
  const auto step = [&](const char* op, const std::string& to,
                        std::vector<std::string> more = {}) -> TestModel& {
    std::vector<std::string> inputs = {x};
    inputs.insert(inputs.end(), more.begin(), more.end());
    m.Node(op, inputs, to);
    x = to;
    return m;
  };
  const auto attribute = [&](onnx::Attribute a) {
    m.graph().nodes.back().attributes.push_back(std::move(a));
  };
  if (f.type_in != DataType::kFloat32) {
    step("Cast", "floats");
    attribute(onnx::IntAttribute("to", static_cast<int64_t>(DataType::kFloat32)));
  }
  m.Constant("axis0", std::vector<int64_t>{0});
  if (!f.batch) step("Unsqueeze", "batched", {"axis0"});
  // Opset 17 has axes as inputs.
  if (f.last) step("Transpose", "planes").Ints("perm", {0, 3, 1, 2});
  const auto in = static_cast<size_t>(f.channels_in), out = static_cast<size_t>(f.channels_out);
  std::vector<float> weights(in * out), bias(out);
  const auto weight = [&](size_t o, size_t i, float number) {
    if (o < out && i < in) weights[o * in + i] = number;
  };
  weight(0, 0, -1), weight(1, 1, 1), weight(1, 3, 1), weight(2, 2, 0.5f);
  bias[0] = f.low + f.high;
  if (out > 1) bias[1] = in == 4 ? -f.high : 0;
  if (out > 2) bias[2] = f.low / 2;
  if (out == 3 && in == 1) weight(1, 0, -1), weight(2, 0, -1), bias[1] = bias[2] = bias[0];
  m.Constant("w", {f.channels_out, f.channels_in, 1, 1}, weights).Constant("b", {f.channels_out}, bias);
  step("Conv", "convolved", {"w", "b"});
  m.Constant("low", {}, {f.low}).Constant("high", {}, {f.high});
  if (f.clips) step("Clip", "clipped", {"low", "high"});
  if (f.last) step("Transpose", "turned").Ints("perm", {0, 2, 3, 1});
  if (!f.batch) step("Squeeze", "single", {"axis0"});
  if (f.type_out != DataType::kFloat32) {
    if (f.type_out != DataType::kFloat16 && f.type_out != DataType::kFloat64) step("Round", "whole");
    step("Cast", "typed");
    attribute(onnx::IntAttribute("to", static_cast<int64_t>(f.type_out)));
  }
  step("Identity", "output");
  return m;
}

inline Expected<tempera::Stylizer> Open(const TestModel& model, Metadata said = {},
                                        tempera_precision precision = TEMPERA_PRECISION_FP32) {
  const std::string bytes = model.Bytes();
  return tempera::Stylizer::Open(std::as_bytes(std::span(bytes)),
                                 {.threads = 2, .precision = precision, .metadata = std::move(said)});
}

inline constexpr int kWidth = 52, kHeight = 37;  // no multiple of four

inline std::vector<uint8_t> Noise() {
  std::vector<uint8_t> pixels(3 * kWidth * kHeight);
  std::mt19937 random(3);
  for (uint8_t& b : pixels) b = static_cast<uint8_t>(random());
  return pixels;
}

inline std::vector<uint8_t> Paint(tempera::Stylizer& s, const std::vector<uint8_t>& in) {
  std::vector<uint8_t> out(in.size());
  const Error error = s.Process(MakeImage(TEMPERA_RGB, in.data(), kWidth, kHeight),
                                MakeImage(TEMPERA_RGB, out.data(), kWidth, kHeight));
  EXPECT_FALSE(error) << error.message;
  return out;
}

inline void ExpectPainted(const std::vector<uint8_t>& in, const std::vector<uint8_t>& out, const Form& f,
                          const std::string& what, double tolerance = 1.01) {
  for (size_t i = 0; i < in.size(); i += 3) {
    double wanted[] = {255.0 - in[i], double(in[i + 1]), in[i + 2] / 2.0};
    if (f.channels_in == 1) wanted[0] = 255 - (0.299 * in[i] + 0.587 * in[i + 1] + 0.114 * in[i + 2]);
    if (f.channels_in == 1 || f.channels_out == 1) wanted[1] = wanted[2] = wanted[0];
    for (size_t c = 0; c < 3; ++c)
      ASSERT_NEAR(out[i + c], wanted[c], tolerance) << what << " pixel " << i / 3;
  }
}

inline void ExpectPaints(const Form& f, const std::string& what, const Metadata& said = {},
                         bool says_it_guessed = false) {
  auto s = Open(Network(f), said);
  ASSERT_TRUE(s) << what << ": " << s.error().message;
  const std::vector<uint8_t> in = Noise();
  ExpectPainted(in, Paint(*s, in), f, what);
  const auto notices = s->Notices();
  const bool guessed = std::any_of(notices.begin(), notices.end(), [](const std::string& line) {
    return line.find("tempera.value_range") != std::string::npos;
  });
  EXPECT_EQ(guessed, says_it_guessed) << what << (notices.empty() ? "" : ": " + notices[0]);
}

}  // namespace tempera::stylize
