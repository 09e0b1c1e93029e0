#include "cli/serve/answer.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <thread>

#include "cli/serve/connections.h"

namespace tempera::cli {
namespace {

namespace fs = std::filesystem;

class AnswerTest : public testing::Test {
 protected:
  void SetUp() override {
    top_ = testing::TempDir() + "/answer_test_" + std::to_string(getpid());
    fs::remove_all(top_);
    fs::create_directories(top_ + "/site/sub");
    Write("site/index.html", std::string(2000, 'x'));
    Write("site/sub/clip.mp4", "0123456789");
    Write("outside.txt", "secret");
    Result<Site> site = Site::Open(top_ + "/site/");
    ASSERT_TRUE(site.ok()) << site.status().message();
    answerer_ = std::make_unique<Answerer>(std::move(site).value(), "127.0.0.1");
  }
  void TearDown() override { fs::remove_all(top_); }

  void Write(const std::string& name, const std::string& bytes) { std::ofstream(top_ + "/" + name) << bytes; }

  // Until what was written is old enough for a lasting tag.
  static void Settle() { std::this_thread::sleep_for(std::chrono::milliseconds(150)); }

  Answer Get(const std::string& target, const std::map<std::string, std::string>& fields = {},
             const std::string& method = "GET") {
    Request request;
    request.method = method;
    request.target = target;
    request.field = [&](const char* name) -> std::optional<std::string_view> {
      const auto found = fields.find(name);
      if (found != fields.end()) return found->second;
      return std::string(name) == "Host" ? std::optional<std::string_view>("localhost:8000") : std::nullopt;
    };
    return answerer_->AnswerTo(request);
  }
  int StatusOf(const std::string& target) { return Get(target).status; }

  static std::string Field(const Answer& answer, const std::string& name) {
    for (const auto& [key, value] : answer.fields) {
      if (key == name) return value;
    }
    return "";
  }

  static std::string Body(const Answer& answer) {
    if (answer.bytes) return *answer.bytes;
    if (answer.file.get() < 0) return "";
    std::string bytes(static_cast<size_t>(answer.size_bytes), '\0');
    EXPECT_EQ(pread(answer.file.get(), bytes.data(), bytes.size(), answer.offset_bytes), answer.size_bytes);
    return bytes;
  }

  std::string top_;
  std::unique_ptr<Answerer> answerer_;
};

TEST_F(AnswerTest, FilesFoldersAndNeither) {
  EXPECT_EQ(Body(Get("/sub/clip.mp4")), "0123456789");
  EXPECT_EQ(Body(Get("/?query")), std::string(2000, 'x'));
  EXPECT_EQ(StatusOf("/sub/"), 404) << "a folder is not listed";
  EXPECT_EQ(StatusOf("/sub"), 404);
  EXPECT_EQ(StatusOf("/index.html/"), 404);
  Write("site/sub/index.html", "inner");
  EXPECT_EQ(Body(Get("/sub/")), "inner");
  EXPECT_EQ(StatusOf("/sub"), 301);
  EXPECT_EQ(Field(Get("/sub?a=b"), "Location"), "/sub/?a=b");
  EXPECT_EQ(Get("/sub/clip.mp4", {}, "POST").status, 405);
}

TEST_F(AnswerTest, LinksAreFollowedAsLongAsTheyStayBelow) {
  fs::create_symlink("sub/clip.mp4", top_ + "/site/inside.webm");
  EXPECT_EQ(Body(Get("/inside.webm")), "0123456789");
  EXPECT_EQ(Field(Get("/inside.webm"), "Content-Type"), "video/webm");
  fs::create_symlink("../outside.txt", top_ + "/site/leaves.txt");
  fs::create_symlink(top_, top_ + "/site/up");
  fs::create_symlink("/etc/passwd", top_ + "/site/passwd");
  fs::create_symlink("nowhere", top_ + "/site/dangling");
  fs::create_symlink("circle", top_ + "/site/circle");
  for (const char* target : {"/leaves.txt", "/up/outside.txt", "/up/", "/passwd", "/dangling", "/circle"}) {
    EXPECT_EQ(StatusOf(target), 404) << target;
  }
  // A neighbour whose name begins alike is outside.
  fs::create_directories(top_ + "/site2");
  Write("site2/x.txt", "secret");
  fs::create_symlink("../site2", top_ + "/site/near");
  EXPECT_EQ(StatusOf("/near/x.txt"), 404);
}

TEST_F(AnswerTest, HiddenFilesAndDevicesAreNotThere) {
  fs::create_directories(top_ + "/site/.git");
  Write("site/.git/config", "secret");
  EXPECT_EQ(StatusOf("/.git/config"), 404);
  fs::create_symlink(".git", top_ + "/site/git");
  EXPECT_EQ(StatusOf("/git/config"), 404) << "not through a link either";
  ASSERT_EQ(mkfifo((top_ + "/site/pipe").c_str(), 0600), 0);
  EXPECT_EQ(StatusOf("/pipe"), 404) << "and it does not wait for a writer";
}

TEST_F(AnswerTest, ARebuiltFolderIsServedOn) {
  fs::remove_all(top_ + "/site");
  EXPECT_EQ(StatusOf("/"), 404);
  fs::create_directories(top_ + "/site");
  Write("site/index.html", "again");
  EXPECT_EQ(Body(Get("/")), "again");
}

TEST_F(AnswerTest, PiecesAreOfTheFileThatTheAskerHas) {
  Settle();
  const std::string tag = Field(Get("/sub/clip.mp4"), "ETag");
  const Answer part = Get("/sub/clip.mp4", {{"Range", "bytes=2-4"}, {"If-Range", tag}});
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(Body(part), "234");
  EXPECT_EQ(Field(part, "Content-Range"), "bytes 2-4/10");
  EXPECT_EQ(Get("/sub/clip.mp4", {{"Range", "bytes=2-4"}, {"If-Range", "\"other\""}}).status, 200);
  EXPECT_EQ(Get("/sub/clip.mp4", {{"Range", "bytes=2-4"}, {"If-Range", "W/" + tag}}).status, 200);
  EXPECT_EQ(Get("/sub/clip.mp4", {{"Range", "bytes=2-4"}}, "HEAD").status, 200);
  const Answer beyond = Get("/sub/clip.mp4", {{"Range", "bytes=10-"}});
  EXPECT_EQ(beyond.status, 416);
  EXPECT_EQ(Field(beyond, "Content-Range"), "bytes */10");
  EXPECT_EQ(Field(Get("/", {{"Range", "bytes=0-"}, {"Accept-Encoding", "gzip"}}), "Content-Encoding"), "");
}

TEST_F(AnswerTest, TagsTellContentsAndCodingApart) {
  Settle();
  const std::string tag = Field(Get("/"), "ETag");
  EXPECT_EQ(Get("/", {{"If-None-Match", tag}}).status, 304);
  EXPECT_EQ(Field(Get("/"), "Vary"), "Accept-Encoding");
  const Answer packed = Get("/", {{"Accept-Encoding", "gzip"}});
  EXPECT_EQ(Field(packed, "Vary"), "Accept-Encoding");
  if (Field(packed, "Content-Encoding") == "gzip") {
    EXPECT_LT(packed.bytes->size(), 100u);
    EXPECT_EQ(Get("/", {{"If-None-Match", Field(packed, "ETag")}}).status, 200) << "of the file as it is";
    EXPECT_EQ(Get("/", {{"If-None-Match", tag}, {"Accept-Encoding", "gzip"}}).status, 200);
  }
  Write("site/index.html", std::string(2000, 'y'));
  const Answer changed = Get("/", {{"If-None-Match", tag}});
  EXPECT_EQ(changed.status, 200);
  // As long as the file system's clock may not tell two writings apart, no tag is good for a second time.
  EXPECT_EQ(Get("/", {{"If-None-Match", Field(changed, "ETag")}}).status, 200);
}

TEST_F(AnswerTest, OnlyNamesOfThisMachineAreAnswered) {
  EXPECT_EQ(Get("/", {{"Host", "evil.example"}}).status, 403);
  EXPECT_EQ(Get("/", {{"Host", "127.0.0.1.evil.example:8000"}}).status, 403);
  EXPECT_EQ(Get("/", {{"Host", ""}}).status, 400);
  EXPECT_EQ(Get("/", {{"Host", "[::1]:9"}}).status, 200);
  Answerer open(*Site::Open(top_ + "/site"), "");
  Request request;
  request.method = "GET";
  request.target = "/";
  request.field = [](const char* name) -> std::optional<std::string_view> {
    return std::string(name) == "Host" ? std::optional<std::string_view>("any.example") : std::nullopt;
  };
  EXPECT_EQ(open.AnswerTo(request).status, 200);
}

TEST_F(AnswerTest, ErrorsIsolateToo) {
  for (const char* target : {"/", "/gone", "/%"}) {
    const Answer answer = Get(target);
    EXPECT_EQ(Field(answer, "Cross-Origin-Opener-Policy"), "same-origin") << target;
    EXPECT_EQ(Field(answer, "Cross-Origin-Embedder-Policy"), "require-corp") << target;
    EXPECT_EQ(Field(answer, "Cross-Origin-Resource-Policy"), "same-origin") << target;
    EXPECT_EQ(Field(answer, "X-Content-Type-Options"), "nosniff") << target;
  }
}

TEST(GzipStoreTest, WhatWasAskedForLongestAgoLeaves) {
  GzipStore store(10);
  const auto bytes = [](size_t n) { return std::make_shared<const std::string>(n, 'x'); };
  store.Put("a", bytes(4));
  store.Put("b", bytes(4));
  store.Put("a", bytes(5));
  EXPECT_EQ(store.Get("a")->size(), 4u);
  store.Put("c", bytes(4));
  EXPECT_EQ(store.Get("b"), nullptr);
  EXPECT_NE(store.Get("a"), nullptr);
  store.Put("large", bytes(11));
  EXPECT_EQ(store.Get("large"), nullptr);
  EXPECT_NE(store.Get("c"), nullptr);
}

// Both ends of a connection; whether the far one was told that it is over.
struct Pair {
  Pair() { EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0); }
  ~Pair() { close(ends[0]), close(ends[1]); }
  bool IsOver() const {
    char byte;
    return recv(ends[1], &byte, 1, 0) == 0;
  }
  int ends[2];
};

TEST(ConnectionsTest, WhoAsksNothingMakesRoom) {
  using std::chrono::seconds;
  Connections connections(10);
  const Connections::Clock::time_point start{};
  Pair silent, answered, fresh;
  connections.Add(silent.ends[0], start);
  Connections::Connection* const busy = connections.Add(answered.ends[0], start);
  connections.BeginAnswer(busy, start);
  Connections::Connection* const late = connections.Add(fresh.ends[0], start + seconds(9));
  EXPECT_EQ(connections.EndSlow(start + seconds(12), seconds(10)), 1u);
  EXPECT_TRUE(silent.IsOver());
  EXPECT_FALSE(answered.IsOver());
  EXPECT_FALSE(fresh.IsOver());
  EXPECT_EQ(connections.EndSlow(start + seconds(12), seconds(10)), 0u) << "only once";
  connections.EndAnswer(busy, start + seconds(30));
  connections.Remove(late);
  EXPECT_EQ(connections.EndSlow(start + seconds(35), seconds(10)), 0u);
  EXPECT_EQ(connections.EndSlow(start + seconds(41), seconds(10)), 1u);
}

TEST(ConnectionsTest, InACrowdTheOldestMakesRoom) {
  using std::chrono::seconds;
  Connections connections(2);
  const Connections::Clock::time_point start{};
  Pair first, second, third, fourth;
  connections.BeginAnswer(connections.Add(first.ends[0], start), start + seconds(5));
  connections.Add(second.ends[0], start + seconds(1));
  connections.Add(third.ends[0], start + seconds(6));
  EXPECT_FALSE(first.IsOver());
  EXPECT_TRUE(second.IsOver());
  connections.Add(fourth.ends[0], start + seconds(7));
  EXPECT_TRUE(first.IsOver());
  EXPECT_FALSE(third.IsOver());
}

}  // namespace
}  // namespace tempera::cli
