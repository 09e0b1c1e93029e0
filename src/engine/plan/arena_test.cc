#include "src/engine/plan/arena.h"

#include <gtest/gtest.h>

#include <random>

namespace tempera::engine {
namespace {

void ExpectSound(const std::vector<ArenaBlock>& blocks, size_t total) {
  for (size_t i = 0; i < blocks.size(); ++i) {
    EXPECT_EQ(blocks[i].offset % 64, 0u);
    EXPECT_LE(blocks[i].offset + blocks[i].bytes, total);
    for (size_t j = 0; j < i; ++j) {
      const bool together =
          blocks[i].first_step <= blocks[j].last_step && blocks[j].first_step <= blocks[i].last_step;
      const bool apart = blocks[i].offset + blocks[i].bytes <= blocks[j].offset ||
                         blocks[j].offset + blocks[j].bytes <= blocks[i].offset;
      EXPECT_TRUE(!together || apart) << i << " and " << j;
    }
  }
}

TEST(Arena, ChainNeedsTwoBlocks) {
  std::vector<ArenaBlock> blocks;
  for (int32_t i = 0; i < 10; ++i) blocks.push_back({640, i, i + 1});
  const size_t total = PlanArena(blocks);
  EXPECT_EQ(total, 1280u);
  ExpectSound(blocks, total);
}

TEST(Arena, RandomLifetimesNeverCollide) {
  std::mt19937 random(7);
  for (int round = 0; round < 50; ++round) {
    std::vector<ArenaBlock> blocks;
    for (int i = 0; i < 40; ++i) {
      const auto first = static_cast<int32_t>(random() % 30);
      blocks.push_back({random() % 5000, first, first + static_cast<int32_t>(random() % 8)});
    }
    const size_t total = PlanArena(blocks);
    ExpectSound(blocks, total);
  }
}

TEST(Arena, EmptyNeedsNothing) {
  std::vector<ArenaBlock> blocks;
  EXPECT_EQ(PlanArena(blocks), 0u);
}

}  // namespace
}  // namespace tempera::engine
