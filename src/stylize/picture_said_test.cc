// What is said of a network's ends against what its graph tells: which holds, and what is said of that.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "src/stylize/picture_networks_for_test.h"

namespace tempera::stylize {
namespace {

bool Says(const std::vector<std::string>& notices, const std::string& text) {
  return std::any_of(notices.begin(), notices.end(),
                     [&](const std::string& line) { return line.find(text) != std::string::npos; });
}

// An attribute of the last node.
void SetInt(TestModel* m, const char* name, int64_t value) {
  m->graph().nodes.back().attributes.push_back(onnx::IntAttribute(name, value));
}

// It paints what Network does.
void ExpectOpensAndPaints(const TestModel& model, const Metadata& said, const std::string& what,
                          double tolerance = 1.01) {
  auto s = Open(model, said);
  ASSERT_TRUE(s) << what << ": " << s.error().message;
  const std::vector<uint8_t> in = Noise();
  ExpectPainted(in, Paint(*s, in), {}, what, tolerance);
}

void ExpectRefused(const TestModel& model, const Metadata& said, const std::string& why) {
  const auto s = Open(model, said);
  ASSERT_FALSE(s) << why;
  EXPECT_NE(s.error().message.find(why), std::string::npos) << s.error().message;
}

TEST(PictureSaid, IntegersHoldWhatTheirTypeHolds) {
  for (const auto& [type, low, high] :
       {std::tuple{DataType::kInt8, -128.0f, 127.0f}, {DataType::kUint16, 0.0f, 65535.0f}}) {
    const std::string text =
        std::to_string(static_cast<int>(low)) + ".." + std::to_string(static_cast<int>(high));
    const Form both = {.low = low, .high = high, .type_in = type, .type_out = type};
    ExpectPaints(both, text, {}, true);
    ExpectPaints(both, text, {{"tempera.value_range", text}});
  }
  // 0..1 said of bytes does not wrap round where a mean goes beyond.
  Form bytes = {.type_in = DataType::kUint8};
  auto s = Open(Network(bytes), {{"tempera.value_range", "0..255"}, {"tempera.mean", "10"}});
  ASSERT_TRUE(s) << s.error().message;
  const std::vector<uint8_t> in(3 * kWidth * kHeight, 4), out = Paint(*s, in);
  EXPECT_EQ(out[0], 255);  // of 0, not of 250
}

TEST(PictureSaid, MasksAndClassesAreNotPainted) {
  for (const char* op : {"Softmax", "LogSoftmax"}) {
    TestModel m;
    m.Constant("w", {3, 3, 1, 1}, std::vector<float>(9, 0.1f)).Node("Conv", {"input", "w"}, "x");
    m.Node(op, {"x"}, "output");
    SetInt(&m, "axis", 1);
    ExpectRefused(m, {}, std::string("ends in ") + op);
  }
  TestModel said = Network({});
  ExpectRefused(said, {{"tempera.mask.class", "0"}}, "mask network");
  TestModel shares;
  shares.Constant("w", {1, 3, 1, 1}, {0.1f, 0.1f, 0.1f}).Node("Conv", {"input", "w"}, "x");
  shares.Node("Sigmoid", {"x"}, "output");
  auto s = Open(shares);
  ASSERT_TRUE(s) << s.error().message;
  EXPECT_TRUE(Says(s->Notices(), "one channel comes out"));
}

// (x - mean) / deviation of 0..1 goes in, 0..255 comes out.
TestModel Normalised() {
  const float mean[] = {0.485f, 0.456f, 0.406f}, deviation[] = {0.229f, 0.224f, 0.225f};
  TestModel m;
  m.Constant("w", {3, 3, 1, 1},
             {-255 * deviation[0], 0, 0, 0, 255 * deviation[1], 0, 0, 0, 127.5f * deviation[2]});
  m.Constant("b", {3}, {255 - 255 * mean[0], 255 * mean[1], 127.5f * mean[2]});
  m.Node("Conv", {"input", "w", "b"}, "output");
  return m;
}

TEST(PictureSaid, MeansGoBeforeARangeThatIsSaidLessStrongly) {
  const Metadata said = {{"tempera.mean", "0.485,0.456,0.406"}, {"tempera.std", "0.229,0.224,0.225"}};
  TestModel standard = Normalised();
  standard.Metadata("Image.NominalPixelRange", "NominalRange_0_255");
  ExpectOpensAndPaints(standard, said, "the standard's range");
  auto s = Open(standard, said);
  ASSERT_TRUE(s);
  EXPECT_TRUE(Says(s->Notices(), "Image.NominalPixelRange"));
  TestModel own = Normalised();
  own.Metadata("tempera.value_range", "0..255");
  ExpectOpensAndPaints(own, said, "the file's range");
}

// 0..255 goes in, -1..1 comes out, cut so.
TestModel Differs() {
  TestModel m;
  const float k = 1 / 127.5f;
  m.Constant("w", {3, 3, 1, 1}, {-k, 0, 0, 0, k, 0, 0, 0, k / 2}).Constant("b", {3}, {1, -1, -1});
  m.Constant("low", {}, {-1}).Constant("high", {}, {1});
  m.Node("Conv", {"input", "w", "b"}, "x").Node("Clip", {"x", "low", "high"}, "output");
  return m;
}

TEST(PictureSaid, OneRangeYieldsToWhatTheGraphCanGive) {
  auto guessed = Open(Differs());
  ASSERT_TRUE(guessed);
  EXPECT_TRUE(Says(guessed->Notices(), "tempera.value_range says otherwise, like 0..255,-1..1"));
  for (const Metadata& said : {Metadata{{"tempera.value_range", "0..255"}},
                               Metadata{{"Image.NominalPixelRange", "NominalRange_0_255"}}}) {
    ExpectOpensAndPaints(Differs(), said, said[0].first);
    auto s = Open(Differs(), said);
    ASSERT_TRUE(s);
    EXPECT_TRUE(Says(s->Notices(), "its painting is -1..1 (it clips its output), not 0..255"));
  }
  ExpectOpensAndPaints(Differs(), {{"tempera.value_range", "0..255,-1..1"}}, "both");
  auto both = Open(Differs(), {{"tempera.value_range", "0..255,-1..1"}});
  EXPECT_TRUE(both && both->Notices().empty());
}

TEST(PictureSaid, WhatTheStandardSaysWronglyIsSaidOtherwise) {
  ExpectOpensAndPaints(Network({}),
                       {{"Image.NominalPixelRange", "Normalized_0_255"}, {"tempera.value_range", "0..255"}},
                       "range");
  ExpectOpensAndPaints(Network({}), {{"Image.BitmapPixelFormat", "Nv12"}, {"tempera.layout", "RGB"}},
                       "layout");
}

// 0..1 goes in, as 2 x - 1 tells; what comes out is numbers of 0..255 that only their type tells.
TEST(PictureSaid, QuantisedEndsAreBytes) {
  TestModel m;
  m.Constant("two", {}, {2})
      .Constant("one", {}, {1})
      .Node("Mul", {"input", "two"}, "x")
      .Node("Sub", {"x", "one"}, "y");
  m.Constant("w", {3, 3, 1, 1}, {-127.5f, 0, 0, 0, 127.5f, 0, 0, 0, 63.75f});
  m.Constant("b", {3}, {127.5f, 127.5f, 63.75f}).Node("Conv", {"y", "w", "b"}, "z");
  m.Node("QuantizeLinear", {"z", "one"}, "output");
  ExpectOpensAndPaints(m, {}, "QuantizeLinear");
}

TEST(PictureSaid, BeginningsAreSeenInFiltersOfOneChannelAndQuantised) {
  const float unit = 1 / 255.0f;
  TestModel each;
  each.Constant("each", {3, 1, 1, 1}, {2, 2, 2}).Constant("less", {3}, {-1, -1, -1});
  each.Node("Conv", {"input", "each", "less"}, "x");
  SetInt(&each, "group", 3);
  each.Constant("w", {3, 3, 1, 1}, {-127.5f, 0, 0, 0, 127.5f, 0, 0, 0, 63.75f});
  each.Constant("b", {3}, {127.5f, 127.5f, 63.75f}).Node("Conv", {"x", "w", "b"}, "z");
  each.Constant("zero", {}, {0}).Constant("white", {}, {255}).Node("Clip", {"z", "zero", "white"}, "output");
  ExpectOpensAndPaints(each, {}, "depthwise");
  TestModel quantised;
  quantised.Constant("scale", {}, {unit}).Node("QuantizeLinear", {"input", "scale"}, "q");
  quantised.Node("DequantizeLinear", {"q", "scale"}, "x");
  quantised.Constant("w", {3, 3, 1, 1}, {-255, 0, 0, 0, 255, 0, 0, 0, 127.5f})
      .Constant("b", {3}, {255, 0, 0});
  quantised.Node("Conv", {"x", "w", "b"}, "z");
  quantised.Constant("zero", {}, {0})
      .Constant("white", {}, {255})
      .Node("Clip", {"z", "zero", "white"}, "output");
  ExpectOpensAndPaints(quantised, {}, "quantised");
}

TEST(PictureSaid, AllThreeChannelsMustTellTheSame) {
  TestModel m;
  m.Constant("w", {3, 3, 1, 1}, {1, 0, 0, 0, 1, 0, 0, 0, 1}).Node("Conv", {"input", "w"}, "x");
  m.Constant("k", {1, 3, 1, 1}, {1, 100, 255}).Node("Sigmoid", {"x"}, "y").Node("Mul", {"y", "k"}, "output");
  auto s = Open(m);
  ASSERT_TRUE(s) << s.error().message;
  EXPECT_FALSE(Says(s->Notices(), "Sigmoid"));
}

TEST(PictureSaid, LayoutsKeepWhatIsNotSaidAnew) {
  TestModel m = Network({.last = true});
  m.Metadata("tempera.layout", "NCHW BGR");
  auto s = Open(m, {{"tempera.layout", "nhwc"}});
  ASSERT_TRUE(s) << s.error().message;
  const std::vector<uint8_t> in = Noise(), out = Paint(*s, in);
  for (size_t i = 0; i < in.size(); i += 3) ASSERT_NEAR(out[i + 2], 255 - in[i + 2], 1.01);
}

TEST(PictureSaid, LayoutsThatAreNotThereAreRefusedByName) {
  ExpectRefused(Network({}), {{"tempera.layout", "nchw nhwc"}}, "tempera.layout");
  ExpectRefused(Network({.last = true}), {{"tempera.layout", "nchw"}},
                "channels are first, as metadata tempera.layout");
}

std::vector<uint8_t> PaintRgba(tempera::Stylizer& s, const std::vector<uint8_t>& in) {
  std::vector<uint8_t> out(in.size());
  const Error error = s.Process(MakeImage(TEMPERA_RGBA, in.data(), kWidth, kHeight),
                                MakeImage(TEMPERA_RGBA, out.data(), kWidth, kHeight));
  EXPECT_FALSE(error) << error.message;
  return out;
}

// Colours of -1..1 joined to a transparency of 0..1 that is 255 - red / 2.
TEST(PictureSaid, TransparencyHasARangeOfItsOwn) {
  TestModel m;
  m.Constant("w", {3, 3, 1, 1}, {-1, 0, 0, 0, 1, 0, 0, 0, 1}).Node("Conv", {"input", "w"}, "x");
  m.Constant("v", {1, 3, 1, 1}, {-0.25f, 0, 0})
      .Constant("c", {1}, {0.75f})
      .Node("Conv", {"input", "v", "c"}, "a");
  m.Constant("low", {}, {-1}).Constant("zero", {}, {0}).Constant("one", {}, {1});
  m.Node("Clip", {"x", "low", "one"}, "rgb").Node("Clip", {"a", "zero", "one"}, "alpha");
  m.Node("Concat", {"rgb", "alpha"}, "output");
  SetInt(&m, "axis", 1);
  auto s = Open(m);
  ASSERT_TRUE(s) << s.error().message;
  std::vector<uint8_t> in(4 * kWidth * kHeight);
  for (size_t i = 0; i < in.size(); ++i) in[i] = static_cast<uint8_t>(37 * i);
  const std::vector<uint8_t> out = PaintRgba(*s, in);
  for (size_t i = 0; i < in.size(); i += 4) {
    ASSERT_NEAR(out[i], 255 - in[i], 1.01);
    ASSERT_NEAR(out[i + 3], 255 - in[i] / 2.0, 1.01);
  }
}

// Its transparency is its red, and whatever has any is white: left nothing can be seen, and all is black.
// Painted smaller, the edge between is half transparent and no less white.
TEST(PictureSaid, ColoursThatCannotBeSeenDarkenNoEdge) {
  TestModel m;
  m.Constant("w", {4, 3, 1, 1}, {100, 0, 0, 100, 0, 0, 100, 0, 0, 1, 0, 0})
      .Node("Conv", {"input", "w"}, "output");
  const std::string bytes = m.Bytes();
  auto s = tempera::Stylizer::Open(
      std::as_bytes(std::span(bytes)),
      {.threads = 2, .precision = TEMPERA_PRECISION_FP32, .working_width = 26, .working_height = 20});
  ASSERT_TRUE(s) << s.error().message;
  std::vector<uint8_t> in(4 * kWidth * kHeight, 255);
  for (size_t i = 0; i < in.size(); i += 4) {
    if (i / 4 % kWidth < 25) in[i] = in[i + 1] = in[i + 2] = 0;
  }
  const std::vector<uint8_t> out = PaintRgba(*s, in);
  int edge = 0;
  for (size_t i = 0; i < out.size(); i += 4) {
    if (out[i + 3] < 16 || out[i + 3] > 240) continue;
    ++edge;
    ASSERT_GT(out[i + 1], 180) << "where transparency is " << int{out[i + 3]};
  }
  EXPECT_GT(edge, 0);
}

// What goes in as the fourth channel has no mean: green is painted if that is 1.
TEST(PictureSaid, AFourthChannelIsOpaqueBeforeTheMean) {
  TestModel m({1, 4, -1, -1});
  m.Constant("w", {3, 4, 1, 1}, {-0.25f, 0, 0, 0, 0, 0.25f, 0, 1, 0, 0, 0.125f, 0});
  m.Constant("b", {3}, {0.5f, -0.5f, 0.25f}).Node("Conv", {"input", "w", "b"}, "output");
  ExpectOpensAndPaints(m, {{"tempera.mean", "0.5"}, {"tempera.std", "0.25"}, {"tempera.value_range", "0..1"}},
                       "opaque");
}

// The 128th power of what its source has: black, but for a few pixels.
TEST(PictureSaid, AnAlmostBlackPaintingIsSaid) {
  TestModel m;
  m.Constant("k", {}, {255}).Constant("w", {3, 3, 1, 1}, {1, 0, 0, 0, 1, 0, 0, 0, 1});
  m.Node("Conv", {"input", "w"}, "x");
  m.Node("Div", {"x", "k"}, "a")
      .Node("Mul", {"a", "a"}, "b")
      .Node("Mul", {"b", "b"}, "c")
      .Node("Mul", {"c", "c"}, "d");
  m.Node("Mul", {"d", "d"}, "e")
      .Node("Mul", {"e", "e"}, "f")
      .Node("Mul", {"f", "f"}, "h")
      .Node("Mul", {"h", "h"}, "g")
      .Node("Mul", {"g", "k"}, "output");
  auto s = Open(m, {{"tempera.value_range", "0..255,0..255"}});
  ASSERT_TRUE(s) << s.error().message;
  Paint(*s, Noise());
  EXPECT_TRUE(Says(s->Notices(), "nearly black"));
}

std::string& Logged() {
  static std::string lines;
  return lines;
}

TEST(PictureSaid, MaskNetworksSayWhatIsNotDone) {
  TestModel m;
  m.Constant("w", {1, 3, 1, 1}, {1, 1, 1}).Node("Conv", {"input", "w"}, "x").Node("Sigmoid", {"x"}, "output");
  m.Metadata("Image.ColorSpaceGamma", "Linear");
  const std::string bytes = m.Bytes();
  Logged().clear();
  tempera_set_log_callback([](int, const char* line, void*) { Logged() += line; }, nullptr);
  const auto s = tempera::Masker::Open(std::as_bytes(std::span(bytes)), {.threads = 1});
  tempera_set_log_callback(nullptr, nullptr);
  ASSERT_TRUE(s) << s.error().message;
  EXPECT_NE(Logged().find("linear light"), std::string::npos);
}

}  // namespace
}  // namespace tempera::stylize
