// Inputs that keep their numbers, and outputs that come back as inputs of the next run.
#include "src/engine/run/states.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "src/engine/precision/calibration_frame.h"
#include "src/engine/run/model_builder_for_test.h"

namespace tempera::engine {
namespace {

constexpr int64_t kHeight = 40, kWidth = 64;

// Features of the frame before go in and out beside the picture; x, h -> y, h'.
TestModel RecurrentFeatures() {
  TestModel m;
  m.Input("h", {1, 4, -1, -1});
  std::string both = m.Node("Concat", {"x", "h"}, {TestModel::Int("axis", 1)});
  both = m.Node("Relu", {m.PaddedConv(both, 7, 8, 3, 1, 1, true)});
  m.Output(m.PaddedConv(both, 8, 3, 3, 1, 1, false));
  m.Output(m.Node("Tanh", {m.PaddedConv(both, 8, 4, 3, 1, 1, true)}));
  return m;
}

// The painting of the frame before goes in; x, p -> p'.
TestModel PaintingBefore() {
  TestModel m;
  m.Input("p", {1, 3, -1, -1});
  const std::string first = m.PaddedConv("x", 3, 6, 3, 1, 1, true);
  const std::string before = m.PaddedConv("p", 3, 6, 3, 1, 1, true);
  const std::string sum = m.Node("Relu", {m.Node("Add", {first, before})});
  m.Output(m.PaddedConv(sum, 6, 3, 3, 1, 1, false));
  return m;
}

struct Case {
  const char* name;
  TestModel model;
  Shape state;
  StateLink link;
};
std::vector<Case> Cases() {
  return {{"features", RecurrentFeatures(), {1, 4, kHeight, kWidth}, {1, 1}},
          {"painting", PaintingBefore(), {1, 3, kHeight, kWidth}, {0, 1}}};
}

std::unique_ptr<Session> Make(const Case& c, SessionOptions options, bool state = true) {
  const auto model = c.model.Load();
  EXPECT_TRUE(model.ok()) << model.status().message();
  if (state) options.states = {c.link};
  auto session = Session::Create(*model, {{1, 3, kHeight, kWidth}, c.state}, options);
  EXPECT_TRUE(session.ok()) << session.status().message();
  return session.ok() ? std::move(session).value() : nullptr;
}

Tensor Copy(const Tensor& t) {
  Tensor copy = Tensor::Create(t.dtype(), t.shape()).value();
  std::memcpy(copy.raw(), t.raw(), t.size_bytes());
  return copy;
}

// Frame by frame another light.
constexpr ValueRange kFrames[] = {{0, 255}, {30, 200}, {90, 255}, {0, 60}, {20, 250}};

void Show(Session& session, const ValueRange& frame) { FillCalibrationFrame(session.input(0), frame); }

std::vector<Tensor> PaintAll(Session& session) {
  std::vector<Tensor> painted;
  for (const ValueRange& frame : kFrames) {
    Show(session, frame);
    EXPECT_TRUE(session.Run().ok());
    painted.push_back(Copy(session.output(0)));
  }
  return painted;
}

void ExpectSame(const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(std::memcmp(a[i].raw(), b[i].raw(), a[i].size_bytes()), 0) << "frame " << i;
  }
}

// The same with the caller carrying numbers from the output to the input.
std::vector<Tensor> PaintByHand(const Case& c, const SessionOptions& options) {
  const auto session = Make(c, options, false);
  std::vector<Tensor> painted;
  for (const ValueRange& frame : kFrames) {
    Show(*session, frame);
    EXPECT_TRUE(session->Run().ok());
    painted.push_back(Copy(session->output(0)));
    const Tensor& state = session->output(c.link.output);
    std::memcpy(session->input(c.link.input).raw(), state.raw(), state.size_bytes());
  }
  return painted;
}

TEST(States, ComeBackAsIfTheCallerCarriedThem) {
  for (const Case& c : Cases()) {
    SCOPED_TRACE(c.name);
    for (const bool reference : {false, true}) {
      const std::vector<Tensor> want = PaintByHand(c, {.num_threads = 1, .reference = reference});
      EXPECT_LT(PsnrDb(want[0], want[1], 1), 60);
      for (const int threads : {1, 2, 3, 4}) {
        for (const int64_t chain_bytes : {int64_t{-1}, int64_t{0}, int64_t{1} << 40}) {
          for (const bool rewrites : {false, true}) {
            const auto session = Make(c, {.num_threads = threads,
                                          .reference = reference,
                                          .rewrites_inputs = rewrites,
                                          .chain_bytes = chain_bytes});
            ExpectSame(PaintAll(*session), want);
          }
        }
      }
    }
  }
}

TEST(States, AreZeroAtTheStartAndAfterAReset) {
  for (const Case& c : Cases()) {
    SCOPED_TRACE(c.name);
    const auto session = Make(c, {.num_threads = 1});
    for (const float v : session->input(1).span<float>()) ASSERT_EQ(v, 0);
    const std::vector<Tensor> first = PaintAll(*session);
    EXPECT_EQ(session->output(c.link.output).raw(), session->input(1).raw());
    for (int runs = 1; runs < 3; ++runs) {  // either of the two tensors
      session->ResetState();
      for (int i = 0; i < runs; ++i) ASSERT_TRUE(session->Run().ok());
      session->ResetState();
      ExpectSame(PaintAll(*session), first);
    }
  }
}

TEST(States, MayBeSet) {
  const Case c = std::move(Cases()[0]);
  const auto session = Make(c, {.num_threads = 1});
  PaintAll(*session);
  const Tensor kept = Copy(session->input(1));
  Show(*session, kFrames[0]);
  ASSERT_TRUE(session->Run().ok());
  const Tensor first = Copy(session->output(0));
  Show(*session, kFrames[0]);
  ASSERT_TRUE(session->Run().ok());
  EXPECT_LT(PsnrDb(first, session->output(0), 1), 100);
  std::memcpy(session->input(1).raw(), kept.raw(), kept.size_bytes());
  Show(*session, kFrames[0]);
  ASSERT_TRUE(session->Run().ok());
  EXPECT_EQ(PsnrDb(first, session->output(0), 1), 200);
}

// A frame whose statistics did not serve is painted twice: both times from the same old state.
TEST(States, AreReadTwiceWhereCarriedStatisticsDidNotServe) {
  for (const Case& c : Cases()) {
    SCOPED_TRACE(c.name);
    for (const Precision precision : {Precision::kFp32, Precision::kInt8}) {
      const auto exact = Make(c, {.num_threads = 1, .precision = precision, .plain_dot_kernels = true});
      const std::vector<Tensor> want = PaintAll(*exact);
      for (const int threads : {1, 3}) {
        const auto carried = Make(c, {.num_threads = threads,
                                      .precision = precision,
                                      .rewrites_inputs = true,
                                      .plain_dot_kernels = true,
                                      .norm_statistics = NormStatistics::kCarried});
        ExpectSame(PaintAll(*carried), want);
      }
    }
  }
}

TEST(States, KeepTheirPrecisionBesideEightBits) {
  for (const Case& c : Cases()) {
    SCOPED_TRACE(c.name);
    const std::vector<Tensor> want = PaintAll(*Make(c, {.num_threads = 1}));
    std::vector<Tensor> first;
    for (const int threads : {1, 4}) {
      const auto session =
          Make(c, {.num_threads = threads, .precision = Precision::kInt8, .plain_dot_kernels = true});
      const std::vector<Tensor> painted = PaintAll(*session);
      for (size_t i = 0; i < want.size(); ++i) {
        const auto [low, high] =
            std::minmax_element(want[i].span<float>().begin(), want[i].span<float>().end());
        EXPECT_GT(PsnrDb(painted[i], want[i], static_cast<double>(*high) - *low), 35) << i;
      }
      if (!first.empty()) ExpectSame(painted, first);
      first = painted;
    }
  }
}

// A picture in a tensor, read and written as frames are.
struct TestEnd {
  Tensor picture;
  static void Move(const void* self, const Region& r, int64_t row_step, int64_t plane_step, float* room,
                   bool in) {
    auto& t = static_cast<TestEnd*>(const_cast<void*>(self))->picture;
    const Shape& s = t.shape();
    for (int64_t c = 0; c < s[1]; ++c) {
      for (int64_t y = 0; y < r.rows; ++y) {
        float* row = t.data<float>() + (c * s[2] + r.y + y) * s[3] + r.x;
        float* other = room + c * plane_step + y * row_step;
        std::memcpy(in ? other : row, in ? row : other, static_cast<size_t>(r.columns) * sizeof(float));
      }
    }
  }
  static void Read(const void* self, const Region& r, int64_t row_step, int64_t plane_step, float* to) {
    Move(self, r, row_step, plane_step, to, true);
  }
  static void Write(const void* self, const Region& r, int64_t row_step, int64_t plane_step, float* from) {
    Move(self, r, row_step, plane_step, from, false);
  }
};

TEST(States, GoBesideASourceAndASink) {
  // x is read by one convolution alone; the features go in behind it.
  TestModel m;
  m.Input("h", {1, 8, -1, -1});
  const std::string first = m.PaddedConv("x", 3, 8, 3, 1, 1, true);
  const std::string sum = m.Node("Relu", {m.Node("Add", {first, "h"})});
  m.Output(m.PaddedConv(sum, 8, 3, 5, 1, 2, false));
  m.Output(m.Node("Tanh", {m.PaddedConv(sum, 8, 8, 3, 1, 1, true)}));
  const Case c = {"ends", m, {1, 8, kHeight, kWidth}, {1, 1}};
  for (const NormStatistics statistics : {NormStatistics::kExact, NormStatistics::kCarried}) {
    const auto plain = Make(c, {.num_threads = 1, .norm_statistics = statistics});
    for (const int threads : {1, 4}) {
      TestEnd in = {Tensor::Create(DataType::kFloat32, {1, 3, kHeight, kWidth}).value()};
      TestEnd out = {Tensor::Create(DataType::kFloat32, {1, 3, kHeight, kWidth}).value()};
      const PictureSource source = {&TestEnd::Read, &in};
      const PictureSink sink = {&TestEnd::Write, &out, 2};
      const auto session = Make(c, {.num_threads = threads,
                                    .rewrites_inputs = true,
                                    .norm_statistics = statistics,
                                    .source = &source,
                                    .sink = &sink});
      EXPECT_TRUE(session->reads_source());
      EXPECT_TRUE(session->writes_sink());
      plain->ResetState();
      plain->ResetStatistics();
      for (const ValueRange& frame : kFrames) {
        FillCalibrationFrame(in.picture, frame);
        Show(*plain, frame);
        ASSERT_TRUE(plain->Run().ok() && session->Run().ok());
        EXPECT_EQ(PsnrDb(out.picture, plain->output(0), 1), 200);
      }
    }
  }
}

TEST(States, OfTheFirstOutputTakeTheSinksPlace) {
  const Case c = std::move(Cases()[1]);
  TestEnd out = {Tensor::Create(DataType::kFloat32, {1, 3, kHeight, kWidth}).value()};
  const PictureSink sink = {&TestEnd::Write, &out, 2};
  const auto session = Make(c, {.num_threads = 2, .rewrites_inputs = true, .sink = &sink});
  EXPECT_FALSE(session->writes_sink());
  ExpectSame(PaintAll(*session), PaintAll(*Make(c, {.num_threads = 1})));
}

TEST(States, MayBeThePictureItselfOrAConstant) {
  TestModel m;
  m.Input("before", {1, 3, -1, -1});
  m.Input("k", {2});
  m.Output(m.Node("Add", {m.Node("Sub", {"x", "before"}), m.Node("ReduceSum", {"k"})}));
  m.Output("x");
  m.Output(m.Floats({2}, {3, 4}));
  const auto model = m.Load();
  auto session = Session::Create(*model, {{1, 3, 8, 8}, {1, 3, 8, 8}, {2}},
                                 {.num_threads = 1, .states = {{1, 1}, {2, 2}}, .rewrites_inputs = true});
  ASSERT_TRUE(session.ok()) << session.status().message();
  float before = 0;
  for (int frame = 0; frame < 4; ++frame) {
    const auto now = static_cast<float>(frame * frame + 1);
    std::fill_n((*session)->input(0).data<float>(), 192, now);
    ASSERT_TRUE((*session)->Run().ok());
    for (const float v : (*session)->output(0).span<float>()) {
      ASSERT_EQ(v, now - before + (frame == 0 ? 0 : 7)) << frame;
    }
    before = now;
  }
}

TEST(States, ThatDoNotFitAreRefusedInWords) {
  const auto model = RecurrentFeatures().Load();
  const auto error = [&](std::vector<StateLink> states, const Shape& h) {
    return Session::Create(*model, {{1, 3, 16, 16}, h}, {.num_threads = 1, .states = std::move(states)})
        .status()
        .message();
  };
  EXPECT_EQ(error({{1, 1}}, {1, 4, 16, 16}), "");
  EXPECT_NE(error({{0, 1}}, {1, 4, 16, 16}).find("have different shapes, [1, 3, 16, 16] and [1, 4, 16, 16]"),
            std::string::npos);
  EXPECT_NE(error({{1, 0}}, {1, 4, 16, 16}).find("input 'x': that input is the picture"), std::string::npos);
  EXPECT_NE(error({{2, 1}}, {1, 4, 16, 16}).find("output 2 to input 1; the model has 2 outputs"),
            std::string::npos);
  EXPECT_NE(error({{1, 1}, {0, 1}}, {1, 4, 16, 16}).find("in another state too"), std::string::npos);
  TestModel m;
  m.Input("count", {1}, DataType::kInt64);
  m.Output(m.Node("ReduceMean", {"x"}, {TestModel::Ints("axes", {1, 2, 3}), TestModel::Int("keepdims", 0)}));
  const auto other = m.Load();
  EXPECT_NE(Session::Create(*other, {{1, 3, 16, 16}, {1}}, {.num_threads = 1, .states = {{0, 1}}})
                .status()
                .message()
                .find("have different types, float32 and int64"),
            std::string::npos);
}

TEST(States, ShapesFollowFromThePictures) {
  TestModel m;
  m.Input("fine", {1, 4, -1, -1});
  m.Input("style", {1, 7});
  m.Input("coarse", {1, 6, -1, -1});
  const std::string half = m.PaddedConv("x", 3, 4, 3, 2, 1, false);
  const std::string fine = m.Node("Relu", {m.Node("Add", {half, "fine"})});
  const std::string coarse =
      m.Node("Concat", {m.PaddedConv(fine, 4, 6, 3, 2, 1, false), "coarse"}, {TestModel::Int("axis", 1)});
  m.Output(m.Node("Add", {m.PaddedConv("x", 3, 3, 3, 1, 1, false), m.Node("ReduceSum", {"style"})}));
  m.Output(fine);
  m.Output(m.PaddedConv(coarse, 12, 6, 3, 1, 1, false));
  const auto model = m.Load();
  ASSERT_TRUE(model.ok());
  const std::vector<StateLink> states = {{1, 1}, {2, 3}};
  const auto shapes = InputShapesFor(**model, {1, 3, 45, 63}, 0, states);
  ASSERT_TRUE(shapes.ok()) << shapes.status().message();
  EXPECT_EQ(*shapes, (std::vector<Shape>{{1, 3, 45, 63}, {1, 4, 23, 32}, {1, 7}, {1, 6, 12, 16}}));
  const auto session = Session::Create(*model, *shapes, {.num_threads = 1, .states = states});
  EXPECT_TRUE(session.ok()) << session.status().message();
  EXPECT_NE(InputShapesFor(**model, {1, 3, 45, 63}, 0, std::vector<StateLink>{{2, 1}})
                .status()
                .message()
                .find("do not follow from the picture's"),
            std::string::npos);
}

TEST(OtherInputs, KeepWhatWasWritten) {
  TestModel m;
  m.Input("scale", {1});
  m.Input("shift", {1, 3, 1, 1});
  std::string x = m.PaddedConv("x", 3, 3, 3, 1, 1, true);
  x = m.Node("Mul", {x, "scale"});
  m.Output(m.PaddedConv(m.Node("Add", {x, "shift"}), 3, 3, 3, 1, 1, false));
  const auto model = m.Load();
  const std::vector<Shape> shapes = {{1, 3, kHeight, kWidth}, {1}, {1, 3, 1, 1}};
  for (const NormStatistics statistics : {NormStatistics::kExact, NormStatistics::kCarried}) {
    const auto make = [&](bool reference, const PictureSource* source) {
      auto session = Session::Create(
          *model, shapes,
          {.num_threads = 2,
           .reference = reference,
           .input_values = {std::nullopt, InputValues{.initial = {0.5f}}, InputValues{.initial = {1, 2, 3}}},
           .rewrites_inputs = true,
           .norm_statistics = statistics,
           .source = source});
      EXPECT_TRUE(session.ok()) << session.status().message();
      return std::move(session).value();
    };
    TestEnd in = {Tensor::Create(DataType::kFloat32, shapes[0]).value()};
    const PictureSource source = {&TestEnd::Read, &in};
    const auto fast = make(false, &source), slow = make(true, nullptr);
    EXPECT_TRUE(fast->reads_source());
    EXPECT_EQ(fast->input(1).data<float>()[0], 0.5f);
    EXPECT_EQ(fast->input(2).data<float>()[2], 3.0f);
    EXPECT_EQ(fast->memory().kept_bytes, 4 * sizeof(float));
    for (int frame = 0; frame < 5; ++frame) {
      if (frame == 2) fast->input(1).data<float>()[0] = slow->input(1).data<float>()[0] = 3;
      if (frame == 3) fast->input(2).data<float>()[1] = slow->input(2).data<float>()[1] = -4;
      FillCalibrationFrame(in.picture, kFrames[0]);
      Show(*slow, kFrames[0]);
      ASSERT_TRUE(fast->Run().ok() && slow->Run().ok());
      EXPECT_GT(PsnrDb(fast->output(0), slow->output(0), 4), 100) << frame;
    }
  }
}

TEST(OtherInputs, ThePictureMayBeAnyOfThem) {
  TestModel m;
  m.Input("picture", {1, 3, -1, -1});
  m.Output(m.Node("Mul", {m.PaddedConv("picture", 3, 3, 3, 1, 1, false), "x"}));
  const auto model = m.Load();
  TestEnd in = {Tensor::Create(DataType::kFloat32, {1, 3, kHeight, kWidth}).value()};
  const PictureSource source = {&TestEnd::Read, &in};
  auto session = Session::Create(*model, {{1, 1, 1, 1}, {1, 3, kHeight, kWidth}},
                                 {.num_threads = 1, .picture_input = 1, .source = &source});
  ASSERT_TRUE(session.ok()) << session.status().message();
  EXPECT_TRUE((*session)->reads_source());
  (*session)->input(0).data<float>()[0] = 0;
  FillCalibrationFrame(in.picture, {0, 255});
  ASSERT_TRUE((*session)->Run().ok());
  for (const float v : (*session)->output(0).span<float>()) ASSERT_EQ(v, 0);
  EXPECT_NE(Session::Create(*model, {{1, 1, 1, 1}, {1, 3, 8, 8}}, {.num_threads = 1, .picture_input = 2})
                .status()
                .message()
                .find("input 2 was said to be the picture; the model has 2"),
            std::string::npos);
}

TEST(OtherInputs, ThatHaveInitializersAreConstants) {
  TestModel m;
  m.Output(m.PaddedConv("x", 3, 3, 3, 1, 1, true));
  const auto plain = m.Load();
  m.ListInitializersAsInputs();
  const auto listed = m.Load();
  ASSERT_TRUE(plain.ok() && listed.ok()) << listed.status().message();
  ASSERT_EQ((*listed)->inputs.size(), 1u);
  EXPECT_EQ((*listed)->value((*listed)->inputs[0]).name, "x");
  const auto session = Session::Create(*listed, {{1, 3, 16, 16}}, {.num_threads = 1});
  ASSERT_TRUE(session.ok()) << session.status().message();
  EXPECT_EQ((*session)->steps().size(),
            Session::Create(*plain, {{1, 3, 16, 16}}, {.num_threads = 1}).value()->steps().size());
}

}  // namespace
}  // namespace tempera::engine
