#include "live/model.h"

#include "live/engine_image.h"

namespace tempera::live {
namespace {

Result<tempera_options> OptionsOf(const PainterOptions& options) {
  tempera_options native = TEMPERA_OPTIONS_INIT;
  if (options.precision == "auto") {
    native.precision = TEMPERA_PRECISION_AUTO;
  } else if (options.precision == "fp32") {
    native.precision = TEMPERA_PRECISION_FP32;
  } else if (options.precision == "bf16") {
    native.precision = TEMPERA_PRECISION_BF16;
  } else if (options.precision == "int8") {
    native.precision = TEMPERA_PRECISION_INT8;
  } else {
    return InvalidArgument("'" + options.precision + "' is no precision: write auto, fp32, bf16 or int8");
  }
  if (options.norm_statistics == "smoothed") {
    native.norm_statistics = TEMPERA_NORM_SMOOTHED;
  } else if (options.norm_statistics == "carried") {
    native.norm_statistics = TEMPERA_NORM_CARRIED;
  } else if (options.norm_statistics != "exact") {
    return InvalidArgument("'" + options.norm_statistics +
                           "' are no norm statistics: write exact, smoothed or carried");
  }
  return native;
}

int32_t Count(const std::vector<float>& values) { return static_cast<int32_t>(values.size()); }

}  // namespace

Status Model::Open(const media::Frame& like, tempera_host* host) {
  TEMPERA_ASSIGN_OR_RETURN(tempera_options native, OptionsOf(options_));
  native.working_width = width_;
  native.working_height = height_;
  native.host = host;
  if (host == nullptr) {
    native.threads = options_.threads;
    native.cache_folder = options_.cache_folder.empty() ? nullptr : options_.cache_folder.c_str();
  }
  tempera_stylizer* opened = nullptr;
  TEMPERA_RETURN_IF_ERROR(StatusOf(tempera_open_file(file_.path.c_str(), &native, &opened)));
  {
    std::lock_guard lock(mutex_);
    stylizer_ = opened;
    if (cancelled_) return {StatusCode::kCancelled, "stopped"};
  }
  parameters_ = ParametersOf(stylizer_);
  for (const Parameter& p : parameters_) {
    std::vector<float>& values = applied_[p.name];
    values.resize(p.defaults.size());
    TEMPERA_RETURN_IF_ERROR(
        StatusOf(tempera_get_named_parameter(stylizer_, p.name.c_str(), values.data(), Count(values))));
  }
  return StatusOf(tempera_prepare(stylizer_, like.width, like.height, ImageOf(like).format));
}

void Model::Cancel() {
  std::lock_guard lock(mutex_);
  cancelled_ = true;
  if (stylizer_ != nullptr) tempera_set_cancelled(stylizer_, 1);
}

std::vector<float> Model::Get(const Parameter& parameter) const {
  std::vector<float> values(parameter.defaults.size());
  // Of a parameter that there is it cannot fail.
  tempera_get_named_parameter(stylizer_, parameter.name.c_str(), values.data(), Count(values));
  return values;
}

Status Model::Set(const std::string& name, const std::vector<float>& values) {
  TEMPERA_RETURN_IF_ERROR(
      StatusOf(tempera_set_named_parameter(stylizer_, name.c_str(), values.data(), Count(values))));
  applied_[name] = values;
  return OkStatus();
}

Status Model::ChooseStyle(const std::string& style) {
  TEMPERA_RETURN_IF_ERROR(StatusOf(tempera_set_style(stylizer_, style.c_str())));
  for (const Parameter& p : parameters_) {
    if (p.kind == TEMPERA_PARAMETER_WEIGHTS) applied_[p.name] = Get(p);
  }
  return OkStatus();
}

}  // namespace tempera::live
