// Networks as people have them, through the C API: the same painting in every order, type, range and number
// of channels, said by options, by metadata, or by the graph itself.
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "src/stylize/picture_networks_for_test.h"

namespace tempera::stylize {
namespace {

TEST(PictureForms, RangesAreSaidOrSeen) {
  struct Case {
    float low, high;
    const char* text;
    const char* nominal;
  };
  for (const Case& c : {Case{0, 255, "0..255", "NominalRange_0_255"},
                        {0, 1, "0..1", "Normalized_0_1"},
                        {-1, 1, "-1..1", "Normalized_1_1"},
                        {16, 235, "16..235", "NominalRange_16_235"}}) {
    const Form plain = {.low = c.low, .high = c.high},
               clipped = {.low = c.low, .high = c.high, .clips = true};
    ExpectPaints(plain, c.text, {{"tempera.value_range", c.text}});
    ExpectPaints(plain, c.nominal, {{"Image.NominalPixelRange", c.nominal}});
    if (c.low != 16) ExpectPaints(clipped, std::string("seen ") + c.text, {}, c.high < 255);
  }
}

TEST(PictureForms, WhatIsSaidGoesBeforeTheFile) {
  const Form f = {.low = -1, .high = 1};
  TestModel m = Network(f);
  m.Metadata("Image.NominalPixelRange", "NominalRange_0_255").Metadata("tempera.value_range", "0..1");
  auto s = Open(m, {{"tempera.value_range", "-1..1"}});
  ASSERT_TRUE(s) << s.error().message;
  const std::vector<uint8_t> in = Noise();
  ExpectPainted(in, Paint(*s, in), f, "said");
  EXPECT_EQ(s->Metadata("tempera.value_range"), std::optional<std::string>("-1..1"));
  // And tempera's own metadata before the standard's.
  TestModel both = Network(f);
  both.Metadata("tempera.value_range", "-1..1").Metadata("Image.NominalPixelRange", "Normalized_0_1");
  auto t = Open(both);
  ASSERT_TRUE(t) << t.error().message;
  ExpectPainted(in, Paint(*t, in), f, "tempera's");
}

TEST(PictureForms, EndsDiffer) {
  // Takes 0..1, gives -1..1.
  TestModel m;
  m.Constant("w", {3, 3, 1, 1}, {-2, 0, 0, 0, 2, 0, 0, 0, 1}).Constant("b", {3}, {1, -1, -1});
  m.Node("Conv", {"input", "w", "b"}, "output");
  const std::vector<uint8_t> in = Noise();
  auto s = Open(m, {{"tempera.value_range", "0..1, -1..1"}});
  ASSERT_TRUE(s) << s.error().message;
  ExpectPainted(in, Paint(*s, in), {}, "0..1, -1..1");
  // And colours: BGR in, RGB out.
  auto b = Open(m, {{"tempera.value_range", "0..1,-1..1"}, {"tempera.layout", "bgr rgb"}});
  ASSERT_TRUE(b) << b.error().message;
  const std::vector<uint8_t> out = Paint(*b, in);
  for (size_t i = 0; i < in.size(); i += 3) {
    ASSERT_NEAR(out[i], 255 - in[i + 2], 1.01);
    ASSERT_NEAR(out[i + 2], in[i] / 2.0, 1.01);
  }
}

TEST(PictureForms, MeanAndDeviationAreByTheNetworksChannels) {
  // Undoes ImageNet's mean and deviation, so that 0..1 comes out; planes are blue, green, red.
  const float mean[] = {0.406f, 0.456f, 0.485f}, deviation[] = {0.225f, 0.224f, 0.229f};
  TestModel m;
  m.Constant("w", {3, 3, 1, 1}, {deviation[0] / 2, 0, 0, 0, deviation[1], 0, 0, 0, -deviation[2]});
  m.Constant("b", {3}, {mean[0] / 2, mean[1], 1 - mean[2]});
  m.Node("Conv", {"input", "w", "b"}, "output");
  const std::vector<uint8_t> in = Noise();
  auto s = Open(m, {{"tempera.mean", "0.406, 0.456, 0.485"},
                    {"tempera.std", "0.225,0.224,0.225"},
                    {"tempera.layout", "BGR"}});
  ASSERT_TRUE(s) << s.error().message;
  const std::vector<uint8_t> nearly = Paint(*s, in);  // its red deviation is another
  auto right = Open(m, {{"tempera.mean", "0.406, 0.456, 0.485"},
                        {"tempera.std", "0.225,0.224,0.229"},
                        {"tempera.layout", "BGR"}});
  ASSERT_TRUE(right) << right.error().message;
  const std::vector<uint8_t> out = Paint(*right, in);
  ExpectPainted(in, out, {}, "ImageNet");
  EXPECT_NE(nearly, out);
}

TEST(PictureForms, EveryOrderTypeAndNumberOfChannels) {
  struct Case {
    const char* what;
    Form form;
  };
  const DataType half = DataType::kFloat16, byte = DataType::kUint8;
  const Case cases[] = {
      {"NHWC", {.last = true}},
      {"NHWC, open", {.last = true, .open = true}},
      {"no batch", {.batch = false}},
      {"no batch, channels last", {.last = true, .batch = false}},
      {"grey in", {.channels_in = 1}},
      {"grey out", {.channels_out = 1}},
      {"grey, channels last", {.last = true, .channels_in = 1, .channels_out = 1}},
      {"RGBA in", {.channels_in = 4}},
      {"RGBA out", {.channels_out = 4}},
      {"RGBA, channels last", {.last = true, .channels_in = 4, .channels_out = 4}},
      {"half floats", {.type_in = half, .type_out = half}},
      {"half in, bytes out", {.type_in = half, .type_out = byte}},
      {"bytes", {.type_in = byte, .type_out = byte}},
      {"bytes, channels last, no batch", {.last = true, .type_in = byte, .type_out = byte, .batch = false}},
      {"doubles", {.type_in = DataType::kFloat64, .type_out = DataType::kFloat64}},
      {"32-bit integers", {.type_in = DataType::kInt32, .type_out = DataType::kInt32}},
      {"RGBA bytes in", {.channels_in = 4, .type_in = byte}},
      {"grey bytes out, channels last", {.last = true, .channels_out = 1, .type_out = byte}},
  };
  for (const Case& c : cases) ExpectPaints(c.form, c.what);
  // Range and form together.
  for (const Case& c : cases) {
    if (c.form.type_in == byte || c.form.type_out == byte || c.form.type_in == DataType::kInt32) continue;
    Form unit = c.form;
    unit.low = -1, unit.high = 1;
    ExpectPaints(unit, std::string(c.what) + " of -1..1", {{"tempera.value_range", "-1..1"}});
  }
}

// The fourth channel is 255 - red / 2 where the network is given 0..255.
TEST(PictureForms, TransparencyIsPainted) {
  TestModel m;
  m.Constant("w", {4, 3, 1, 1}, {-1, 0, 0, 0, 1, 0, 0, 0, 0.5f, -0.5f, 0, 0})
      .Constant("b", {4}, {255, 0, 0, 255});
  m.Node("Conv", {"input", "w", "b"}, "output");
  auto s = Open(m);
  ASSERT_TRUE(s) << s.error().message;
  std::vector<uint8_t> in(4 * kWidth * kHeight), out(in.size());
  std::mt19937 random(4);
  for (uint8_t& b : in) b = static_cast<uint8_t>(random());
  const tempera_image from = MakeImage(TEMPERA_RGBA, in.data(), kWidth, kHeight);
  const tempera_image to = MakeImage(TEMPERA_RGBA, out.data(), kWidth, kHeight);
  for (const float strength : {1.0f, 0.5f}) {
    ASSERT_FALSE(s->SetStrength(strength));
    ASSERT_FALSE(s->Process(from, to));
    for (size_t i = 0; i < in.size(); i += 4) {
      // Of its colours, what of them can be seen.
      const double mine = strength * (255 - in[i] / 2.0), under = (1 - strength) * in[i + 3];
      ASSERT_NEAR(out[i], (mine * (255 - in[i]) + under * in[i]) / (mine + under), 1.01);
      ASSERT_NEAR(out[i + 3], in[i + 3] + strength * (255 - in[i] / 2.0 - in[i + 3]), 1.01) << strength;
    }
  }
  // In its own place, and behind a mask of nothing.
  std::vector<uint8_t> same = in;
  const tempera_image place = MakeImage(TEMPERA_RGBA, same.data(), kWidth, kHeight);
  ASSERT_FALSE(s->Process(place, place));
  EXPECT_EQ(same, out);
  const uint8_t nothing = 0;
  tempera_frame_params params = TEMPERA_FRAME_PARAMS_INIT;
  params.mask = &nothing, params.mask_stride_bytes = 1, params.mask_width = 1, params.mask_height = 1;
  ASSERT_FALSE(s->Process(from, to, params));
  EXPECT_EQ(out, in);
  ASSERT_EQ(s->Notices().size(), 1u);
  EXPECT_NE(s->Notices()[0].find("the fourth is taken for transparency"), std::string::npos);
  EXPECT_TRUE(s->PaintsAlpha());
  auto opaque = Open(Network({}));
  EXPECT_TRUE(opaque && !opaque->PaintsAlpha());
}

TEST(PictureForms, TransparencyThatIsLeftOutIsSaid) {
  auto s = Open(Network({.channels_out = 4}));
  ASSERT_TRUE(s) << s.error().message;
  const std::vector<uint8_t> in = Noise();
  Paint(*s, in);
  Paint(*s, in);
  ASSERT_EQ(s->Notices().size(), 2u);
  EXPECT_NE(s->Notices()[1].find("transparency is left out"), std::string::npos) << s->Notices()[1];
}

// A picture that grows lighter to the right keeps its pixels where it is painted smaller.
TEST(PictureForms, MeetWorkingSizesAndMasks) {
  for (const bool last : {false, true}) {
    const std::string bytes = Network({.low = -1, .high = 1, .last = last, .clips = true}).Bytes();
    auto s = tempera::Stylizer::Open(
        std::as_bytes(std::span(bytes)),
        {.threads = 2, .precision = TEMPERA_PRECISION_FP32, .working_width = 32, .working_height = 20});
    ASSERT_TRUE(s) << s.error().message;
    std::vector<uint8_t> in(3 * kWidth * kHeight), out(in.size());
    for (size_t i = 0; i < in.size(); ++i) in[i] = static_cast<uint8_t>(50 + 2 * (i / 3 % kWidth));
    const tempera_image from = MakeImage(TEMPERA_RGB, in.data(), kWidth, kHeight);
    const tempera_image to = MakeImage(TEMPERA_RGB, out.data(), kWidth, kHeight);
    ASSERT_FALSE(s->Process(from, to));
    ExpectPainted(in, out, {}, "smaller", 3);
    const uint8_t mask[] = {0, 255};
    tempera_frame_params params = TEMPERA_FRAME_PARAMS_INIT;
    params.mask = mask, params.mask_stride_bytes = 2, params.mask_width = 2, params.mask_height = 1;
    ASSERT_FALSE(s->SetStrength(0.5f));
    ASSERT_FALSE(s->Process(from, to, params));
    EXPECT_EQ(out[0], in[0]);
    const size_t end = 3 * (kWidth - 1);
    EXPECT_NEAR(out[end], 127.5, 2);
    EXPECT_NEAR(out[end + 2], 0.75 * in[end + 2], 2);
    ASSERT_FALSE(s->SetStrength(0));
    ASSERT_FALSE(s->Process(from, to));
    EXPECT_EQ(out, in);
  }
}

// Calibration meets the network in its own convention: lower precisions stay near.
TEST(PictureForms, LowerPrecisionsAreCalibratedInTheNetworksOwnNumbers) {
  for (const bool last : {false, true}) {
    for (const Form& f :
         {Form{.low = -1, .high = 1, .last = last, .clips = true}, Form{.last = last, .clips = true}}) {
      auto s = Open(Network(f), {}, TEMPERA_PRECISION_INT8);
      ASSERT_TRUE(s) << s.error().message;
      const std::vector<uint8_t> in = Noise();
      ExpectPainted(in, Paint(*s, in), f, "int8", 4);
    }
  }
}

TEST(PictureForms, TheGraphTellsWhatItTakes) {
  struct Case {
    const char* op;
    std::vector<float> number;
    const char* then;
    std::vector<float> other;
    float low, high;  // of the picture
  };
  const std::vector<float> mean = {0.485f, 0.456f, 0.406f}, deviation = {0.229f, 0.224f, 0.225f};
  const Case cases[] = {
      {"Div", {255}, "Add", {0}, 0, 255},
      {"Div", {127.5f}, "Sub", {1}, 0, 255},
      {"Mul", {2}, "Sub", {1}, 0, 1},
      {"Mul", {255}, "Add", {0}, 0, 1},
      {"Add", {1}, "Mul", {0.5f}, -1, 1},
      {"Sub", mean, "Div", deviation, 0, 1},
      {"Sub", {103.939f, 116.779f, 123.68f}, "Add", {0}, 0, 255},
  };
  for (const Case& c : cases) {
    // What that arithmetic makes is undone behind a convolution, whose result says nothing.
    TestModel m;
    const auto shape = [](const std::vector<float>& n) {
      return n.size() == 1 ? Shape{} : Shape{1, 3, 1, 1};
    };
    m.Constant("first", shape(c.number), c.number).Constant("second", shape(c.other), c.other);
    m.Node(c.op, {"input", "first"}, "x").Node(c.then, {"x", "second"}, "y");
    std::vector<float> w(9), b(3);
    for (size_t i = 0; i < 3; ++i) {
      const auto at = [i](const std::vector<float>& n) { return n.size() == 1 ? n[0] : n[i]; };
      float gain = 1, offset = 0;  // of that arithmetic
      for (const auto& [op, k] :
           {std::pair{std::string(c.op), at(c.number)}, {std::string(c.then), at(c.other)}}) {
        if (op == "Mul") gain *= k, offset *= k;
        if (op == "Div") gain /= k, offset /= k;
        if (op == "Add") offset += k;
        if (op == "Sub") offset -= k;
      }
      const float to = i == 0 ? -1.0f : i == 1 ? 1.0f : 0.5f;
      const float from = i == 0 ? c.low + c.high : i == 1 ? 0.0f : c.low / 2;
      w[4 * i] = to / gain, b[i] = from - to * offset / gain;
    }
    // Where it takes what is usual, it gives something else: an input that tells nothing would be like that.
    const bool usual = c.high == 255;
    for (float& x : w) x *= usual ? 1 / 255.0f : 1;
    for (float& x : b) x *= usual ? 1 / 255.0f : 1;
    m.Constant("w", {3, 3, 1, 1}, w).Constant("b", {3}, b).Node("Conv", {"y", "w", "b"}, "z");
    m.Constant("zero", {}, {0}).Constant("one", {}, {1});
    m.Node(usual ? "Clip" : "Identity",
           usual ? std::vector<std::string>{"z", "zero", "one"} : std::vector<std::string>{"z"}, "output");
    auto s = Open(m);
    ASSERT_TRUE(s) << s.error().message;
    const std::vector<uint8_t> in = Noise();
    ExpectPainted(in, Paint(*s, in), {}, std::string(c.op) + " " + std::to_string(c.number[0]), 1.3);
    EXPECT_EQ(s->Notices().empty(), c.high == 255) << c.op;  // what its painting is was guessed
  }
}

TEST(PictureForms, TheGraphTellsWhatItGives) {
  struct Case {
    const char* ends_in;
    const char* then;
    float number;
    const char* says;  // of the guess; "" = none
  };
  const std::vector<uint8_t> in = Noise();
  for (const bool takes_unit : {false, true}) {
    for (const Case& c : {Case{"Tanh", "", 0, "is -1..1 (it ends in Tanh)"},
                          {"Sigmoid", "", 0, "is 0..1"},
                          {"Sigmoid", "Mul", 255, ""},
                          {"Tanh", "Mul", 127.5f, ""}}) {
      // Of 0..1 where its beginning tells that, so that 0..255 at its end is not what is taken anyway.
      TestModel m;
      m.Constant("two", {}, {2}).Constant("one", {}, {1}).Constant("k", {}, {c.number});
      std::string x = "input", y = "ended";
      if (takes_unit)
        m.Node("Mul", {x, "two"}, "twice").Node("Sub", {"twice", "one"}, "centred"), x = "centred";
      m.Constant("w", {3, 3, 1, 1}, {1, 0, 0, 0, 1, 0, 0, 0, 1}).Node("Conv", {x, "w"}, "x");
      m.Node(c.ends_in, {"x"}, y);
      if (c.number != 0) m.Node("Mul", {y, "k"}, "scaled"), y = "scaled";
      if (c.number == 127.5f) m.Node("Add", {y, "k"}, "shifted"), y = "shifted";
      m.Node("Identity", {y}, "output");
      auto s = Open(m);
      ASSERT_TRUE(s) << s.error().message;
      const auto notices = s->Notices();
      ASSERT_EQ(notices.empty(), takes_unit || std::string(c.says).empty()) << c.ends_in << " " << c.then;
      if (!notices.empty()) {
        EXPECT_NE(notices[0].find(c.says), std::string::npos) << notices[0];
      }
      if (!takes_unit) continue;
      const std::vector<uint8_t> out = Paint(*s, in);
      for (size_t i = 0; i < in.size(); ++i) {
        const double logit = 2 * in[i] / 255.0 - 1;
        const double share =
            c.ends_in == std::string("Tanh") ? (std::tanh(logit) + 1) / 2 : 1 / (1 + std::exp(-logit));
        ASSERT_NEAR(out[i], 255 * share, 1.01) << c.ends_in << " " << c.number;
      }
    }
  }
}

// EDSR begins and ends in 1x1 convolutions that take the mean off and put it back; others clamp by Max and
// Min.
TEST(PictureForms, MeansMayBeConvolutionsAndClipsMayBeTwoNodes) {
  const std::vector<uint8_t> in = Noise();
  TestModel m;
  m.Constant("eye", {3, 3, 1, 1}, {1, 0, 0, 0, 1, 0, 0, 0, 1});
  m.Constant("off", {3}, {-0.4488f, -0.4371f, -0.404f}).Constant("b", {3}, {1 - 0.4488f, 0.4371f, 0.202f});
  m.Constant("w", {3, 3, 1, 1}, {-1, 0, 0, 0, 1, 0, 0, 0, 0.5f});
  m.Constant("zero", {}, {0}).Constant("one", {}, {1});
  m.Node("Conv", {"input", "eye", "off"}, "x").Node("Conv", {"x", "w", "b"}, "y");
  m.Node("Max", {"zero", "y"}, "z").Node("Min", {"z", "one"}, "output");
  auto s = Open(m);
  ASSERT_TRUE(s) << s.error().message;
  ExpectPainted(in, Paint(*s, in), {}, "mean of 0..1");
  EXPECT_TRUE(s->Notices().empty());
}

TEST(PictureForms, AFirstPaintingThatCannotBeMeantIsSaidOnce) {
  const auto lines = [](const TestModel& model, const Metadata& said, const std::vector<uint8_t>& in) {
    auto s = Open(model, said);
    EXPECT_TRUE(s) << s.error().message;
    for (int frame = 0; frame < 3; ++frame) Paint(*s, in);
    return s->Notices();
  };
  const std::vector<uint8_t> in = Noise(), black(in.size());
  for (const bool last : {false, true}) {
    // Of 0..1 read as 0..255: two levels; of 0..255 read as 0..1: all clipped.
    const TestModel unit = Network({.low = 0, .high = 1, .last = last}), bytes = Network({.last = last});
    const auto dark = lines(unit, {{"tempera.value_range", "0..1, 0..255"}}, in);
    ASSERT_EQ(dark.size(), 1u);
    EXPECT_NE(dark[0].find("no more than two levels"), std::string::npos) << dark[0];
    EXPECT_NE(dark[0].find("tempera.value_range"), std::string::npos) << dark[0];
    const auto clipped = lines(bytes, {{"tempera.value_range", "0..255, 0..1"}}, in);
    ASSERT_EQ(clipped.size(), 1u);
    EXPECT_NE(clipped[0].find("clipped"), std::string::npos) << clipped[0];
    // A tenth of the numbers that there should be.
    TestModel pale = Network({.high = 25.5f, .last = last});
    const auto grey = lines(pale, {{"tempera.value_range", "0..25.5, 0..255"}}, in);
    ASSERT_EQ(grey.size(), 1u);
    EXPECT_NE(grey[0].find("hardly any contrast"), std::string::npos) << grey[0];
    // A picture without anything in it says nothing about the network.
    EXPECT_TRUE(lines(unit, {{"tempera.value_range", "0..1, 0..255"}}, black).empty());
    EXPECT_TRUE(lines(bytes, {}, in).empty());
  }
}

TEST(PictureForms, RefusalsSayWhatIsWrong) {
  struct Case {
    Metadata said;
    const char* says;
  };
  for (const Case& c :
       {Case{{{"tempera.layout", "NHWC RGB"}}, "channels are last, as metadata tempera.layout"},
        {{{"tempera.layout", "NCWH"}}, "tempera.layout"},
        {{{"tempera.layout", "rgb bgr rgb"}}, "tempera.layout"},
        {{{"tempera.value_range", "0..1, 0..1, 0..1"}}, "tempera.value_range"},
        {{{"tempera.mean", "1, 2"}}, "tempera.mean"},
        {{{"tempera.std", "1, 0, 1"}}, "tempera.std"},
        {{{"Image.NominalPixelRange", "Normalized_2_3"}}, "Image.NominalPixelRange"},
        {{{"Image.BitmapPixelFormat", "Nv12"}}, "Image.BitmapPixelFormat"}}) {
    const auto s = Open(Network({}), c.said);
    ASSERT_FALSE(s) << c.says;
    EXPECT_NE(s.error().message.find(c.says), std::string::npos) << s.error().message;
  }
  TestModel pair = Network({.channels_out = 2});
  const auto s = Open(pair);
  ASSERT_FALSE(s);
  EXPECT_NE(s.error().message.find("does not turn a picture into a picture"), std::string::npos)
      << s.error().message;
}

TEST(PictureForms, BitmapFormatsNameTheOrderOfColours) {
  TestModel m = Network({});
  m.Metadata("Image.BitmapPixelFormat", "Bgr8");
  auto s = Open(m);
  ASSERT_TRUE(s) << s.error().message;
  const std::vector<uint8_t> in = Noise(), out = Paint(*s, in);
  for (size_t i = 0; i < in.size(); i += 3) ASSERT_NEAR(out[i + 2], 255 - in[i + 2], 1.01);
}

}  // namespace
}  // namespace tempera::stylize
