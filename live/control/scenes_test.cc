#include "live/control/scenes.h"

#include <sys/stat.h>

#include <atomic>
#include <future>
#include <iterator>

#include "live/control/control_for_test.h"

namespace tempera::live {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

class ScenesTest : public ControlTest {
 protected:
  void Set(const std::string& name, const std::vector<float>& values) {
    ASSERT_TRUE(controls_.SetValues(name, values).ok());
  }
  float At(double seconds, const std::string& name, size_t i = 0) {
    scenes_.Tick(static_cast<int64_t>(seconds * 1e9));
    return Value(name, i);
  }
};

TEST_F(ScenesTest, ParametersMoveInLines) {
  Set("strength", {0});
  Set("contrast", {2});
  ASSERT_TRUE(scenes_.Store(1, "dark").ok());
  const Settings stored = controls_.Get();
  Set("strength", {0.5f});
  ASSERT_TRUE(controls_.Unset("contrast").ok());
  controls_.SetHeight(480);
  ASSERT_TRUE(scenes_.Recall(1, 4, 0).ok());
  EXPECT_EQ(scenes_.current(), 1);
  EXPECT_TRUE(scenes_.fading());
  EXPECT_FLOAT_EQ(At(1, "strength"), 0.375f);
  EXPECT_FLOAT_EQ(Value("contrast"), 1.25f);
  EXPECT_FLOAT_EQ(At(3, "strength"), 0.125f);
  EXPECT_FLOAT_EQ(At(9, "strength"), 0);
  EXPECT_FALSE(scenes_.fading());
  EXPECT_EQ(controls_.Get().values, stored.values);
  EXPECT_EQ(controls_.Get().height, 480) << "not the scene's";
  // A value that the scene leaves at its default is unset at the end.
  ASSERT_TRUE(controls_.Unset("strength").ok());
  ASSERT_TRUE(controls_.Unset("contrast").ok());
  ASSERT_TRUE(scenes_.Store(2).ok());
  ASSERT_TRUE(scenes_.Recall(1, 0, 0).ok());
  EXPECT_EQ(Value("contrast"), 2) << "at once";
  ASSERT_TRUE(scenes_.Recall(2, 2, 10 * kSecond).ok());
  EXPECT_FLOAT_EQ(At(11, "contrast"), 1.5f);
  EXPECT_FLOAT_EQ(At(12, "contrast"), 1);
  EXPECT_TRUE(controls_.Get().values.empty());
}

TEST_F(ScenesTest, StylesOfOneFileCrossFade) {
  controls_.SetStyle("b");
  ASSERT_TRUE(scenes_.Store(1).ok());
  controls_.SetStyle("a");
  ASSERT_TRUE(scenes_.Recall(1, 2, 0).ok());
  EXPECT_FLOAT_EQ(At(0.5, "style_weights", 1), 0.25f);
  EXPECT_EQ(controls_.Get().style, "a");
  EXPECT_FLOAT_EQ(At(1.5, "style_weights", 0), 0.25f);
  scenes_.Tick(2 * kSecond);
  EXPECT_EQ(controls_.Get().style, "b");
  EXPECT_TRUE(controls_.Get().values.empty());
}

TEST_F(ScenesTest, AStyleOfAnotherFileComesInTheMiddle) {
  Set("style_weights", {0.5f, 0.5f});
  Set("strength", {0.5f});
  ASSERT_TRUE(scenes_
                  .Load(Write("s.json", R"({"scenes": {"3": {"style": "other",
    "values": {"strength": 1, "swirl": [0.5, 1], "style_weights": [0, 0, 1]}, "seconds": 2}}})"))
                  .ok());
  ASSERT_TRUE(scenes_.Recall(3, -1, 0).ok());
  EXPECT_FLOAT_EQ(At(0.9, "strength"), 0.725f);
  EXPECT_EQ(controls_.Get().style, "a");
  EXPECT_EQ(Value("style_weights"), 0.5f);
  scenes_.Tick(kSecond);
  EXPECT_EQ(controls_.Get().style, "other");
  EXPECT_EQ(controls_.Get().values.at("style_weights"), (std::vector<float>{0, 0, 1}));
  EXPECT_EQ(controls_.Get().values.at("swirl"), (std::vector<float>{0.5f, 1}));
  controls_.SetParameters({Made("strength", 1, 1), Blend({"x", "y", "z"})});  // the other model is open
  EXPECT_FLOAT_EQ(At(1.5, "strength"), 0.875f);
  scenes_.Tick(2 * kSecond);
  EXPECT_EQ(Value("strength"), 1);
  EXPECT_EQ(Value("style_weights", 2), 1);
}

TEST_F(ScenesTest, WhoTurnsSomethingMeanwhileHasIt) {
  Set("strength", {0});
  Set("contrast", {0});
  ASSERT_TRUE(scenes_.Store(1).ok());
  Set("strength", {1});
  Set("contrast", {2});
  ASSERT_TRUE(scenes_.Recall(1, 2, 0).ok());
  EXPECT_FLOAT_EQ(At(1, "strength"), 0.5f);
  Set("strength", {0.75f});
  EXPECT_EQ(At(1.5, "strength"), 0.75f);
  EXPECT_FLOAT_EQ(Value("contrast"), 0.5f);
  EXPECT_EQ(At(3, "strength"), 0.75f);
  EXPECT_EQ(Value("contrast"), 0);
  // And whoever chooses a style.
  controls_.SetStyle("other");
  ASSERT_TRUE(scenes_.Store(2).ok());
  controls_.SetStyle("a");
  ASSERT_TRUE(scenes_.Recall(2, 2, 0).ok());
  controls_.SetStyle("b");
  scenes_.Tick(5 * kSecond);
  EXPECT_EQ(controls_.Get().style, "b");
}

TEST_F(ScenesTest, AnotherSceneOnTheWay) {
  Set("strength", {0});
  ASSERT_TRUE(scenes_.Store(1).ok());
  Set("strength", {1});
  ASSERT_TRUE(scenes_.Store(2).ok());
  ASSERT_TRUE(scenes_.Recall(1, 2, 0).ok());
  EXPECT_FLOAT_EQ(At(1, "strength"), 0.5f);
  ASSERT_TRUE(scenes_.Recall(2, 2, kSecond).ok());
  EXPECT_FLOAT_EQ(At(2, "strength"), 0.75f);
  EXPECT_FLOAT_EQ(At(3, "strength"), 1);
}

TEST_F(ScenesTest, AreKeptInTheirFile) {
  const std::string path = Path("s.json");
  ASSERT_TRUE(scenes_.Load(path).ok());
  Set("strength", {0.3f});
  ASSERT_TRUE(scenes_.Store(12, "Storm \"x\"", 1.5).ok());
  Scenes again(&controls_, nullptr);
  ASSERT_TRUE(again.Load(path).ok());
  EXPECT_EQ(again.list(), scenes_.list());
  EXPECT_EQ(again.list().at(12).values.at("strength"), std::vector<float>{0.3f});
  ASSERT_TRUE(scenes_.Remove(12).ok());
  ASSERT_TRUE(again.Load(path).ok());
  EXPECT_TRUE(again.list().empty());
  EXPECT_FALSE(scenes_.Store(0).ok());
  EXPECT_FALSE(scenes_.Store(1, "", -1).ok());
  EXPECT_FALSE(scenes_.Recall(12, 0, 0).ok());
}

// A listener that asks back, ticks, recalls and turns from threads at once: for the thread sanitizer, and for
// locks.
TEST_F(ScenesTest, FromManyThreads) {
  ASSERT_TRUE(scenes_.Store(1).ok());
  Set("strength", {0});
  ASSERT_TRUE(scenes_.Store(2).ok());
  controls_.SetListener([&](const std::string&) {
    (void)scenes_.list();
    (void)bindings_.list();
  });
  std::atomic<bool> over{false};
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&] {
      for (int64_t now = 0; !over; now += 1'000'000) scenes_.Tick(now);
    });
    threads.emplace_back([&, t] {
      for (int i = 0; !over; ++i) {
        (void)scenes_.Recall(1 + (i + t) % 2, 0.01, i * int64_t{1'000'000});
        bindings_.Handle({"midi:cc:1:1", (i % 128) / 127.0});
        (void)bindings_.Learn("strength");
      }
    });
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  over = true;
  for (std::thread& thread : threads) thread.join();
  controls_.SetListener(nullptr);
  ASSERT_TRUE(scenes_.Recall(2, 0, 0).ok());
  EXPECT_EQ(Value("strength"), 0);
}

TEST_F(ScenesTest, AFrameWaitsForNoDisk) {
  ASSERT_TRUE(scenes_.Load(Path("slow.json")).ok());
  // A pipe that nobody reads yet is a disk that takes its time.
  ASSERT_EQ(mkfifo(Path("slow.json").c_str(), 0600), 0);
  std::future<Status> stored = std::async(std::launch::async, [&] { return scenes_.Store(1, "One"); });
  EXPECT_EQ(stored.wait_for(std::chrono::milliseconds(200)), std::future_status::timeout);
  std::future<void> ticked = std::async(std::launch::async, [&] {
    scenes_.Tick(0);
    EXPECT_EQ(scenes_.list().size(), 1u);
    EXPECT_TRUE(scenes_.Recall(1, 0, 0).ok());
  });
  EXPECT_EQ(ticked.wait_for(std::chrono::seconds(3)), std::future_status::ready);
  std::ifstream file(Path("slow.json"));
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  EXPECT_TRUE(stored.get().ok());
  EXPECT_NE(text.find("\"One\""), std::string::npos);
}

TEST_F(ScenesTest, WhatIsStoredCanBeReadAgain) {
  ASSERT_TRUE(scenes_.Load(Path("s.json")).ok());
  ASSERT_TRUE(scenes_.Store(1, "Ölsturm, der \"erste\"\n", 0.1).ok());
  EXPECT_EQ(scenes_.Store(2, std::string(5000, 'a')).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(scenes_.Store(2, "\xff").code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(scenes_.list().size(), 1u);
  Scenes again(&controls_);
  ASSERT_TRUE(again.Load(Path("s.json")).ok());
  EXPECT_EQ(again.list(), scenes_.list());
}

}  // namespace
}  // namespace tempera::live
