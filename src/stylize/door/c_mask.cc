// The C border: mask networks.
#include <string>

#include "src/base/cpu.h"
#include "src/base/text/number_text.h"
#include "src/stylize/door/door.h"
#include "src/stylize/door/door_structs.h"
#include "src/stylize/door/sized.h"
#include "tempera/tempera.h"

namespace {

using tempera::InvalidArgument;
using tempera::OkStatus;
using tempera::Status;
using tempera::stylize::Guard;

// `load` gives a Result<ModelPtr>.
template <typename Load>
tempera_status Open(const char* name, const tempera_options* options, tempera_masker** out,
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
    TEMPERA_ASSIGN_OR_RETURN(auto masker, tempera::stylize::Masker::Create(std::move(model), name, checked));
    *out = new tempera_masker{lent, std::move(masker)};
    return OkStatus();
  });
}

// `given` may be NULL: the defaults.
Status ReadMaskParams(const tempera_mask_params* given, tempera::stylize::MaskParams* out) {
  *out = {};
  if (given == nullptr) return OkStatus();
  tempera_mask_params params;
  TEMPERA_RETURN_IF_ERROR(tempera::stylize::ReadSized(
      given, TEMPERA_SIZE_THROUGH(tempera_mask_params, threshold), "tempera_mask_params", &params));
  if (!(params.threshold >= 0 && params.threshold < 1)) {
    return InvalidArgument("threshold " + tempera::NumberToText(params.threshold) +
                           " is not above 0 and below 1 (0: 0.5)");
  }
  if (!(params.hold >= 0 && params.hold <= 1))
    return InvalidArgument("hold " + tempera::NumberToText(params.hold) + " is not in 0..1");
  if (params.interval < 0 || params.interval > tempera::stylize::kMostInterval)
    return InvalidArgument("interval " + std::to_string(params.interval) + " is not in 0..16");
  TEMPERA_RETURN_IF_ERROR(
      tempera::stylize::CheckSwitch("plain_edges", params.plain_edges, &out->plain_edges));
  if (params.threshold > 0) out->threshold = params.threshold;
  out->hold = params.hold;
  out->interval = params.interval > 0 ? params.interval : 1;
  return OkStatus();
}

}  // namespace

tempera_status tempera_mask_open_file(const char* path, const tempera_options* options,
                                      tempera_masker** out) {
  return Open(path, options, out, [path]() -> tempera::Result<tempera::engine::ModelPtr> {
    if (path == nullptr) return InvalidArgument("path is NULL");
    return tempera::engine::LoadModelFile(path);
  });
}

tempera_status tempera_mask_open_memory(const void* bytes, size_t size, const tempera_options* options,
                                        tempera_masker** out) {
  return Open("the model", options, out, [=]() -> tempera::Result<tempera::engine::ModelPtr> {
    if (bytes == nullptr) return InvalidArgument("bytes is NULL");
    return tempera::engine::LoadModelMemory({static_cast<const uint8_t*>(bytes), size});
  });
}

void tempera_mask_close(tempera_masker* masker) { delete masker; }

tempera_status tempera_mask_process(tempera_masker* masker, const tempera_image* in, uint8_t* mask,
                                    ptrdiff_t mask_stride_bytes, int32_t mask_width, int32_t mask_height) {
  return Guard([&]() -> Status {
    if (masker == nullptr) return InvalidArgument("masker is NULL");
    if (in == nullptr || mask == nullptr) return InvalidArgument("in or mask is NULL");
    tempera::stylize::Image source;
    TEMPERA_RETURN_IF_ERROR(tempera::stylize::ReadImage(*in, "input image", &source));
    const tempera::stylize::Size size = {mask_width, mask_height};
    TEMPERA_RETURN_IF_ERROR(tempera::stylize::CheckMaskPlane(mask, size, mask_stride_bytes));
    return masker->masker->Process(source, {mask, mask_stride_bytes, size});
  });
}

tempera_status tempera_mask_prepare(tempera_masker* masker, int32_t width, int32_t height) {
  return Guard([&]() -> Status {
    if (masker == nullptr) return InvalidArgument("masker is NULL");
    return masker->masker->Prepare({width, height});
  });
}

tempera_status tempera_mask_set_cancelled(tempera_masker* masker, int32_t cancelled) {
  return Guard([&]() -> Status {
    if (masker == nullptr) return InvalidArgument("masker is NULL");
    return tempera::stylize::SetCancelled(*masker->lent, cancelled);
  });
}

const char* tempera_mask_metadata(const tempera_masker* masker, const char* key) {
  if (masker == nullptr || key == nullptr) return nullptr;
  const std::string* value = masker->masker->Metadata(key);
  return value == nullptr ? nullptr : value->c_str();
}

const char* tempera_mask_class_name(const tempera_masker* masker, int32_t index) {
  if (masker == nullptr || index < 0) return nullptr;
  const auto& names = masker->masker->classes().names;
  return static_cast<size_t>(index) < names.size() ? names[static_cast<size_t>(index)].c_str() : nullptr;
}

tempera_status tempera_mask_find_class(const tempera_masker* masker, const char* name, int32_t* index) {
  return Guard([&]() -> Status {
    if (masker == nullptr || index == nullptr) return InvalidArgument("masker or index is NULL");
    TEMPERA_ASSIGN_OR_RETURN(const int found, masker->masker->FindClass(name == nullptr ? "" : name));
    *index = found;
    return OkStatus();
  });
}

tempera_status tempera_mask_set_params(tempera_masker* masker, const tempera_mask_params* params) {
  return Guard([&]() -> Status {
    if (masker == nullptr) return InvalidArgument("masker is NULL");
    tempera::stylize::MaskParams read;
    TEMPERA_RETURN_IF_ERROR(ReadMaskParams(params, &read));
    masker->masker->params = read;
    return OkStatus();
  });
}
