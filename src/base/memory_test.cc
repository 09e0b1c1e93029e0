#include "src/base/memory.h"

#include <gtest/gtest.h>

#include <cstdint>

#include "src/base/aligned_buffer.h"

namespace tempera {
namespace {

TEST(Memory, SaysBytesForPeople) {
  EXPECT_EQ(BytesToString(9.1 * static_cast<double>(int64_t{1} << 30)), "9.1 GiB");
  EXPECT_EQ(BytesToString(35 << 20), "35 MiB");
  EXPECT_EQ(BytesToString(16 << 10), "16 KiB");
  EXPECT_EQ(BytesToString(1), "1 KiB");
  EXPECT_EQ(BytesToString(0), "0 MiB");
}

TEST(Memory, WhatIsNotThereIsNotGranted) {
  const size_t available = AvailableMemoryBytes();
  EXPECT_GT(available, size_t{1} << 20);
  if (available == SIZE_MAX) GTEST_SKIP() << "this system does not say how much memory is free";
  // Address space would suffice; only asking beforehand can refuse this.
  const Status status = AlignedBuffer::Allocate(available + (size_t{4} << 30)).status();
  EXPECT_EQ(status.code(), StatusCode::kOutOfMemory);
  EXPECT_NE(status.message().find("GiB"), std::string::npos) << status.message();
}

}  // namespace
}  // namespace tempera
