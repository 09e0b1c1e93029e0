// Every field of every struct that a caller fills in: what it may not hold is refused with the field's own
// words.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "src/stylize/test_model.h"
#include "tempera/tempera.h"

namespace tempera::stylize {
namespace {

class Fields : public testing::Test {
 protected:
  void SetUp() override {
    const std::string bytes = AffineModel(-1, 255).Bytes();
    ASSERT_EQ(tempera_open_memory(bytes.data(), bytes.size(), nullptr, &stylizer_), TEMPERA_OK);
  }
  void TearDown() override { tempera_close(stylizer_); }

  // An image of 6 by 4, of which `format` says how many planes it has.
  tempera_image Image(int32_t format) {
    tempera_image image = TEMPERA_IMAGE_INIT;
    image.format = format, image.width = 6, image.height = 4;
    for (int p = 0; p < 3; ++p) image.planes[p] = pixels_ + 1024 * p, image.stride_bytes[p] = 64;
    return image;
  }
  // `status`, and `word` in the message.
  static void ExpectRefused(tempera_status made, tempera_status wanted, const std::string& word) {
    const std::string message = tempera_error_message();
    EXPECT_EQ(made, wanted) << word << ": " << message;
    EXPECT_NE(message.find(word), std::string::npos) << word << ": " << message;
  }

  tempera_stylizer* stylizer_ = nullptr;
  alignas(64) uint8_t pixels_[4096] = {};
};

TEST_F(Fields, OfAnImage) {
  struct Case {
    int32_t format;
    tempera_status status;
    const char* word;
    std::function<void(tempera_image&)> spoil;
  };
  const std::vector<Case> cases = {
      {TEMPERA_RGB, TEMPERA_INVALID_ARGUMENT, "struct_size", [](auto& i) { i.struct_size = 0; }},
      {TEMPERA_RGB, TEMPERA_INVALID_ARGUMENT, "pixel format 7", [](auto& i) { i.format = 7; }},
      {TEMPERA_RGB, TEMPERA_INVALID_ARGUMENT, "pixel format -1", [](auto& i) { i.format = -1; }},
      {TEMPERA_RGB, TEMPERA_INVALID_ARGUMENT, "0x4", [](auto& i) { i.width = 0; }},
      {TEMPERA_RGB, TEMPERA_INVALID_ARGUMENT, "6x16385", [](auto& i) { i.height = 16385; }},
      {TEMPERA_RGB, TEMPERA_INVALID_ARGUMENT, "6x-1", [](auto& i) { i.height = -1; }},
      {TEMPERA_I420, TEMPERA_UNSUPPORTED, "matrix 7", [](auto& i) { i.matrix = 7; }},
      {TEMPERA_I420, TEMPERA_INVALID_ARGUMENT, "range 3", [](auto& i) { i.range = 3; }},
      {TEMPERA_RGB, TEMPERA_UNSUPPORTED, "PQ", [](auto& i) { i.transfer = 16; }},
      {TEMPERA_RGB, TEMPERA_UNSUPPORTED, "transfer 99", [](auto& i) { i.transfer = 99; }},
      {TEMPERA_RGB, TEMPERA_UNSUPPORTED, "primaries 8", [](auto& i) { i.primaries = 8; }},
      {TEMPERA_RGB, TEMPERA_UNSUPPORTED, "reserved", [](auto& i) { i.reserved = 1; }},
      {TEMPERA_RGB, TEMPERA_INVALID_ARGUMENT, "plane 0", [](auto& i) { i.planes[0] = nullptr; }},
      {TEMPERA_I420, TEMPERA_INVALID_ARGUMENT, "plane 2", [](auto& i) { i.planes[2] = nullptr; }},
      {TEMPERA_RGB, TEMPERA_INVALID_ARGUMENT, "stride_bytes[0]", [](auto& i) { i.stride_bytes[0] = 17; }},
      {TEMPERA_RGB, TEMPERA_INVALID_ARGUMENT, "stride_bytes[0]", [](auto& i) { i.stride_bytes[0] = -17; }},
      {TEMPERA_RGB, TEMPERA_INVALID_ARGUMENT, "fit into memory",
       [](auto& i) { i.stride_bytes[0] = PTRDIFF_MAX; }},
      {TEMPERA_RGB, TEMPERA_INVALID_ARGUMENT, "fit into memory",
       [](auto& i) { i.stride_bytes[0] = PTRDIFF_MIN; }},
      {TEMPERA_NV12, TEMPERA_INVALID_ARGUMENT, "stride_bytes[1]", [](auto& i) { i.stride_bytes[1] = 5; }},
      {TEMPERA_P010, TEMPERA_INVALID_ARGUMENT, "odd", [](auto& i) { i.stride_bytes[0] = 63; }},
      {TEMPERA_I010, TEMPERA_INVALID_ARGUMENT, "odd", [](auto& i) { ++i.planes[1]; }},
  };
  for (const Case& c : cases) {
    tempera_image good = Image(c.format), bad = good;
    c.spoil(bad);
    EXPECT_EQ(tempera_process(stylizer_, &good, &good), TEMPERA_OK) << tempera_error_message();
    ExpectRefused(tempera_process(stylizer_, &bad, &good), c.status, c.word);
    ExpectRefused(tempera_process(stylizer_, &good, &bad), c.status, c.word);
    tempera_frame_params params = TEMPERA_FRAME_PARAMS_INIT;
    params.under = &bad;
    ExpectRefused(tempera_process_frame(stylizer_, &good, &good, &params), c.status, c.word);
  }
}

TEST_F(Fields, OfAFramesParameters) {
  const uint8_t mask[64] = {};
  const std::vector<std::pair<const char*, std::function<void(tempera_frame_params&)>>> cases = {
      {"struct_size", [](auto& p) { p.struct_size = 1; }},
      {"mask_stride_bytes", [](auto& p) { p.mask_stride_bytes = 3; }},
      {"mask_stride_bytes", [](auto& p) { p.mask_stride_bytes = -3; }},
      {"mask_stride_bytes", [](auto& p) { p.mask_stride_bytes = PTRDIFF_MIN / 2; }},
      {"mask: size 0x4", [](auto& p) { p.mask_width = 0; }},
      {"mask: size 4x-4", [](auto& p) { p.mask_height = -4; }},
      {"mask_feather", [](auto& p) { p.mask_feather = -1; }},
      {"mask_feather", [](auto& p) { p.mask_feather = 1025; }},
      {"mask_feather", [](auto& p) { p.mask_feather = NAN; }},
      {"mask_feather", [](auto& p) { p.mask = nullptr, p.mask_feather = NAN; }},
      {"cut", [](auto& p) { p.cut = 2; }},
      {"cut", [](auto& p) { p.cut = -1; }},
  };
  const tempera_image image = Image(TEMPERA_RGBA);
  for (const auto& [word, spoil] : cases) {
    tempera_frame_params params = TEMPERA_FRAME_PARAMS_INIT;
    params.mask = mask, params.mask_stride_bytes = 4, params.mask_width = params.mask_height = 4;
    EXPECT_EQ(tempera_process_frame(stylizer_, &image, &image, &params), TEMPERA_OK);
    spoil(params);
    ExpectRefused(tempera_process_frame(stylizer_, &image, &image, &params), TEMPERA_INVALID_ARGUMENT, word);
  }
}

TEST_F(Fields, OfOptions) {
  const std::string bytes = AffineModel(-1, 255).Bytes();
  tempera_host* host = nullptr;
  ASSERT_EQ(tempera_create_host(nullptr, &host), TEMPERA_OK);
  struct Case {
    tempera_status status;
    const char* word;
    std::function<void(tempera_options&)> spoil;
  };
  const std::vector<Case> cases = {
      {TEMPERA_INVALID_ARGUMENT, "struct_size", [](auto& o) { o.struct_size = 3; }},
      {TEMPERA_INVALID_ARGUMENT, "version 9", [](auto& o) { o.abi_version = 9; }},
      {TEMPERA_INVALID_ARGUMENT, "threads", [](auto& o) { o.threads = -1; }},
      {TEMPERA_INVALID_ARGUMENT, "threads", [](auto& o) { o.threads = 1025; }},
      {TEMPERA_INVALID_ARGUMENT, "pin_threads", [](auto& o) { o.pin_threads = 2; }},
      {TEMPERA_INVALID_ARGUMENT, "precision", [](auto& o) { o.precision = 99; }},
      {TEMPERA_INVALID_ARGUMENT, "norm_statistics", [](auto& o) { o.norm_statistics = -1; }},
      {TEMPERA_INVALID_ARGUMENT, "working_width", [](auto& o) { o.working_width = -1; }},
      {TEMPERA_INVALID_ARGUMENT, "working_height", [](auto& o) { o.working_height = 16385; }},
      {TEMPERA_INVALID_ARGUMENT, "working_short_side", [](auto& o) { o.working_short_side = -1; }},
      {TEMPERA_INVALID_ARGUMENT, "working_short_side",
       [](auto& o) { o.working_short_side = 9, o.working_width = 16; }},
      {TEMPERA_INVALID_ARGUMENT, "host", [&](auto& o) { o.host = host, o.threads = 1; }},
      {TEMPERA_INVALID_ARGUMENT, "host", [&](auto& o) { o.host = host, o.cache_folder = "somewhere"; }},
  };
  for (const Case& c : cases) {
    tempera_options options = TEMPERA_OPTIONS_INIT;
    c.spoil(options);
    tempera_stylizer* s = nullptr;
    ExpectRefused(tempera_open_memory(bytes.data(), bytes.size(), &options, &s), c.status, c.word);
    EXPECT_EQ(s, nullptr);
  }
  tempera_close_host(host);
}

TEST_F(Fields, OfAHostsOptions) {
  struct Case {
    tempera_status status;
    const char* word;
    std::function<void(tempera_host_options&)> spoil;
  };
  const auto load = [](const char*, void*, size_t, void*) -> size_t { return 0; };
  const std::vector<Case> cases = {
      {TEMPERA_INVALID_ARGUMENT, "struct_size", [](auto& o) { o.struct_size = 3; }},
      {TEMPERA_INVALID_ARGUMENT, "version 9", [](auto& o) { o.abi_version = 9; }},
      {TEMPERA_INVALID_ARGUMENT, "threads", [](auto& o) { o.threads = 2000; }},
      {TEMPERA_INVALID_ARGUMENT, "pin_threads", [](auto& o) { o.pin_threads = -1; }},
      {TEMPERA_UNSUPPORTED, "reserved", [](auto& o) { o.reserved = 1; }},
      {TEMPERA_INVALID_ARGUMENT, "cache_store", [&](auto& o) { o.cache_load = load; }},
      {TEMPERA_INVALID_ARGUMENT, "cache_folder",
       [&](auto& o) {
         o.cache_folder = "somewhere", o.cache_load = load;
         o.cache_store = [](const char*, const void*, size_t, void*) {};
       }},
  };
  for (const Case& c : cases) {
    tempera_host_options options = TEMPERA_HOST_OPTIONS_INIT;
    c.spoil(options);
    tempera_host* host = nullptr;
    ExpectRefused(tempera_create_host(&options, &host), c.status, c.word);
    EXPECT_EQ(host, nullptr);
  }
}

TEST_F(Fields, OfWhatIsFilledInForTheCaller) {
  tempera_parameter_info parameter = TEMPERA_PARAMETER_INFO_INIT;
  parameter.struct_size = 2;
  ExpectRefused(tempera_get_parameter_info(stylizer_, 0, &parameter), TEMPERA_INVALID_ARGUMENT,
                "struct_size");
  parameter.struct_size = sizeof(parameter);
  ExpectRefused(tempera_get_parameter_info(stylizer_, 5, &parameter), TEMPERA_INVALID_ARGUMENT,
                "parameter 5");
  ExpectRefused(tempera_get_parameter_info(stylizer_, 0, nullptr), TEMPERA_INVALID_ARGUMENT, "NULL");
}

TEST_F(Fields, OfCallsWithoutAStruct) {
  ExpectRefused(tempera_prepare(stylizer_, 0, 5, TEMPERA_RGB), TEMPERA_INVALID_ARGUMENT, "0x5");
  ExpectRefused(tempera_prepare(stylizer_, 5, 20000, TEMPERA_RGB), TEMPERA_INVALID_ARGUMENT, "5x20000");
  ExpectRefused(tempera_prepare(stylizer_, 5, 5, 40), TEMPERA_INVALID_ARGUMENT, "pixel format 40");
  ExpectRefused(tempera_set_cancelled(stylizer_, 2), TEMPERA_INVALID_ARGUMENT, "cancelled");
  ExpectRefused(tempera_set_strength(stylizer_, NAN), TEMPERA_INVALID_ARGUMENT, "strength");
  ExpectRefused(tempera_set_strength(stylizer_, 1.5f), TEMPERA_INVALID_ARGUMENT, "strength");
  int32_t width = 0;
  ExpectRefused(tempera_working_size(stylizer_, 5, 5, &width, nullptr), TEMPERA_INVALID_ARGUMENT, "height");
  ExpectRefused(tempera_working_size(stylizer_, -5, 5, &width, &width), TEMPERA_INVALID_ARGUMENT, "-5x5");
}

}  // namespace
}  // namespace tempera::stylize
