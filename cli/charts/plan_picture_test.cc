#include "cli/charts/plan_picture.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace tempera::cli {
namespace {

std::string Example() {
  graph::Graph model;
  model.values = {{"in\"put\n", {}, {}}, {"mid", {}, {}}, {"out", {}, {}}};
  model.inputs = {0};
  model.outputs = {2};
  model.nodes.push_back({"pad", "Pad", {}, {0}, {1}});
  model.nodes.push_back({"conv", "Conv", {}, {1}, {2}});
  engine::StepInfo step;
  step.operators = "Pad+Conv";
  step.kernel = "conv_f32";
  step.output_shape = {1, 3, 4, 4};
  step.sources = {-1};
  return DotOfPlan("a \"title\" \\", model, std::vector<engine::StepInfo>{step});
}

std::string Read(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST(PlanPicture, HoldsOperatorsAndSteps) {
  const std::string dot = Example();
  EXPECT_NE(dot.find("model0 -> model1;"), std::string::npos) << dot;
  EXPECT_NE(dot.find("model_input0 -> model0;"), std::string::npos);
  EXPECT_NE(dot.find("input -> step0;"), std::string::npos);
  EXPECT_NE(dot.find("2 operators"), std::string::npos);
  EXPECT_NE(dot.find("1 steps"), std::string::npos);
  EXPECT_NE(dot.find(R"("a \"title\" \\")"), std::string::npos);
  EXPECT_NE(dot.find(R"("in\"put\l")"), std::string::npos);
}

TEST(PlanPicture, WritesTextWithoutGraphviz) {
  const std::string path = testing::TempDir() + "plan.dot";
  ASSERT_TRUE(WritePlanPicture(path, Example()).ok());
  EXPECT_EQ(Read(path), Example());
  EXPECT_FALSE(WritePlanPicture("/nowhere/plan.dot", "x").ok());
  EXPECT_FALSE(IsPlanPictureName("plan.jpg"));
  EXPECT_TRUE(IsPlanPictureName("plan.svg"));
}

TEST(PlanPicture, SaysWhatToInstall) {
  const std::string path = testing::TempDir() + "plan.svg";
  const std::string before = std::getenv("PATH") ? std::getenv("PATH") : "";
  setenv("PATH", "/nowhere", 1);
  const Status status = WritePlanPicture(path, Example());
  setenv("PATH", before.c_str(), 1);
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  EXPECT_NE(status.message().find("Graphviz"), std::string::npos) << status.message();
  EXPECT_NE(access(path.c_str(), F_OK), 0);
  EXPECT_NE(access((path + ".dot.part").c_str(), F_OK), 0);
}

TEST(PlanPicture, DrawsWithGraphviz) {
  if (std::system("command -v dot >/dev/null") != 0) GTEST_SKIP() << "the program 'dot' is not installed";
  const std::string path = testing::TempDir() + "drawn.svg";
  const Status status = WritePlanPicture(path, Example());
  ASSERT_TRUE(status.ok()) << status.message();
  EXPECT_NE(Read(path).find("<svg"), std::string::npos);
}

}  // namespace
}  // namespace tempera::cli
