#include "src/engine/plan/arena.h"

#include <algorithm>
#include <numeric>

namespace tempera::engine {
namespace {

constexpr uint64_t kAlignment = 64;

bool Overlap(const ArenaBlock& a, const ArenaBlock& b) {
  return a.first_step <= b.last_step && b.first_step <= a.last_step;
}

}  // namespace

uint64_t PlanArena(std::vector<ArenaBlock>& blocks) {
  std::vector<size_t> order(blocks.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return blocks[a].bytes != blocks[b].bytes ? blocks[a].bytes > blocks[b].bytes : a < b;
  });
  uint64_t total = 0;
  std::vector<const ArenaBlock*> placed;  // sorted by offset
  for (size_t i : order) {
    ArenaBlock& block = blocks[i];
    const uint64_t bytes = (block.bytes + kAlignment - 1) / kAlignment * kAlignment;
    uint64_t offset = 0;
    for (const ArenaBlock* other : placed) {
      if (!Overlap(block, *other)) continue;
      if (offset + bytes <= other->offset) break;
      const uint64_t end = other->offset + (other->bytes + kAlignment - 1) / kAlignment * kAlignment;
      offset = std::max(offset, end);
    }
    block.offset = offset;
    total = std::max(total, offset + bytes);
    const auto after = std::upper_bound(placed.begin(), placed.end(), &block,
                                        [](const auto* a, const auto* b) { return a->offset < b->offset; });
    placed.insert(after, &block);
  }
  return total;
}

}  // namespace tempera::engine
