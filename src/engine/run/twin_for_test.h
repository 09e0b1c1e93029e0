// Runs a small model through its fast plan and through the plain loops.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "src/base/cpu.h"
#include "src/engine/run/model_builder_for_test.h"
#include "src/engine/run/plan_loops_for_test.h"
#include "src/engine/run/session.h"
#include "src/graph/passes.h"
#include "src/ops/specialize.h"

namespace tempera::engine {

// That `got` is within tolerance of `want`, relative to the largest of 1 and its numbers.
inline void ExpectNear(const Tensor& got, const Tensor& want, double tolerance) {
  ASSERT_EQ(got.shape(), want.shape());
  double worst = 0, range = 1;
  for (size_t i = 0; i < static_cast<size_t>(want.element_count()); ++i) {
    const double number = want.span<float>()[i];
    worst = std::max(worst, std::abs(got.span<float>()[i] - number));
    range = std::max(range, std::abs(number));
  }
  EXPECT_LE(worst, tolerance * range) << ShapeToString(want.shape());
}

// What the plain loops make of the model behind the passes, fused nodes and all, from the session's inputs.
inline std::vector<Tensor> FusedLoops(const graph::Graph& model, Session& session) {
  std::vector<TensorInfo> infos;
  std::vector<Tensor> inputs;
  for (size_t i = 0; i < session.input_count(); ++i) {
    infos.push_back(session.input(i).info());
    inputs.push_back(session.input(i));
  }
  auto graph = ops::Specialize(model, infos);
  EXPECT_TRUE(graph.ok() && graph::RunPasses(*graph).ok());
  if (!graph.ok()) return {};
  auto outputs = ops::RunReference(*graph, inputs);
  EXPECT_TRUE(outputs.ok()) << outputs.status().message();
  return outputs.ok() ? *std::move(outputs) : std::vector<Tensor>();
}

inline std::unique_ptr<Session> MakeTwin(const TestModel& model, const Shape& shape, bool reference,
                                         int threads = 1, const std::string& cpu = "") {
  const auto loaded = model.Load();
  EXPECT_TRUE(loaded.ok()) << loaded.status().message();
  if (!loaded.ok()) return nullptr;
  SessionOptions options;
  options.num_threads = threads;
  options.reference = reference;
  options.cpu = cpu;
  options.precision = Precision::kFp32;
  auto session = Session::Create(*loaded, {shape}, options);
  EXPECT_TRUE(session.ok()) << session.status().message();
  if (!session.ok()) return nullptr;
  std::mt19937 random(5);
  std::uniform_real_distribution<float> uniform(-2, 2);
  Tensor& x = (*session)->input(0);
  for (int64_t i = 0; i < x.element_count(); ++i) x.data<float>()[i] = uniform(random);
  return std::move(session).value();
}

// How many steps of the fast plan are plain loops (-1: it failed), after the numbers were compared on every
// target, and between one thread and three. operators: what each step stands for.
inline int PlainLoops(const TestModel& model, const Shape& shape, double tolerance = 3e-6,
                      std::vector<std::string>* operators = nullptr) {
  const auto slow = MakeTwin(model, shape, true);
  if (slow == nullptr || !slow->Run().ok()) return -1;
  const std::vector<Tensor> fused = FusedLoops(**model.Load(), *slow);
  EXPECT_EQ(fused.size(), slow->output_count());
  for (size_t o = 0; o < fused.size(); ++o) ExpectNear(fused[o], slow->output(o), tolerance);
  int loops = 0;
  for (const CpuTarget& target : AvailableCpuTargets()) {
    SCOPED_TRACE(target.name);
    const auto fast = MakeTwin(model, shape, false, 1, target.name);
    const auto threaded = MakeTwin(model, shape, false, 3, target.name);
    if (fast == nullptr || threaded == nullptr || !fast->Run().ok() || !threaded->Run().ok()) return -1;
    for (size_t o = 0; o < fast->output_count(); ++o) {
      const Tensor &a = fast->output(o), &b = slow->output(o);
      EXPECT_EQ(a.shape(), b.shape());
      EXPECT_EQ(std::memcmp(a.raw(), threaded->output(o).raw(), a.size_bytes()), 0);
      ExpectNear(a, b, tolerance);
      if (o < fused.size()) ExpectNear(a, fused[o], tolerance);
    }
    if (target.name == AvailableCpuTargets().front().name) {
      ExpectPlanSays(**model.Load(), *fast, tolerance);
    }
    loops = 0;
    if (operators != nullptr) operators->clear();
    for (const StepInfo& step : fast->steps()) {
      loops += step.kernel == "reference";
      if (operators != nullptr) operators->push_back(step.operators);
    }
  }
  return loops;
}

}  // namespace tempera::engine
