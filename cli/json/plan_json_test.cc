// The plan as `tempera inspect --json` prints it: docs/plan-json.md.
#include "cli/json/plan_json.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace tempera::cli {
namespace {

using engine::NodeData;
using engine::PlanData;

nlohmann::ordered_json Print(NodeData node) {
  PlanData plan;
  plan.norms.push_back({.name = "norm"});
  plan.nodes.push_back(std::move(node));
  return JsonOfPlan(plan)["nodes"][0];
}

TEST(PlanJson, PrintsAConvolutionInItsOwnWords) {
  NodeData node;
  node.op_type = "tempera.Conv";
  engine::ConvWork work;
  work.conv.stride_h = 2;
  work.kernel_w = 5;
  work.weights = "w";
  work.range_low = {-1, 0.5f};
  node.work = work;
  node.constants = {"w"};
  node.reads.push_back({.storage = 3, .pending = {.norm = 0}, .shape = {1, 2, 3, 4}});
  const auto json = Print(node);
  EXPECT_EQ(json["does"], "convolution");
  EXPECT_EQ(json["fields"]["stride_h"], 2);
  EXPECT_EQ(json["fields"]["kernel_w"], 5);
  EXPECT_EQ(json["fields"]["hi"], nullptr);  // no bound
  EXPECT_EQ(json["fields"]["weights"], "w");
  EXPECT_EQ(json["fields"]["range_low"], (std::vector<float>{-1, 0.5f}));
  EXPECT_FALSE(json["fields"].contains("bias"));
  EXPECT_FALSE(json.contains("work"));
  EXPECT_FALSE(json.contains("constants"));
  EXPECT_EQ(json["reads"][0]["value"], 3);
  EXPECT_EQ(json["reads"][0]["shape"], (Shape{1, 2, 3, 4}));
  EXPECT_EQ(json["reads"][0]["pending"]["norm"], 0);
}

TEST(PlanJson, PrintsOperatorsInTheGraphsWordsAndResolved) {
  NodeData node;
  node.op_type = "Concat";
  onnx::Attribute axis;
  axis.name = "axis", axis.type = onnx::Attribute::Type::kInt, axis.i = -3;
  node.attributes.Set(axis);
  node.work = engine::MoveWork{{{{0, {}}, 0, 0, {2}, {1}, {1}}, {{-1, "k"}, 0, 2, {2}, {1}, {1}}}};
  node.constants = {"k"};
  const auto json = Print(node);
  EXPECT_EQ(json["does"], "Concat");
  EXPECT_EQ(json["fields"]["axis"], -3);
  EXPECT_EQ(json["constants"][0], "k");
  EXPECT_EQ(json["work"]["kind"], "move");
  EXPECT_EQ(json["work"]["moves"][0]["from"], 0);
  EXPECT_EQ(json["work"]["moves"][1]["from"], "k");
  EXPECT_EQ(json["work"]["moves"][1]["out_offset"], 2);
}

TEST(PlanJson, PrintsWhatTheGraphHasNoNodeFor) {
  NodeData node;
  node.work = engine::ParametersWork{.norm = 0, .shift_read = 0};
  const auto json = Print(node);
  EXPECT_EQ(json["does"], "parameters");
  EXPECT_EQ(json["fields"]["norm"], 0);
  EXPECT_EQ(json["fields"]["scale_read"], -1);
  EXPECT_EQ(json["fields"]["shift_read"], 0);
  node.work = engine::ApplyWork{};
  EXPECT_EQ(Print(node)["does"], "apply");
  EXPECT_FALSE(Print(node).contains("fields"));
}

TEST(PlanJson, PrintsEndsStatesAndNumbers) {
  PlanData plan;
  plan.inputs = {{.name = "x", .shape = {1, 3, 4, 4}, .storage = 0, .is_picture = true},
                 {.name = "before", .shape = {1, 3, 4, 4}, .storage = 1},
                 {.name = "gate", .shape = {2}, .storage = 2, .initial = {1, -1}}};
  plan.outputs = {{.name = "after", .shape = {1, 3, 4, 4}, .storage = 3}, {.name = "k", .constant = "k"}};
  plan.states = {{.output = 0, .input = 1}};
  plan.numbers = {{1, 2}, {3}};
  plan.storages.push_back({.value = "y", .kept = true, .replaces = 0});
  const auto json = JsonOfPlan(plan);
  EXPECT_EQ(json["inputs"][0]["picture"], true);
  EXPECT_EQ(json["inputs"][2]["initial"], (std::vector<float>{1, -1}));
  EXPECT_FALSE(json["inputs"][1].contains("initial"));
  EXPECT_EQ(json["outputs"][0]["value"], 3);
  EXPECT_EQ(json["outputs"][1]["value"], nullptr);
  EXPECT_EQ(json["outputs"][1]["constant"], "k");
  EXPECT_EQ(json["states"][0]["input"], 1);
  EXPECT_EQ(json["numbers"][1][0], 3);
  EXPECT_EQ(json["values"][0]["kept"], true);
  EXPECT_EQ(json["values"][0]["replaces"], 0);
}

}  // namespace
}  // namespace tempera::cli
