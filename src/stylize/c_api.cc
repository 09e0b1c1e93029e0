// The C border: checks what C callers may get wrong, turns Status into code and message, and lets
// no exception out.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <exception>
#include <mutex>
#include <new>
#include <string>

#include "src/base/log.h"
#include "src/stylize/stylizer.h"
#include "tempera/tempera.h"

#ifndef TEMPERA_VERSION
#error "the build must define TEMPERA_VERSION"
#endif

struct tempera_stylizer {
  std::unique_ptr<tempera::stylize::Stylizer> stylizer;
};

namespace {

using tempera::InvalidArgument;
using tempera::OkStatus;
using tempera::Status;
using tempera::StatusCode;

// A fixed buffer: reporting that memory ran out must not need memory.
thread_local char g_message[1024] = "";

tempera_status Report(StatusCode code, const char* message) {
  std::snprintf(g_message, sizeof(g_message), "%s", message);
  switch (code) {
    case StatusCode::kOk:
      return TEMPERA_OK;
    case StatusCode::kInvalidArgument:
      return TEMPERA_INVALID_ARGUMENT;
    case StatusCode::kNotFound:
      return TEMPERA_NOT_FOUND;
    case StatusCode::kCorruptModel:
      return TEMPERA_CORRUPT_MODEL;
    case StatusCode::kUnsupported:
      return TEMPERA_UNSUPPORTED;
    case StatusCode::kOutOfMemory:
      return TEMPERA_OUT_OF_MEMORY;
    case StatusCode::kIo:
      return TEMPERA_IO;
    case StatusCode::kCancelled:
      return TEMPERA_CANCELLED;
    case StatusCode::kInternal:
      break;
  }
  return TEMPERA_INTERNAL;
}

// Runs the body of a function of the API.
template <typename F>
tempera_status Guard(F&& body) noexcept {
  try {
    const Status status = body();
    return Report(status.code(), status.message().c_str());
  } catch (const std::bad_alloc&) {
    return Report(StatusCode::kOutOfMemory, "not enough memory; use a smaller frame or working size");
  } catch (const std::exception& e) {
    return Report(StatusCode::kInternal, e.what());
  } catch (...) {
    return Report(StatusCode::kInternal, "an unknown exception");
  }
}

Status CheckOptions(const tempera_options* given, tempera::stylize::StylizerOptions* out) {
  if (given == nullptr) return OkStatus();
  // Callers built against an older header know fewer fields; the rest stay zero.
  tempera_options options = {};
  if (given->struct_size < sizeof(options.struct_size) + sizeof(options.threads)) {
    return InvalidArgument("tempera_options.struct_size is " + std::to_string(given->struct_size) +
                           "; set it to sizeof(tempera_options)");
  }
  std::memcpy(&options, given, std::min(given->struct_size, sizeof(options)));
  if (options.threads < 0 || options.threads > 1024) {
    return InvalidArgument("threads = " + std::to_string(options.threads) + " is not in 0..1024");
  }
  int precision;  // any number may come from C, which C++ forbids to look at as an enum
  static_assert(sizeof(precision) == sizeof(options.precision));
  std::memcpy(&precision, &options.precision, sizeof(precision));
  switch (precision) {
    case TEMPERA_PRECISION_AUTO:
      out->precision = tempera::engine::Precision::kAuto;
      break;
    case TEMPERA_PRECISION_FP32:
      out->precision = tempera::engine::Precision::kFp32;
      break;
    case TEMPERA_PRECISION_BF16:
      out->precision = tempera::engine::Precision::kBf16;
      break;
    case TEMPERA_PRECISION_INT8:
      out->precision = tempera::engine::Precision::kInt8;
      break;
    default:
      return InvalidArgument("precision " + std::to_string(precision) + " is unknown");
  }
  int statistics;
  static_assert(sizeof(statistics) == sizeof(options.norm_statistics));
  std::memcpy(&statistics, &options.norm_statistics, sizeof(statistics));
  if (statistics != TEMPERA_NORM_EXACT && statistics != TEMPERA_NORM_SMOOTHED &&
      statistics != TEMPERA_NORM_CARRIED) {
    return InvalidArgument("norm_statistics " + std::to_string(statistics) + " is unknown");
  }
  if (statistics == TEMPERA_NORM_SMOOTHED) out->norm_statistics = tempera::engine::NormStatistics::kSmoothed;
  if (statistics == TEMPERA_NORM_CARRIED) out->norm_statistics = tempera::engine::NormStatistics::kCarried;
  for (int32_t extent : {options.working_width, options.working_height}) {
    if (extent < 0 || extent > tempera::stylize::kMaxExtent) {
      return InvalidArgument("working size " + std::to_string(extent) + " is not in 0..16384");
    }
  }
  out->num_threads = options.threads;
  out->working = {options.working_width, options.working_height};
  out->keep_colors = options.keep_colors != 0;
  out->pin_threads = options.pin_threads != 0;
  if (options.cache_folder != nullptr) out->cache_folder = options.cache_folder;
  return OkStatus();
}

// `load` gives a Result<ModelPtr>.
template <typename Load>
tempera_status Open(const char* name, const tempera_options* options, tempera_stylizer** out,
                    Load&& load) noexcept {
  return Guard([&]() -> Status {
    if (out == nullptr) return InvalidArgument("out is NULL");
    *out = nullptr;
    tempera::stylize::StylizerOptions checked;
    TEMPERA_RETURN_IF_ERROR(CheckOptions(options, &checked));
    TEMPERA_ASSIGN_OR_RETURN(tempera::engine::ModelPtr model, load());
    TEMPERA_ASSIGN_OR_RETURN(auto stylizer,
                             tempera::stylize::Stylizer::Create(std::move(model), name, checked));
    *out = new tempera_stylizer{std::move(stylizer)};
    return OkStatus();
  });
}

// The caller's log function, reached through base's callback.
std::mutex g_log_mutex;
tempera_log_callback g_log_callback = nullptr;
void* g_log_user = nullptr;

void ForwardLog(tempera::LogLevel level, const char* message, void*) {
  tempera_log_callback callback;
  void* user;
  {
    const std::lock_guard lock(g_log_mutex);
    callback = g_log_callback;
    user = g_log_user;
  }
  if (callback != nullptr) callback(static_cast<int>(level), message, user);
}

}  // namespace

tempera_status tempera_open_file(const char* path, const tempera_options* options, tempera_stylizer** out) {
  return Open(path, options, out, [path]() -> tempera::Result<tempera::engine::ModelPtr> {
    if (path == nullptr) return InvalidArgument("path is NULL");
    return tempera::engine::LoadModelFile(path);
  });
}

tempera_status tempera_open_memory(const void* bytes, size_t size, const tempera_options* options,
                                   tempera_stylizer** out) {
  return Open("the model", options, out, [=]() -> tempera::Result<tempera::engine::ModelPtr> {
    if (bytes == nullptr) return InvalidArgument("bytes is NULL");
    return tempera::engine::LoadModelMemory({static_cast<const uint8_t*>(bytes), size});
  });
}

void tempera_close(tempera_stylizer* stylizer) { delete stylizer; }

tempera_status tempera_process(tempera_stylizer* stylizer, const tempera_image* in,
                               const tempera_image* out) {
  return Guard([&]() -> Status {
    if (stylizer == nullptr) return InvalidArgument("stylizer is NULL");
    if (in == nullptr || out == nullptr) return InvalidArgument("in or out is NULL");
    return stylizer->stylizer->Process(*in, *out);
  });
}

tempera_status tempera_reset(tempera_stylizer* stylizer) {
  return Guard([&]() -> Status {
    if (stylizer == nullptr) return InvalidArgument("stylizer is NULL");
    stylizer->stylizer->Reset();
    return OkStatus();
  });
}

tempera_status tempera_set_strength(tempera_stylizer* stylizer, float strength) {
  return Guard([&]() -> Status {
    if (stylizer == nullptr) return InvalidArgument("stylizer is NULL");
    if (!(strength >= 0.0f && strength <= 1.0f)) {
      return InvalidArgument("strength " + std::to_string(strength) + " is not in 0..1");
    }
    stylizer->stylizer->set_strength(strength);
    return OkStatus();
  });
}

tempera_status tempera_working_size(tempera_stylizer* stylizer, int32_t frame_width, int32_t frame_height,
                                    int32_t* width, int32_t* height) {
  return Guard([&]() -> Status {
    if (stylizer == nullptr) return InvalidArgument("stylizer is NULL");
    if (width == nullptr || height == nullptr) return InvalidArgument("width or height is NULL");
    TEMPERA_ASSIGN_OR_RETURN(const tempera::stylize::Size size,
                             stylizer->stylizer->WorkingSizeFor({frame_width, frame_height}));
    *width = size.width;
    *height = size.height;
    return OkStatus();
  });
}

size_t tempera_memory_bytes(const tempera_stylizer* stylizer) {
  if (stylizer == nullptr) return 0;
  const tempera::engine::MemoryInfo memory = stylizer->stylizer->memory();
  return memory.activation_bytes + memory.weight_bytes;
}

const char* tempera_metadata(const tempera_stylizer* stylizer, const char* key) {
  if (stylizer == nullptr || key == nullptr) return nullptr;
  const std::string* value = stylizer->stylizer->Metadata(key);
  return value == nullptr ? nullptr : value->c_str();
}

const char* tempera_error_message(void) { return g_message; }

void tempera_set_log_callback(tempera_log_callback callback, void* user) {
  {
    const std::lock_guard lock(g_log_mutex);
    g_log_callback = callback;
    g_log_user = user;
  }
  tempera::SetLogCallback(callback == nullptr ? nullptr : &ForwardLog, nullptr);
}

const char* tempera_version(void) { return TEMPERA_VERSION; }
