// A mask network of many classes in the OBS filter: what its list offers, and that each of those paints its
// own part.
//   tempera_obs_classes TINY_MODEL MASKS
// MASKS: the folder of tempera_plugin_mask_models. Needs no OBS that runs.
#include <obs-module.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "plugins/common/composition.h"
#include "plugins/obs/properties.h"
#include "plugins/obs/settings.h"

// Of the module, which is not linked: what it says in a user's language.
const char* obs_module_text(const char* key) { return key; }
bool obs_module_get_string(const char*, const char**) { return false; }

namespace {

using namespace tempera::plugins;
using obs::Data;
using Names = std::vector<std::string>;

int failures = 0, checks = 0;

void Expect(bool holds, const std::string& what) {
  ++checks;
  if (holds) return;
  ++failures;
  std::printf("FAILED: %s\n", what.c_str());
}

std::string Joined(const Names& names) {
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
  return all;
}

const Names kStreet = {"sky",  "building", "pole", "road",       "pavement", "tree",
                       "sign", "fence",    "car",  "pedestrian", "bicyclist"};

struct PropertiesDelete {
  void operator()(obs_properties_t* properties) const { obs_properties_destroy(properties); }
};
using Properties = std::unique_ptr<obs_properties_t, PropertiesDelete>;

Data Settings(const std::string& style, const std::string& mask) {
  Data settings(obs_data_create());
  obs::SetDefaults(settings.get());
  obs_data_set_string(settings.get(), "style", obs::kOwnFile);
  obs_data_set_string(settings.get(), "file", style.c_str());
  obs_data_set_string(settings.get(), "mask", obs::kOwnFile);
  obs_data_set_string(settings.get(), "mask.file", mask.c_str());
  return settings;
}

// What a user finds in the list of classes; label and value are one.
Names Listed(const Properties& properties) {
  obs_property_t* list = obs_properties_get(properties.get(), "mask.class");
  Names names;
  for (size_t i = 0; i < obs_property_list_item_count(list); ++i) {
    names.emplace_back(obs_property_list_item_string(list, i));
    Expect(names.back() == obs_property_list_item_name(list, i), names.back() + " is called otherwise");
  }
  return names;
}

void TryList(const std::string& style, const std::string& masks) {
  const Data settings = Settings(style, masks + "/street.onnx");
  const Properties properties(obs::MakeProperties(settings.get(), nullptr));
  const auto visible = [&](const char* name) {
    return obs_property_visible(obs_properties_get(properties.get(), name));
  };
  const auto chosen = [&](const char* name, const std::string& value) {
    obs_data_set_string(settings.get(), name, value.c_str());
    obs_property_modified(obs_properties_get(properties.get(), name), settings.get());
  };
  Expect(visible("mask.class") && visible("mask.file"), "a file's classes are shown");
  Expect(Listed(properties) == kStreet, "a street's list has " + Joined(Listed(properties)));
  // Another file's take their place. The background is the check mark's, what has no name has a number, what
  // is there twice is listed once.
  chosen("mask.file", masks + "/room.onnx");
  Expect(Listed(properties) == Names({"dining table", "2"}),
         "a room's list has " + Joined(Listed(properties)));
  chosen("mask.file", masks + "/none.onnx");
  Expect(Listed(properties).empty(), "a file that is missing has " + Joined(Listed(properties)));
  chosen("mask", obs::kPerson);
  Expect(!visible("mask.class") && Listed(properties).empty(), "of the person no class is asked");
  chosen("mask.file", masks + "/street.onnx");
  chosen("mask", obs::kOwnFile);
  Expect(visible("mask.class") && Listed(properties) == kStreet,
         "back at the file its classes are listed again");
}

// Upright bars of as many greys as the street has classes, each the grey of its class.
constexpr int kBar = 32, kHeight = 96;
std::vector<uint8_t> Bars() {
  const int width = kBar * static_cast<int>(kStreet.size());
  std::vector<uint8_t> pixels;
  for (int i = 0; i < width * kHeight; ++i) {
    const auto grey = static_cast<uint8_t>((i % width / kBar + 0.2) / 12 * 255 + 0.5);
    pixels.insert(pixels.end(), {grey, grey, grey, 255});
  }
  return pixels;
}

// Which bars are painted, by the words of the settings: one letter for each.
std::string PaintedBars(obs_data_t* settings) {
  const auto choice = FindMask(obs::MaskWordsOf(settings));
  if (!choice) return choice.error().message;
  Files files;
  files.style = obs_data_get_string(settings, "file");
  files.mask = choice->path;
  auto opened = Composition::Open(files);
  if (!opened) return opened.error().message;
  if (tempera::Error error = opened->SetMask(*choice)) return error.message;
  if (tempera::Error error = opened->SetMaskNumbers({})) return error.message;
  std::vector<uint8_t> in = Bars(), out(in.size());
  tempera_image from = TEMPERA_IMAGE_INIT;
  from.format = TEMPERA_RGBA;
  from.width = kBar * static_cast<int>(kStreet.size());
  from.height = kHeight;
  from.planes[0] = in.data();
  from.stride_bytes[0] = ptrdiff_t{4} * from.width;
  tempera_image to = from;
  to.planes[0] = out.data();
  if (tempera::Error error = opened->Process(from, to, TEMPERA_FRAME_PARAMS_INIT)) return error.message;
  std::string bars;
  for (size_t bar = 0; bar < kStreet.size(); ++bar) {
    const size_t middle = 4 * ((kHeight / 2) * static_cast<size_t>(from.width) + bar * kBar + kBar / 2);
    const int change = std::abs(in[middle] - out[middle]);
    bars += change == 0 ? '.' : change > 4 ? 'X' : '?';
  }
  return bars;
}

void TryPainting(const std::string& style, const std::string& masks) {
  const Data settings = Settings(style, masks + "/street.onnx");
  for (size_t i = 0; i < kStreet.size(); ++i) {
    obs_data_set_string(settings.get(), "mask.class", kStreet[i].c_str());
    for (const bool background : {false, true}) {
      obs_data_set_bool(settings.get(), "mask.background", background);
      std::string wanted(kStreet.size(), background ? 'X' : '.');
      wanted[i] = background ? '.' : 'X';
      const std::string got = PaintedBars(settings.get());
      Expect(got == wanted, (background ? "all but " : "") + kStreet[i] + " paints " + got);
    }
  }
  obs_data_set_bool(settings.get(), "mask.background", false);
  obs_data_set_string(settings.get(), "mask.class", "dog");
  const std::string refused = PaintedBars(settings.get());
  Expect(refused.find("dog") != std::string::npos && refused.find("bicyclist") != std::string::npos,
         "a class that is missing: " + refused);
  // What the list of another file offers, each, can be chosen.
  obs_data_set_string(settings.get(), "mask.file", (masks + "/room.onnx").c_str());
  for (const std::string& name : OfferedClasses(masks + "/room.onnx")) {
    obs_data_set_string(settings.get(), "mask.class", name.c_str());
    const std::string got = PaintedBars(settings.get());
    Expect(got.size() == kStreet.size() && got.find('X') != std::string::npos, name + " paints " + got);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  TryList(argv[1], argv[2]);
  TryPainting(argv[1], argv[2]);
  std::printf("%d checks, %d failed\n", checks, failures);
  return failures == 0 ? 0 : 1;
}
