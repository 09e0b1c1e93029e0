// A session's plan as data: complete, consistent, and what the graph says.
#include "src/engine/plan_data/plan_data.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "src/engine/run/model_builder_for_test.h"

namespace tempera::engine {
namespace {

PlanData PlanOf(const ModelPtr& model, const Shape& shape, SessionOptions options = {}) {
  options.num_threads = 1;
  options.rewrites_inputs = true;
  auto session = Session::Create(model, {shape}, options);
  EXPECT_TRUE(session.ok()) << session.status().message();
  return session.ok() ? (*session)->plan() : PlanData();
}

const NodeData* Convolution(const PlanData& plan, size_t index) {
  for (const NodeData& node : plan.nodes) {
    if (std::holds_alternative<ConvWork>(node.work) && index-- == 0) return &node;
  }
  return nullptr;
}

TEST(PlanData, SaysWhatAConvolutionTookIn) {
  TestModel m;
  const std::string large =
      m.Node("Resize", {"x", "", m.Floats({4}, {1, 1, 2, 2})}, {TestModel::Text("mode", "nearest")});
  const std::string first = m.Node("LeakyRelu", {m.PaddedConv(large, 3, 8, 3, 1, 1, false)});
  m.Output(m.PaddedConv(first, 8, 4, 5, 2, 2, false));
  const PlanData plan = PlanOf(m.Load().value(), {1, 3, 12, 16});
  ASSERT_TRUE(CheckPlanData(plan).ok()) << CheckPlanData(plan).message();
  ASSERT_NE(Convolution(plan, 1), nullptr);
  const auto& up = std::get<ConvWork>(Convolution(plan, 0)->work);
  EXPECT_EQ(up.conv.upsample, 2);
  EXPECT_EQ(up.conv.padding.kind, graph::PadKind::kReflect);
  EXPECT_EQ(up.conv.padding.top, 1);
  EXPECT_EQ(up.conv.activation, graph::ActivationKind::kSlope);
  EXPECT_FALSE(up.slope.empty());
  EXPECT_EQ(up.in_channels, 3);
  EXPECT_EQ(up.out_channels, 8);
  const auto& down = std::get<ConvWork>(Convolution(plan, 1)->work);
  EXPECT_EQ(down.conv.stride_h, 2);
  EXPECT_EQ(down.kernel_w, 5);
  EXPECT_EQ(down.precision, Precision::kFp32);
  const StorageId to = Convolution(plan, 0)->writes.at(0);
  EXPECT_EQ(plan.storages[static_cast<size_t>(to)].picture, (Planes{1, 8, 24, 32}));
  EXPECT_EQ(Convolution(plan, 1)->reads.at(0).storage, to);
}

TEST(PlanData, NamesThePendingNormAndWhoGathersForIt) {
  TestModel m;
  const std::string norm = m.PaddedConv("x", 3, 8, 3, 1, 1, true);
  const std::string relu = m.Node("Relu", {norm});
  m.Output(m.PaddedConv(relu, 8, 3, 3, 1, 1, false));
  const PlanData plan = PlanOf(m.Load().value(), {1, 3, 12, 16});
  ASSERT_TRUE(CheckPlanData(plan).ok()) << CheckPlanData(plan).message();
  ASSERT_EQ(plan.norms.size(), 1u);
  EXPECT_EQ(plan.norms[0].channels, 8);
  ASSERT_NE(Convolution(plan, 1), nullptr);
  EXPECT_EQ(Convolution(plan, 0)->gathers, std::vector<int32_t>{0});
  const PendingData& pending = Convolution(plan, 1)->reads.at(0).pending;
  EXPECT_EQ(pending.norm, 0);
  EXPECT_EQ(pending.activation, graph::ActivationKind::kClamp);
  EXPECT_EQ(pending.lo, 0);
  EXPECT_TRUE(Convolution(plan, 0)->reads.at(0).pending.empty());
}

TEST(PlanData, OfTheBundledStylesIsConsistent) {
  for (const char* name : {"great-wave", "starry-night"}) {
    const auto model = LoadModelFile("models/" + std::string(name) + ".onnx");
    ASSERT_TRUE(model.ok()) << model.status().message();
    for (const Precision precision : {Precision::kFp32, Precision::kInt8}) {
      for (const int64_t chain_bytes : {int64_t{-1}, int64_t{64} << 20}) {
        SessionOptions options;
        options.precision = precision;
        options.plain_dot_kernels = true;
        options.chain_bytes = chain_bytes;
        const PlanData plan = PlanOf(*model, {1, 3, 64, 96}, options);
        const Status checked = CheckPlanData(plan);
        EXPECT_TRUE(checked.ok()) << name << ": " << checked.message();
        EXPECT_FALSE(plan.nodes.empty());
        const bool interleaved =
            std::any_of(plan.storages.begin(), plan.storages.end(),
                        [](const StorageData& s) { return s.layout == StorageLayout::kInterleavedF16; });
        EXPECT_EQ(interleaved, precision == Precision::kInt8) << name;
      }
    }
  }
}

}  // namespace
}  // namespace tempera::engine
