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

// The same of ink. `row` has room for four bytes a pixel, since nothing may be allocated here.
bool ReadInkRows(jpeg_decompress_struct* info, Errors* errors, const InkMixer& mixer, uint8_t* row,
                 uint8_t* to, ptrdiff_t stride) {
  if (setjmp(errors->back)) return false;
  jpeg_start_decompress(info);
  while (info->output_scanline < info->output_height) {
    uint8_t* const out = to + static_cast<ptrdiff_t>(info->output_scanline) * stride;
    JSAMPROW rows = row;
    jpeg_read_scanlines(info, &rows, 1);
    // Adobe's programs store ink the other way round, and their mark says that it was one of them.
    if (info->saw_Adobe_marker) {
      for (size_t i = 0; i < size_t{4} * info->output_width; ++i) row[i] = static_cast<uint8_t>(255 - row[i]);
    }
    mixer.Mix(row, info->output_width, out);
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
    const InkMixer mixer(icc);
    Bytes row(size_t{4} * out.frame->width);
    if (!ReadInkRows(&jpeg.info, &jpeg.errors, mixer, row.data(), out.frame->data[0], out.frame->linesize[0]))
      return jpeg.Failure();
    out.notices.push_back(mixer.notice());
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
