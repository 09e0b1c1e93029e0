// libjpeg for what FFmpeg's decoder lacks: ink as ink, and arithmetic coding.
#include "media/photo/color_profile.h"
#include "media/photo/libraries.h"

#if TEMPERA_HAS_JPEG
#include <csetjmp>
#include <cstdio>
// This header wants <cstdio> before it.
#include <jpeglib.h>
#endif

namespace tempera::media {

#if TEMPERA_HAS_JPEG
namespace {

struct Errors {
  jpeg_error_mgr base = {};
  std::jmp_buf back;
  char text[JMSG_LENGTH_MAX] = {};
};

void Leave(j_common_ptr info) {
  Errors* errors = reinterpret_cast<Errors*>(info->err);
  errors->base.format_message(info, errors->text);
  std::longjmp(errors->back, 1);
}
void StaySilent(j_common_ptr) {}

// The two halves of a decoding. Nothing in them has a destructor, since longjmp runs none.
bool ReadHeader(jpeg_decompress_struct* info, Errors* errors, const uint8_t* data, size_t size) {
  if (setjmp(errors->back)) return false;
  jpeg_create_decompress(info);
  jpeg_mem_src(info, data, size);
  jpeg_read_header(info, TRUE);
  const bool ink = info->jpeg_color_space == JCS_CMYK || info->jpeg_color_space == JCS_YCCK;
  info->out_color_space = ink ? JCS_CMYK : JCS_RGB;
  jpeg_calc_output_dimensions(info);
  return true;
}

bool ReadRows(jpeg_decompress_struct* info, Errors* errors, uint8_t* to, ptrdiff_t stride) {
  if (setjmp(errors->back)) return false;
  jpeg_start_decompress(info);
  while (info->output_scanline < info->output_height) {
    JSAMPROW row = to + static_cast<ptrdiff_t>(info->output_scanline) * stride;
    jpeg_read_scanlines(info, &row, 1);
  }
  return true;
}

struct Decompressor {
  jpeg_decompress_struct info = {};
  Errors errors;
  Decompressor() {
    info.err = jpeg_std_error(&errors.base);
    errors.base.error_exit = Leave;
    errors.base.output_message = StaySilent;
  }
  ~Decompressor() { jpeg_destroy_decompress(&info); }
  Status Failure() const { return InvalidArgument(std::string("damaged JPEG: ") + errors.text); }
};

Status InkToRgb(const jpeg_decompress_struct& info, ByteSpan icc, Bytes* ink, LibraryPicture* out) {
  // Adobe's programs store ink the other way round, and their mark says that it was one of them.
  if (info.saw_Adobe_marker) {
    for (uint8_t& b : *ink) b = static_cast<uint8_t>(255 - b);
  }
  const int width = out->frame->width, height = out->frame->height;
  const bool described = ModelOfProfile(icc) == ProfileModel::kCmyk;
  bool converted = described && ConvertsProfiles();
  Bytes row(size_t{3} * width * height);
  Status status = CmykToSrgb(converted ? icc : ByteSpan(), ink->data(), size_t(width) * height, row.data());
  if (!status.ok() && converted) {
    converted = false;
    status = CmykToSrgb({}, ink->data(), size_t(width) * height, row.data());
  }
  TEMPERA_RETURN_IF_ERROR(status);
  for (int y = 0; y < height; ++y) {
    std::memcpy(out->frame->data[0] + ptrdiff_t{y} * out->frame->linesize[0],
                row.data() + size_t{3} * width * y, size_t{3} * width);
  }
  out->notices.push_back(converted ? "CMYK becomes sRGB through the picture's colour profile"
                                   : "CMYK becomes RGB without a colour profile: colours are approximate");
  return OkStatus();
}

}  // namespace

bool HasLibjpeg() { return true; }

Result<LibraryPicture> DecodeWithLibjpeg(ByteSpan file, ByteSpan icc) {
  Decompressor jpeg;
  if (!ReadHeader(&jpeg.info, &jpeg.errors, file.data(), file.size())) return jpeg.Failure();
  LibraryPicture out;
  TEMPERA_ASSIGN_OR_RETURN(out.frame, NewPixels(AV_PIX_FMT_RGB24, static_cast<int>(jpeg.info.output_width),
                                                static_cast<int>(jpeg.info.output_height)));
  const bool is_ink = jpeg.info.out_color_space == JCS_CMYK;
  if (is_ink) {
    Bytes ink(size_t{4} * out.frame->width * out.frame->height);
    if (!ReadRows(&jpeg.info, &jpeg.errors, ink.data(), ptrdiff_t{4} * out.frame->width))
      return jpeg.Failure();
    TEMPERA_RETURN_IF_ERROR(InkToRgb(jpeg.info, icc, &ink, &out));
    out.srgb_now = true;
  } else if (!ReadRows(&jpeg.info, &jpeg.errors, out.frame->data[0], out.frame->linesize[0])) {
    return jpeg.Failure();
  }
  out.damaged = jpeg.info.err->num_warnings > 0;
  return out;
}
#else
bool HasLibjpeg() { return false; }
Result<LibraryPicture> DecodeWithLibjpeg(ByteSpan, ByteSpan) {
  return Unsupported("this build of Tempera has no libjpeg");
}
#endif

}  // namespace tempera::media
