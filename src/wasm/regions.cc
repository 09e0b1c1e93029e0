// What a page calls to paint by regions: tempera_mask_* and tempera_regions_* of tempera.h, as module.cc does
// the rest. In tempera-whole.wasm only, so that what a page loads first weighs nothing more for it.
#include <cstdint>
#include <string>
#include <vector>

#include "src/wasm/module.h"
#include "tempera/tempera.h"

using tempera::web::ImageOf;
using tempera::web::Picture;

namespace {

// A region as the page says it.
struct Region {
  const char* name;
  tempera_stylizer* stylizer;
  float blur, feather;
};

std::string g_names;

}  // namespace

EXPORT(tempera_web_mask_open)
int32_t WebMaskOpen(const void* bytes, size_t size, int32_t precision, int32_t width, int32_t height,
                    tempera_masker** out) {
  tempera_options options = TEMPERA_OPTIONS_INIT;
  options.precision = precision;
  options.working_width = width;
  options.working_height = height;
  options.host = tempera::web::OneHost();
  return tempera_mask_open_memory(bytes, size, &options, out);
}

EXPORT(tempera_web_mask_close) void WebMaskClose(tempera_masker* masker) { tempera_mask_close(masker); }

// A list in JSON.
EXPORT(tempera_web_mask_classes) const char* WebMaskClasses(const tempera_masker* masker) {
  g_names = "[";
  const char* name = nullptr;
  for (int32_t i = 0; (name = tempera_mask_class_name(masker, i)) != nullptr; ++i) {
    g_names += (i > 0 ? "," : "") + tempera::web::Quoted(name);
  }
  g_names += "]";
  return g_names.c_str();
}

EXPORT(tempera_web_mask_set)
int32_t WebMaskSet(tempera_masker* masker, float threshold, float hold, int32_t plain_edges,
                   int32_t interval) {
  tempera_mask_params params = TEMPERA_MASK_PARAMS_INIT;
  params.threshold = threshold;
  params.hold = hold;
  params.plain_edges = plain_edges;
  params.interval = interval;
  return tempera_mask_set_params(masker, &params);
}

EXPORT(tempera_web_mask_prepare)
int32_t WebMaskPrepare(tempera_masker* masker, int32_t width, int32_t height) {
  return tempera_mask_prepare(masker, width, height);
}

// The network's mask by itself, at any size, a byte a pixel, rows without gaps.
EXPORT(tempera_web_mask_process)
int32_t WebMaskProcess(tempera_masker* masker, const Picture* in, uint8_t* mask, int32_t width,
                       int32_t height) {
  const tempera_image from = ImageOf(*in);
  return tempera_mask_process(masker, &from, mask, width, width, height);
}

EXPORT(tempera_web_regions_open)
int32_t WebRegionsOpen(tempera_masker* masker, tempera_regions** out) {
  return tempera_regions_open(masker, tempera::web::OneHost(), out);
}

EXPORT(tempera_web_regions_close) void WebRegionsClose(tempera_regions* regions) {
  tempera_regions_close(regions);
}

EXPORT(tempera_web_regions_set)
int32_t WebRegionsSet(tempera_regions* regions, const Region* list, int32_t count) {
  std::vector<tempera_region> all;
  for (int32_t i = 0; i < count; ++i) {
    tempera_region region = TEMPERA_REGION_INIT;
    region.name = list[i].name;
    region.stylizer = list[i].stylizer;
    region.blur = list[i].blur;
    region.feather = list[i].feather;
    all.push_back(region);
  }
  return tempera_regions_set(regions, all.data(), count);
}

EXPORT(tempera_web_regions_prepare)
int32_t WebRegionsPrepare(tempera_regions* regions, int32_t width, int32_t height, int32_t format) {
  return tempera_regions_prepare(regions, width, height, format);
}

// time_us, cut: as for tempera_web_paint.
EXPORT(tempera_web_regions_paint)
int32_t WebRegionsPaint(tempera_regions* regions, const Picture* in, const Picture* out, double time_us,
                        int32_t cut) {
  const tempera_image from = ImageOf(*in), to = ImageOf(*out);
  tempera_frame_params params = TEMPERA_FRAME_PARAMS_INIT;
  params.timestamp_us = static_cast<int64_t>(time_us);
  params.cut = cut;
  return tempera_regions_process(regions, &from, &to, &params);
}

EXPORT(tempera_web_regions_reset) int32_t WebRegionsReset(tempera_regions* regions) {
  return tempera_regions_reset(regions);
}

// One of the styles that a file holds, alone.
EXPORT(tempera_web_set_style) int32_t WebSetStyle(tempera_stylizer* stylizer, const char* name) {
  return tempera_set_style(stylizer, name);
}
