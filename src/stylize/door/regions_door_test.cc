// Painting by regions through tempera.h and tempera.hpp: what is refused, in which words, and cancelling.
#include <gtest/gtest.h>

#include <limits>
#include <span>
#include <string>
#include <vector>

#include "src/stylize/test_model.h"
#include "tempera/tempera.hpp"

namespace tempera::stylize {
namespace {

constexpr int kSide = 32;

std::span<const std::byte> AsBytes(const std::string& text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

std::string MaskNet() {
  TestModel m;
  m.Constant("w", {3, 3, 1, 1}, {1.0f / 255, 0, 0, 0, 1.0f / 255, 0, 0, 0, 1.0f / 255});
  m.Node("Conv", {"input", "w"}, "output").Metadata("tempera.mask.values", "0..1");
  m.Metadata("tempera.mask.classes", "red, Green Field, blue").Metadata("tempera.mask.class", "blue");
  return m.Bytes();
}

struct Opened {
  Expected<tempera::Masker> masker = tempera::Masker::Open(AsBytes(MaskNet()));
  Expected<tempera::Stylizer> style = tempera::Stylizer::Open(AsBytes(AffineModel(0, 200).Bytes()));
  std::vector<uint8_t> in = std::vector<uint8_t>(3 * kSide * kSide), out = in;
  tempera_image source = MakeImage(TEMPERA_RGB, in.data(), kSide, kSide);
  tempera_image painting = MakeImage(TEMPERA_RGB, out.data(), kSide, kSide);
  Opened() {
    // Blue, the left half of it; else red.
    for (size_t i = 0; i < in.size() / 3; ++i) in[3 * i + (i % kSide < kSide / 2 ? 2 : 0)] = 255;
  }
};

TEST(RegionsDoor, ClassesByNameAndNumber) {
  Opened o;
  ASSERT_TRUE(o.masker && o.style);
  EXPECT_EQ(o.masker->Classes(), (std::vector<std::string>{"red", "Green Field", "blue"}));
  EXPECT_EQ(*o.masker->FindClass("green-field"), 1);
  EXPECT_EQ(*o.masker->FindClass("0"), 0);
  EXPECT_EQ(*o.masker->FindClass(""), 2);
  const auto none = o.masker->FindClass("3");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, TEMPERA_NOT_FOUND);
  EXPECT_NE(none.error().message.find("red, Green Field, blue"), std::string::npos) << none.error().message;
  EXPECT_EQ(tempera_mask_class_name(o.masker->handle(), 3), nullptr);
  EXPECT_EQ(tempera_mask_class_name(o.masker->handle(), -1), nullptr);
  EXPECT_EQ(tempera_mask_class_name(nullptr, 0), nullptr);
}

TEST(RegionsDoor, MaskParametersAreChecked) {
  Opened o;
  ASSERT_TRUE(o.masker);
  const auto refused = [&](auto&& change) {
    tempera_mask_params params = TEMPERA_MASK_PARAMS_INIT;
    change(params);
    const Error error = o.masker->SetParams(params);
    return error.code == TEMPERA_INVALID_ARGUMENT;
  };
  EXPECT_FALSE(refused([](auto&) {}));
  EXPECT_FALSE(refused([](auto& p) { p.threshold = 0.9f, p.hold = 1, p.interval = 16, p.plain_edges = 1; }));
  EXPECT_TRUE(refused([](auto& p) { p.threshold = 1; }));
  EXPECT_TRUE(refused([](auto& p) { p.threshold = -0.1f; }));
  EXPECT_TRUE(refused([](auto& p) { p.threshold = std::numeric_limits<float>::quiet_NaN(); }));
  EXPECT_TRUE(refused([](auto& p) { p.hold = 1.1f; }));
  EXPECT_TRUE(refused([](auto& p) { p.interval = 17; }));
  EXPECT_TRUE(refused([](auto& p) { p.interval = -1; }));
  EXPECT_TRUE(refused([](auto& p) { p.plain_edges = 2; }));
  EXPECT_TRUE(refused([](auto& p) { p.struct_size = 0; }));
  EXPECT_EQ(tempera_mask_set_params(o.masker->handle(), nullptr), TEMPERA_OK);
}

TEST(RegionsDoor, ListsAreChecked) {
  Opened o;
  auto regions = tempera::Regions::Open(&*o.masker);
  ASSERT_TRUE(regions);
  const auto why = [&](std::vector<tempera::Region> list) { return regions->Set(list).message; };
  EXPECT_NE(why({}).find("1 to 16"), std::string::npos);
  EXPECT_NE(why(std::vector<tempera::Region>(17)).find("1 to 16"), std::string::npos);
  EXPECT_NE(why({{.name = "red"}, {.name = "yellow"}}).find("region 1: "), std::string::npos);
  EXPECT_NE(why({{.stylizer = &*o.style, .blur = 1}}).find("blur"), std::string::npos);
  EXPECT_NE(why({{.blur = 257}}).find("0..256"), std::string::npos);
  EXPECT_NE(why({{.feather = -1}}).find("0..1024"), std::string::npos);
  // Without any list, or after none but refused ones.
  const Error none = regions->Process(o.source, o.painting);
  EXPECT_NE(none.message.find("set them first"), std::string::npos) << none.message;
  EXPECT_EQ(why({{.name = "red", .stylizer = &*o.style}}), "");
  // A list of structs that know less lies closer together.
  struct Old {
    size_t struct_size;
    const char* name;
    tempera_stylizer* stylizer;
  };
  const Old old[] = {{sizeof(Old), "red", nullptr}, {sizeof(Old), "background", o.style->handle()}};
  EXPECT_EQ(tempera_regions_set(regions->handle(), reinterpret_cast<const tempera_region*>(old), 2),
            TEMPERA_OK);
  ASSERT_FALSE(regions->Process(o.source, o.painting));
  EXPECT_EQ(o.out[0], 200);
  EXPECT_EQ(o.out[3 * (kSide - 1)], 255);
  auto given = tempera::Regions::Open(nullptr);
  ASSERT_TRUE(given);
  const std::vector<tempera::Region> person = {{.name = "person"}};
  EXPECT_EQ(given->Set(person).code, TEMPERA_NOT_FOUND);
  const std::vector<tempera::Region> lines = {{.name = "a\nb"}};
  EXPECT_EQ(given->Set(lines).message.find('\n'), std::string::npos);
  // In any case of letters, as classes.
  const std::vector<tempera::Region> loud = {{.name = "Background"}, {.name = "MASK"}};
  EXPECT_FALSE(given->Set(loud));
}

// What the background is of is found when the list is set, not with each frame.
TEST(RegionsDoor, ABackgroundOfNothingIsRefused) {
  TestModel m;
  m.Constant("w", {3, 3, 1, 1}, std::vector<float>(9, 0)).Node("Conv", {"input", "w"}, "output");
  m.Metadata("tempera.mask.classes", "red, green, blue");
  auto masker = tempera::Masker::Open(AsBytes(m.Bytes()));
  ASSERT_TRUE(masker);
  EXPECT_EQ(masker->FindClass("").error().code, TEMPERA_NOT_FOUND);
  auto regions = tempera::Regions::Open(&*masker);
  ASSERT_TRUE(regions);
  const std::vector<tempera::Region> list = {{.name = "Background", .blur = 3}};
  const Error why = regions->Set(list);
  EXPECT_EQ(why.code, TEMPERA_NOT_FOUND);
  EXPECT_NE(why.message.find("region 0: "), std::string::npos) << why.message;
  EXPECT_NE(why.message.find("red, green, blue"), std::string::npos) << why.message;
  const std::vector<tempera::Region> two = {{.name = "Background", .blur = 3}, {.name = "red"}};
  EXPECT_FALSE(regions->Set(two));
}

// A style that leaves a list that is cancelled, and what outlives it, can be used.
TEST(RegionsDoor, CancellingEndsWithTheList) {
  Opened o;
  auto other = tempera::Stylizer::Open(AsBytes(AffineModel(0, 100).Bytes()));
  auto regions = tempera::Regions::Open(&*o.masker);
  ASSERT_TRUE(regions && other);
  const std::vector<tempera::Region> first = {{.stylizer = &*o.style}}, second = {{.stylizer = &*other}};
  ASSERT_FALSE(regions->Set(first));
  ASSERT_FALSE(regions->SetCancelled(true));
  ASSERT_FALSE(regions->Set(first));
  EXPECT_EQ(o.style->Process(o.source, o.painting).code, TEMPERA_CANCELLED);
  ASSERT_FALSE(regions->Set(second));
  EXPECT_FALSE(o.style->Process(o.source, o.painting));
  EXPECT_EQ(other->Process(o.source, o.painting).code, TEMPERA_CANCELLED);
  std::vector<uint8_t> mask(kSide * kSide);
  EXPECT_TRUE(o.masker->Process(o.source, mask, kSide, kSide));
  {
    const auto closed = std::move(*regions);
  }
  EXPECT_FALSE(other->Process(o.source, o.painting));
  EXPECT_FALSE(o.masker->Process(o.source, mask, kSide, kSide));
}

TEST(RegionsDoor, PaintsShowsItsMaskAndIsCancelled) {
  Opened o;
  auto regions = tempera::Regions::Open(&*o.masker);
  ASSERT_TRUE(regions);
  const std::vector<tempera::Region> list = {{.stylizer = &*o.style}};
  ASSERT_FALSE(regions->Set(list));
  std::vector<uint8_t> mask(kSide * kSide);
  EXPECT_TRUE(regions->Mask(0, mask, kSide, kSide));  // there was no frame
  ASSERT_FALSE(regions->Prepare(kSide, kSide, TEMPERA_RGB));
  ASSERT_FALSE(regions->Process(o.source, o.painting));
  ASSERT_FALSE(regions->Mask(0, mask, kSide, kSide));
  EXPECT_EQ(mask[0], 255);
  EXPECT_EQ(mask[kSide - 1], 0);
  EXPECT_EQ(o.out[0], 200);
  EXPECT_EQ(o.out[3 * (kSide - 1)], 255);
  EXPECT_TRUE(regions->Mask(1, mask, kSide, kSide));
  EXPECT_TRUE(regions->Mask(0, mask, kSide, kSide - 1));
  // A mask that comes along goes before the network's.
  const uint8_t nothing = 0;
  tempera_frame_params params = TEMPERA_FRAME_PARAMS_INIT;
  params.mask = &nothing, params.mask_stride_bytes = 1, params.mask_width = params.mask_height = 1;
  ASSERT_FALSE(regions->Process(o.source, o.painting, params));
  EXPECT_EQ(o.out, o.in);
  params.under = &o.source;
  EXPECT_EQ(regions->Process(o.source, o.painting, params).code, TEMPERA_INVALID_ARGUMENT);
  // Cancelled: all that it runs, and a style that comes later.
  ASSERT_FALSE(regions->SetCancelled(true));
  EXPECT_EQ(regions->Process(o.source, o.painting).code, TEMPERA_CANCELLED);
  EXPECT_EQ(o.style->Process(o.source, o.painting).code, TEMPERA_CANCELLED);
  EXPECT_EQ(regions->Prepare(kSide, kSide, TEMPERA_RGB).code, TEMPERA_CANCELLED);
  ASSERT_FALSE(regions->SetCancelled(false));
  EXPECT_FALSE(regions->Process(o.source, o.painting));
  EXPECT_FALSE(regions->Reset());
  EXPECT_EQ(tempera_regions_set_cancelled(regions->handle(), 2), TEMPERA_INVALID_ARGUMENT);
  EXPECT_EQ(tempera_regions_process(nullptr, &o.source, &o.painting, nullptr), TEMPERA_INVALID_ARGUMENT);
  EXPECT_EQ(tempera_regions_open(nullptr, nullptr, nullptr), TEMPERA_INVALID_ARGUMENT);
  tempera_regions_close(nullptr);
}

}  // namespace
}  // namespace tempera::stylize
