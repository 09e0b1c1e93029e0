// The C border: stylizers and frames. What callers may get wrong is checked here.
#include <algorithm>
#include <cstdint>
#include <string>

#include "src/base/cpu.h"
#include "src/base/log.h"
#include "src/stylize/door/door.h"
#include "src/stylize/door/door_structs.h"
#include "tempera/tempera.h"

#ifndef TEMPERA_VERSION
#error "the build must define TEMPERA_VERSION"
#endif

namespace {

using tempera::InvalidArgument;
using tempera::OkStatus;
using tempera::Status;

using tempera::stylize::Guard;

// `load` gives a Result<ModelPtr>.
template <typename Load>
tempera_status Open(const char* name, const tempera_options* options, tempera_stylizer** out,
                    Load&& load) noexcept {
  return Guard([&]() -> Status {
    if (out == nullptr) return InvalidArgument("out is NULL");
    *out = nullptr;
    // Before anything of size is done on a processor that may lack the instructions for it.
    TEMPERA_RETURN_IF_ERROR(tempera::ChooseCpuTarget().status());
    tempera::stylize::StylizerOptions checked;
    TEMPERA_RETURN_IF_ERROR(tempera::stylize::ReadOptions(options, &checked));
    const auto lent = tempera::stylize::Lend(&checked);
    TEMPERA_ASSIGN_OR_RETURN(tempera::engine::ModelPtr model, load());
    TEMPERA_ASSIGN_OR_RETURN(auto stylizer,
                             tempera::stylize::Stylizer::Create(std::move(model), name, checked));
    *out = new tempera_stylizer{lent, std::move(stylizer)};
    return OkStatus();
  });
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
  return tempera_process_frame(stylizer, in, out, nullptr);
}

tempera_status tempera_process_frame(tempera_stylizer* stylizer, const tempera_image* in,
                                     const tempera_image* out, const tempera_frame_params* params) {
  return Guard([&]() -> Status {
    if (stylizer == nullptr) return InvalidArgument("stylizer is NULL");
    if (in == nullptr || out == nullptr) return InvalidArgument("in or out is NULL");
    tempera::stylize::Image source, painting;
    TEMPERA_RETURN_IF_ERROR(tempera::stylize::ReadImage(*in, "input image", &source));
    TEMPERA_RETURN_IF_ERROR(tempera::stylize::ReadImage(*out, "output image", &painting));
    tempera::stylize::FrameParams frame;
    TEMPERA_RETURN_IF_ERROR(tempera::stylize::ReadFrameParams(params, &frame));
    return stylizer->stylizer->Process(source, painting, frame);
  });
}

tempera_status tempera_prepare(tempera_stylizer* stylizer, int32_t width, int32_t height, int32_t format) {
  return Guard([&]() -> Status {
    if (stylizer == nullptr) return InvalidArgument("stylizer is NULL");
    tempera::stylize::PixelFormat read;
    TEMPERA_RETURN_IF_ERROR(tempera::stylize::ReadFormat(format, "frames to prepare for", &read));
    return stylizer->stylizer->Prepare({width, height}, tempera::stylize::IsSubsampled(read));
  });
}

tempera_status tempera_reset(tempera_stylizer* stylizer) {
  return Guard([&]() -> Status {
    if (stylizer == nullptr) return InvalidArgument("stylizer is NULL");
    stylizer->stylizer->Reset();
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
  const uint64_t bytes = memory.activation_bytes + memory.kept_bytes + memory.end_bytes + memory.weight_bytes;
  return static_cast<size_t>(std::min<uint64_t>(bytes, SIZE_MAX));
}

const char* tempera_metadata(const tempera_stylizer* stylizer, const char* key) {
  if (stylizer == nullptr || key == nullptr) return nullptr;
  const std::string* value = stylizer->stylizer->Metadata(key);
  return value == nullptr ? nullptr : value->c_str();
}

int32_t tempera_paints_alpha(const tempera_stylizer* stylizer) {
  return stylizer != nullptr && stylizer->stylizer->paints_alpha() ? 1 : 0;
}

const char* tempera_notice(const tempera_stylizer* stylizer, int32_t index) {
  if (stylizer == nullptr || index < 0) return nullptr;
  const auto& notices = stylizer->stylizer->notices();
  return static_cast<size_t>(index) < notices.size() ? notices[static_cast<size_t>(index)].c_str() : nullptr;
}

void tempera_set_log_callback(tempera_log_callback callback, void* user) {
  tempera::SetLogCallback(callback, user);
}

uint32_t tempera_abi_version(void) { return TEMPERA_ABI_VERSION; }

const char* tempera_version(void) { return TEMPERA_VERSION; }
