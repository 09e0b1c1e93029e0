#include "src/base/host.h"

#include <gtest/gtest.h>

#include "src/base/memory.h"

namespace tempera {
namespace {

TEST(Host, LinesGoToItsSinkElseToTheProcess) {
  int process = 0;
  SetLogCallback([](int, const char*, void* user) { ++*static_cast<int*>(user); }, &process);
  Host host;
  host.Log(LogLevel::kInfo, "x");
  EXPECT_EQ(process, 1);
  std::string own;
  host.log = [&own](LogLevel, const std::string& line) { own += line; };
  host.Log(LogLevel::kInfo, "y");
  SetLogCallback(nullptr, nullptr);
  EXPECT_EQ(process, 1);
  EXPECT_EQ(own, "y");
}

TEST(Host, PoolIsKeptOrMade) {
  const Result<HostPtr> made = HostWithPool(nullptr, 2, false);
  ASSERT_TRUE(made.ok());
  EXPECT_EQ((*made)->pool->num_threads(), 2);
  // Whoever has a pool needs no other: the count, which no pool can be made with, is not looked at.
  const Result<HostPtr> kept = HostWithPool(*made, -1, false);
  ASSERT_TRUE(kept.ok());
  EXPECT_EQ(*kept, *made);
  Host other;
  other.most_bytes = 5;
  const Result<HostPtr> completed = HostWithPool(std::make_shared<const Host>(other), 1, false);
  ASSERT_TRUE(completed.ok());
  EXPECT_EQ((*completed)->most_bytes, 5u);
  EXPECT_FALSE(HostWithPool(nullptr, -1, false).ok());
}

TEST(Host, TheBoundHoldsWhereItIsLess) {
  Host host;
  host.most_bytes = 4096;
  EXPECT_EQ(host.AvailableBytes(), 4096u);
  // What the system says changes from one question to the next.
  host.most_bytes = SIZE_MAX;
  EXPECT_LE(host.AvailableBytes() / 2, AvailableMemoryBytes());
  host.most_bytes = 0;
  EXPECT_GT(host.AvailableBytes(), size_t{1} << 20);
}

TEST(Host, CancelsWhileTheFlagIsSet) {
  Host host;
  EXPECT_TRUE(host.CheckCancelled().ok());
  auto flag = std::make_shared<CancelFlag>();
  host.cancel = flag;
  EXPECT_TRUE(host.CheckCancelled().ok());
  flag->Cancel();
  EXPECT_EQ(host.CheckCancelled().code(), StatusCode::kCancelled);
  flag->Clear();
  EXPECT_TRUE(host.CheckCancelled().ok());
}

}  // namespace
}  // namespace tempera
