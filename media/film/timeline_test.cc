#include "media/film/timeline.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tempera::media {
namespace {

constexpr int kPicture = 0, kSound = 1, kText = 2;
constexpr int64_t kMs = 1000, kS = 1000000;

// Packets in, film times out.
class TimelineTest : public ::testing::Test {
 protected:
  explicit TimelineTest(bool rewinds = true, int64_t turn = 0) : line_(rewinds) {
    line_.SetStream(kPicture, {true, 40 * kMs, turn});
    line_.SetStream(kSound, {true, 20 * kMs, turn});
    line_.SetStream(kText, {false, 0, turn});
  }
  void Feed(int stream, int64_t dts, int64_t duration = 0, int64_t pts = Timeline::kUnknown) {
    line_.Push({stream, dts, pts, duration, 100, part_});
    given_.push_back({stream, dts});
    Collect();
  }
  void Collect() {
    while (auto place = line_.Pop()) {
      ASSERT_LT(places_.size(), given_.size());
      places_.push_back(*place);
    }
  }
  // Pictures and sound of a part: `length` of both from `start` on, sound met `lag` late.
  void Part(int64_t start, int64_t length, int64_t lag = 300 * kMs, int64_t sound_more = 0) {
    int64_t sound = start;
    for (int64_t t = start; t < start + length; t += 40 * kMs) {
      Feed(kPicture, t, 40 * kMs);
      for (; sound < std::min(t - lag, start + length + sound_more); sound += 20 * kMs)
        Feed(kSound, sound, 20 * kMs);
    }
    for (; sound < start + length + sound_more; sound += 20 * kMs) Feed(kSound, sound, 20 * kMs);
  }
  std::vector<int64_t> Times(int stream) {
    line_.End();
    Collect();
    EXPECT_EQ(places_.size(), given_.size());
    std::vector<int64_t> times;
    for (size_t i = 0; i < places_.size(); ++i) {
      if (given_[i].stream == stream && places_[i].trusted)
        times.push_back(given_[i].dts + places_[i].shift_us);
    }
    return times;
  }
  static void ExpectEven(const std::vector<int64_t>& times, int64_t step, size_t count, int64_t slack = 0) {
    EXPECT_EQ(times.size(), count);
    for (size_t i = 1; i < times.size(); ++i) EXPECT_NEAR(times[i] - times[i - 1], step, slack) << i;
  }

  int part_ = 0;  // of the file
  struct Given {
    int stream;
    int64_t dts;
  };
  Timeline line_;
  std::vector<Given> given_;
  std::vector<Timeline::Place> places_;
};

class OrderlyTimelineTest : public TimelineTest {
 protected:
  OrderlyTimelineTest() : TimelineTest(false) {}
};

TEST_F(TimelineTest, ASteadyClockIsLeftAlone) {
  Part(1400 * kMs, 20 * kS);
  EXPECT_EQ(places_.size(), given_.size()) << "nothing is held back";
  for (const auto& p : places_) EXPECT_EQ(p.shift_us, 0);
  EXPECT_EQ(line_.jumps().size(), 0u);
}

TEST_F(TimelineTest, PartsThatBeginAnewFollowEachOther) {
  for (int i = 0; i < 3; ++i) Part(1400 * kMs, 3 * kS);
  ExpectEven(Times(kPicture), 40 * kMs, 225);
  ExpectEven(Times(kSound), 20 * kMs, 450);
  EXPECT_EQ(line_.jumps().size(), 2u);
  EXPECT_EQ(line_.jumps()[0].at_us, 4400 * kMs);
  EXPECT_EQ(line_.jumps()[0].by_us, -3 * kS);
}

TEST_F(TimelineTest, AJumpForwardsIsTakenOut) {
  Part(0, 3 * kS);
  Part(603 * kS, 3 * kS);
  ExpectEven(Times(kPicture), 40 * kMs, 150);
  ExpectEven(Times(kSound), 20 * kMs, 300);
  EXPECT_EQ(line_.jumps()[0].by_us, 600 * kS);
}

// The clock is stepped in mid-stream: sound from before the step is met after the first picture behind it.
TEST_F(TimelineTest, SoundAcrossTheJoinKeepsItsSide) {
  for (const int64_t by : {-2 * kS, 60 * kS, 11 * kS}) {
    SCOPED_TRACE(by);
    line_ = Timeline(true);
    line_.SetStream(kPicture, {true, 40 * kMs, 0});
    line_.SetStream(kSound, {true, 20 * kMs, 0});
    given_.clear(), places_.clear();
    const auto clock = [&](int64_t film) { return 5 * kS + film + (film >= 4 * kS ? by : 0); };
    int64_t sound = 0;
    for (int64_t t = 0; t < 8 * kS; t += 40 * kMs) {
      Feed(kPicture, clock(t), 40 * kMs);
      for (; sound < t - 500 * kMs; sound += 20 * kMs) Feed(kSound, clock(sound), 20 * kMs);
    }
    const auto pictures = Times(kPicture), sounds = Times(kSound);
    ExpectEven(pictures, 40 * kMs, 200);
    ExpectEven(sounds, 20 * kMs, 373);
    EXPECT_EQ(pictures[0], sounds[0]);
  }
}

// Sound that is longer than its pictures is not cut, nor are later pictures ahead of their sound.
TEST_F(TimelineTest, NoStreamOverlapsAtAJoin) {
  Part(0, 3 * kS, 300 * kMs, 200 * kMs);
  Part(0, 3 * kS);
  const auto pictures = Times(kPicture), sounds = Times(kSound);
  ASSERT_EQ(pictures.size(), 150u);
  ASSERT_EQ(sounds.size(), 310u);
  EXPECT_EQ(sounds[160], 3200 * kMs);
  EXPECT_EQ(pictures[75], 3200 * kMs);
}

TEST_F(TimelineTest, JitterAndPausesAreNoJumps) {
  int64_t t = 0;
  for (int i = 0; i < 200; ++i) {
    Feed(kPicture, t, 40 * kMs);
    t += i % 7 == 3 ? -30 * kMs : i % 50 == 20 ? 9 * kS : 60 * kMs;
  }
  // Twenty seconds between two pictures, while sound goes on.
  for (int64_t sound = t; sound < t + 20 * kS; sound += 20 * kMs) Feed(kSound, sound, 20 * kMs);
  Feed(kPicture, t + 20 * kS, 40 * kMs);
  EXPECT_EQ(line_.jumps().size(), 0u);
  for (const auto& p : places_) EXPECT_EQ(p.shift_us, 0);
}

TEST_F(TimelineTest, OneWrongMomentIsNoJump) {
  for (int i = 0; i < 100; ++i) Feed(kPicture, i == 50 ? 7000 * kS : i * 40 * kMs, 40 * kMs);
  EXPECT_EQ(Times(kPicture).size(), 99u) << "one is not trusted";
  for (const auto& p : places_) EXPECT_EQ(p.shift_us, 0);
  EXPECT_EQ(line_.jumps().size(), 0u);
}

TEST_F(TimelineTest, OneStreamsOwnJumpLeavesTheOthersAlone) {
  for (int i = 0; i < 500; ++i) {
    Feed(kPicture, i * 40 * kMs, 40 * kMs);
    for (int j = 0; j < 2; ++j) Feed(kSound, (2 * i + j) * 20 * kMs - (i >= 100 ? 3 * kS : 0), 20 * kMs);
  }
  ExpectEven(Times(kPicture), 40 * kMs, 500);
  ExpectEven(Times(kSound), 20 * kMs, 1000);
}

// The clock goes on, but the sound of the first part reaches into the second.
TEST_F(TimelineTest, AnOverlapMovesAllStreams) {
  Part(0, 3 * kS, 300 * kMs, 200 * kMs);
  Part(3 * kS, 5 * kS);
  const auto pictures = Times(kPicture), sounds = Times(kSound);
  ASSERT_EQ(pictures.size(), 200u);
  ASSERT_EQ(sounds.size(), 410u);
  EXPECT_EQ(sounds[160], 3200 * kMs);
  // Those that had come by before it was seen are where they were, the others beside their sound.
  EXPECT_EQ(pictures[75], 3000 * kMs);
  EXPECT_EQ(pictures[199], sounds[408]);
}

TEST_F(TimelineTest, TextGoesWithThePicturesBesideIt) {
  Part(0, 3 * kS);
  Feed(kText, 2 * kS);
  Part(100 * kS, 3 * kS);
  Feed(kText, 101 * kS);
  EXPECT_EQ(Times(kText), (std::vector<int64_t>{2 * kS, 4 * kS}));
}

TEST_F(TimelineTest, UnknownMomentsStayUnknownAndAreNotHeld) {
  for (int i = 0; i < 10; ++i) Feed(kPicture, Timeline::kUnknown);
  Feed(kPicture, INT64_MAX);
  Feed(77, 5);
  EXPECT_EQ(places_.size(), 12u);
}

TEST_F(TimelineTest, ReorderedPicturesAreInTheirPlace) {
  // Two parts of I P B B with pictures shown 80 ms after they are decoded; the second part shows at once.
  for (int i = 0; i < 100; ++i) Feed(kPicture, i * 40 * kMs, 40 * kMs, i * 40 * kMs + 80 * kMs);
  for (int i = 0; i < 100; ++i) Feed(kPicture, i * 40 * kMs, 40 * kMs, i * 40 * kMs);
  const auto times = Times(kPicture);
  ASSERT_EQ(times.size(), 200u);
  EXPECT_EQ(times[100], 4080 * kMs) << "not before the last picture of the first part has been shown";
}

TEST_F(OrderlyTimelineTest, LongPausesAreKept) {
  Part(0, kS);
  Part(1800 * kS, kS);
  EXPECT_EQ(line_.jumps().size(), 0u);
  Part(2 * 3600 * kS, kS);
  EXPECT_EQ(line_.jumps().size(), 1u);
  Part(0, kS);
  Times(kPicture);
  EXPECT_EQ(line_.jumps().size(), 2u);
}

// 33 bits of 90 kHz.
constexpr int64_t kTurn = 95443717689;
// Half a second, again and again: no step back is as long as a second.
TEST_F(OrderlyTimelineTest, AShortFilmAnew) {
  for (int i = 0; i < 4; ++i) Part(0, 480 * kMs, 100 * kMs);
  ExpectEven(Times(kPicture), 40 * kMs, 48);
  ExpectEven(Times(kSound), 20 * kMs, 96);
  EXPECT_EQ(line_.jumps().size(), 3u);
}

// What an edit list hides of a later file takes no time, however long it is.
TEST_F(OrderlyTimelineTest, HiddenPacketsTakeNoTime) {
  Part(0, kS);
  ++part_;
  for (int64_t t = -5 * kS; t < 0; t += 40 * kMs) {
    line_.Push({kPicture, t, t, 40 * kMs, 100, part_, true});
    given_.push_back({kText, t});
    Collect();
  }
  Part(0, kS);
  ExpectEven(Times(kPicture), 40 * kMs, 50);
  ExpectEven(Times(kSound), 20 * kMs, 100);
}

// Files that are joined, the later of which begins where the first had been: at the same moment, a little on,
// an hour on, a frame long.
TEST_F(OrderlyTimelineTest, ANewFileHasClocksOfItsOwn) {
  for (const int64_t start : {int64_t{0}, 360 * kMs, 3600 * kS, 200 * kMs}) {
    Part(start, 480 * kMs, 100 * kMs);
    ++part_;
  }
  Feed(kText, 0, kS);
  Part(0, 40 * kMs, 0);
  ExpectEven(Times(kPicture), 40 * kMs, 49);
  ExpectEven(Times(kSound), 20 * kMs, 98);
  EXPECT_EQ(Times(kText), std::vector<int64_t>{1920 * kMs});
  EXPECT_TRUE(line_.jumps().empty());
}

class TurningTimelineTest : public TimelineTest {
 protected:
  TurningTimelineTest() : TimelineTest(true, kTurn) {}
};

TEST_F(TurningTimelineTest, AWrapIsNoJump) {
  const auto clock = [](int64_t t) { return (kTurn - 2 * kS + t) % kTurn; };
  for (int64_t t = 0; t < 6 * kS; t += 40 * kMs) {
    // The moment of showing wraps a little earlier.
    Feed(kPicture, clock(t), 40 * kMs, clock(t + 80 * kMs));
    Feed(kSound, clock(t), 20 * kMs);
  }
  EXPECT_EQ(line_.jumps().size(), 0u);
  ASSERT_EQ(places_.size(), 300u);
  EXPECT_EQ(places_.front().dts_turns, 0);
  EXPECT_EQ(places_.back().dts_turns, 1);
  const Timeline::Place& at = places_[2 * 48];  // 1.92 s: shown at the turn
  EXPECT_EQ(at.dts_turns, 0);
  EXPECT_EQ(at.pts_turns, 1);
}

TEST_F(TimelineTest, ManyJoinsAndManyClocks) {
  for (int i = 0; i < 100; ++i) Part((i * 7919) % 1000 * kS, 2 * kS);
  ExpectEven(Times(kPicture), 40 * kMs, 5000);
  ExpectEven(Times(kSound), 20 * kMs, 10000);
}

// A text lies ahead of the pictures: behind a join it belongs to the new part, though the old one's clock
// stood nearer to it.
TEST_F(TimelineTest, TextBehindAJoinBelongsToTheNewPart) {
  Part(0, 3 * kS);
  for (int64_t t = 0; t < kS; t += 40 * kMs) Feed(kPicture, t, 40 * kMs), Feed(kSound, t, 20 * kMs);
  Feed(kText, 2900 * kMs, kS);
  for (int64_t t = kS; t < 3 * kS; t += 40 * kMs) Feed(kPicture, t, 40 * kMs), Feed(kSound, t, 20 * kMs);
  const auto texts = Times(kText);
  ASSERT_EQ(texts.size(), 1u);
  EXPECT_NEAR(texts[0], 5900 * kMs, 50 * kMs);
}

}  // namespace
}  // namespace tempera::media
