#include "cli/serve/http_fields.h"

#include <gtest/gtest.h>

#include "cli/serve/request_path.h"

namespace tempera::cli {
namespace {

TEST(HttpFieldsTest, TypesGoByTheEndingOfTheName) {
  EXPECT_EQ(ContentType("index.html"), "text/html; charset=utf-8");
  EXPECT_EQ(ContentType("a.b/engine.WASM"), "application/wasm");
  EXPECT_EQ(ContentType("chunk.mjs"), "text/javascript; charset=utf-8");
  EXPECT_EQ(ContentType("manifest.webmanifest"), "application/manifest+json");
  EXPECT_EQ(ContentType("styles/x.onnx"), "application/octet-stream");
  EXPECT_EQ(ContentType("a.html/file"), "application/octet-stream");
  EXPECT_TRUE(IsCompressible("styles/x.onnx"));
  EXPECT_FALSE(IsCompressible("sample.mp4"));
}

TEST(HttpFieldsTest, OnlyNamesWithADigestAreKeptForGood) {
  for (const char* name : {"film-7K2PQXWA.js", "a/chunk-ABCDEFGH.css", "app.0123456789abcdef.wasm"}) {
    EXPECT_TRUE(NamesItsContents(name)) << name;
  }
  for (const char* name :
       {"main.js", "painter-worker.js", "film-7K2PQXWA.mp4", "7K2PQXWA.js", "a/-7K2PQXWA.js",
        "release-20261129.js", "film-7k2pqxwa.js", "film-7K2PQXW.js", "a-7K2PQXWA/b.js"}) {
    EXPECT_FALSE(NamesItsContents(name)) << name;
  }
}

TEST(HttpFieldsTest, GzipIsTakenWhereItIsAccepted) {
  for (const char* field : {"gzip", "gzip, deflate, br, zstd", "br;q=1.0, GZIP;q=0.2", "*",
                            "identity, x-gzip", "deflate,*;q=0.1"}) {
    EXPECT_TRUE(AcceptsGzip(field)) << field;
  }
  for (const char* field : {"", "br", "gzip;q=0", "gzip; q=0.000, *", "*;q=0", "gzipped", ",,;,"}) {
    EXPECT_FALSE(AcceptsGzip(field)) << field;
  }
}

TEST(HttpFieldsTest, TagsAreComparedWeakly) {
  EXPECT_TRUE(ListsTag("\"a\"", "\"a\""));
  EXPECT_TRUE(ListsTag("\"b\" , W/\"a\"", "\"a\""));
  EXPECT_TRUE(ListsTag(" * ", "\"a\""));
  EXPECT_FALSE(ListsTag("\"ab\", \"A\", a", "\"a\""));
  EXPECT_FALSE(ListsTag("", "\"a\""));
}

std::string Range(const char* field, int64_t size) {
  const ByteRange range = ParseRange(field, size);
  if (range.kind == ByteRange::kWhole) return "whole";
  if (range.kind == ByteRange::kOutside) return "outside";
  return std::to_string(range.first) + "-" + std::to_string(range.last);
}

TEST(HttpFieldsTest, Ranges) {
  EXPECT_EQ(Range("bytes=0-9", 100), "0-9");
  EXPECT_EQ(Range("Bytes= 90-", 100), "90-99");
  EXPECT_EQ(Range("bytes=90-1000", 100), "90-99");
  EXPECT_EQ(Range("bytes=-1", 100), "99-99");
  EXPECT_EQ(Range("bytes=-1000", 100), "0-99");
  EXPECT_EQ(Range("bytes=0-99999999999999999999999", 100), "0-99");
  for (const char* field : {"bytes=100-", "bytes=-0", "bytes=99999999999999999999999-"}) {
    EXPECT_EQ(Range(field, 100), "outside") << field;
  }
  EXPECT_EQ(Range("bytes=0-", 0), "outside");
  EXPECT_EQ(Range("bytes=-5", 0), "outside");
  for (const char* field : {"", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=9-5", "bytes=0-1,5-6",
                            "bytes=0x1-2", "bytes=--5", "bytes=+1-2", "pages=1-2", "bytes=1 -2"}) {
    EXPECT_EQ(Range(field, 100), "whole") << field;
  }
}

TEST(HttpFieldsTest, HostsOfThisMachine) {
  for (const char* host : {"localhost", "LOCALHOST:8000", "127.0.0.1:1", "127.1.2.3", "[::1]:8000",
                           "localhost:", "[::ffff:127.0.0.1]"}) {
    const std::optional<std::string> name = HostName(host);
    ASSERT_TRUE(name) << host;
    EXPECT_TRUE(IsLoopbackHost(*name)) << host;
  }
  for (const char* host : {"example.com", "localhost.example.com:8000", "127.0.0.1.example.com", "128.0.0.1",
                           "0.0.0.0", "[::2]", "127.1", "localhost."}) {
    const std::optional<std::string> name = HostName(host);
    ASSERT_TRUE(name) << host;
    EXPECT_FALSE(IsLoopbackHost(*name)) << host;
  }
  for (const char* host : {"", ":80", "[::1", "[::1]x", "localhost:80a", "::1", "evil@localhost:x"}) {
    EXPECT_FALSE(HostName(host)) << host;
  }
}

TEST(RequestPathTest, NamesFilesBelowTheFolder) {
  EXPECT_EQ(*PathOfTarget("/"), "");
  EXPECT_EQ(*PathOfTarget("/?a=../.."), "");
  EXPECT_EQ(*PathOfTarget("/styles/a%20b.onnx?v=1#x"), "styles/a b.onnx");
  EXPECT_EQ(*PathOfTarget("/styles/"), "styles/");
  EXPECT_EQ(*PathOfTarget("/a..b/c."), "a..b/c.");
  EXPECT_EQ(*PathOfTarget("/%C3%A9"), "\xc3\xa9");
}

TEST(RequestPathTest, NothingLeadsOutOfIt) {
  for (const char* target :
       {"/..", "/../x", "/a/../../x", "/%2e%2e/x", "/%2E./x", "/a%2f..%2f..%2fx", "/./x", "/.git/config",
        "/a/.hidden", "//etc/passwd", "/a//b", "/%2fetc/passwd", "/..%2f", "/.", "/a/."}) {
    const Result<std::string> path = PathOfTarget(target);
    ASSERT_FALSE(path.ok()) << target;
    EXPECT_EQ(path.status().code(), StatusCode::kNotFound) << target;
  }
  for (const char* target : {"", "*", "x", "http://localhost/x", "/a%00b", "/a\\..\\b", "/%5c..%5c", "/%",
                             "/%4", "/%zz", "/%0d%0aX:y", "/a\x7f"}) {
    const Result<std::string> path = PathOfTarget(target);
    ASSERT_FALSE(path.ok()) << target;
    EXPECT_EQ(path.status().code(), StatusCode::kInvalidArgument) << target;
  }
}

}  // namespace
}  // namespace tempera::cli
