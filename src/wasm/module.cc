// What a page calls: the door of include/tempera/tempera.h, with structs spelled out as numbers, so that a
// page need not know how C lays them out. Pointers are offsets in the module's memory. All but
// tempera_web_worker and tempera_web_set from one thread. Texts live until the next call. Functions that
// return a status return tempera_status; the words are tempera_web_error's.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "src/base/cpu.h"
#include "src/base/platform/wasm_threads.h"
#include "src/base/text/number_text.h"
#include "src/kernels/dot/dot_kernel.h"
#include "src/wasm/module.h"
#include "tempera/tempera.h"

#define IMPORT(name) extern "C" __attribute__((import_module("tempera"), import_name(#name)))

IMPORT(log) void PageLog(int32_t level, const char* message);
IMPORT(progress) void PageProgress(const char* doing, double done);
// A finding about the model's precisions that the page may keep, and give back with tempera_web_give.
IMPORT(found) void PageFound(const char* key, const void* bytes, size_t size);

namespace {

std::map<std::string, std::vector<uint8_t>>& Findings() {
  static auto* const findings = new std::map<std::string, std::vector<uint8_t>>();
  return *findings;
}

size_t LoadFinding(const char* key, void* bytes, size_t size, void*) {
  const auto found = Findings().find(key);
  if (found == Findings().end()) return 0;
  std::memcpy(bytes, found->second.data(), std::min(size, found->second.size()));
  return found->second.size();
}

void StoreFinding(const char* key, const void* bytes, size_t size, void*) { PageFound(key, bytes, size); }

}  // namespace

namespace tempera::web {

tempera_host* OneHost() {
  static tempera_host* host = nullptr;
  if (host != nullptr) return host;
  tempera_host_options options = TEMPERA_HOST_OPTIONS_INIT;
  options.cache_load = LoadFinding;
  options.cache_store = StoreFinding;
  options.log = [](int level, const char* message, void*) { PageLog(level, message); };
  return tempera_create_host(&options, &host) == TEMPERA_OK ? host : nullptr;
}

tempera_image ImageOf(const Picture& p) {
  tempera_image image = TEMPERA_IMAGE_INIT;
  image.format = p.format;
  image.width = p.width;
  image.height = p.height;
  image.matrix = p.matrix;
  image.range = p.range;
  image.transfer = p.transfer;
  image.primaries = p.primaries;
  for (int i = 0; i < 3; ++i) {
    image.planes[i] = reinterpret_cast<uint8_t*>(p.planes[i]);
    image.stride_bytes[i] = p.strides[i];
  }
  return image;
}

std::string Quoted(const char* text) {
  std::string out = "\"";
  for (const char* c = text; *c != '\0'; ++c) {
    if (*c == '"' || *c == '\\') out += '\\';
    if (static_cast<unsigned char>(*c) < 32) {
      out += ' ';
    } else {
      out += *c;
    }
  }
  return out + '"';
}

}  // namespace tempera::web

using tempera::web::ImageOf;
using tempera::web::OneHost;
using tempera::web::Picture;
using tempera::web::Quoted;

namespace {

std::string ParameterText(const tempera_parameter_info& info) {
  static const char* const kinds[] = {"number", "integer", "switch", "weights"};
  std::string out = "{\"name\":" + Quoted(info.name) + ",\"line\":" + Quoted(info.line) +
                    ",\"unit\":" + Quoted(info.unit) + ",\"kind\":\"" + kinds[info.kind] +
                    "\",\"minimum\":" + tempera::NumberToText(info.minimum) +
                    ",\"maximum\":" + tempera::NumberToText(info.maximum) + ",\"default\":[";
  for (int32_t i = 0; i < info.count; ++i) {
    out += (i > 0 ? "," : "") + tempera::NumberToText(info.defaults[i]);
  }
  out += "],\"elements\":[";
  for (int32_t i = 0; i < info.count && info.element_names != nullptr; ++i) {
    out += (i > 0 ? "," : "") + Quoted(info.element_names[i]);
  }
  return out + "]}";
}

std::string g_text;
int32_t g_status = TEMPERA_OK;

}  // namespace

// Aligned for anything. NULL: no memory is left.
EXPORT(tempera_web_allocate) void* WebAllocate(size_t bytes) {
  void* memory = nullptr;
  return posix_memalign(&memory, 64, bytes) == 0 ? memory : nullptr;
}
EXPORT(tempera_web_free) void WebFree(void* memory) { std::free(memory); }

EXPORT(tempera_web_worker) void WebWorker(int32_t thread) { tempera::wasm::Work(thread); }

EXPORT(tempera_web_workers) int32_t WebWorkers() { return tempera::wasm::Workers(); }

EXPORT(tempera_web_error) const char* WebError() { return tempera_error_message(); }

EXPORT(tempera_web_give) void WebGive(const char* key, const uint8_t* bytes, size_t size) {
  Findings()[key].assign(bytes, bytes + size);
}

// NULL: refused; tempera_web_status says how. All workers paint: the page has started as many as it wants.
EXPORT(tempera_web_open)
tempera_stylizer* WebOpen(const void* bytes, size_t size, int32_t precision, int32_t statistics,
                          int32_t width, int32_t height) {
  tempera_options options = TEMPERA_OPTIONS_INIT;
  options.precision = precision;
  options.norm_statistics = statistics;
  options.working_width = width;
  options.working_height = height;
  options.host = OneHost();
  tempera_stylizer* stylizer = nullptr;
  g_status = tempera_open_memory(bytes, size, &options, &stylizer);
  if (g_status != TEMPERA_OK) return nullptr;
  tempera_set_progress_callback(
      stylizer, [](const char* doing, double done, void*) { PageProgress(doing, done); }, nullptr);
  return stylizer;
}

// The tempera_status of the last tempera_web_open.
EXPORT(tempera_web_status) int32_t WebStatus() { return g_status; }

EXPORT(tempera_web_close) void WebClose(tempera_stylizer* stylizer) { tempera_close(stylizer); }

EXPORT(tempera_web_prepare)
int32_t WebPrepare(tempera_stylizer* stylizer, int32_t width, int32_t height, int32_t format) {
  return tempera_prepare(stylizer, width, height, format);
}

// time_us: as tempera_frame_params.timestamp_us.
EXPORT(tempera_web_paint)
int32_t WebPaint(tempera_stylizer* stylizer, const Picture* in, const Picture* out, double time_us,
                 int32_t cut) {
  const tempera_image from = ImageOf(*in), to = ImageOf(*out);
  tempera_frame_params params = TEMPERA_FRAME_PARAMS_INIT;
  params.timestamp_us = static_cast<int64_t>(time_us);
  params.cut = cut;
  return tempera_process_frame(stylizer, &from, &to, &params);
}

EXPORT(tempera_web_reset) int32_t WebReset(tempera_stylizer* stylizer) { return tempera_reset(stylizer); }

// A list in JSON.
EXPORT(tempera_web_parameters) const char* WebParameters(const tempera_stylizer* stylizer) {
  g_text = "[";
  for (int32_t i = 0; i < tempera_parameter_count(stylizer); ++i) {
    tempera_parameter_info info = TEMPERA_PARAMETER_INFO_INIT;
    if (tempera_get_parameter_info(stylizer, i, &info) != TEMPERA_OK) continue;
    g_text += (i > 0 ? "," : "") + ParameterText(info);
  }
  g_text += "]";
  return g_text.c_str();
}

EXPORT(tempera_web_set)
int32_t WebSet(tempera_stylizer* stylizer, int32_t index, const float* values, int32_t count) {
  return tempera_set_parameter(stylizer, index, values, count);
}

// NULL: none of that name.
EXPORT(tempera_web_metadata) const char* WebMetadata(const tempera_stylizer* stylizer, const char* key) {
  return tempera_metadata(stylizer, key);
}

EXPORT(tempera_web_notice) const char* WebNotice(const tempera_stylizer* stylizer, int32_t index) {
  return tempera_notice(stylizer, index);
}

EXPORT(tempera_web_memory) size_t WebMemory(const tempera_stylizer* stylizer) {
  return tempera_memory_bytes(stylizer);
}

EXPORT(tempera_web_version) const char* WebVersion() { return tempera_version(); }

// The 8-bit kernel that is in use.
EXPORT(tempera_web_kernel) const char* WebKernel() {
  const auto kernels = tempera::kernels::DotKernelsFor(tempera::AvailableCpuTargets().front().highway_bit);
  return kernels.empty() ? "" : kernels.front()->name;
}
