// Features together: random networks with views, plain loops and several outputs, frames of every kind,
// through tempera.h. More of them: TEMPERA_DOOR_NETS=200000 TEMPERA_DOOR_FIRST=1000 tempera_door_test
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "tests/door/door_case.h"

namespace tempera::door {
namespace {

uint64_t Number(const char* variable, uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

TEST(Door, RandomNetworksPaintWhatPlainLoopsPaint) {
  const uint64_t first = Number("TEMPERA_DOOR_FIRST", 1), count = Number("TEMPERA_DOOR_NETS", 250);
  int64_t painted = 0, compared = 0, ill = 0;
  int failures = 0;
  for (uint64_t seed = first; seed < first + count; ++seed) {
    Dice dice({}, seed);
    const Outcome outcome = RunDoorCase(dice);
    painted += outcome.painted, compared += outcome.compared, ill += outcome.ill;
    if (outcome.failure.empty()) continue;
    ADD_FAILURE() << "seed " << seed << ": " << outcome.failure << "\n " << outcome.recipe;
    if (++failures == 10) break;
  }
  std::printf("%lld frames painted, %lld of them compared with plain loops, %lld too sensitive for that\n",
              static_cast<long long>(painted), static_cast<long long>(compared), static_cast<long long>(ill));
  // Most networks are accepted, and most in fp32.
  if (failures == 0) {
    EXPECT_GT(painted, static_cast<int64_t>(count));
    EXPECT_GT(compared, static_cast<int64_t>(count / 3));
    EXPECT_LT(ill, compared / 10 + 10);
  }
}

}  // namespace
}  // namespace tempera::door
