#include "src/stylize/door_structs.h"

#include <string>

#include "src/stylize/pixels.h"
#include "src/stylize/sized.h"

namespace tempera::stylize {
namespace {

Status Precision(int32_t given, engine::Precision* out) {
  switch (given) {
    case TEMPERA_PRECISION_AUTO:
      *out = engine::Precision::kAuto;
      return OkStatus();
    case TEMPERA_PRECISION_FP32:
      *out = engine::Precision::kFp32;
      return OkStatus();
    case TEMPERA_PRECISION_BF16:
      *out = engine::Precision::kBf16;
      return OkStatus();
    case TEMPERA_PRECISION_INT8:
      *out = engine::Precision::kInt8;
      return OkStatus();
    default:
      return InvalidArgument("precision " + std::to_string(given) + " is unknown");
  }
}

Status Statistics(int32_t given, engine::NormStatistics* out) {
  switch (given) {
    case TEMPERA_NORM_EXACT:
      *out = engine::NormStatistics::kExact;
      return OkStatus();
    case TEMPERA_NORM_SMOOTHED:
      *out = engine::NormStatistics::kSmoothed;
      return OkStatus();
    case TEMPERA_NORM_CARRIED:
      *out = engine::NormStatistics::kCarried;
      return OkStatus();
    default:
      return InvalidArgument("norm_statistics " + std::to_string(given) + " is unknown");
  }
}

Status CheckAbi(uint32_t version) {
  if (version == TEMPERA_ABI_VERSION) return OkStatus();
  return InvalidArgument("the program was built for version " + std::to_string(version) +
                         " of tempera.h's ABI, this library has " + std::to_string(TEMPERA_ABI_VERSION) +
                         (version == 0 ? "; begin with TEMPERA_OPTIONS_INIT" : "; build it anew"));
}

Status Switch(const char* name, int32_t given, bool* out) {
  if (given != 0 && given != 1) {
    return InvalidArgument(std::string(name) + " = " + std::to_string(given) + " is neither 0 nor 1");
  }
  *out = given == 1;
  return OkStatus();
}

}  // namespace

Status ReadOptions(const tempera_options* given, StylizerOptions* out) {
  if (given == nullptr) return OkStatus();
  tempera_options options;
  TEMPERA_RETURN_IF_ERROR(
      ReadSized(given, TEMPERA_SIZE_THROUGH(tempera_options, threads), "tempera_options", &options));
  TEMPERA_RETURN_IF_ERROR(CheckAbi(options.abi_version));
  if (options.threads < 0 || options.threads > 1024) {
    return InvalidArgument("threads = " + std::to_string(options.threads) + " is not in 0..1024");
  }
  TEMPERA_RETURN_IF_ERROR(Precision(options.precision, &out->precision));
  TEMPERA_RETURN_IF_ERROR(Statistics(options.norm_statistics, &out->norm_statistics));
  TEMPERA_RETURN_IF_ERROR(Switch("pin_threads", options.pin_threads, &out->pin_threads));
  for (const int32_t extent : {options.working_width, options.working_height}) {
    if (extent < 0 || extent > kMaxExtent) {
      return InvalidArgument("working size " + std::to_string(extent) + " is not in 0..16384");
    }
  }
  if (options.reserved != 0)
    return Unsupported("tempera_options.reserved is not 0; begin with TEMPERA_OPTIONS_INIT");
  out->num_threads = options.threads;
  out->working = {options.working_width, options.working_height};
  auto host = std::make_shared<Host>();
  if (options.cache_folder != nullptr) host->cache = OpenDiskCache(options.cache_folder);
  out->host = std::move(host);
  return OkStatus();
}

Status ReadImage(const tempera_image& given, const char* what, tempera_image* out) {
  TEMPERA_RETURN_IF_ERROR(
      ReadSized(&given, TEMPERA_SIZE_THROUGH(tempera_image, stride_bytes), "tempera_image", out));
  return CheckImage(*out, what);
}

Status ReadFrameParams(const tempera_frame_params* given, const tempera_image& source, FrameParams* out) {
  *out = {};
  if (given == nullptr) return OkStatus();
  tempera_frame_params params;
  TEMPERA_RETURN_IF_ERROR(
      ReadSized(given, TEMPERA_SIZE_THROUGH(tempera_frame_params, under), "tempera_frame_params", &params));
  if (params.under != nullptr) {
    tempera_image under;
    TEMPERA_RETURN_IF_ERROR(ReadImage(*params.under, "the picture under it", &under));
    if (under.width != source.width || under.height != source.height) {
      return InvalidArgument("the picture under it is " + SizeToString({under.width, under.height}) +
                             ", the input image " + SizeToString({source.width, source.height}) +
                             "; they must have one size");
    }
    return Unsupported("tempera_frame_params.under is not served yet; leave it NULL");
  }
  if (params.mask != nullptr)
    return Unsupported("tempera_frame_params.mask is not served yet; leave it NULL");
  TEMPERA_RETURN_IF_ERROR(Switch("tempera_frame_params.cut", params.cut, &out->cut));
  out->timestamp_us = params.timestamp_us;
  return OkStatus();
}

}  // namespace tempera::stylize
