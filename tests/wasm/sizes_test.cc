// Sizes beyond 4 GiB where addresses have 32 bits: refused by their true number, never taken modulo 2^32.
#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "src/base/aligned_buffer.h"
#include "src/base/checked_math.h"
#include "src/base/cpu.h"
#include "src/base/tensor.h"
#include "src/engine/plan/arena.h"
#include "src/engine/run/memory_bound.h"
#include "src/kernels/conv/conv_f32.h"

namespace tempera {
namespace {

static_assert(sizeof(size_t) == 4);
constexpr uint64_t kGib = uint64_t{1} << 30;

TEST(Sizes, ATensorIsAtMostAGibibyte) {
  EXPECT_TRUE(ElementCount(Shape{1, 16, 4096, 4096}, DataType::kFloat32).ok());
  for (const Shape& shape : {Shape{1, 17, 4096, 4096}, Shape{1, 3, 32768, 32768}, Shape{1, 1, 65536, 65536},
                             Shape{1, 3, 65536, 65536}}) {
    const auto count = ElementCount(shape, DataType::kFloat32);
    ASSERT_FALSE(count.ok()) << ShapeToString(shape);
    EXPECT_NE(count.status().message().find("larger than 1.0 GiB"), std::string::npos)
        << count.status().message();
    EXPECT_FALSE(Tensor::Create(DataType::kFloat32, shape).ok());
  }
}

// Loops over a dimension size their tables by it, whatever stands beside it.
TEST(Sizes, ADimensionIsASizeBesideAZeroToo) {
  int64_t count = 0;
  EXPECT_TRUE(CheckedElementCount(Shape{0, 1 << 20}, &count));
  EXPECT_EQ(count, 0);
  EXPECT_FALSE(CheckedElementCount(Shape{0, int64_t{1} << 32}, &count));
  EXPECT_FALSE(CheckedElementCount(Shape{0, 1 << 16, 1 << 16}, &count));
}

TEST(Sizes, ABufferIsWhatWasAskedForOrRefused) {
  for (const uint64_t bytes : {4 * kGib, 4 * kGib + 64, 12 * kGib, 2 * kGib, UINT64_MAX}) {
    const auto buffer = AlignedBuffer::Allocate(bytes);
    ASSERT_FALSE(buffer.ok()) << bytes;
    EXPECT_EQ(buffer.status().code(), StatusCode::kOutOfMemory);
  }
  const auto buffer = AlignedBuffer::Allocate(8 << 20);
  ASSERT_TRUE(buffer.ok());
  EXPECT_EQ(buffer->size_bytes(), size_t{8} << 20);
}

TEST(Sizes, AnArenaIsCountedInSixtyFourBits) {
  std::vector<engine::ArenaBlock> blocks;
  for (int i = 0; i < 5; ++i) blocks.push_back({kGib, 0, 3});
  EXPECT_EQ(engine::PlanArena(blocks), 5 * kGib);
  EXPECT_EQ(blocks.back().offset, 4 * kGib);
  EXPECT_EQ(engine::BytesOf({DataType::kFloat32, {1, 3, 32768, 32768}}), 12 * kGib);
}

// A shuffled convolution keeps a task's planes in scratch: so many channels that they pass 4 GiB.
TEST(Sizes, ScratchIsCountedInSixtyFourBits) {
  kernels::ConvShape s;
  s.out_channels = int64_t{1} << 24;
  s.in_w = s.out_w = 64;
  s.shuffle = 2;
  const std::vector<float> weights(static_cast<size_t>(s.out_channels), 1.0f);
  const auto plan = kernels::PlanConv(s, weights, {}, AvailableCpuTargets().front().highway_bit,
                                      kernels::ConvMethod::kDirect);
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  EXPECT_GE(plan->scratch_bytes, 4 * 64 * static_cast<uint64_t>(s.out_channels));
}

}  // namespace
}  // namespace tempera
