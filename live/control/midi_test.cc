#include <fcntl.h>
#include <sys/stat.h>

#include <random>

#include "live/control/control_for_test.h"
#include "live/control/midi_devices.h"
#include "live/control/midi_file.h"
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

using namespace std::string_literals;  // NOLINT: for bytes with zeros in them

std::string Chunk(const std::string& name, const std::string& data) {
  return name + std::string("\0\0\0", 3) + static_cast<char>(data.size()) + data;
}
// 96 ticks a quarter. Tempo in one track: 1 s a quarter from tick 96 on; messages in another, with running
// status.
std::string Song() {
  return Chunk("MThd", "\0\1\0\2\0\x60"s) + Chunk("XXXX", "?") +
         Chunk("MTrk", "\0\xFF\3\5title\x60\xFF\x51\3\x0F\x42\x40\0\xFF\x2F\0"s) +
         Chunk("MTrk", "\0\xB0\x15\x7F\x60\x15\0\0\xF0\3\1\2\xF7\x81\0\xC0\2\0\xFF\x2F\0"s);
}
Result<std::vector<TimedMidi>> Parsed(const std::string& text) {
  const std::vector<uint8_t> bytes(text.begin(), text.end());
  return ParseMidiFile(bytes);
}

TEST(MidiFile, FollowsTheTempoOfAnotherTrack) {
  const auto song = Parsed(Song());
  ASSERT_TRUE(song.ok()) << song.status().message();
  ASSERT_EQ(song->size(), 3u);
  EXPECT_EQ(song->at(0).time_us, 0);
  EXPECT_EQ(song->at(0).message.data[1], 127);
  EXPECT_EQ(song->at(1).time_us, 500'000);
  EXPECT_EQ(song->at(1).message.data[1], 0);
  EXPECT_NEAR(static_cast<double>(song->at(2).time_us), 500'000 + 128.0 / 96 * 1e6, 2);
  EXPECT_EQ(song->at(2).message.kind(), 0xC);
  // Frames instead of quarters: 25 by 40 a second, milliseconds.
  const auto frames = Parsed(Chunk("MThd", "\0\0\0\1\xE7\x28"s) + Chunk("MTrk", "\x87\x68\x90\1\2"s));
  ASSERT_TRUE(frames.ok()) << frames.status().message();
  EXPECT_EQ(frames->at(0).time_us, 1'000'000);
}

TEST(MidiFile, DamagedOnesAreRefusedOrReadWithinTheirBounds) {
  const std::string good = Song();
  for (size_t n = 0; n < good.size(); ++n) {
    const auto cut = Parsed(good.substr(0, n));
    if (cut.ok()) {
      EXPECT_LE(cut->size(), 3u);
    }
  }
  EXPECT_FALSE(Parsed(Chunk("MThd", "\0\1\0\2\0\0"s)).ok()) << "no ticks";
  EXPECT_FALSE(Parsed(Chunk("MThd", "\0\1\0\2\0\1"s) + Chunk("MTrk", "\0\1\2"s)).ok()) << "no status";
  EXPECT_FALSE(Parsed(Chunk("MThd", "\0\1\0\2\0\1"s) + Chunk("MTrk", "\0\xFF\1\xFF\xFF\xFF\x7F"s)).ok());
  EXPECT_FALSE(Parsed("MThd\xFF\xFF\xFF\xFF\0\1\0\2\0\1"s).ok());
  std::mt19937 random(5);
  int read_ones = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string text = good;
    for (int k = static_cast<int>(random() % 3); k >= 0; --k)
      text[random() % text.size()] = static_cast<char>(random());
    const auto song = Parsed(text);
    if (!song.ok()) continue;
    ++read_ones;
    for (size_t i = 1; i < song->size(); ++i) EXPECT_GE(song->at(i).time_us, song->at(i - 1).time_us);
  }
  EXPECT_GT(read_ones, 1000);
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

TEST_F(MidiDevicesTest, ASongIsPlayedInItsTime) {
  // 96 ticks a quarter, 120 quarters a minute: a controller at once, a style after half a second.
  const std::string track = "\0\xB0\x15\0\x60\xC0\2\0\xFF\x2F\0"s;
  Write("song.mid", Chunk("MThd", "\0\0\0\1\0\x60"s) + Chunk("MTrk", track));
  const int64_t begin_ns = NowNs();
  auto devices = MidiDevices::Start({Path("*.mid")}, &bindings_).value();
  EXPECT_TRUE(Becomes([&] { return Value("strength") == 0; }));
  EXPECT_TRUE(Becomes([&] { return controls_.Get().style == "b"; }));
  EXPECT_GE(NowNs() - begin_ns, 490'000'000);
  EXPECT_TRUE(Becomes([&] { return devices->open_devices().empty(); }));
  Write("bad.mid", Chunk("MThd", "\0\0\0\1\0\0"s));
  EXPECT_TRUE(Becomes([&] { return devices->trouble().find("cannot play") != std::string::npos; }));
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
