#include "cli/pictures/stylize_pictures.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <fstream>

#include "cli/fake_painter_for_test.h"
#include "cli/pictures/done_list.h"
#include "cli/pictures/picture_list.h"
#include "media/image.h"
#include "media/test_clip.h"

namespace tempera::cli {
namespace {

class PicturesTest : public media::ClipTest {
 protected:
  std::string Picture(const std::string& name) {
    const media::RgbImage image{4, 4, std::vector<uint8_t>(48, 77)};
    std::filesystem::create_directories(std::filesystem::path(Path(name)).parent_path());
    EXPECT_TRUE(media::WriteImage(Path(name) + ".png", image).ok());
    std::filesystem::rename(Path(name) + ".png", Path(name));
    return Path(name);
  }
};

TEST_F(PicturesTest, EveryInputHasAnOutputOfItsOwn) {
  const std::vector<std::string> inputs = {Picture("a/x.gif"), Picture("a/x.png"), Picture("b/x.png"),
                                           Picture("a/y.webp"), Path("a/x.png")};
  Result<PictureList> list = ListPictures(inputs, "out");
  ASSERT_TRUE(list.ok());
  ASSERT_EQ(list->tasks.size(), 3u);
  EXPECT_EQ(list->tasks[0].output, "out/x.gif.png");
  EXPECT_EQ(list->tasks[1].output, "out/x.png");
  EXPECT_EQ(list->tasks[2].output, "out/y.webp");
  ASSERT_EQ(list->clashes.size(), 1u) << "the file that was named twice is painted once";
  EXPECT_EQ(list->clashes[0].input, inputs[2]);
  // Into a folder of inputs: nothing there is replaced.
  list = ListPictures({Path("a")}, Path("a"));
  ASSERT_TRUE(list.ok());
  ASSERT_EQ(list->tasks.size(), 1u);
  EXPECT_EQ(list->tasks[0].output, Path("a/x.gif.png"));
  EXPECT_EQ(list->clashes.size(), 2u);
}

TEST_F(PicturesTest, OneFailureIsNoneOfTheOthersAndWhatIsDoneStays) {
  std::vector<PictureTask> tasks;
  for (int i = 0; i < 12; ++i) {
    const std::string name = std::to_string(i) + ".png";
    tasks.push_back({Picture("in/" + name), Path("out_" + name)});
  }
  FakePainter painter;
  painter.follows_reset = true;
  painter.fail_at = 5;
  painter.throw_at = 7;
  std::atomic<bool> interrupt{false};
  int counts[3] = {};
  int64_t heard = 0;
  const auto count = [&](const PictureOutcome& outcome, int64_t done, int64_t total) {
    ++counts[static_cast<int>(outcome.kind)];
    EXPECT_EQ(done, ++heard);
    EXPECT_EQ(total, 12);
  };
  StylizePictures(tasks, {.jobs = 3}, &painter, interrupt, count);
  EXPECT_EQ(counts[0], 10);
  EXPECT_EQ(counts[2], 2);
  EXPECT_EQ(painter.resets, painter.frames) << "a picture follows from the one before";
  heard = 0;
  StylizePictures(tasks, {.jobs = 3}, &painter, interrupt, count);
  EXPECT_EQ(counts[0], 12) << "those that had failed";
  EXPECT_EQ(counts[1], 10);
  interrupt = true;
  StylizePictures(
      tasks, {.overwrite = true}, &painter, interrupt,
      [](const PictureOutcome&, int64_t, int64_t) { ADD_FAILURE() << "begun after the interrupt"; });
}

TEST_F(PicturesTest, AFullDiskEndsTheRun) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  std::vector<PictureTask> tasks;
  for (int i = 0; i < 8; ++i) {
    const std::string name = std::to_string(i) + ".png";
    tasks.push_back({Picture("in/" + name), Path("out_" + name)});
    if (i >= 2) std::filesystem::create_symlink("/dev/full", tasks.back().output);
  }
  FakePainter painter;
  const std::atomic<bool> interrupt{false};
  int painted = 0, stopped = 0;
  StylizePictures(tasks, {.jobs = 1, .overwrite = true}, &painter, interrupt,
                  [&](const PictureOutcome& outcome, int64_t, int64_t) {
                    painted += outcome.kind == PictureOutcome::Kind::kPainted;
                    stopped += outcome.stops;
                  });
  EXPECT_EQ(painted, 2);
  EXPECT_EQ(stopped, 1);
  EXPECT_EQ(painter.frames, 3) << "painted what cannot be written";
  // Nor where the list of paintings has no more room: what was there stays as it was.
  std::filesystem::remove(Path(".tempera-done"));
  std::filesystem::create_symlink("/dev/full", Path(".tempera-done"));
  std::ofstream(tasks[0].output) << "before";
  StylizePictures({tasks[0], tasks[1]}, {.jobs = 1, .overwrite = true}, &painter, interrupt,
                  [&](const PictureOutcome& outcome, int64_t, int64_t) { stopped += outcome.stops; });
  EXPECT_EQ(stopped, 2);
  EXPECT_EQ(painter.frames, 3);
  EXPECT_EQ(std::filesystem::file_size(tasks[0].output), 6u);
  EXPECT_TRUE(std::filesystem::exists(tasks[1].output));
}

TEST_F(PicturesTest, AFileThatIsTooLargeIsItsOwnMatter) {
  std::vector<PictureTask> tasks;
  for (const char* name : {"0.png", "1.png", "2.png"})
    tasks.push_back({Picture(std::string("in/") + name), Path(name)});
  // Noise, which no format makes small.
  media::RgbImage noise{64, 64, std::vector<uint8_t>(64 * 64 * 3)};
  uint32_t seed = 1;
  for (uint8_t& n : noise.pixels) n = static_cast<uint8_t>((seed = seed * 1664525 + 1013904223) >> 24);
  ASSERT_TRUE(media::WriteImage(tasks[1].input, noise).ok());
  FakePainter painter;
  const std::atomic<bool> interrupt{false};
  std::string kinds;
  rlimit before = {};
  getrlimit(RLIMIT_FSIZE, &before);
  const rlimit small = {4096, before.rlim_max};
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &small);
  StylizePictures(tasks, {.jobs = 1}, &painter, interrupt,
                  [&](const PictureOutcome& outcome, int64_t, int64_t) {
                    kinds += outcome.kind == PictureOutcome::Kind::kPainted ? 'p' : outcome.stops ? 's' : 'f';
                  });
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(kinds, "pfp");
}

TEST_F(PicturesTest, AListThatCannotBeKeptIsNotWaitedFor) {
  const PictureTask task = {Picture("in/a.png"), Path("out_a.png")};
  const std::string folder = std::filesystem::path(task.output).parent_path().string();
  EXPECT_TRUE(DoneList::CheckPlace(folder).ok());
  ASSERT_EQ(mkfifo(Path(".tempera-done").c_str(), 0600), 0);
  const Status refused = DoneList::CheckPlace(folder);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.message().find("remove it, or give another folder"), std::string::npos)
      << refused.message();
}

TEST_F(PicturesTest, OnlyPaintingsOfThisStyleCountAsDone) {
  const PictureTask task = {Picture("in/a.png"), Path("out_a.png")};
  FakePainter painter;
  const std::atomic<bool> interrupt{false};
  const auto outcome = [&](const std::string& style, bool overwrite = false) {
    PictureOutcome got;
    StylizePictures({task}, {.jobs = 1, .overwrite = overwrite, .style = style}, &painter, interrupt,
                    [&got](const PictureOutcome& o, int64_t, int64_t) { got = o; });
    return got;
  };
  using Kind = PictureOutcome::Kind;
  const auto write = [](const std::string& path, const char* text) { std::ofstream(path) << text; };
  // Somebody's own file, although it is newer.
  write(task.output, "mine");
  const PictureOutcome foreign = outcome("one");
  EXPECT_EQ(foreign.kind, Kind::kFailed);
  EXPECT_NE(foreign.error.message().find("not painted from that picture before"), std::string::npos);
  EXPECT_EQ(std::filesystem::file_size(task.output), 4u);
  EXPECT_EQ(outcome("one", true).kind, Kind::kPainted);
  EXPECT_EQ(outcome("one").kind, Kind::kPresent);
  const PictureOutcome other = outcome("two");
  EXPECT_EQ(other.kind, Kind::kFailed);
  EXPECT_NE(other.error.message().find("in another style"), std::string::npos);
  // The source changes, with a date in the past.
  Picture("in/b.png");
  std::filesystem::copy_file(Path("in/b.png"), task.input, std::filesystem::copy_options::overwrite_existing);
  std::filesystem::last_write_time(task.input,
                                   std::filesystem::last_write_time(task.output) - std::chrono::hours(1));
  EXPECT_EQ(outcome("one").kind, Kind::kPainted);
  EXPECT_EQ(outcome("one").kind, Kind::kPresent);
  std::filesystem::resize_file(task.output, 9);
  EXPECT_EQ(outcome("one").kind, Kind::kFailed) << "cut short by somebody";
  // A list that breaks off in a line.
  EXPECT_EQ(outcome("one", true).kind, Kind::kPainted);
  std::ofstream(Path(".tempera-done"), std::ios::app) << "0123 45";
  EXPECT_EQ(outcome("one").kind, Kind::kPresent);
  // What is written behind it is not lost in it.
  EXPECT_EQ(outcome("one", true).kind, Kind::kPainted);
  EXPECT_EQ(outcome("one").kind, Kind::kPresent);
  // A painting that did not come to its end, of what the source is by now: the one before is still ours.
  Picture("in/b.png");
  std::filesystem::last_write_time(
      task.input, std::filesystem::last_write_time(Path("in/b.png")) + std::chrono::hours(2));
  DoneList list(std::filesystem::path(task.output).parent_path().string(), "one");
  ASSERT_TRUE(list.Reserve(task).ok());
  EXPECT_EQ(DoneList(std::filesystem::path(task.output).parent_path().string(), "one").Look(task),
            DoneList::State::kOlder);
  EXPECT_EQ(outcome("one").kind, Kind::kPainted);
}

TEST_F(PicturesTest, WhatIsSavedWhileItIsPaintedIsPaintedAgain) {
  PictureTask task = {Picture("in/a.png"), Path("out_a.png"), Picture("masks/a.png")};
  FakePainter painter;
  const std::atomic<bool> interrupt{false};
  const auto outcome = [&] {
    PictureOutcome::Kind kind = PictureOutcome::Kind::kFailed;
    StylizePictures({task}, {.jobs = 1, .style = "one"}, &painter, interrupt,
                    [&kind](const PictureOutcome& o, int64_t, int64_t) { kind = o.kind; });
    return kind;
  };
  using Kind = PictureOutcome::Kind;
  for (const std::string& saved : {task.input, task.mask}) {
    painter.meanwhile = [&] {
      std::filesystem::last_write_time(saved,
                                       std::filesystem::last_write_time(saved) + std::chrono::hours(1));
    };
    EXPECT_EQ(outcome(), Kind::kPainted);
    painter.meanwhile = {};
    EXPECT_EQ(outcome(), Kind::kPainted) << saved << " is another by now";
    EXPECT_EQ(outcome(), Kind::kPresent);
    ASSERT_TRUE(std::filesystem::remove(task.output));
  }
}

}  // namespace
}  // namespace tempera::cli
