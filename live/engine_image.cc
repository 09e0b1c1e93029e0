#include "live/engine_image.h"

#include <string>

namespace tempera::live {
namespace {

StatusCode CodeOf(tempera_status status) {
  switch (status) {
    case TEMPERA_OK:
      return StatusCode::kOk;
    case TEMPERA_INVALID_ARGUMENT:
      return StatusCode::kInvalidArgument;
    case TEMPERA_NOT_FOUND:
      return StatusCode::kNotFound;
    case TEMPERA_CORRUPT_MODEL:
      return StatusCode::kCorruptModel;
    case TEMPERA_UNSUPPORTED:
      return StatusCode::kUnsupported;
    case TEMPERA_OUT_OF_MEMORY:
      return StatusCode::kOutOfMemory;
    case TEMPERA_IO:
      return StatusCode::kIo;
    case TEMPERA_CANCELLED:
      return StatusCode::kCancelled;
    case TEMPERA_INTERNAL:
      break;
  }
  return StatusCode::kInternal;
}

tempera_pixel_format FormatOf(media::PixelFormat format) {
  switch (format) {
    case media::PixelFormat::kRgba:
      return TEMPERA_RGBA;
    case media::PixelFormat::kBgra:
      return TEMPERA_BGRA;
    case media::PixelFormat::kRgb:
      return TEMPERA_RGB;
    case media::PixelFormat::kNv12:
      return TEMPERA_NV12;
    case media::PixelFormat::kI420:
      break;
  }
  return TEMPERA_I420;
}

tempera_matrix MatrixOf(media::ColorMatrix matrix) {
  switch (matrix) {
    case media::ColorMatrix::kBt709:
      return TEMPERA_MATRIX_BT709;
    case media::ColorMatrix::kBt601:
      return TEMPERA_MATRIX_BT601;
    case media::ColorMatrix::kBt2020:
      break;
  }
  return TEMPERA_MATRIX_BT2020;
}

std::vector<std::string> NamesOf(const char* const* names, int count) {
  if (names == nullptr) return {};
  return {names, names + count};
}

}  // namespace

tempera_image ImageOf(const media::Frame& frame) {
  tempera_image image = TEMPERA_IMAGE_INIT;
  image.format = FormatOf(frame.format);
  image.width = frame.width;
  image.height = frame.height;
  for (int i = 0; i < 3; ++i) {
    image.planes[i] = frame.planes[i];
    image.stride_bytes[i] = frame.stride_bytes[i];
  }
  image.matrix = MatrixOf(frame.matrix);
  image.range = frame.full_range ? TEMPERA_RANGE_FULL : TEMPERA_RANGE_LIMITED;
  return image;
}

Status StatusOf(tempera_status status) {
  if (status == TEMPERA_OK) return OkStatus();
  return {CodeOf(status), tempera_error_message()};
}

std::vector<Parameter> ParametersOf(const tempera_stylizer* stylizer) {
  std::vector<Parameter> parameters;
  for (int32_t i = 0; i < tempera_parameter_count(stylizer); ++i) {
    tempera_parameter_info info = TEMPERA_PARAMETER_INFO_INIT;
    if (tempera_get_parameter_info(stylizer, i, &info) != TEMPERA_OK) continue;
    Parameter p;
    p.name = info.name;
    p.line = info.line;
    p.unit = info.unit;
    p.kind = info.kind;
    p.minimum = info.minimum;
    p.maximum = info.maximum;
    p.defaults.assign(info.defaults, info.defaults + info.count);
    p.element_names = NamesOf(info.element_names, info.count);
    p.short_names = NamesOf(info.short_names, info.count);
    parameters.push_back(std::move(p));
  }
  return parameters;
}

}  // namespace tempera::live
