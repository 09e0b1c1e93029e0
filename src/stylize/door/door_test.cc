// The C door from outside: sized structs of older and newer callers, parameters, what is refused.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "src/stylize/test_model.h"
#include "tempera/tempera.hpp"

namespace tempera::stylize {
namespace {

std::string Negative() { return AffineModel(-1, 255).Bytes(); }

Expected<tempera::Stylizer> OpenBytes(const std::string& bytes) {
  return tempera::Stylizer::Open(std::as_bytes(std::span(bytes)));
}

tempera_status OpenWith(const tempera_options* options) {
  const std::string bytes = Negative();
  tempera_stylizer* s = nullptr;
  const tempera_status status = tempera_open_memory(bytes.data(), bytes.size(), options, &s);
  EXPECT_EQ(status == TEMPERA_OK, s != nullptr);
  tempera_close(s);
  return status;
}

// A struct as a later version of the header would have it.
template <typename T>
struct Newer {
  T known;
  int64_t unknown[4] = {};
};

TEST(Door, OptionsOfOlderAndNewerCallers) {
  Newer<tempera_options> newer = {TEMPERA_OPTIONS_INIT};
  newer.known.struct_size = sizeof(newer);
  EXPECT_EQ(OpenWith(&newer.known), TEMPERA_OK) << tempera_error_message();
  EXPECT_STREQ(tempera_error_message(), "");
  newer.unknown[3] = 7;
  EXPECT_EQ(OpenWith(&newer.known), TEMPERA_UNSUPPORTED);
  EXPECT_NE(std::string(tempera_error_message()).find("newer"), std::string::npos) << tempera_error_message();

  tempera_options older = TEMPERA_OPTIONS_INIT;
  older.struct_size = offsetof(tempera_options, precision);
  older.working_height = -5;  // lies beyond what the caller says it knows
  EXPECT_EQ(OpenWith(&older), TEMPERA_OK) << tempera_error_message();
  for (const size_t size : {size_t{0}, sizeof(size_t), size_t{1} << 40}) {
    tempera_options odd = TEMPERA_OPTIONS_INIT;
    odd.struct_size = size;
    EXPECT_EQ(OpenWith(&odd), TEMPERA_INVALID_ARGUMENT) << size;
  }
}

TEST(Door, AnotherAbiIsRefusedWhenOpening) {
  EXPECT_EQ(tempera_abi_version(), static_cast<uint32_t>(TEMPERA_ABI_VERSION));
  for (const uint32_t version : {0u, TEMPERA_ABI_VERSION + 1u}) {
    tempera_options options = TEMPERA_OPTIONS_INIT;
    options.abi_version = version;
    EXPECT_EQ(OpenWith(&options), TEMPERA_INVALID_ARGUMENT);
    EXPECT_NE(std::string(tempera_error_message()).find("ABI"), std::string::npos) << tempera_error_message();
  }
}

struct Lent {
  std::map<std::string, std::vector<uint8_t>> kept;
  int loads = 0, hits = 0;
  std::vector<std::string> log;
};

tempera_host_options Lending(Lent* lent) {
  tempera_host_options options = TEMPERA_HOST_OPTIONS_INIT;
  options.threads = 1;
  options.cache_load = [](const char* key, void* bytes, size_t size, void* user) {
    auto* mine = static_cast<Lent*>(user);
    ++mine->loads;
    const auto found = mine->kept.find(key);
    if (found == mine->kept.end() || found->second.size() > size) return size_t{0};
    ++mine->hits;
    std::copy(found->second.begin(), found->second.end(), static_cast<uint8_t*>(bytes));
    return found->second.size();
  };
  options.cache_store = [](const char* key, const void* bytes, size_t size, void* user) {
    const auto* begin = static_cast<const uint8_t*>(bytes);
    static_cast<Lent*>(user)->kept[key].assign(begin, begin + size);
  };
  options.cache_user = lent;
  options.log = [](int, const char* message, void* user) {
    static_cast<Lent*>(user)->log.push_back(message);
  };
  options.log_user = lent;
  return options;
}

TEST(Door, AHostLendsItsCacheAndItsLog) {
  Lent lent;
  // The Reshape admits [1, 3, 24, 48] alone, of which a warning is logged.
  TestModel fixed({1, 3, 24, 48});
  fixed.Constant("flat", {1, 3 * 24 * 48}).Node("Reshape", {"input", "flat"}, "row");
  fixed.Constant("shape", {1, 3, 24, 48}).Node("Reshape", {"row", "shape"}, "output");
  const std::string bytes = fixed.Bytes();
  for (int i = 0; i < 2; ++i) {
    Options options;
    {
      const Expected<SharedHost> host = SharedHost::Create(Lending(&lent));
      ASSERT_TRUE(host) << host.error().message;
      options.host = *host;
    }
    auto s = tempera::Stylizer::Open(std::as_bytes(std::span(bytes)), options);
    ASSERT_TRUE(s) << s.error().message;
    options.host = {};  // the stylizer keeps it
    ASSERT_FALSE(s->Prepare(20, 10, TEMPERA_RGB));
  }
  EXPECT_EQ(lent.kept.size(), 1u);
  EXPECT_EQ(lent.loads, 2);
  EXPECT_EQ(lent.hits, 1);
  ASSERT_EQ(lent.log.size(), 2u);
  EXPECT_NE(lent.log[0].find("48x24"), std::string::npos);
}

TEST(Door, HostsAreChecked) {
  Lent lent;
  for (const auto& change : std::vector<void (*)(tempera_host_options&)>{
           [](tempera_host_options& o) { o.cache_store = nullptr; },
           [](tempera_host_options& o) { o.cache_folder = "x"; },
           [](tempera_host_options& o) { o.threads = -1; }, [](tempera_host_options& o) { o.reserved = 1; },
           [](tempera_host_options& o) { o.abi_version = 0; },
           [](tempera_host_options& o) { o.struct_size = 1; }}) {
    tempera_host_options options = Lending(&lent);
    change(options);
    tempera_host* host = nullptr;
    EXPECT_NE(tempera_create_host(&options, &host), TEMPERA_OK);
    EXPECT_EQ(host, nullptr);
  }
  EXPECT_EQ(tempera_create_host(nullptr, nullptr), TEMPERA_INVALID_ARGUMENT);
  tempera_close_host(nullptr);
  // What is the host's is not said again.
  const Expected<SharedHost> host = SharedHost::Create(Lending(&lent));
  ASSERT_TRUE(host);
  tempera_options options = TEMPERA_OPTIONS_INIT;
  options.host = host->handle();
  EXPECT_EQ(OpenWith(&options), TEMPERA_OK);
  options.threads = 1;
  EXPECT_EQ(OpenWith(&options), TEMPERA_INVALID_ARGUMENT);
}

TEST(Door, NumbersThatNobodyNamedAreRefused) {
  for (const auto& change : std::vector<void (*)(tempera_options&)>{
           [](tempera_options& o) { o.precision = 9; }, [](tempera_options& o) { o.norm_statistics = -1; },
           [](tempera_options& o) { o.pin_threads = 2; }, [](tempera_options& o) { o.threads = 1025; },
           [](tempera_options& o) { o.working_height = INT32_MIN; }}) {
    tempera_options options = TEMPERA_OPTIONS_INIT;
    change(options);
    EXPECT_EQ(OpenWith(&options), TEMPERA_INVALID_ARGUMENT);
    EXPECT_STRNE(tempera_error_message(), "");
  }
}

class DoorFrame : public ::testing::Test {
 protected:
  void SetUp() override {
    stylizer_.emplace(OpenBytes(Negative()));
    ASSERT_TRUE(*stylizer_);
    image_ = MakeImage(TEMPERA_RGB, pixels_.data(), kWidth, kHeight);
  }
  tempera_stylizer* handle() { return (*stylizer_)->handle(); }
  tempera_status Paint(const tempera_image& in) { return tempera_process(handle(), &in, &image_); }
  tempera_status Paint(const tempera_frame_params& params) {
    return tempera_process_frame(handle(), &image_, &image_, &params);
  }

  static constexpr int kWidth = 20, kHeight = 10;
  std::vector<uint8_t> pixels_ = std::vector<uint8_t>(3 * kWidth * kHeight, 50);
  std::optional<Expected<tempera::Stylizer>> stylizer_;
  tempera_image image_;
};

TEST_F(DoorFrame, ImagesOfOtherCallers) {
  Newer<tempera_image> newer = {image_};
  newer.known.struct_size = sizeof(newer);
  EXPECT_EQ(Paint(newer.known), TEMPERA_OK) << tempera_error_message();
  newer.unknown[0] = 1;
  EXPECT_EQ(Paint(newer.known), TEMPERA_UNSUPPORTED);
  for (const auto& change : std::vector<void (*)(tempera_image&)>{
           [](tempera_image& i) { i.struct_size = 0; }, [](tempera_image& i) { i.struct_size -= 8; },
           [](tempera_image& i) { i.format = -1; }, [](tempera_image& i) { i.matrix = 3; },
           [](tempera_image& i) { i.range = 3; }, [](tempera_image& i) { i.transfer = 16; },
           [](tempera_image& i) { i.primaries = 77; }, [](tempera_image& i) { i.reserved = 1; }}) {
    tempera_image image = image_;
    change(image);
    EXPECT_NE(Paint(image), TEMPERA_OK);
    EXPECT_STRNE(tempera_error_message(), "");
  }
  tempera_image hdr = image_;
  hdr.transfer = 16;
  EXPECT_EQ(Paint(hdr), TEMPERA_UNSUPPORTED);
  EXPECT_NE(std::string(tempera_error_message()).find("PQ"), std::string::npos) << tempera_error_message();
  tempera_image wide = image_;
  wide.primaries = TEMPERA_PRIMARIES_BT2020;
  EXPECT_EQ(Paint(wide), TEMPERA_OK) << tempera_error_message();  // the output leaves its own open
  image_.primaries = TEMPERA_PRIMARIES_BT709;
  EXPECT_EQ(Paint(wide), TEMPERA_INVALID_ARGUMENT);
}

TEST_F(DoorFrame, PlanesAreNamedWhereTheyCannotBeUsed) {
  uint8_t planes[3][2 * kWidth * kHeight + 2] = {};
  tempera_image ten = image_;
  ten.format = TEMPERA_I010;
  for (int p = 0; p < 3; ++p) ten.planes[p] = planes[p] + reinterpret_cast<uintptr_t>(planes[p]) % 2;
  for (ptrdiff_t& stride : ten.stride_bytes) stride = 2 * kWidth;
  ASSERT_EQ(Paint(ten), TEMPERA_OK) << tempera_error_message();
  const auto message = [&](const tempera_image& image) {
    EXPECT_EQ(Paint(image), TEMPERA_INVALID_ARGUMENT);
    return std::string(tempera_error_message());
  };
  tempera_image bad = ten;
  bad.planes[2] = nullptr;
  EXPECT_NE(message(bad).find("plane 2 is NULL"), std::string::npos) << message(bad);
  bad = ten, bad.planes[1] += 1;
  EXPECT_NE(message(bad).find("planes[1] or stride_bytes[1] is odd"), std::string::npos) << message(bad);
  bad = ten, bad.stride_bytes[0] += 1;
  EXPECT_NE(message(bad).find("is odd"), std::string::npos) << message(bad);
  bad = ten, bad.stride_bytes[0] = -2 * kWidth + 2;
  EXPECT_NE(message(bad).find("stride_bytes[0] is -38"), std::string::npos) << message(bad);
  bad = ten, bad.width = 16385;
  EXPECT_NE(message(bad).find("16385x10"), std::string::npos) << message(bad);
}

// A picture stored from the bottom up, as Windows and OpenGL have them.
TEST_F(DoorFrame, RowsMayGoUpwards) {
  for (size_t i = 0; i < pixels_.size(); ++i) pixels_[i] = static_cast<uint8_t>(i / 3);
  std::vector<uint8_t> painted(pixels_.size());
  tempera_image out = image_;
  out.stride_bytes[0] = -3 * kWidth;
  out.planes[0] = painted.data() + 3 * kWidth * (kHeight - 1);
  ASSERT_EQ(tempera_process(handle(), &image_, &out), TEMPERA_OK) << tempera_error_message();
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < 3 * kWidth; ++x) {
      ASSERT_EQ(painted[static_cast<size_t>((kHeight - 1 - y) * 3 * kWidth + x)],
                255 - pixels_[static_cast<size_t>(y * 3 * kWidth + x)]);
    }
  }
}

TEST_F(DoorFrame, MaskAndWhatLiesUnder) {
  const uint8_t mask[4] = {0, 255, 0, 255};  // the right half is painted
  std::vector<uint8_t> below(4 * kWidth * kHeight, 9);
  const tempera_image under = MakeImage(TEMPERA_BGRA, below.data(), kWidth, kHeight);
  tempera_frame_params params = TEMPERA_FRAME_PARAMS_INIT;
  params.under = &under;
  params.mask = mask, params.mask_width = 2, params.mask_height = 2, params.mask_stride_bytes = 2;
  ASSERT_EQ(Paint(params), TEMPERA_OK) << tempera_error_message();
  for (int y = 0; y < kHeight; ++y) {
    const uint8_t* row = &pixels_[static_cast<size_t>(3 * kWidth * y)];
    for (int x = 0; x < 3 * kWidth; ++x) {
      const double weight = std::clamp((x / 3 + 0.5) * 2 / kWidth - 0.5, 0.0, 1.0);
      ASSERT_NEAR(row[x], 9 + weight * (205 - 9), 0.51) << x << "," << y;
    }
  }
  for (const auto& change : std::vector<void (*)(tempera_frame_params&)>{
           [](tempera_frame_params& p) { p.mask_width = 0; },
           [](tempera_frame_params& p) { p.mask_height = 16385; },
           [](tempera_frame_params& p) { p.mask_stride_bytes = 1; },
           [](tempera_frame_params& p) { p.mask_feather = -1; },
           [](tempera_frame_params& p) { p.mask_feather = std::numeric_limits<float>::quiet_NaN(); },
           [](tempera_frame_params& p) { p.mask_feather = 1025; }}) {
    tempera_frame_params bad = params;
    change(bad);
    EXPECT_EQ(Paint(bad), TEMPERA_INVALID_ARGUMENT);
    EXPECT_NE(std::string(tempera_error_message()).find("mask"), std::string::npos)
        << tempera_error_message();
  }
}

TEST_F(DoorFrame, FrameParamsAreChecked) {
  tempera_frame_params params = TEMPERA_FRAME_PARAMS_INIT;
  EXPECT_EQ(Paint(params), TEMPERA_OK) << tempera_error_message();
  params.cut = 2;
  EXPECT_EQ(Paint(params), TEMPERA_INVALID_ARGUMENT);
  params.cut = 1;
  EXPECT_EQ(Paint(params), TEMPERA_OK);
  params.struct_size = 3;
  EXPECT_EQ(Paint(params), TEMPERA_INVALID_ARGUMENT);
  tempera_image under = image_;
  under.height = 9;
  params = TEMPERA_FRAME_PARAMS_INIT;
  params.under = &under;
  EXPECT_EQ(Paint(params), TEMPERA_INVALID_ARGUMENT);
}

TEST_F(DoorFrame, PreparingIsChecked) {
  EXPECT_EQ(tempera_memory_bytes(handle()), 0u);
  EXPECT_EQ(tempera_prepare(handle(), kWidth, kHeight, TEMPERA_RGB), TEMPERA_OK);
  EXPECT_GT(tempera_memory_bytes(handle()), 0u);
  EXPECT_EQ(Paint(image_), TEMPERA_OK);
  for (const uint8_t b : pixels_) ASSERT_EQ(b, 205);
  EXPECT_EQ(tempera_prepare(handle(), kWidth, kHeight, 99), TEMPERA_INVALID_ARGUMENT);
  EXPECT_EQ(tempera_prepare(handle(), 0, kHeight, TEMPERA_RGB), TEMPERA_INVALID_ARGUMENT);
  EXPECT_EQ(tempera_prepare(handle(), 16385, kHeight, TEMPERA_RGB), TEMPERA_INVALID_ARGUMENT);
  EXPECT_EQ(tempera_prepare(nullptr, kWidth, kHeight, TEMPERA_RGB), TEMPERA_INVALID_ARGUMENT);
}

TEST_F(DoorFrame, CancelledUntilItIsNot) {
  std::vector<double> told;
  const auto hear = [](const char* doing, double done, void* user) {
    EXPECT_STRNE(doing, "");
    static_cast<std::vector<double>*>(user)->push_back(done);
  };
  EXPECT_EQ(tempera_set_progress_callback(handle(), hear, &told), TEMPERA_OK);
  EXPECT_EQ(tempera_set_cancelled(handle(), 1), TEMPERA_OK);
  EXPECT_EQ(tempera_prepare(handle(), kWidth, kHeight, TEMPERA_RGB), TEMPERA_CANCELLED);
  EXPECT_EQ(Paint(image_), TEMPERA_CANCELLED);
  EXPECT_EQ(tempera_set_strength(handle(), 0), TEMPERA_OK);
  EXPECT_EQ(Paint(image_), TEMPERA_CANCELLED) << "where the network is not asked";
  EXPECT_EQ(tempera_set_strength(handle(), 1), TEMPERA_OK);
  EXPECT_EQ(tempera_set_cancelled(handle(), 0), TEMPERA_OK);
  told.clear();
  EXPECT_EQ(tempera_prepare(handle(), kWidth, kHeight, TEMPERA_RGB), TEMPERA_OK);
  ASSERT_FALSE(told.empty());
  EXPECT_EQ(told.back(), 1);
  EXPECT_TRUE(std::is_sorted(told.begin(), told.end()));
  told.clear();
  std::fill(pixels_.begin(), pixels_.end(), uint8_t{50});
  EXPECT_EQ(Paint(image_), TEMPERA_OK);
  for (const uint8_t b : pixels_) ASSERT_EQ(b, 205);
  EXPECT_TRUE(told.empty());  // nothing was left to prepare
  EXPECT_EQ(tempera_set_cancelled(nullptr, 1), TEMPERA_INVALID_ARGUMENT);
}

TEST_F(DoorFrame, ParametersByIndexAndName) {
  ASSERT_EQ(tempera_parameter_count(handle()), 5);
  EXPECT_EQ(tempera_parameter_count(nullptr), 0);
  const int strength = tempera_find_parameter(handle(), "strength");
  ASSERT_GE(strength, 0);
  EXPECT_EQ(tempera_find_parameter(handle(), "stroke"), -1);
  tempera_parameter_info info = TEMPERA_PARAMETER_INFO_INIT;
  ASSERT_EQ(tempera_get_parameter_info(handle(), strength, &info), TEMPERA_OK);
  EXPECT_STREQ(info.name, "strength");
  EXPECT_STRNE(info.line, "");
  EXPECT_EQ(info.kind, TEMPERA_PARAMETER_NUMBER);
  EXPECT_EQ(info.count, 1);
  EXPECT_EQ(info.minimum, 0);
  EXPECT_EQ(info.maximum, 1);
  EXPECT_EQ(info.defaults[0], 1);
  EXPECT_EQ(info.element_names, nullptr);

  const float half = 0.5f;
  float value = 0;
  ASSERT_EQ(tempera_set_parameter(handle(), strength, &half, 1), TEMPERA_OK);
  ASSERT_EQ(tempera_get_named_parameter(handle(), "strength", &value, 1), TEMPERA_OK);
  EXPECT_EQ(value, half);
  ASSERT_EQ(Paint(image_), TEMPERA_OK);
  for (const uint8_t b : pixels_) ASSERT_NEAR(b, (50 + 205) / 2.0, 1);

  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const float bad : {-0.1f, 1.1f, nan, std::numeric_limits<float>::infinity()}) {
    EXPECT_EQ(tempera_set_parameter(handle(), strength, &bad, 1), TEMPERA_INVALID_ARGUMENT) << bad;
  }
  EXPECT_EQ(tempera_set_parameter(handle(), 5, &half, 1), TEMPERA_INVALID_ARGUMENT);
  EXPECT_EQ(tempera_set_parameter(handle(), -1, &half, 1), TEMPERA_INVALID_ARGUMENT);
  EXPECT_EQ(tempera_set_parameter(handle(), strength, &half, 2), TEMPERA_INVALID_ARGUMENT);
  EXPECT_EQ(tempera_set_parameter(handle(), strength, nullptr, 1), TEMPERA_INVALID_ARGUMENT);
  EXPECT_EQ(tempera_set_named_parameter(handle(), "stroke", &half, 1), TEMPERA_NOT_FOUND);
  EXPECT_NE(std::string(tempera_error_message()).find("keep_colors"), std::string::npos);
  // A switch is one thing or the other.
  ASSERT_EQ(tempera_set_named_parameter(handle(), "keep_colors", &half, 1), TEMPERA_OK);
  ASSERT_EQ(tempera_get_named_parameter(handle(), "keep_colors", &value, 1), TEMPERA_OK);
  EXPECT_EQ(value, 1);
}

TEST_F(DoorFrame, InfoFillsWhatItsCallerKnows) {
  Newer<tempera_parameter_info> newer = {TEMPERA_PARAMETER_INFO_INIT, {7, 7, 7, 7}};
  newer.known.struct_size = sizeof(newer);
  ASSERT_EQ(tempera_get_parameter_info(handle(), 0, &newer.known), TEMPERA_OK);
  EXPECT_EQ(newer.unknown[0], 0);
  EXPECT_EQ(newer.unknown[3], 0);
  tempera_parameter_info older = TEMPERA_PARAMETER_INFO_INIT;
  older.struct_size = offsetof(tempera_parameter_info, kind);
  older.kind = 77;
  ASSERT_EQ(tempera_get_parameter_info(handle(), 1, &older), TEMPERA_OK);
  EXPECT_STREQ(older.name, "keep_colors");
  EXPECT_EQ(older.kind, 77);
}

// Every frame is painted with one moment's values, whoever sets them meanwhile.
TEST_F(DoorFrame, ParametersAreSetWhileFramesArePainted) {
  std::atomic<bool> done = false;
  std::thread turner([&] {
    for (int i = 0; !done; ++i) {
      const float strength = i % 2 == 0 ? 0.0f : 1.0f;
      EXPECT_EQ(tempera_set_named_parameter(handle(), "strength", &strength, 1), TEMPERA_OK);
    }
  });
  for (int i = 0; i < 200; ++i) {
    std::fill(pixels_.begin(), pixels_.end(), uint8_t{50});
    EXPECT_EQ(Paint(image_), TEMPERA_OK);
    for (const uint8_t b : pixels_) {
      ASSERT_EQ(b, pixels_[0]);
      ASSERT_TRUE(b == 50 || b == 205) << int{b};
    }
  }
  done = true;
  turner.join();
}

}  // namespace
}  // namespace tempera::stylize
