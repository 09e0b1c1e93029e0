#include "media/bounded_queue.h"

#include <gtest/gtest.h>

#include <atomic>

#include <memory>
#include <thread>

namespace tempera::media {
namespace {

TEST(BoundedQueue, KeepsOrderAndLimit) {
  BoundedQueue<std::unique_ptr<int>> queue(2);
  std::atomic<int> made{0};
  std::thread maker([&] {
    for (int i = 0; i < 1000; ++i) {
      ASSERT_TRUE(queue.Push(std::make_unique<int>(i)));
      ++made;
    }
    queue.Close();
  });
  for (int i = 0; i < 1000; ++i) {
    auto item = queue.Pop();
    ASSERT_TRUE(item.has_value());
    EXPECT_EQ(**item, i);
    // Taken: i + 1; waiting: at most 2; in the maker's hand: 1.
    EXPECT_LE(made.load(), i + 4);
  }
  EXPECT_FALSE(queue.Pop().has_value());
  maker.join();
}

TEST(BoundedQueue, AbortFreesAWaitingMaker) {
  BoundedQueue<int> queue(1);
  ASSERT_TRUE(queue.Push(1));
  std::thread maker([&] { EXPECT_FALSE(queue.Push(2)); });
  queue.Abort();
  maker.join();
  EXPECT_FALSE(queue.Pop().has_value());
}

TEST(BoundedQueue, PopForTellsWaitingFromTheEnd) {
  BoundedQueue<int> queue(1);
  bool timed_out = false;
  EXPECT_FALSE(queue.PopFor(std::chrono::milliseconds(5), &timed_out).has_value());
  EXPECT_TRUE(timed_out);
  queue.Close();
  EXPECT_FALSE(queue.PopFor(std::chrono::milliseconds(5), &timed_out).has_value());
  EXPECT_FALSE(timed_out);
}

}  // namespace
}  // namespace tempera::media
