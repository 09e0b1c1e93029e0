// Sessions against the reference run of the same model.
#include "src/engine/run/session.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <random>
#include <string>

#include "src/ops/specialize.h"

namespace tempera::engine {
namespace {

std::filesystem::path TestData() {
  const char* env = std::getenv("TEMPERA_TEST_DATA");
  return env != nullptr ? env : "../shared/data";
}

// Smooth, picture-like numbers: noise alone would hide errors at borders and in statistics.
void FillPicture(Tensor& t, float scale) {
  std::mt19937 random(11);
  std::uniform_real_distribution<float> noise(-0.1f, 0.1f);
  auto* x = t.data<float>();
  for (int64_t i = 0; i < t.element_count(); ++i) {
    x[i] = scale * (0.5f + 0.4f * std::sin(static_cast<float>(i) * 0.013f) + noise(random));
  }
}

void ExpectClose(const Tensor& actual, const Tensor& expected, double tolerance, const std::string& what) {
  ASSERT_EQ(actual.shape(), expected.shape()) << what;
  ASSERT_EQ(actual.dtype(), DataType::kFloat32) << what;
  const auto e = expected.span<float>();
  const auto [low, high] = std::minmax_element(e.begin(), e.end());
  const double range = std::max(1e-6, static_cast<double>(*high) - *low);
  double worst = 0;
  for (size_t i = 0; i < e.size(); ++i) {
    const double difference = std::abs(static_cast<double>(actual.data<float>()[i]) - e[i]);
    worst = std::isnan(difference) ? INFINITY : std::max(worst, difference);
  }
  EXPECT_LT(worst / range, tolerance) << what;
  std::printf("%s: worst error %.2g of range\n", what.c_str(), worst / range);
}

TEST(SessionParity, PublicModelsMatchTheirReferenceRun) {
  const auto folder = TestData() / "models" / "onnx";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no test data at " << folder;
  int models = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".onnx") continue;
    const std::string name = entry.path().filename();
    const auto model = LoadModelFile(entry.path());
    ASSERT_TRUE(model.ok()) << model.status().message();
    Shape shape;
    for (const auto& dim : (*model)->input_dims[0]) shape.push_back(dim.value > 0 ? dim.value : 1);
    auto session = Session::Create(*model, {shape}, {.num_threads = 2});
    ASSERT_TRUE(session.ok()) << name << ": " << session.status().message();
    FillPicture((*session)->input(0), name.find("nc16") != std::string::npos ? 255.0f : 1.0f);
    ASSERT_TRUE((*session)->Run().ok());

    const TensorInfo info{DataType::kFloat32, shape};
    auto graph = ops::Specialize(**model, {&info, 1});
    ASSERT_TRUE(graph.ok());
    const auto expected = ops::RunReference(*graph, {&(*session)->input(0), 1});
    ASSERT_TRUE(expected.ok()) << expected.status().message();
    for (size_t o = 0; o < expected->size(); ++o) {
      ExpectClose((*session)->output(o), (*expected)[o], 1e-4, name + " output " + std::to_string(o));
    }
    ++models;
  }
  EXPECT_GT(models, 0);
}

}  // namespace
}  // namespace tempera::engine
