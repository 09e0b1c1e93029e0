#include "tests/door/painter.h"

#include <utility>

#include "src/engine/run/session.h"
#include "src/stylize/door/door_structs.h"

namespace tempera::door {
namespace {

tempera_options OptionsOf(const StylizerOptions& o, tempera_host* host) {
  tempera_options options = TEMPERA_OPTIONS_INIT;
  options.host = host;
  options.threads = host == nullptr ? o.num_threads : 0;
  options.precision = o.precision == engine::Precision::kFp32   ? TEMPERA_PRECISION_FP32
                      : o.precision == engine::Precision::kInt8 ? TEMPERA_PRECISION_INT8
                      : o.precision == engine::Precision::kBf16 ? TEMPERA_PRECISION_BF16
                                                                : TEMPERA_PRECISION_AUTO;
  options.working_width = o.working.width, options.working_height = o.working.height;
  options.working_short_side = o.working_short_side;
  options.norm_statistics = o.norm_statistics == engine::NormStatistics::kSmoothed  ? TEMPERA_NORM_SMOOTHED
                            : o.norm_statistics == engine::NormStatistics::kCarried ? TEMPERA_NORM_CARRIED
                                                                                    : TEMPERA_NORM_EXACT;
  return options;
}

}  // namespace

tempera_status DoorPainter::Open(std::span<const uint8_t> bytes, const StylizerOptions& options,
                                 tempera_host* host) {
  const tempera_options o = OptionsOf(options, host);
  return tempera_open_memory(bytes.data(), bytes.size(), &o, &stylizer_);
}

Status InnerPainter::Open(std::span<const uint8_t> bytes, const StylizerOptions& options) {
  TEMPERA_ASSIGN_OR_RETURN(engine::ModelPtr model, engine::LoadModelMemory(bytes));
  TEMPERA_ASSIGN_OR_RETURN(stylizer_, stylize::Stylizer::Create(std::move(model), "the model", options));
  return OkStatus();
}

tempera_status InnerPainter::Report(const Status& status) {
  message_ = status.message();
  return status.ok() ? TEMPERA_OK : TEMPERA_INTERNAL;
}

tempera_status InnerPainter::Process(const tempera_image& given_in, const tempera_image& given_out,
                                     const tempera_frame_params& given) {
  const auto process = [&]() -> Status {
    stylize::Image in, out;
    stylize::FrameParams params;
    TEMPERA_RETURN_IF_ERROR(stylize::ReadImage(given_in, "input image", &in));
    TEMPERA_RETURN_IF_ERROR(stylize::ReadImage(given_out, "output image", &out));
    TEMPERA_RETURN_IF_ERROR(stylize::ReadFrameParams(&given, &params));
    return stylizer_->Process(in, out, params);
  };
  return Report(process());
}

tempera_status InnerPainter::Set(const char* name, std::span<const float> values) {
  metadata::Parameters& all = stylizer_->parameters();
  const int index = all.Find(name);
  if (index < 0) return TEMPERA_NOT_FOUND;
  return Report(all.Set(static_cast<size_t>(index), values));
}

tempera_status InnerPainter::Prepare(int width, int height, int given) {
  stylize::PixelFormat format;
  const Status read = stylize::ReadFormat(given, "frames", &format);
  if (!read.ok()) return Report(read);
  return Report(stylizer_->Prepare({width, height}, stylize::IsSubsampled(format)));
}

tempera_status DoorMasker::Open(std::span<const uint8_t> bytes, const StylizerOptions& options,
                                tempera_host* host) {
  const tempera_options o = OptionsOf(options, host);
  return tempera_mask_open_memory(bytes.data(), bytes.size(), &o, &masker_);
}

tempera_status DoorMasker::Process(const tempera_image& in, int width, int height,
                                   std::vector<uint8_t>* mask) {
  mask->assign(static_cast<size_t>(width) * static_cast<size_t>(height), 77);
  return tempera_mask_process(masker_, &in, mask->data(), width, width, height);
}

Status InnerMasker::Open(std::span<const uint8_t> bytes, const StylizerOptions& options) {
  TEMPERA_ASSIGN_OR_RETURN(engine::ModelPtr model, engine::LoadModelMemory(bytes));
  TEMPERA_ASSIGN_OR_RETURN(masker_, stylize::Masker::Create(std::move(model), "the model", options));
  return OkStatus();
}

Status InnerMasker::Process(const tempera_image& given, int width, int height, std::vector<uint8_t>* mask) {
  stylize::Image in;
  TEMPERA_RETURN_IF_ERROR(stylize::ReadImage(given, "input image", &in));
  mask->assign(static_cast<size_t>(width) * static_cast<size_t>(height), 77);
  return masker_->Process(in, {mask->data(), width, {width, height}});
}

}  // namespace tempera::door
