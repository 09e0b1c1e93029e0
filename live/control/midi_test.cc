#include <fcntl.h>
#include <sys/stat.h>

#include <random>

#include "live/control/control_for_test.h"
#include "live/control/midi_devices.h"
#include "live/control/midi_stream.h"
#include "live/source.h"

namespace tempera::live {
namespace {

std::vector<std::string> Events(const std::vector<int>& bytes) {
  MidiStream stream;
  MidiControllers controllers;
  std::vector<std::string> all;
  for (const int byte : bytes) {
    const auto message = stream.Feed(static_cast<uint8_t>(byte));
    if (!message) continue;
    for (const ControlEvent& e : controllers.EventsOf(*message))
      all.push_back(e.from + "=" + std::to_string(static_cast<int>(e.value * 1000 + 0.5)));
  }
  return all;
}
using Lines = std::vector<std::string>;

TEST(MidiStream, RunningStatusWithTheClockInBetween) {
  EXPECT_EQ(Events({0xB0, 21, 127, 21, 0xF8, 0, 0xFE, 70, 0xFA, 127}),
            (Lines{"midi:cc:1:21=1000", "midi:cc14:1:21=1000", "midi:cc:1:21=0", "midi:cc14:1:21=0",
                   "midi:cc:1:70=1000"}));
  EXPECT_EQ(Events({0x99, 36, 127, 36, 0, 0x89, 36, 64}),
            (Lines{"midi:note:10:36=1000", "midi:note:10:36=0", "midi:note:10:36=0"}));
  EXPECT_EQ(Events({0xC2, 5, 6, 0xD2, 99, 0xEF, 0x7F, 0x7F}),
            (Lines{"midi:program:3:5=1000", "midi:program:3:6=1000", "midi:bend:16=1000"}));
}

TEST(MidiStream, SystemMessagesAreSkippedAndEndRunningStatus) {
  EXPECT_EQ(Events({5, 6, 0xF0, 1, 2, 3, 0xF8, 4, 0xF7, 21, 127}), Lines{});
  EXPECT_EQ(Events({0xC0, 1, 0xF2, 3, 4, 5, 0xC0, 2}),
            (Lines{"midi:program:1:1=1000", "midi:program:1:2=1000"}));
  // Cut off by the next one, as when a plug is pulled and put back.
  EXPECT_EQ(Events({0xB0, 70, 0xC0, 2, 0xF0, 1, 0x90, 1, 127}),
            (Lines{"midi:program:1:2=1000", "midi:note:1:1=1000"}));
}

TEST(MidiControllers, PairsOfFourteenBitsMoveWithTheFinerHalf) {
  EXPECT_EQ(Events({0xB0, 7, 64, 39, 0, 7, 127, 39, 127, 7, 0}),
            (Lines{"midi:cc:1:7=504", "midi:cc14:1:7=504", "midi:cc:1:39=0", "midi:cc14:1:7=500",
                   "midi:cc:1:7=1000", "midi:cc:1:39=1000", "midi:cc14:1:7=1000", "midi:cc:1:7=0"}));
}

TEST(MidiStream, RandomBytesGiveValuesWithinTheirRange) {
  std::mt19937 random(3);
  MidiStream stream;
  MidiControllers controllers;
  int events = 0;
  for (int i = 0; i < 200000; ++i) {
    const auto message = stream.Feed(static_cast<uint8_t>(random()));
    if (!message) continue;
    for (const ControlEvent& e : controllers.EventsOf(*message)) {
      ++events;
      EXPECT_TRUE(e.value >= 0 && e.value <= 1);
      EXPECT_TRUE(e.from.starts_with("midi:"));
    }
  }
  EXPECT_GT(events, 1000);
}

class MidiDevicesTest : public ControlTest {
 protected:
  void SetUp() override {
    ControlTest::SetUp();
    ASSERT_TRUE(bindings_
                    .Load(Write("b.json", R"({"bindings": [
        {"from": "midi:cc:1:21", "to": "strength", "pickup": false},
        {"from": "midi:note:1:36", "to": "freeze"},
        {"from": "midi:program:1:2", "to": "style:b"}]})"))
                    .ok());
  }
  // Opened for reading and writing, so that it never waits, and kept.
  int Fifo(const std::string& name) {
    EXPECT_EQ(mkfifo(Path(name).c_str(), 0600), 0);
    return open(Path(name).c_str(), O_RDWR);
  }
  static void Send(int file, const std::vector<int>& bytes) {
    const std::vector<uint8_t> all(bytes.begin(), bytes.end());
    ASSERT_EQ(write(file, all.data(), all.size()), static_cast<ssize_t>(all.size()));
  }
};

TEST_F(MidiDevicesTest, ADeviceTurnsVanishesAndReturns) {
  auto devices = MidiDevices::Start({Path("midiC*")}, &bindings_).value();
  int device = Fifo("midiC1D0");
  Send(device, {0xB0, 21, 127, 21, 0});
  Send(device, {0x90, 36, 100});
  EXPECT_TRUE(Becomes([&] { return controls_.Get().freeze; }));
  EXPECT_EQ(Value("strength"), 0);
  EXPECT_EQ(devices->open_devices(), std::vector<std::string>{Path("midiC1D0")});
  std::filesystem::remove(Path("midiC1D0"));
  close(device);
  EXPECT_TRUE(Becomes([&] { return devices->open_devices().empty(); }));
  device = Fifo("midiC1D0");
  Send(device, {0xB0, 21, 127});
  EXPECT_TRUE(Becomes([&] { return Value("strength") == 1; }));
  close(device);
}

TEST_F(MidiDevicesTest, AWriterThatComesAndGoes) {
  ASSERT_EQ(mkfifo(Path("midi1").c_str(), 0600), 0);
  auto devices = MidiDevices::Start({Path("midi1")}, &bindings_).value();
  for (const int value : {127, 0, 127}) {
    const int writer = open(Path("midi1").c_str(), O_WRONLY);  // waits for its reader
    Send(writer, {0xB0, 21, value});
    close(writer);
    EXPECT_TRUE(Becomes([&] { return Value("strength") == static_cast<float>(value) / 127; }));
  }
}

TEST_F(MidiDevicesTest, AFileIsReadOnce) {
  Write("song", std::string("\xC0\x02\x90\x24\x7f", 5));
  auto devices = MidiDevices::Start({Path("song")}, &bindings_).value();
  EXPECT_TRUE(Becomes([&] { return controls_.Get().freeze && controls_.Get().style == "b"; }));
  std::this_thread::sleep_for(std::chrono::milliseconds(1200));
  EXPECT_TRUE(controls_.Get().freeze) << "a second time it would be off again";
}

TEST_F(MidiDevicesTest, AFloodStarvesNobodyAndStops) {
  const int device = Fifo("midi1");
  auto devices = MidiDevices::Start({Path("midi1")}, &bindings_).value();
  fcntl(device, F_SETFL, O_NONBLOCK);
  const std::vector<uint8_t> flood(4096, 0x7F);
  Send(device, {0xB0});
  int64_t written = 0;
  const int64_t begin_ns = NowNs();
  while (NowNs() - begin_ns < 400'000'000) {
    const ssize_t n = write(device, flood.data(), flood.size());
    if (n > 0) written += n;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_LT(written, 400'000) << "it is read no faster than that";
  const int64_t stop_ns = NowNs();
  devices.reset();
  EXPECT_LT(NowNs() - stop_ns, 1'000'000'000);
  close(device);
}

}  // namespace
}  // namespace tempera::live
