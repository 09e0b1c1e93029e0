// Lines reach whoever asked for them, and may call back.
#include "src/base/log.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace tempera {
namespace {

struct Line {
  int level;
  std::string text;
};
std::vector<Line>* lines = nullptr;

void Keep(int level, const char* message, void* user) {
  static_cast<std::vector<Line>*>(user)->push_back({level, message});
}

TEST(Log, ALineReachesTheCallbackAndNobodyElse) {
  Log(LogLevel::kError, "nobody listens");
  std::vector<Line> kept;
  SetLogCallback(&Keep, &kept);
  Log(LogLevel::kWarning, "one");
  SetLogCallback(nullptr, nullptr);
  Log(LogLevel::kWarning, "two");
  ASSERT_EQ(kept.size(), 1u);
  EXPECT_EQ(kept[0].level, 1);
  EXPECT_EQ(kept[0].text, "one");
}

// In a thread of its own, so that a lock held too long is a failure and not a test that hangs.
TEST(Log, TheCallbackMayCallBack) {
  auto done = std::make_shared<std::promise<void>>();
  std::future<void> ended = done->get_future();
  std::thread([done] {
    static std::vector<Line> kept;  // outlives a thread that hangs
    lines = &kept;
    SetLogCallback(
        [](int level, const char* message, void*) {
          lines->push_back({level, message});
          if (lines->size() == 1) Log(LogLevel::kInfo, "from within");
          SetLogCallback(nullptr, nullptr);
        },
        nullptr);
    Log(LogLevel::kWarning, "first");
    done->set_value();
  }).detach();
  ASSERT_EQ(ended.wait_for(std::chrono::seconds(20)), std::future_status::ready) << "the callback hangs";
  ASSERT_EQ(lines->size(), 2u);
  EXPECT_EQ((*lines)[1].text, "from within");
  Log(LogLevel::kInfo, "silenced");
  EXPECT_EQ(lines->size(), 2u);
}

}  // namespace
}  // namespace tempera
