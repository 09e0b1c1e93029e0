// The whole way of a frame, through the C API, with models whose painting is known.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "src/base/memory.h"
#include "src/stylize/memory.h"
#include "src/stylize/test_model.h"
#include "tempera/tempera.hpp"

namespace tempera::stylize {
namespace {

Expected<tempera::Stylizer> OpenModel(const TestModel& model, const Options& options = {}) {
  const std::string bytes = model.Bytes();
  return tempera::Stylizer::Open(std::as_bytes(std::span(bytes)), options);
}

struct Rgb {
  int width, height;
  std::vector<uint8_t> pixels;
  Rgb(int w, int h) : width(w), height(h), pixels(3 * static_cast<size_t>(w) * static_cast<size_t>(h)) {}
  tempera_image image() { return MakeImage(TEMPERA_RGB, pixels.data(), width, height); }
};

Rgb Noise(int width, int height, unsigned seed = 5) {
  Rgb frame(width, height);
  std::mt19937 random(seed);
  for (uint8_t& b : frame.pixels) b = static_cast<uint8_t>(random());
  return frame;
}

Rgb Paint(const TestModel& model, Rgb frame, const Options& options = {}, float strength = 1,
          bool keep_colors = false) {
  Expected<tempera::Stylizer> s = OpenModel(model, options);
  Rgb out(frame.width, frame.height);
  if (!s) {
    ADD_FAILURE() << s.error().message;
    return out;
  }
  if (const Error e = s->SetStrength(strength)) ADD_FAILURE() << e.message;
  if (const Error e = s->SetParameter("keep_colors", keep_colors)) ADD_FAILURE() << e.message;
  if (const Error e = s->Process(frame.image(), out.image())) ADD_FAILURE() << e.message;
  return out;
}

TEST(Stylizer, EveryPixelIsPaintedAtEverySize) {
  for (auto [w, h] : {std::pair{1, 1}, {2, 3}, {3, 2}, {1, 40}, {31, 33}, {64, 36}, {65, 37}, {127, 3}}) {
    for (int threads : {1, 3}) {
      const Rgb frame = Noise(w, h);
      const Rgb out = Paint(AffineModel(-1, 255), frame, {.threads = threads});
      for (size_t i = 0; i < out.pixels.size(); ++i) {
        ASSERT_EQ(out.pixels[i], 255 - frame.pixels[i]) << w << "x" << h << " byte " << i;
      }
    }
  }
}

TEST(Stylizer, KeepsFindingsWhereItIsTold) {
  const auto folder =
      std::filesystem::temp_directory_path() / ("tempera_findings" + std::to_string(getpid()));
  std::filesystem::remove_all(folder);
  const Rgb frame = Noise(40, 30), plain = Paint(AffineModel(-1, 255), frame);
  for (int i = 0; i < 2; ++i) {
    const Rgb out = Paint(AffineModel(-1, 255), frame, {.cache_folder = folder.string()});
    EXPECT_EQ(out.pixels, plain.pixels);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 1);
  }
  std::filesystem::remove_all(folder);
}

TEST(Stylizer, MetadataSaysWhatNumbersMean) {
  const Rgb frame = Noise(40, 40);
  // Adds a quarter of the range, and would saturate wrongly under any other range.
  struct Case {
    const char* range;
    float offset;
  };
  for (const Case& c : {Case{"0..1", 0.25f}, Case{"-1..1", 0.5f}, Case{"0..255", 63.75f}}) {
    const Rgb out = Paint(AffineModel(1, c.offset).Metadata("tempera.value_range", c.range), frame);
    for (size_t i = 0; i < out.pixels.size(); ++i) {
      ASSERT_NEAR(out.pixels[i], std::min(255.0, frame.pixels[i] + 63.75), 0.51) << c.range;
    }
  }
  // A model that adds 100 to plane 0 only: red, or blue where planes are BGR.
  TestModel first({1, 3, -1, -1});
  first.Constant("plane", {1, 3, 1, 1}, {100, 0, 0}).Node("Add", {"input", "plane"}, "output");
  Rgb grey(32, 32);
  std::fill(grey.pixels.begin(), grey.pixels.end(), 50);
  EXPECT_EQ(Paint(first, grey).pixels[0], 150);
  const Rgb bgr = Paint(first.Metadata("tempera.layout", "NCHW BGR"), grey);
  EXPECT_EQ(bgr.pixels[0], 50);
  EXPECT_EQ(bgr.pixels[2], 150);
  for (const char* range : {"", "..", "0..", "..1", "1..0", "0..x", "0..inf", "nan..1", "5"}) {
    EXPECT_EQ(OpenModel(AffineModel(1, 0).Metadata("tempera.value_range", range)).error().code,
              TEMPERA_CORRUPT_MODEL)
        << range;
  }
  EXPECT_FALSE(OpenModel(AffineModel(1, 0).Metadata("tempera.size_multiple", "0")));
  EXPECT_FALSE(OpenModel(AffineModel(1, 0).Metadata("tempera.size_multiple", "8x")));
  EXPECT_FALSE(OpenModel(AffineModel(1, 0).Metadata("tempera.layout", "NHWC RGB")));
}

TEST(Stylizer, StrengthGoesFromSourceToPainting) {
  const Rgb frame = Noise(33, 17);
  EXPECT_EQ(Paint(AffineModel(-1, 255), frame, {}, 0).pixels, frame.pixels);
  const Rgb half = Paint(AffineModel(-1, 255), frame, {}, 0.5f);
  for (uint8_t b : half.pixels) ASSERT_NEAR(b, 127.5, 0.51);
  const Rgb quarter = Paint(AffineModel(0, 200), frame, {}, 0.25f);
  for (size_t i = 0; i < quarter.pixels.size(); ++i) {
    ASSERT_NEAR(quarter.pixels[i], 0.75 * frame.pixels[i] + 50, 0.51);
  }
}

TEST(Stylizer, KeepColorsTakesOnlyBrightness) {
  // Paints everything in grey 120: with the source's colours, each pixel keeps R-G and B-G.
  Rgb frame(20, 20);
  for (size_t i = 0; i < frame.pixels.size(); i += 3) {
    frame.pixels[i] = static_cast<uint8_t>(100 + i % 40);
    frame.pixels[i + 1] = 110;
    frame.pixels[i + 2] = 90;
  }
  const Rgb out = Paint(AffineModel(0, 120), frame, {}, 1, true);
  for (size_t i = 0; i < out.pixels.size(); i += 3) {
    ASSERT_NEAR(out.pixels[i] - out.pixels[i + 1], frame.pixels[i] - 110, 1);
    ASSERT_NEAR(out.pixels[i + 2] - out.pixels[i + 1], -20, 1);
    ASSERT_NEAR(0.2126 * out.pixels[i] + 0.7152 * out.pixels[i + 1] + 0.0722 * out.pixels[i + 2], 120, 1);
  }
}

TEST(Stylizer, NetworkMayWorkAtAnotherSize) {
  // A smooth picture survives the way down and up again.
  Rgb frame(320, 180);
  for (int y = 0; y < 180; ++y) {
    for (int x = 0; x < 320; ++x) {
      uint8_t* p = &frame.pixels[3 * static_cast<size_t>(y * 320 + x)];
      p[0] = static_cast<uint8_t>(x / 2 + 40), p[1] = static_cast<uint8_t>(y + 30);
      p[2] = static_cast<uint8_t>(100 + 50 * std::sin(x * 0.03) * std::cos(y * 0.04));
    }
  }
  for (const Options& options : {Options{.working_height = 90}, Options{.working_width = 500},
                                 Options{.working_width = 97, .working_height = 61}}) {
    const Rgb out = Paint(AffineModel(1, 0), frame, options);
    double worst = 0;
    for (size_t i = 0; i < out.pixels.size(); ++i) {
      worst = std::max(worst, std::abs(static_cast<double>(out.pixels[i]) - frame.pixels[i]));
    }
    EXPECT_LE(worst, 3) << options.working_width << "x" << options.working_height;
  }
  Expected<tempera::Stylizer> s = OpenModel(AffineModel(1, 0), {.working_height = 480});
  ASSERT_TRUE(s);
  EXPECT_EQ(s->WorkingSize(1920, 1080)->width, 853);
  EXPECT_FALSE(s->WorkingSize(0, 10));
}

TEST(Stylizer, CarriedStatisticsServeNearFramesOnly) {
  TestModel normed;
  normed.Constant("gamma", {3}, {30, 30, 30}).Constant("beta", {3}, {120, 120, 120});
  normed.Node("InstanceNormalization", {"input", "gamma", "beta"}, "output");
  Rgb dark = Noise(32, 32), brighter = dark, bright = dark, out(32, 32);
  for (uint8_t& b : dark.pixels) b /= 3;
  for (size_t i = 0; i < dark.pixels.size(); ++i)
    brighter.pixels[i] = static_cast<uint8_t>(dark.pixels[i] + 1);
  for (uint8_t& b : bright.pixels) b = static_cast<uint8_t>(200 + b / 8);
  Expected<tempera::Stylizer> s = OpenModel(normed, {.norm_statistics = TEMPERA_NORM_CARRIED});
  ASSERT_TRUE(s);
  for (int i = 0; i < 3; ++i) {
    ASSERT_FALSE(s->Process(dark.image(), out.image()));
    EXPECT_EQ(out.pixels, Paint(normed, dark).pixels);
  }
  // A little light shows; with statistics of its own it would not.
  ASSERT_FALSE(s->Process(brighter.image(), out.image()));
  EXPECT_NE(out.pixels, Paint(normed, brighter).pixels);
  ASSERT_FALSE(s->Process(bright.image(), out.image()));
  EXPECT_EQ(out.pixels, Paint(normed, bright).pixels);
}

TEST(Stylizer, SmoothedStatisticsBeginExactlyAndAfterReset) {
  // Paints mean 120 and deviation 30, whatever the frame is.
  TestModel normed;
  normed.Constant("gamma", {3}, {30, 30, 30}).Constant("beta", {3}, {120, 120, 120});
  normed.Node("InstanceNormalization", {"input", "gamma", "beta"}, "output");
  Rgb dark = Noise(32, 32), bright = dark, out(32, 32);
  for (uint8_t& b : dark.pixels) b /= 4;
  for (uint8_t& b : bright.pixels) b = static_cast<uint8_t>(200 + b / 8);
  const Rgb exact = Paint(normed, bright);
  Expected<tempera::Stylizer> s =
      OpenModel(normed, {.pin_threads = true, .norm_statistics = TEMPERA_NORM_SMOOTHED});
  ASSERT_TRUE(s);
  ASSERT_FALSE(s->Process(dark.image(), out.image()));
  EXPECT_EQ(out.pixels, Paint(normed, dark).pixels);
  ASSERT_FALSE(s->Process(bright.image(), out.image()));
  EXPECT_NE(out.pixels, exact.pixels);  // measured with the dark frame's light, mostly
  EXPECT_GT(*std::min_element(out.pixels.begin(), out.pixels.end()), 200);
  ASSERT_FALSE(s->Reset());
  ASSERT_FALSE(s->Process(bright.image(), out.image()));
  EXPECT_EQ(out.pixels, exact.pixels);
  EXPECT_EQ(tempera_reset(nullptr), TEMPERA_INVALID_ARGUMENT);
  tempera_options options = TEMPERA_OPTIONS_INIT;
  options.norm_statistics = 7;
  tempera_stylizer* none = nullptr;
  const std::string bytes = normed.Bytes();
  EXPECT_EQ(tempera_open_memory(bytes.data(), bytes.size(), &options, &none), TEMPERA_INVALID_ARGUMENT);
}

TEST(Stylizer, PaintingsOfAnotherSizeAreScaled) {
  // Twice the size, nearest: shrinking it again by areas gives the source back, padding cut off.
  TestModel twice;
  twice.Constant("scales", {4}, {1, 1, 2, 2}).Node("Resize", {"input", "", "scales"}, "output");
  const Rgb frame = Noise(35, 41);
  EXPECT_EQ(Paint(twice, frame).pixels, frame.pixels);
}

TEST(Stylizer, FixedSizeModelsAreUsedAtTheirSize) {
  // The Reshape admits [1, 3, 24, 48] alone.
  TestModel fixed({1, 3, 24, 48});
  fixed.Constant("flat", {1, 3 * 24 * 48}).Node("Reshape", {"input", "flat"}, "row");
  fixed.Constant("shape", {1, 3, 24, 48}).Node("Reshape", {"row", "shape"}, "output");
  std::vector<std::string> log;
  tempera_set_log_callback(
      [](int level, const char* message, void* user) {
        if (level == 1) static_cast<std::vector<std::string>*>(user)->push_back(message);
      },
      &log);
  Rgb frame(100, 50);
  std::fill(frame.pixels.begin(), frame.pixels.end(), 77);
  const Rgb out = Paint(fixed, frame);
  tempera_set_log_callback(nullptr, nullptr);
  EXPECT_EQ(out.pixels, frame.pixels);
  ASSERT_EQ(log.size(), 1u);
  EXPECT_NE(log[0].find("48x24"), std::string::npos) << log[0];
}

TEST(Stylizer, WildNumbersNeverReachThePixels) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Rgb frame = Noise(40, 30);
  for (uint8_t b : Paint(AffineModel(1, nan), frame).pixels) ASSERT_EQ(b, 0);
  for (uint8_t b : Paint(AffineModel(1, 1e30f), frame, {.working_height = 60}).pixels) ASSERT_EQ(b, 255);
  for (uint8_t b : Paint(AffineModel(-1e30f, -1), frame).pixels) ASSERT_EQ(b, 0);
}

TEST(Stylizer, AnyTwoFormatsAndInPlace) {
  Expected<tempera::Stylizer> s = OpenModel(AffineModel(-1, 255));
  ASSERT_TRUE(s);
  // NV12, in place: luma is mirrored within 16..235, chroma about 128.
  const int w = 37, h = 23, half = 19;
  std::vector<uint8_t> luma(static_cast<size_t>(w * h), 100), chroma(static_cast<size_t>(2 * half * 12), 130);
  tempera_image nv12 = TEMPERA_IMAGE_INIT;
  nv12.format = TEMPERA_NV12;
  nv12.width = w, nv12.height = h;
  nv12.planes[0] = luma.data(), nv12.planes[1] = chroma.data();
  nv12.stride_bytes[0] = w, nv12.stride_bytes[1] = 2 * half;
  Rgb rgb(w, h);
  ASSERT_FALSE(s->Process(nv12, rgb.image()));
  ASSERT_FALSE(s->Process(nv12, nv12));
  for (uint8_t y : luma) ASSERT_NEAR(y, 251 - 100, 1);
  for (uint8_t c : chroma) ASSERT_NEAR(c, 256 - 130, 1);
  // What came out as RGB is the same picture.
  EXPECT_NEAR(0.2126 * rgb.pixels[0] + 0.7152 * rgb.pixels[1] + 0.0722 * rgb.pixels[2],
              (251 - 100 - 16) * 255.0 / 219.0, 1.5);
  // Strength 0 copies the very bytes, and half strength reads the source it overwrites.
  std::vector<uint8_t> before = luma;
  ASSERT_FALSE(s->SetStrength(0));
  ASSERT_FALSE(s->Process(nv12, nv12));
  EXPECT_EQ(luma, before);
  ASSERT_FALSE(s->SetStrength(0.5f));
  ASSERT_FALSE(s->Process(nv12, nv12));
  for (uint8_t y : luma) ASSERT_NEAR(y, 125.5, 1);
}

TEST(Stylizer, ForeignModelsAreRefusedWithAReason) {
  const auto reason = [](const TestModel& model) {
    const Expected<tempera::Stylizer> s = OpenModel(model);
    EXPECT_FALSE(s);
    return s ? std::string() : s.error().message;
  };
  TestModel flow;  // two channels out
  flow.Constant("w", {2, 3, 1, 1}, {1, 1, 1, 1, 1, 1}).Node("Conv", {"input", "w"}, "output");
  EXPECT_NE(reason(flow).find("[1, 2, 64, 64]"), std::string::npos) << reason(flow);
  TestModel score;  // no picture at all
  score.Node("GlobalAveragePool", {"input"}, "output");
  EXPECT_NE(reason(score).find("[1, 3, 1, 1]"), std::string::npos) << reason(score);
  EXPECT_NE(reason(AffineModel(1, 0, {3, -1})).find("[3, ?]"), std::string::npos);
  EXPECT_NE(reason(AffineModel(1, 0, {1, 6, -1, -1})).find("[1, 6, ?, ?]"), std::string::npos);
  TestModel two = AffineModel(1, 0);
  two.Node("Identity", {two.Input("mask", {1, 3, -1, -1})}, "unused");
  EXPECT_NE(reason(two).find("2 inputs"), std::string::npos) << reason(two);
}

TEST(Stylizer, BadArgumentsAreNamed) {
  Expected<tempera::Stylizer> s = OpenModel(AffineModel(1, 0));
  ASSERT_TRUE(s);
  Rgb a(8, 8), b(8, 9);
  EXPECT_NE(s->Process(a.image(), b.image()).message.find("8x9"), std::string::npos);
  tempera_image bgra = a.image();
  bgra.format = TEMPERA_BGRA;
  bgra.stride_bytes[0] = 32;
  EXPECT_EQ(s->Process(a.image(), bgra).code, TEMPERA_INVALID_ARGUMENT);  // same pixels, another format
  for (float strength : {-0.1f, 1.1f, std::numeric_limits<float>::quiet_NaN()}) {
    EXPECT_EQ(s->SetStrength(strength).code, TEMPERA_INVALID_ARGUMENT);
  }
  EXPECT_FALSE(OpenModel(AffineModel(1, 0), {.threads = -1}));
  EXPECT_FALSE(OpenModel(AffineModel(1, 0), {.working_width = 16385}));
  EXPECT_EQ(OpenModel(AffineModel(1, 0), {.threads = 5000}).error().code, TEMPERA_INVALID_ARGUMENT);
}

TEST(CApi, NullIsAnAnswerNotACrash) {
  tempera_stylizer* s = nullptr;
  EXPECT_EQ(tempera_open_file(nullptr, nullptr, &s), TEMPERA_INVALID_ARGUMENT);
  EXPECT_EQ(tempera_open_file("x", nullptr, nullptr), TEMPERA_INVALID_ARGUMENT);
  EXPECT_EQ(tempera_open_memory(nullptr, 5, nullptr, &s), TEMPERA_INVALID_ARGUMENT);
  EXPECT_EQ(tempera_process(nullptr, nullptr, nullptr), TEMPERA_INVALID_ARGUMENT);
  EXPECT_EQ(tempera_set_strength(nullptr, 1), TEMPERA_INVALID_ARGUMENT);
  EXPECT_EQ(tempera_working_size(nullptr, 1, 1, nullptr, nullptr), TEMPERA_INVALID_ARGUMENT);
  EXPECT_EQ(tempera_memory_bytes(nullptr), 0u);
  EXPECT_EQ(tempera_metadata(nullptr, "x"), nullptr);
  EXPECT_STRNE(tempera_error_message(), "");
  tempera_close(nullptr);
}

TEST(CApi, MessagesNameTheFile) {
  tempera_stylizer* s = nullptr;
  EXPECT_EQ(tempera_open_file("/no/such/model.onnx", nullptr, &s), TEMPERA_NOT_FOUND);
  EXPECT_NE(std::string(tempera_error_message()).find("/no/such/model.onnx"), std::string::npos);
  EXPECT_EQ(s, nullptr);
  EXPECT_EQ(tempera_open_memory("not a model", 11, nullptr, &s), TEMPERA_CORRUPT_MODEL);
  EXPECT_EQ(s, nullptr);
}

TEST(CApi, MemoryAndMetadataAreTold) {
  Expected<tempera::Stylizer> s = OpenModel(AffineModel(1, 0).Metadata("tempera.artist", "Nobody"));
  ASSERT_TRUE(s);
  EXPECT_EQ(s->Metadata("tempera.artist"), "Nobody");
  EXPECT_FALSE(s->Metadata("tempera.year").has_value());
  EXPECT_EQ(s->MemoryBytes(), 0u);
  Rgb frame = Noise(64, 64);
  ASSERT_FALSE(s->Process(frame.image(), frame.image()));
  EXPECT_GE(s->MemoryBytes(), 64u * 64 * 3 * 4);
}

TEST(Memory, SuggestsAUsualHeightThatFits) {
  EXPECT_EQ(HeightThatFits(4320, 9e9, 3e9), 1440);  // (1440 / 4320)^2 of 9e9 is 1e9
  EXPECT_EQ(HeightThatFits(1080, 9e9, 17e9), 720);  // never the size that failed
  EXPECT_EQ(HeightThatFits(1080, 9e9, 1e6), 144);
}

// A graph that takes one more size by chance when it is opened, and else only the one that its file declares.
TEST(Stylizer, KnowsItsOnlySizeBeforeThereIsAPlan) {
  TestModel fixed({1, 3, 64, 64});
  fixed.Constant("shape", {1, 3, 64, 64}).Node("Reshape", {"input", "shape"}, "output");
  Expected<tempera::Stylizer> s = OpenModel(fixed);
  ASSERT_TRUE(s) << s.error().message;
  for (int i = 0; i < 2; ++i) {
    int32_t width = 0, height = 0;
    ASSERT_EQ(tempera_working_size(s->handle(), 100, 40, &width, &height), TEMPERA_OK);
    EXPECT_EQ(width, 64) << i;
    EXPECT_EQ(height, 64) << i;
    Rgb frame(100, 40);
    EXPECT_FALSE(s->Process(frame.image(), frame.image())) << i;
  }
}

// Three halvings and one enlargement: the painting has the state's size at multiples of 8 only.
TEST(Stylizer, SizesThatStatesDoNotFitArePadded) {
  TestModel m;
  m.Input("before", {1, 3, -1, -1});
  m.Constant("scales", {4}, {1, 1, 8, 8}).Node("Add", {"input", "before"}, "at1");
  for (const int at : {1, 2, 4}) {
    m.Node("AveragePool", {"at" + std::to_string(at)}, "at" + std::to_string(2 * at))
        .Ints("kernel_shape", {3, 3})
        .Ints("strides", {2, 2})
        .Ints("pads", {1, 1, 1, 1});
  }
  m.Node("Resize", {"at8", "", "scales"}, "output").Metadata("tempera.state.output", "before");
  Expected<tempera::Stylizer> s = OpenModel(m);
  ASSERT_TRUE(s) << s.error().message;
  Rgb frame = Noise(36, 36), out(36, 36);
  const Error e = s->Process(frame.image(), out.image());
  EXPECT_FALSE(e) << e.message;
  EXPECT_EQ(tempera_prepare(s->handle(), 0, 0, TEMPERA_RGB), TEMPERA_INVALID_ARGUMENT);
}

// The state is half of what was painted last. At strength 0 nothing is painted: the frame after that is a
// first one, not a ghost of what was seen before.
TEST(Stylizer, StatesBeginAnewBehindStrengthZero) {
  TestModel m;
  m.Input("before", {1, 3, -1, -1});
  m.Constant("half", {}, {0.5f}).Node("Mul", {"input", "half"}, "a").Node("Mul", {"before", "half"}, "b");
  m.Node("Add", {"a", "b"}, "output").Metadata("tempera.state.output", "before");
  Expected<tempera::Stylizer> s = OpenModel(m);
  ASSERT_TRUE(s) << s.error().message;
  Rgb frame(16, 16), first(16, 16), second(16, 16), again(16, 16);
  std::fill(frame.pixels.begin(), frame.pixels.end(), uint8_t{200});
  ASSERT_FALSE(s->Process(frame.image(), first.image()));
  ASSERT_FALSE(s->Process(frame.image(), second.image()));
  EXPECT_NEAR(first.pixels[0], 100, 1);
  EXPECT_NEAR(second.pixels[0], 150, 1);
  ASSERT_FALSE(s->SetParameter("strength", 0));
  ASSERT_FALSE(s->Process(frame.image(), again.image()));
  EXPECT_EQ(again.pixels, frame.pixels);
  ASSERT_FALSE(s->SetParameter("strength", 1));
  ASSERT_FALSE(s->Process(frame.image(), again.image()));
  EXPECT_EQ(again.pixels, first.pixels);
  // Nor behind a frame that was cancelled before it began.
  ASSERT_EQ(tempera_set_cancelled(s->handle(), 1), TEMPERA_OK);
  EXPECT_EQ(s->Process(frame.image(), again.image()).code, TEMPERA_CANCELLED);
  ASSERT_EQ(tempera_set_cancelled(s->handle(), 0), TEMPERA_OK);
  ASSERT_FALSE(s->Process(frame.image(), again.image()));
  EXPECT_EQ(again.pixels, first.pixels);
}

// A strength of the file's own goes to the network; from a tenth of it down to 0 the source comes in, without
// a jump.
TEST(Stylizer, OwnStrengthEndsInTheSource) {
  TestModel m;
  m.Input("strength", {1});
  m.Constant("strength", {1}, {1.0f}).Metadata("tempera.param.strength", "range = 0..1");
  m.Constant("none", {}, {0.0f}).Constant("grey", {}, {200.0f}).Constant("more", {}, {50.0f});
  m.Node("Mul", {"input", "none"}, "a").Node("Mul", {"strength", "more"}, "b").Node("Add", {"a", "b"}, "c");
  m.Node("Add", {"c", "grey"}, "output");
  Expected<tempera::Stylizer> s = OpenModel(m);
  ASSERT_TRUE(s) << s.error().message;
  Rgb frame(16, 16), out(16, 16);
  std::fill(frame.pixels.begin(), frame.pixels.end(), uint8_t{100});
  for (const auto& [strength, wanted] : {std::pair{0.0f, 100},
                                         {0.025f, 125},
                                         {0.05f, 151},
                                         {0.075f, 178},
                                         {0.1f, 205},
                                         {0.5f, 225},
                                         {1.0f, 250}}) {
    ASSERT_FALSE(s->SetParameter("strength", strength));
    ASSERT_FALSE(s->Process(frame.image(), out.image()));
    EXPECT_NEAR(out.pixels[0], wanted, 1) << strength;
  }
}

TEST(Stylizer, RefusalsNameTheModel) {
  TestModel narrow;
  narrow.Constant("shape", {1, 3, 10, 10}).Node("Reshape", {"input", "shape"}, "output");
  const Expected<tempera::Stylizer> s = OpenModel(narrow);
  ASSERT_FALSE(s);
  EXPECT_EQ(s.error().message.rfind("the model", 0), 0u) << s.error().message;
}

// A frame that cannot fit is refused before anything is allocated for it, with a size that can.
TEST(Stylizer, FramesTooLargeForMemoryAreRefused) {
  TestModel wide;  // at 16384x16384 three paintings of 12 GiB live at once
  wide.Constant("scales", {4}, {1, 1, 2, 2})
      .Constant("two", {1}, {2})
      .Node("Resize", {"input", "", "scales"}, "a");
  wide.Node("Mul", {"a", "two"}, "b").Node("Add", {"a", "b"}, "output");
  if (AvailableMemoryBytes() > size_t{36} << 30) GTEST_SKIP() << "this machine has room for a plan of 36 GiB";
  Expected<tempera::Stylizer> s = OpenModel(wide, {.working_width = 16384, .working_height = 16384});
  ASSERT_TRUE(s);
  Rgb frame(16, 16);
  const Error error = s->Process(frame.image(), frame.image());
  EXPECT_EQ(error.code, TEMPERA_OUT_OF_MEMORY) << error.message;
  EXPECT_NE(error.message.find("a smaller working height, such as "), std::string::npos) << error.message;
}

}  // namespace
}  // namespace tempera::stylize
