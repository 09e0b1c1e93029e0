#include "src/stylize/door/door_structs.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "src/base/text/number_text.h"
#include "src/stylize/door/door.h"
#include "src/stylize/door/sized.h"

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
      return InvalidArgument("precision = " + std::to_string(given) + " is unknown");
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
      return InvalidArgument("norm_statistics = " + std::to_string(given) + " is unknown");
  }
}

// Keys and values in turns, NULL behind the last.
Status ReadMetadata(const char* const* given, std::vector<std::pair<std::string, std::string>>* out) {
  // A list without its end is found before much of what lies behind it is read.
  constexpr size_t kMost = 256;
  for (; given != nullptr && given[0] != nullptr; given += 2) {
    if (given[1] == nullptr) {
      return InvalidArgument(std::string("metadata: ") + given[0] +
                             " has no value; give keys and values in turns");
    }
    if (out->size() == kMost)
      return InvalidArgument("metadata has more than 256 pairs, or no NULL at its end");
    out->emplace_back(given[0], given[1]);
  }
  return OkStatus();
}

}  // namespace

Status CheckAbi(uint32_t version) {
  if (version == TEMPERA_ABI_VERSION) return OkStatus();
  return InvalidArgument("the program was built for version " + std::to_string(version) +
                         " of tempera.h's ABI, this library has " + std::to_string(TEMPERA_ABI_VERSION) +
                         (version == 0 ? "; begin with TEMPERA_OPTIONS_INIT" : "; build it anew"));
}

Status CheckSwitch(const char* name, int32_t given, bool* out) {
  if (given != 0 && given != 1) {
    return InvalidArgument(std::string(name) + " = " + std::to_string(given) + " is neither 0 nor 1");
  }
  *out = given == 1;
  return OkStatus();
}

Status CheckThreads(int32_t threads) {
  if (threads >= 0 && threads <= 1024) return OkStatus();
  return InvalidArgument("threads = " + std::to_string(threads) + " is not in 0..1024");
}

namespace {

// By the numbers of ITU-T H.273, of which 2 is the word for what is left open.
constexpr int32_t kOpen = 2;

Status ReadMatrix(int32_t given, const char* what, Matrix* out) {
  switch (given) {
    case TEMPERA_MATRIX_DEFAULT:
    case kOpen:
    case TEMPERA_MATRIX_BT709:
      *out = Matrix::kBt709;
      return OkStatus();
    case TEMPERA_MATRIX_BT470BG:
    case TEMPERA_MATRIX_BT601:
      *out = Matrix::kBt601;
      return OkStatus();
    case TEMPERA_MATRIX_BT2020:
      *out = Matrix::kBt2020;
      return OkStatus();
    default:
      return Unsupported(std::string(what) + ": color matrix " + std::to_string(given) +
                         " of ITU-T H.273 is not among those that are painted; convert to BT.709");
  }
}

Status ReadRange(int32_t given, const char* what, bool* full) {
  if (given != TEMPERA_RANGE_DEFAULT && given != TEMPERA_RANGE_LIMITED && given != TEMPERA_RANGE_FULL) {
    return InvalidArgument(std::string(what) + ": color range " + std::to_string(given) + " is unknown");
  }
  *full = given == TEMPERA_RANGE_FULL;
  return OkStatus();
}

Status CheckTransfer(int32_t given, const char* what) {
  // Of high dynamic range, which a network that was shown photographs takes for a pale picture.
  constexpr int32_t kPq = 16, kHlg = 18;
  switch (given) {
    case TEMPERA_TRANSFER_DEFAULT:
    case kOpen:
    case TEMPERA_TRANSFER_BT709:
    case TEMPERA_TRANSFER_GAMMA22:
    case TEMPERA_TRANSFER_BT601:
    case TEMPERA_TRANSFER_SRGB:
    case TEMPERA_TRANSFER_BT2020_10:
    case TEMPERA_TRANSFER_BT2020_12:
      return OkStatus();
    default:
      return Unsupported(std::string(what) + ": transfer " + std::to_string(given) +
                         (given == kPq    ? " (PQ, high dynamic range)"
                          : given == kHlg ? " (HLG, high dynamic range)"
                                          : " of ITU-T H.273") +
                         " is not painted; map the tones to standard dynamic range first");
  }
}

Status ReadPrimaries(int32_t given, const char* what, int* out) {
  switch (given) {
    case TEMPERA_PRIMARIES_DEFAULT:
    case kOpen:
      *out = 0;
      return OkStatus();
    case TEMPERA_PRIMARIES_BT709:
    case TEMPERA_PRIMARIES_BT470BG:
    case TEMPERA_PRIMARIES_BT601:
    case TEMPERA_PRIMARIES_BT2020:
    case TEMPERA_PRIMARIES_DISPLAY_P3:
      *out = given;
      return OkStatus();
    default:
      return Unsupported(std::string(what) + ": primaries " + std::to_string(given) +
                         " of ITU-T H.273 are not among those that are painted; convert to BT.709");
  }
}

Status CheckSize(Size size, const std::string& what) {
  if (size.width >= 1 && size.height >= 1 && size.width <= kMaxExtent && size.height <= kMaxExtent) {
    return OkStatus();
  }
  return InvalidArgument(what + ": size " + SizeToString(size) + " is not within 1x1 to 16384x16384");
}

// `rows` rows of row_bytes follow each other at that distance, downwards or upwards from `first`.
Status CheckStride(const void* first, ptrdiff_t stride, int row_bytes, int rows, const std::string& name) {
  if (stride < row_bytes && stride > -row_bytes) {
    return InvalidArgument(name + " is " + std::to_string(stride) + ", but a row has " +
                           std::to_string(row_bytes) + " bytes");
  }
  const uintptr_t begin = reinterpret_cast<uintptr_t>(first);
  const uintptr_t step =
      stride < 0 ? uintptr_t{0} - static_cast<uintptr_t>(stride) : static_cast<uintptr_t>(stride);
  // No object is larger than what a ptrdiff_t counts.
  const uintptr_t most =
      std::min<uintptr_t>(stride < 0 ? begin : std::numeric_limits<uintptr_t>::max() - begin,
                          std::numeric_limits<ptrdiff_t>::max());
  const auto row = static_cast<uintptr_t>(row_bytes), steps = static_cast<uintptr_t>(rows - 1);
  const uintptr_t room = most - std::min(most, row);
  if (steps == 0 || step <= room / steps) return OkStatus();
  return InvalidArgument(name + " is " + std::to_string(stride) + ": " + std::to_string(rows) +
                         " rows so far apart do not fit into memory");
}

Status CheckPlane(const Image& image, int plane, const char* what) {
  const std::string at = "[" + std::to_string(plane) + "]";
  const ptrdiff_t stride = image.stride_bytes[plane];
  if (image.planes[plane] == nullptr) {
    return InvalidArgument(std::string(what) + ": plane " + std::to_string(plane) + " is NULL");
  }
  TEMPERA_RETURN_IF_ERROR(CheckStride(image.planes[plane], stride, ExtentOf(image, plane).row_bytes,
                                      ExtentOf(image, plane).rows,
                                      std::string(what) + ": stride_bytes" + at));
  const bool odd = reinterpret_cast<uintptr_t>(image.planes[plane]) % 2 != 0 || stride % 2 != 0;
  if (HasTenBits(image.format) && odd) {
    return InvalidArgument(std::string(what) + ": planes" + at + " or stride_bytes" + at +
                           " is odd, but samples of 10 bits lie at even addresses");
  }
  return OkStatus();
}

}  // namespace

Status ReadFormat(int32_t given, const char* what, PixelFormat* out) {
  switch (given) {
    case TEMPERA_RGBA:
      *out = PixelFormat::kRgba;
      return OkStatus();
    case TEMPERA_BGRA:
      *out = PixelFormat::kBgra;
      return OkStatus();
    case TEMPERA_RGB:
      *out = PixelFormat::kRgb;
      return OkStatus();
    case TEMPERA_NV12:
      *out = PixelFormat::kNv12;
      return OkStatus();
    case TEMPERA_I420:
      *out = PixelFormat::kI420;
      return OkStatus();
    case TEMPERA_P010:
      *out = PixelFormat::kP010;
      return OkStatus();
    case TEMPERA_I010:
      *out = PixelFormat::kI010;
      return OkStatus();
    default:
      return InvalidArgument(std::string(what) + ": pixel format " + std::to_string(given) + " is unknown");
  }
}

Status ReadOptions(const tempera_options* given, StylizerOptions* out) {
  if (given == nullptr) return OkStatus();
  tempera_options options;
  TEMPERA_RETURN_IF_ERROR(
      ReadSized(given, TEMPERA_SIZE_THROUGH(tempera_options, threads), "tempera_options", &options));
  TEMPERA_RETURN_IF_ERROR(CheckAbi(options.abi_version));
  TEMPERA_RETURN_IF_ERROR(CheckThreads(options.threads));
  TEMPERA_RETURN_IF_ERROR(Precision(options.precision, &out->precision));
  TEMPERA_RETURN_IF_ERROR(Statistics(options.norm_statistics, &out->norm_statistics));
  TEMPERA_RETURN_IF_ERROR(CheckSwitch("pin_threads", options.pin_threads, &out->pin_threads));
  const std::pair<const char*, int32_t> extents[] = {{"working_width", options.working_width},
                                                     {"working_height", options.working_height},
                                                     {"working_short_side", options.working_short_side}};
  for (const auto& [field, extent] : extents) {
    if (extent < 0 || extent > kMaxExtent) {
      return InvalidArgument(std::string(field) + " = " + std::to_string(extent) + " is not in 0..16384");
    }
  }
  if (options.working_short_side > 0 && (options.working_width > 0 || options.working_height > 0))
    return InvalidArgument("working_short_side is for working_width = working_height = 0");
  TEMPERA_RETURN_IF_ERROR(ReadMetadata(options.metadata, &out->metadata));
  out->num_threads = options.threads;
  out->working = {options.working_width, options.working_height};
  out->working_short_side = options.working_short_side;
  const bool has_folder = options.cache_folder != nullptr && *options.cache_folder != '\0';
  if (options.host == nullptr) {
    auto host = std::make_shared<Host>();
    if (has_folder) host->cache = OpenDiskCache(options.cache_folder);
    out->host = std::move(host);
    return OkStatus();
  }
  if (options.threads != 0 || options.pin_threads != 0 || has_folder) {
    return InvalidArgument(
        "threads, pin_threads and cache_folder are the host's: leave them at 0, or host at NULL");
  }
  out->host = options.host->host;
  return OkStatus();
}

Status ReadImage(const tempera_image& given, const char* what, Image* out) {
  tempera_image image;
  TEMPERA_RETURN_IF_ERROR(
      ReadSized(&given, TEMPERA_SIZE_THROUGH(tempera_image, stride_bytes), "tempera_image", &image));
  TEMPERA_RETURN_IF_ERROR(ReadFormat(image.format, what, &out->format));
  TEMPERA_RETURN_IF_ERROR(ReadMatrix(image.matrix, what, &out->matrix));
  if (!IsSubsampled(out->format)) out->matrix = Matrix::kBt709;  // keep_colors of RGB has one luma
  TEMPERA_RETURN_IF_ERROR(ReadRange(image.range, what, &out->full_range));
  TEMPERA_RETURN_IF_ERROR(CheckTransfer(image.transfer, what));
  TEMPERA_RETURN_IF_ERROR(ReadPrimaries(image.primaries, what, &out->primaries));
  if (image.reserved != 0) {
    return Unsupported(std::string(what) + ": reserved is " + std::to_string(image.reserved) +
                       "; begin with TEMPERA_IMAGE_INIT");
  }
  TEMPERA_RETURN_IF_ERROR(CheckSize({image.width, image.height}, what));
  out->width = image.width, out->height = image.height;
  for (int p = 0; p < PlaneCount(out->format); ++p) {
    out->planes[p] = image.planes[p];
    out->stride_bytes[p] = image.stride_bytes[p];
    TEMPERA_RETURN_IF_ERROR(CheckPlane(*out, p, what));
  }
  return OkStatus();
}

Status CheckMaskPlane(const void* mask, Size size, ptrdiff_t stride_bytes) {
  TEMPERA_RETURN_IF_ERROR(CheckSize(size, "mask"));
  return CheckStride(mask, stride_bytes, size.width, size.height, "mask_stride_bytes");
}

Status ReadFrameParams(const tempera_frame_params* given, FrameParams* out) {
  *out = {};
  if (given == nullptr) return OkStatus();
  tempera_frame_params params;
  TEMPERA_RETURN_IF_ERROR(
      ReadSized(given, TEMPERA_SIZE_THROUGH(tempera_frame_params, under), "tempera_frame_params", &params));
  if (params.under != nullptr) {
    TEMPERA_RETURN_IF_ERROR(
        ReadImage(*params.under, "the picture under the painting", &out->under.emplace()));
  }
  if (!(params.mask_feather >= 0 && params.mask_feather <= kMostFeather)) {
    return InvalidArgument("mask_feather " + NumberToText(params.mask_feather) + " is not in 0..1024");
  }
  if (params.mask != nullptr) {
    const Size size = {params.mask_width, params.mask_height};
    TEMPERA_RETURN_IF_ERROR(CheckMaskPlane(params.mask, size, params.mask_stride_bytes));
    out->mask = Mask{params.mask, params.mask_stride_bytes, size, params.mask_feather};
  }
  TEMPERA_RETURN_IF_ERROR(CheckSwitch("tempera_frame_params.cut", params.cut, &out->cut));
  out->timestamp_us = params.timestamp_us;
  return OkStatus();
}

}  // namespace tempera::stylize
