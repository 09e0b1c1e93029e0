// The C border: mask networks.
#include <string>

#include "src/base/cpu.h"
#include "src/stylize/door/door.h"
#include "src/stylize/door/door_structs.h"
#include "src/stylize/mask/masker.h"
#include "tempera/tempera.h"

struct tempera_masker {
  std::shared_ptr<tempera::stylize::Lent> lent;
  std::unique_ptr<tempera::stylize::Masker> masker;
};

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
