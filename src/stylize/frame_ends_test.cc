// Frames that the network reads and writes itself come out as they do by way of tensors, byte for byte.
#include "src/stylize/frame_ends.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "src/engine/run/model_builder_for_test.h"
#include "src/stylize/owned_image_for_test.h"
#include "src/stylize/stylizer.h"

namespace tempera::stylize {
namespace {

using engine::TestModel;

// Two layers that lead to colours, their padding mirrored: 3 -> 16 channels, and those to 3.
std::string First(TestModel& m, const std::string& x, int64_t kernel, int64_t stride, bool norm = true) {
  const std::string y = m.PaddedConv(x, 3, 16, kernel, stride, kernel / 2, norm);
  return m.Node("Relu", {y});
}
std::string Last(TestModel& m, const std::string& x, int64_t channels, int64_t kernel, int64_t out = 3) {
  const int64_t pad = kernel / 2;
  const std::string padded =
      m.Node("Pad", {x, m.Int64s({0, 0, pad, pad, 0, 0, pad, pad})}, {m.Text("mode", "reflect")});
  const float most = 100.0f / std::sqrt(static_cast<float>(channels * kernel * kernel));
  return m.Node("Conv",
                {padded, m.Random({out, channels, kernel, kernel}, -most, most), m.Random({out}, 100, 150)});
}
std::string Enlarged(TestModel& m, const std::string& x) {
  return m.Node("Resize", {x, "", m.Floats({4}, {1, 1, 2, 2})}, {m.Text("mode", "nearest")});
}

struct Case {
  const char* name;
  std::function<std::string(TestModel&)> build;
  bool reads = true, writes = true;  // the frame itself
  bool odd_tiles = false;            // which no subsampled frame is written by
};

const std::vector<Case>& Cases() {
  static const std::vector<Case> cases = {
      {"5x5", [](TestModel& m) { return Last(m, First(m, "x", 5, 1), 16, 5); }},
      {"9x9", [](TestModel& m) { return Last(m, First(m, "x", 9, 1), 16, 9); }, true, true, true},
      {"3x3", [](TestModel& m) { return Last(m, First(m, "x", 3, 1), 16, 3); }},
      {"half the size, enlarged",
       [](TestModel& m) { return Last(m, Enlarged(m, First(m, "x", 3, 2)), 16, 3); }},
      {"half the size, enlarged before",
       [](TestModel& m) {
         return Last(m, m.PaddedConv(Enlarged(m, First(m, "x", 5, 2)), 16, 8, 3, 1, 1, true), 8, 5);
       }},
      {"no norm", [](TestModel& m) { return Last(m, First(m, "x", 5, 1, false), 16, 5); }},
      {"one layer", [](TestModel& m) { return Last(m, "x", 3, 5); }, true, true, true},
      {"scaled input",
       [](TestModel& m) {
         return Last(m, First(m, m.Node("Mul", {"x", m.Floats({1, 3, 1, 1}, {0.01f, 0.02f, 0.03f})}), 3, 1),
                     16, 3);
       }},
      {"blocks of pixels",
       [](TestModel& m) {
         return m.Node("DepthToSpace", {Last(m, First(m, "x", 5, 2), 16, 3, 12)},
                       {m.Int("blocksize", 2), m.Text("mode", "CRD")});
       }},
      {"input read twice",
       [](TestModel& m) { return m.Node("Add", {Last(m, First(m, "x", 3, 1), 16, 3), "x"}); }, false, false},
      {"activation last", [](TestModel& m) { return m.Node("Tanh", {Last(m, First(m, "x", 3, 1), 16, 3)}); },
       true, false},
  };
  return cases;
}

engine::ModelPtr Build(const Case& c) {
  TestModel m;
  m.Output(c.build(m));
  auto model = m.Load();
  EXPECT_TRUE(model.ok()) << model.status().message();
  return model.ok() ? std::move(model).value() : nullptr;
}

std::unique_ptr<Stylizer> Make(const engine::ModelPtr& model, const StylizerOptions& options) {
  auto s = Stylizer::Create(model, "the model", options);
  EXPECT_TRUE(s.ok()) << s.status().message();
  return s.ok() ? std::move(s).value() : nullptr;
}

// A frame of any format, of random pixels.
struct Frame : OwnedImage {
  Frame(PixelFormat format, int width, int height, unsigned seed)
      : OwnedImage(format, width, height, Matrix::kBt601, seed % 2 == 0, seed % 3 == 0) {
    std::mt19937 random(seed);
    Fill(random);
  }
};

void Set(Stylizer& s, float strength, bool keep_colors = false) {
  const float switched = keep_colors;
  ASSERT_TRUE(s.parameters().Set(0, {&strength, 1}).ok());
  ASSERT_TRUE(s.parameters().Set(1, {&switched, 1}).ok());
}

// Paints some frames both ways; `in_place`: over the source.
void Compare(Stylizer& direct, Stylizer& plain, Size size, PixelFormat from, PixelFormat to, float strength,
             bool in_place, bool keep_colors = false) {
  for (unsigned seed = 1; seed <= 2; ++seed) {
    Frame in(from, size.width, size.height, seed), out(to, size.width, size.height, 9);
    Frame plain_in(from, size.width, size.height, seed), plain_out(to, size.width, size.height, 9);
    Set(direct, strength, keep_colors);
    Set(plain, strength, keep_colors);
    Status status = direct.Process(in.image, in_place ? in.image : out.image);
    ASSERT_TRUE(status.ok()) << status.message();
    status = plain.Process(plain_in.image, in_place ? plain_in.image : plain_out.image);
    ASSERT_TRUE(status.ok()) << status.message();
    EXPECT_FALSE(plain.reads_frame() || plain.writes_frame());
    ASSERT_TRUE(in.bytes == plain_in.bytes && out.bytes == plain_out.bytes)
        << size.width << "x" << size.height << " format " << static_cast<int>(from) << " to "
        << static_cast<int>(to) << " strength " << strength << " in place " << in_place;
  }
}

constexpr Size kSizes[] = {{1, 1}, {2, 3}, {17, 31}, {33, 18}, {64, 36}, {131, 67}, {700, 21}};

TEST(FrameEnds, EveryFormatAndSizeGivesTheSameBytes) {
  for (const Case& c : Cases()) {
    const engine::ModelPtr model = Build(c);
    for (const engine::Precision precision : {engine::Precision::kFp32, engine::Precision::kInt8}) {
      SCOPED_TRACE(std::string(c.name) + " " + engine::PrecisionName(precision));
      StylizerOptions options;
      options.precision = precision;
      options.num_threads = 2;
      const auto direct = Make(model, options);
      options.through_tensors = true;
      options.num_threads = 1;
      const auto plain = Make(model, options);
      ASSERT_TRUE(direct && plain);
      size_t format = 0;
      for (const Size size : kSizes) {
        for (int i = 0; i < 7; ++i, ++format) {
          const auto from = kFormats[format % 7], to = kFormats[(format / 7 + format) % 7];
          Compare(*direct, *plain, size, from, to, 1, false);
          Compare(*direct, *plain, size, from, from, 1, true);
          if (HasFatalFailure()) return;
        }
        if (size.width == 64) {
          EXPECT_EQ(direct->reads_frame(), c.reads);
          if (!c.odd_tiles) EXPECT_EQ(direct->writes_frame(), c.writes);
        }
      }
    }
  }
}

TEST(FrameEnds, SlidersReadTheSourceAsItWas) {
  for (const size_t index : {0u, 5u, 6u}) {  // with a norm between the ends, without, and one layer
    const Case& c = Cases()[index];
    const engine::ModelPtr model = Build(c);
    for (const bool keep_colors : {false, true}) {
      SCOPED_TRACE(std::string(c.name) + (keep_colors ? " keeps colours" : ""));
      StylizerOptions options;
      options.precision = engine::Precision::kFp32;
      options.num_threads = 2;
      const auto direct = Make(model, options);
      options.through_tensors = true;
      const auto plain = Make(model, options);
      ASSERT_TRUE(direct && plain);
      for (const auto format : kFormats) {
        for (const bool in_place : {false, true}) {
          for (const float strength : {1.0f, 0.6f}) {
            Compare(*direct, *plain, {301, 43}, format, format, strength, in_place, keep_colors);
            Compare(*direct, *plain, {301, 43}, format, PixelFormat::kRgba, strength, false, keep_colors);
          }
        }
        EXPECT_TRUE(direct->reads_frame());
        if (!c.odd_tiles || format == PixelFormat::kRgb) EXPECT_TRUE(direct->writes_frame());
      }
    }
  }
}

TEST(FrameEnds, StatisticsAndFlatFramesAreTheSame) {
  const engine::ModelPtr model = Build(Cases()[0]);
  for (const auto statistics : {engine::NormStatistics::kExact, engine::NormStatistics::kSmoothed}) {
    StylizerOptions options;
    options.precision = engine::Precision::kInt8;
    options.norm_statistics = statistics;
    const auto direct = Make(model, options);
    options.through_tensors = true;
    const auto plain = Make(model, options);
    ASSERT_TRUE(direct && plain);
    for (const auto format : kFormats)
      Compare(*direct, *plain, {90, 62}, format, PixelFormat::kRgb, 1, false);
    // One colour; the same but for a pixel in the last row; and one that is flat only once it is clamped.
    for (int kind = 0; kind < 3; ++kind) {
      Frame frame(kind == 2 ? PixelFormat::kNv12 : PixelFormat::kRgb, 90, 62, 1),
          out(PixelFormat::kRgb, 90, 62, 9), plain_out(PixelFormat::kRgb, 90, 62, 9);
      std::fill(frame.bytes.begin(), frame.bytes.end(), kind == 2 ? uint8_t{128} : uint8_t{77});
      for (int i = 0; kind == 2 && i < 62 * frame.image.stride_bytes[0]; ++i) {
        frame.image.planes[0][i] = static_cast<uint8_t>(236 + i % 19);
      }
      if (kind == 1) frame.image.planes[0][61 * frame.image.stride_bytes[0] + 88 * 3] = 78;
      ASSERT_TRUE(direct->Process(frame.image, out.image).ok());
      ASSERT_TRUE(plain->Process(frame.image, plain_out.image).ok());
      EXPECT_TRUE(out.bytes == plain_out.bytes) << "kind " << kind;
    }
  }
}

// With carried statistics a frame may be painted twice: the second painting must not find the first one where
// it blends with the source.
TEST(FrameEnds, FramesPaintedTwiceAreBlendedWithTheirSource) {
  // Read by a convolution of single pixels, which has no source, and by one that has.
  const auto single = [](TestModel& m) {
    const std::string x = m.Node("Conv", {"x", m.Random({16, 3, 1, 1}), m.Random({16})});
    return Last(m, m.Node("InstanceNormalization", {x, m.Random({16}, 0.5f, 2), m.Random({16})}), 16, 3);
  };
  for (const Case& c : {Case{"sink alone", single, false}, Case{"both ends", Cases()[2].build}}) {
    const engine::ModelPtr model = Build(c);
    for (const bool keep_colors : {false, true}) {
      SCOPED_TRACE(std::string(c.name) + (keep_colors ? " keeps colours" : ""));
      StylizerOptions options;
      options.precision = engine::Precision::kFp32;
      options.num_threads = 2;
      options.norm_statistics = engine::NormStatistics::kCarried;
      const auto direct = Make(model, options);
      options.through_tensors = true;
      const auto plain = Make(model, options);
      ASSERT_TRUE(direct && plain);
      // One frame by itself, one carried, and two where that fails.
      for (const int lit : {255, 255, 40, 200}) {
        Frame in(PixelFormat::kRgba, 60, 44, 3), plain_in(PixelFormat::kRgba, 60, 44, 3);
        for (Frame* frame : {&in, &plain_in}) {
          for (uint8_t& b : frame->bytes) b = static_cast<uint8_t>(b * lit / 255);
        }
        Set(*direct, 0.4f, keep_colors);
        Set(*plain, 0.4f, keep_colors);
        ASSERT_TRUE(direct->Process(in.image, in.image).ok());
        ASSERT_TRUE(plain->Process(plain_in.image, plain_in.image).ok());
        EXPECT_TRUE(direct->writes_frame());
        EXPECT_EQ(direct->reads_frame(), c.reads);
        ASSERT_TRUE(in.bytes == plain_in.bytes) << lit;
      }
    }
  }
}

// What was prepared is planned: formats add up, and frames of them plan nothing more.
TEST(FrameEnds, PreparedFramesMakeNoPlan) {
  for (const Case& c : Cases()) {
    StylizerOptions options;
    options.num_threads = 1;
    options.precision = engine::Precision::kFp32;
    const auto s = Make(Build(c), options);
    ASSERT_TRUE(s);
    for (const bool subsampled : {false, true, false}) ASSERT_TRUE(s->Prepare({64, 36}, subsampled).ok());
    const int plans = s->plans_made();
    EXPECT_LE(plans, 2);
    for (const auto from : kFormats) {
      for (const auto to : kFormats) {
        Frame in(from, 64, 36, 1), out(to, 64, 36, 9);
        const Status status = s->Process(in.image, out.image);
        ASSERT_TRUE(status.ok()) << status.message();
      }
    }
    EXPECT_EQ(s->plans_made(), plans) << c.name;
    Frame other(PixelFormat::kRgb, 40, 36, 1);
    ASSERT_TRUE(s->Process(other.image, other.image).ok());
    EXPECT_EQ(s->plans_made(), plans + 1);
  }
}

// Frames of another size than the network's, and paintings of another size than the frame, go through
// tensors.
TEST(FrameEnds, ScaledFramesGoThroughTensors) {
  const engine::ModelPtr model = Build(Cases()[0]);
  StylizerOptions options;
  options.precision = engine::Precision::kFp32;
  options.working = {0, 40};
  const auto scaled = Make(model, options);
  options.through_tensors = true;
  const auto plain = Make(model, options);
  ASSERT_TRUE(scaled && plain);
  Compare(*scaled, *plain, {100, 60}, PixelFormat::kNv12, PixelFormat::kRgb, 1, false);
  EXPECT_FALSE(scaled->reads_frame() || scaled->writes_frame());
  Compare(*scaled, *plain, {64, 40}, PixelFormat::kNv12, PixelFormat::kRgb, 1, false);
  EXPECT_TRUE(scaled->reads_frame() && scaled->writes_frame());

  TestModel twice;
  twice.Output(Last(twice, Enlarged(twice, First(twice, "x", 3, 1)), 16, 3));
  options.working = {};
  options.through_tensors = false;
  const auto larger = Make(twice.Load().value(), options);
  Frame frame(PixelFormat::kRgb, 50, 40, 1), out(PixelFormat::kRgb, 50, 40, 1);
  ASSERT_TRUE(larger->Process(frame.image, out.image).ok());
  EXPECT_TRUE(larger->reads_frame());
  EXPECT_FALSE(larger->writes_frame());
}

}  // namespace
}  // namespace tempera::stylize
