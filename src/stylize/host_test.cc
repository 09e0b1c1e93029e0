// Stylizers are good guests: threads, lines, memory and cancelling are the host's.
#include "src/base/host.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "src/engine/run/session.h"
#include "src/stylize/stylizer.h"
#include "src/stylize/test_model.h"

namespace tempera::stylize {
namespace {

engine::ModelPtr Model(const TestModel& model) {
  const std::string bytes = model.Bytes();
  auto loaded = engine::LoadModelMemory({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
  EXPECT_TRUE(loaded.ok()) << loaded.status().message();
  return *loaded;
}

struct Picture {
  std::vector<uint8_t> pixels = std::vector<uint8_t>(3 * 40 * 30, 100);
  Image image() {
    Image i;
    i.format = PixelFormat::kRgb;
    i.width = 40;
    i.height = 30;
    i.planes[0] = pixels.data();
    i.stride_bytes[0] = 3 * 40;
    return i;
  }
};

struct HostedStylizer : ::testing::Test {
  HostedStylizer() {
    host->pool = std::move(ThreadPool::Create(2)).value();
    host->cancel = flag;
    host->log = [this](LogLevel, const std::string& line) { said += line + "\n"; };
  }
  std::unique_ptr<Stylizer> Open(const TestModel& model) const {
    StylizerOptions options;
    options.host = host;
    options.num_threads = -1;  // no pool can be made with it: whoever makes one fails
    auto stylizer = Stylizer::Create(Model(model), "the model", options);
    EXPECT_TRUE(stylizer.ok()) << stylizer.status().message();
    return std::move(stylizer).value();
  }

  std::shared_ptr<CancelFlag> flag = std::make_shared<CancelFlag>();
  std::shared_ptr<Host> host = std::make_shared<Host>();
  std::string said;
};

TEST_F(HostedStylizer, PaintsWithTheHostsThreads) {
  const auto stylizer = Open(AffineModel(-1, 255));
  Picture in, out;
  ASSERT_TRUE(stylizer->Process(in.image(), out.image()).ok());
  EXPECT_EQ(out.pixels[0], 155);
}

TEST_F(HostedStylizer, CancelledFramesSayAndTheNextIsWhole) {
  const auto stylizer = Open(AffineModel(-1, 255));
  Picture in, out;
  flag->Cancel();
  EXPECT_EQ(stylizer->Process(in.image(), out.image()).code(), StatusCode::kCancelled) << "while planning";
  flag->Clear();
  ASSERT_TRUE(stylizer->Process(in.image(), out.image()).ok());
  flag->Cancel();
  EXPECT_EQ(stylizer->Process(in.image(), out.image()).code(), StatusCode::kCancelled) << "while painting";
  flag->Clear();
  Picture again;
  ASSERT_TRUE(stylizer->Process(in.image(), again.image()).ok());
  EXPECT_EQ(again.pixels, std::vector<uint8_t>(in.pixels.size(), 155));
}

TEST_F(HostedStylizer, WarningsGoToItsSink) {
  TestModel fixed({1, 3, 24, 48});  // runs at one size only
  fixed.Constant("flat", {1, 3 * 24 * 48}).Node("Reshape", {"input", "flat"}, "row");
  fixed.Constant("shape", {1, 3, 24, 48}).Node("Reshape", {"row", "shape"}, "output");
  const auto stylizer = Open(fixed);
  Picture in, out;
  ASSERT_TRUE(stylizer->Process(in.image(), out.image()).ok());
  EXPECT_NE(said.find("runs at"), std::string::npos) << said;
}

TEST_F(HostedStylizer, SeveralPaintAtTheSameTime) {
  std::vector<std::thread> threads;
  for (int i = 1; i <= 3; ++i) {
    threads.emplace_back([this, i] {
      const auto stylizer = Open(AffineModel(1, static_cast<float>(i)));
      for (int frame = 0; frame < 20; ++frame) {
        Picture in, out;
        ASSERT_TRUE(stylizer->Process(in.image(), out.image()).ok());
        EXPECT_EQ(out.pixels, std::vector<uint8_t>(in.pixels.size(), static_cast<uint8_t>(100 + i)));
      }
    });
  }
  for (std::thread& t : threads) t.join();
}

}  // namespace
}  // namespace tempera::stylize
