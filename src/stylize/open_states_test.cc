// States whose sizes the file leaves open, through the public door.
#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "src/engine/run/matting_for_test.h"
#include "src/stylize/test_model.h"
#include "tempera/tempera.hpp"

namespace tempera::stylize {
namespace {

using engine::Meets;

Expected<tempera::Stylizer> Open(const TestModel& model, const Options& options = {}) {
  const std::string bytes = model.Bytes();
  return tempera::Stylizer::Open(std::as_bytes(std::span(bytes)), options);
}

TestModel Matting(Meets meets) {
  TestModel m;
  m.graph().outputs.clear();
  const std::vector<std::string> outputs = engine::AddMatting(m, "input", meets);
  for (const std::string& name : outputs) m.Output(name);
  for (size_t i = 1; i < outputs.size(); ++i) {
    m.Metadata("tempera.state." + outputs[i], "r" + std::to_string(i));
  }
  m.Metadata("tempera.value_range", "0..1");
  return m;
}

using Pixels = std::vector<uint8_t>;

// The same frame twice, and once more after a reset.
std::vector<Pixels> PaintThrice(tempera::Stylizer& s, int width, int height) {
  Pixels frame(3 * static_cast<size_t>(width) * static_cast<size_t>(height));
  std::mt19937 random(static_cast<unsigned>(width));
  for (uint8_t& b : frame) b = static_cast<uint8_t>(random());
  std::vector<Pixels> painted;
  for (int i = 0; i < 3; ++i) {
    if (i == 2) tempera_reset(s.handle());
    painted.push_back(Pixels(frame.size()));
    const Error error = s.Process(MakeImage(TEMPERA_RGB, frame.data(), width, height),
                                  MakeImage(TEMPERA_RGB, painted.back().data(), width, height));
    EXPECT_FALSE(error) << error.message;
  }
  return painted;
}

TEST(OpenStates, OfFourScalesPaint) {
  Expected<tempera::Stylizer> met = Open(Matting(Meets::kConcat)), expanded = Open(Matting(Meets::kExpand));
  ASSERT_TRUE(met && expanded) << met.error().message << expanded.error().message;
  for (const auto& [width, height] : {std::pair{64, 48}, {101, 67}, {5, 33}, {1, 1}}) {
    const std::vector<Pixels> painted = PaintThrice(*met, width, height);
    EXPECT_NE(painted[0], painted[1]) << "what comes back is seen";
    EXPECT_EQ(painted[0], painted[2]);
    EXPECT_EQ(painted, PaintThrice(*expanded, width, height)) << width << "x" << height;
  }
}

// Five frames of 4:2:0, painted in place through a mask, over another picture in turn; the fourth is a cut.
std::vector<Pixels> PaintInPlace(tempera::Stylizer& s, int width, int height) {
  const auto luma = static_cast<size_t>(width) * static_cast<size_t>(height);
  const size_t chroma = static_cast<size_t>((width + 1) / 2) * static_cast<size_t>((height + 1) / 2);
  std::mt19937 random(static_cast<unsigned>(height));
  Pixels first(luma + 2 * chroma), under(3 * luma), mask(luma);
  for (Pixels* pixels : {&first, &under, &mask}) {
    for (uint8_t& b : *pixels) b = static_cast<uint8_t>(random());
  }
  std::vector<Pixels> painted;
  for (int i = 0; i < 5; ++i) {
    Pixels frame = first;
    tempera_image image = TEMPERA_IMAGE_INIT;
    image.format = TEMPERA_I420, image.width = width, image.height = height;
    image.planes[0] = frame.data(), image.planes[1] = frame.data() + luma;
    image.planes[2] = frame.data() + luma + chroma;
    image.stride_bytes[0] = width, image.stride_bytes[1] = image.stride_bytes[2] = (width + 1) / 2;
    const tempera_image below = MakeImage(TEMPERA_RGB, under.data(), width, height);
    tempera_frame_params params = TEMPERA_FRAME_PARAMS_INIT;
    params.mask = mask.data(), params.mask_stride_bytes = width;
    params.mask_width = width, params.mask_height = height, params.mask_feather = 1;
    params.under = i % 2 == 1 ? &below : nullptr;
    params.cut = i == 3;
    const Error error = s.Process(image, image, params);
    EXPECT_FALSE(error) << error.message;
    painted.push_back(std::move(frame));
  }
  return painted;
}

// Beside all else that a frame may bring along, sizes that change, and threads.
TEST(OpenStates, MeetMasksStatisticsAndPrecisions) {
  for (const tempera_precision precision :
       {TEMPERA_PRECISION_FP32, TEMPERA_PRECISION_AUTO, TEMPERA_PRECISION_INT8}) {
    for (const auto statistics : {TEMPERA_NORM_EXACT, TEMPERA_NORM_SMOOTHED, TEMPERA_NORM_CARRIED}) {
      Options options;
      options.precision = precision, options.norm_statistics = statistics;
      options.threads = 1;
      Expected<tempera::Stylizer> met = Open(Matting(Meets::kConcat), options);
      options.threads = 3;
      Expected<tempera::Stylizer> threaded = Open(Matting(Meets::kConcat), options);
      ASSERT_TRUE(met && threaded) << met.error().message << threaded.error().message;
      for (tempera::Stylizer* s : {&*met, &*threaded}) ASSERT_FALSE(s->SetStrength(0.6f));
      for (const auto& [width, height] : {std::pair{66, 47}, {33, 20}, {66, 47}}) {
        SCOPED_TRACE(std::to_string(precision) + " " + std::to_string(statistics) + " " +
                     std::to_string(width));
        ASSERT_FALSE(threaded->Prepare(width, height, TEMPERA_I420));
        const std::vector<Pixels> painted = PaintInPlace(*met, width, height);
        EXPECT_EQ(painted, PaintInPlace(*threaded, width, height));
        EXPECT_NE(painted[1], painted[3]) << "the states are seen";
        EXPECT_NE(painted[0], painted[2]);
        ASSERT_FALSE(met->Reset());
        EXPECT_EQ(painted, PaintInPlace(*met, width, height));
      }
    }
  }
}

TEST(OpenStates, ThatDoNotFollowAreTheModelsFault) {
  TestModel m;
  m.Input("before", {1, 3, -1, -1});
  m.Constant("scales", {4}, {1, 1, 2, 2}).Node("Resize", {"before", "", "scales"}, "after");
  m.Node("Relu", {"input"}, "output");
  m.Output("after");
  m.Metadata("tempera.state.after", "before");
  const Expected<tempera::Stylizer> grows = Open(m);
  ASSERT_FALSE(grows);
  EXPECT_EQ(grows.error().code, TEMPERA_UNSUPPORTED) << grows.error().message;
  EXPECT_EQ(grows.error().message.rfind("the model: the sizes of state input 'before' do not follow", 0), 0u)
      << grows.error().message;
  EXPECT_NE(grows.error().message.find("declare in the file the sizes"), std::string::npos);
  EXPECT_EQ(grows.error().message.find('\n'), std::string::npos);
}

TEST(OpenStates, OfAnotherTypeAreTheModelsFault) {
  TestModel m;
  m.Input("before", {1}, DataType::kInt64);
  m.Node("ReduceMean", {"input"}, "mean").Ints("axes", {1, 2, 3}).Node("Relu", {"input"}, "output");
  m.Constant("one", {1}).Node("Reshape", {"mean", "one"}, "after");
  m.Output("after");
  m.Metadata("tempera.state.after", "before");
  const Expected<tempera::Stylizer> other = Open(m);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, TEMPERA_UNSUPPORTED) << other.error().message;
  EXPECT_NE(other.error().message.find("have different types, float32 and int64"), std::string::npos)
      << other.error().message;
}

}  // namespace
}  // namespace tempera::stylize
