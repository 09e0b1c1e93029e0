// What instance norms normalise with: the picture's own statistics, blended or given ones.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <random>

#include "src/engine/precision/calibration_frame.h"
#include "src/engine/run/model_builder_for_test.h"
#include "src/engine/run/session.h"

namespace tempera::engine {
namespace {

std::unique_ptr<Session> Make(NormStatistics statistics, Precision precision, int n = 1, int threads = 2,
                              int64_t chain_bytes = 0) {
  TestModel m;
  std::string x = m.Node("Relu", {m.PaddedConv("x", 3, 6, 3, 1, 1, true)});
  x = m.PaddedConv(x, 6, 5, 3, 1, 1, true);
  m.Output(m.PaddedConv(x, 5, 3, 3, 1, 1, false));
  const auto model = m.Load();
  EXPECT_TRUE(model.ok()) << model.status().message();
  auto session = Session::Create(*model, {{n, 3, 24, 40}},
                                 {.num_threads = threads,
                                  .precision = precision,
                                  .norm_statistics = statistics,
                                  .norm_smoothing = 0.75f,
                                  .chain_bytes = chain_bytes});
  EXPECT_TRUE(session.ok()) << session.status().message();
  return session.ok() ? std::move(session).value() : nullptr;
}

Tensor Paint(Session& session, const ValueRange& range) {
  FillCalibrationFrame(session.input(0), range);
  EXPECT_TRUE(session.Run().ok());
  Tensor copy = *Tensor::Create(DataType::kFloat32, session.output(0).shape());
  std::memcpy(copy.raw(), session.output(0).raw(), copy.size_bytes());
  return copy;
}

constexpr ValueRange kBright = {100, 255}, kDark = {0, 80};

class Statistics : public testing::TestWithParam<Precision> {};
INSTANTIATE_TEST_SUITE_P(Precisions, Statistics, testing::Values(Precision::kFp32, Precision::kInt8),
                         [](const auto& info) { return PrecisionName(info.param); });

TEST_P(Statistics, SmoothedBeginExactlyAndLagAfter) {
  const auto exact = Make(NormStatistics::kExact, GetParam());
  const auto smoothed = Make(NormStatistics::kSmoothed, GetParam());
  EXPECT_EQ(PsnrDb(Paint(*exact, kBright), Paint(*smoothed, kBright), 255), 200);
  const auto before = exact->statistics();
  const Tensor dark = Paint(*exact, kDark);
  EXPECT_LT(PsnrDb(dark, Paint(*smoothed, kDark), 1), 60);
  const auto after = exact->statistics(), blended = smoothed->statistics();
  ASSERT_EQ(blended.size(), 2u);
  ASSERT_EQ(blended[0].mean.size(), 6u);
  for (size_t c = 0; c < 6; ++c) {
    EXPECT_NEAR(blended[0].mean[c], 0.75 * before[0].mean[c] + 0.25 * after[0].mean[c],
                1e-6 * (1 + std::abs(before[0].mean[c])));
    EXPECT_NEAR(blended[0].variance[c], 0.75 * before[0].variance[c] + 0.25 * after[0].variance[c],
                1e-6 * (1 + before[0].variance[c]));
  }
  smoothed->ResetStatistics();
  EXPECT_EQ(PsnrDb(dark, Paint(*smoothed, kDark), 255), 200);
}

Tensor PaintFlat(Session& session, float color) {
  float* numbers = session.input(0).data<float>();
  std::fill_n(numbers, session.input(0).element_count(), color);
  EXPECT_TRUE(session.Run().ok());
  Tensor copy = *Tensor::Create(DataType::kFloat32, session.output(0).shape());
  std::memcpy(copy.raw(), session.output(0).raw(), copy.size_bytes());
  return copy;
}

// Of one colour, a picture has no variance to divide by but rounding's: blending must not let that in, and a
// fade to black is one colour after another.
TEST_P(Statistics, SmoothedKeepOneColorFlat) {
  const auto exact = Make(NormStatistics::kExact, GetParam());
  const auto smoothed = Make(NormStatistics::kSmoothed, GetParam());
  const Tensor alone = PaintFlat(*exact, 37.3f);
  for (int i = 0; i < 4; ++i) EXPECT_GT(PsnrDb(alone, PaintFlat(*smoothed, 37.3f), 1), 100) << i;
  for (const float color : {36.1f, 30.7f, 0.0f}) {
    const Tensor painted = PaintFlat(*smoothed, color);
    const int64_t plane = painted.element_count() / 3;
    for (int64_t c = 0; c < 3; ++c) {
      const auto [least, most] =
          std::minmax_element(painted.data<float>() + c * plane, painted.data<float>() + (c + 1) * plane);
      EXPECT_LT(*most - *least, 1e-3f) << color << ", channel " << c;
    }
  }
}

TEST_P(Statistics, GivenOnesStandForThePicture) {
  const auto exact = Make(NormStatistics::kExact, GetParam(), 2);
  const auto given = Make(NormStatistics::kGiven, GetParam(), 2);
  const Tensor bright = Paint(*exact, kBright);
  ASSERT_TRUE(given->SetStatistics(exact->statistics()).ok());
  EXPECT_GT(PsnrDb(bright, Paint(*given, kBright), 255), 80);
  // The same scale and shift for another picture.
  const Tensor dark = Paint(*given, kDark);
  EXPECT_LT(PsnrDb(dark, Paint(*exact, kDark), 1), 60);
  EXPECT_EQ(given->statistics()[1].mean.size(), 10u);
}

TEST_P(Statistics, CarriedOnesAreThoseOfAPictureBefore) {
  const auto exact = Make(NormStatistics::kExact, GetParam());
  const auto given = Make(NormStatistics::kGiven, GetParam());
  const auto carried = Make(NormStatistics::kCarried, GetParam());
  const Tensor bright = Paint(*exact, kBright);
  ASSERT_TRUE(given->SetStatistics(exact->statistics()).ok());
  // The first by itself; nothing changes while the picture does not.
  for (int i = 0; i < 3; ++i) EXPECT_EQ(PsnrDb(bright, Paint(*carried, kBright), 255), 200) << i;
  // They are held while they serve, and no longer.
  for (const ValueRange& little : {ValueRange{100, 253}, ValueRange{101, 254}}) {
    const Tensor held = Paint(*carried, little);
    EXPECT_GT(PsnrDb(Paint(*given, little), held, 255), 80);
    EXPECT_LT(PsnrDb(Paint(*exact, little), held, 1), 60);
  }
  EXPECT_EQ(PsnrDb(Paint(*exact, kDark), Paint(*carried, kDark), 255), 200);
}

double MeanOf(const Tensor& t) {
  double sum = 0;
  for (int64_t i = 0; i < t.element_count(); ++i) sum += t.data<float>()[i];
  return sum / static_cast<double>(t.element_count());
}

// A camera that stands still, with its noise: what norms are a little off by must not grow from norm to norm
// and from frame to frame.
TEST(CarriedStatistics, DoNotRingOnAStillNoisyFilm) {
  const auto model = LoadModelFile("models/metzinger.onnx");
  ASSERT_TRUE(model.ok()) << model.status().message();
  std::unique_ptr<Session> sessions[2];
  for (int s = 0; s < 2; ++s) {
    const auto statistics = s == 0 ? NormStatistics::kExact : NormStatistics::kCarried;
    sessions[s] =
        Session::Create(*model, {{1, 3, 60, 100}}, {.num_threads = 1, .norm_statistics = statistics}).value();
  }
  std::mt19937 random(5);
  std::normal_distribution<float> noise(0, 6);
  double spread[2] = {}, first[2] = {};
  for (int frame = 0; frame < 24; ++frame) {
    Tensor& in = sessions[0]->input(0);
    FillCalibrationFrame(in, {40, 200});
    for (int64_t i = 0; i < in.element_count(); ++i) in.data<float>()[i] += noise(random);
    std::memcpy(sessions[1]->input(0).raw(), in.raw(), in.size_bytes());
    for (int s = 0; s < 2; ++s) {
      ASSERT_TRUE(sessions[s]->Run().ok());
      const double mean = MeanOf(sessions[s]->output(0));
      if (frame == 0) first[s] = mean;
      spread[s] = std::max(spread[s], std::abs(mean - first[s]));
    }
  }
  // In levels; when each frame handed its own on, 5 to 10.
  std::printf("the mean moves by %.2f levels, carried by %.2f\n", spread[0], spread[1]);
  EXPECT_LT(spread[1], spread[0] + 1.5);
}

TEST_P(Statistics, CarriedOnesBeginAnewAtACutAndAfterReset) {
  const auto exact = Make(NormStatistics::kExact, GetParam());
  const auto carried = Make(NormStatistics::kCarried, GetParam());
  Paint(*carried, kBright);
  EXPECT_EQ(PsnrDb(Paint(*exact, kDark), Paint(*carried, kDark), 255), 200);
  // Black, then a picture: statistics of one colour say nothing about it.
  EXPECT_EQ(PsnrDb(Paint(*exact, {0, 0}), Paint(*carried, {0, 0}), 255), 200);
  EXPECT_EQ(PsnrDb(Paint(*exact, kDark), Paint(*carried, kDark), 255), 200);
  const ValueRange dimmed = {0, 79};
  const Tensor own = Paint(*exact, dimmed);
  carried->ResetStatistics();
  EXPECT_EQ(PsnrDb(own, Paint(*carried, dimmed), 255), 200);
}

TEST_P(Statistics, CarriedOnesDoNotDependOnThreads) {
  std::vector<std::unique_ptr<Session>> sessions;
  for (int threads : {1, 2, 3, 8}) {
    for (int64_t chain_bytes : {int64_t{-1}, int64_t{0}, int64_t{1} << 40})
      sessions.push_back(Make(NormStatistics::kCarried, GetParam(), 2, threads, chain_bytes));
  }
  for (float high : {255.0f, 254.0f, 252.0f, 40.0f, 41.0f, 41.0f}) {
    const Tensor first = Paint(*sessions[0], {10, high});
    for (const auto& session : sessions) {
      if (session != sessions[0]) EXPECT_EQ(PsnrDb(first, Paint(*session, {10, high}), 255), 200) << high;
    }
  }
}

TEST_P(Statistics, OfAnotherModelAreRefused) {
  const auto given = Make(NormStatistics::kGiven, GetParam());
  auto statistics = given->statistics();
  statistics[0].variance[2] = -1;
  EXPECT_EQ(given->SetStatistics(statistics).code(), StatusCode::kInvalidArgument);
  statistics[0].variance[2] = NAN;
  EXPECT_EQ(given->SetStatistics(statistics).code(), StatusCode::kInvalidArgument);
  statistics[0].variance.pop_back();
  EXPECT_EQ(given->SetStatistics(statistics).code(), StatusCode::kInvalidArgument);
  statistics.pop_back();
  EXPECT_EQ(given->SetStatistics(statistics).code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace tempera::engine
