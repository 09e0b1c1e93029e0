#include "cli/json/json.h"

#include <gtest/gtest.h>

#include <string>

namespace tempera::cli {
namespace {

using Json = nlohmann::ordered_json;

TEST(ReadableJson, PutsListsOfNumbersOnOneLine) {
  const Json json = {{"name", "a\"b"},
                     {"list", {1, 2.5, nullptr}},
                     {"none", Json::array()},
                     {"inner", {{"x", {{1, 2}, {3}}}}}};
  EXPECT_EQ(ReadableJson(json), R"({
  "name": "a\"b",
  "list": [1,2.5,null],
  "none": [],
  "inner": {
    "x": [
      [1,2],
      [3]
    ]
  }
})");
  EXPECT_EQ(Json::parse(ReadableJson(json)), json);
}

TEST(ReadableJson, ReplacesBytesThatAreNoText) {
  Json json = Json::object();
  json["k\xFF"] = "v\xC3";
  const Json read = Json::parse(ReadableJson(json));
  EXPECT_EQ(read["k\uFFFD"], "v\uFFFD");
}

}  // namespace
}  // namespace tempera::cli
