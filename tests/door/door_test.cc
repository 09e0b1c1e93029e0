// Features together: random networks, further inputs, states, masks and frames of every kind, through
// tempera.h. More of them: TEMPERA_DOOR_NETS=200000 TEMPERA_DOOR_FIRST=1000 tempera_door_test
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/door/door_case.h"

namespace tempera::door {
namespace {

uint64_t Number(const char* variable, uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

DoorCase CaseOf(uint64_t seed) {
  Dice dice({}, seed);
  return DrawCase(dice);
}

TEST(Door, RandomNetworksPaintWhatPlainLoopsPaint) {
  const uint64_t first = Number("TEMPERA_DOOR_FIRST", 1), count = Number("TEMPERA_DOOR_NETS", 250);
  int64_t painted = 0, compared = 0, ill = 0, near = 0, masks = 0, regions = 0;
  int failures = 0;
  for (uint64_t seed = first; seed < first + count; ++seed) {
    const Outcome outcome = RunCase(CaseOf(seed));
    painted += outcome.painted, compared += outcome.compared, ill += outcome.ill;
    near += outcome.near, masks += outcome.masks, regions += outcome.regions;
    if (outcome.failure.empty()) continue;
    ADD_FAILURE() << "seed " << seed << ": " << outcome.failure << "\n " << outcome.recipe;
    if (++failures == 10) break;
  }
  std::printf(
      "%lld frames painted, %lld of them compared with plain loops, %lld too sensitive for that, %lld in "
      "lower "
      "precisions near them; %lld masks, %lld by regions\n",
      static_cast<long long>(painted), static_cast<long long>(compared), static_cast<long long>(ill),
      static_cast<long long>(near), static_cast<long long>(masks), static_cast<long long>(regions));
  // Most networks are accepted, and most in fp32.
  if (failures == 0 && count >= 10) {
    EXPECT_GT(painted, static_cast<int64_t>(count));
    EXPECT_GT(compared, static_cast<int64_t>(count / 3));
    EXPECT_LT(ill, compared / 10 + 10);
  }
  if (failures == 0 && count >= 200) {
    EXPECT_GT(near, 0);
    EXPECT_GT(masks, 0);
    EXPECT_GT(regions, 50);
  }
}

// Of a group at most one is drawn.
bool Exclude(size_t a, size_t b) {
  const auto both = [&](Feature from, Feature to) {
    const auto in = [&](size_t f) { return f >= static_cast<size_t>(from) && f <= static_cast<size_t>(to); };
    return in(a) && in(b);
  };
  return both(Feature::kInt8, Feature::kAuto) || both(Feature::kSmoothed, Feature::kCarried) ||
         both(Feature::kStrength, Feature::kNothing);
}

TEST(Door, EveryTwoFeaturesMeet) {
  bool met[kFeatures][kFeatures] = {};
  for (uint64_t seed = 1; seed <= 20000; ++seed) {
    const DoorCase drawn = CaseOf(seed);
    for (size_t frame = 0; frame < drawn.looks.size(); ++frame) {
      const Features f = drawn.features(frame);
      for (size_t a = 0; a < kFeatures; ++a) {
        for (size_t b = 0; b < a && f.Has(a); ++b) met[a][b] = met[a][b] || f.Has(b);
      }
    }
  }
  for (size_t a = 0; a < kFeatures; ++a) {
    for (size_t b = 0; b < a; ++b)
      EXPECT_TRUE(met[a][b] || Exclude(a, b)) << kFeatureNames[a] << " never meets " << kFeatureNames[b];
  }
}

}  // namespace
}  // namespace tempera::door
