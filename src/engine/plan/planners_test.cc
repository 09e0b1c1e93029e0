#include "src/engine/plan/planners.h"

#include <gtest/gtest.h>

#include "src/engine/facts/operators.h"
#include "src/ops/op.h"

namespace tempera::engine {
namespace {

// An operator that gets a planner gets its line of facts, and has a plain loop to be compared with.
TEST(Planners, KnowOperatorsThatTheOthersKnow) {
  for (const PlannerEntry& entry : AllPlanners()) {
    EXPECT_TRUE(HasFacts(entry.op_type)) << entry.op_type;
    EXPECT_NE(ops::FindLoop(entry.op_type), nullptr) << entry.op_type;
    EXPECT_EQ(PlannerOf(entry.op_type, entry.plan), &entry) << entry.op_type << " has one planner twice";
  }
}

TEST(Planners, AreFoundByOperatorInTheirOrder) {
  ASSERT_EQ(PlannersOf("Add").size(), 2u);
  EXPECT_EQ(PlannersOf("Add")[0].plan, PlanAddNode);
  EXPECT_EQ(PlannersOf("Add")[1].plan, PlanBinaryNode);
  EXPECT_TRUE(PlannersOf("NonZero").empty());
}

// What a file must not hold.
TEST(Planners, PlanFusedNodesThatNoFileMayHold) {
  EXPECT_FALSE(PlannersOf("tempera.Conv").empty());
  EXPECT_EQ(ops::FindOperator("tempera.Conv"), nullptr);
}

}  // namespace
}  // namespace tempera::engine
