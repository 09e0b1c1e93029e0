// libheif for HEIC, HEIF and AVIF: grids, alpha, turns and crops, none of which FFmpeg 5.1 knows.
#include "media/photo/libraries.h"

#if TEMPERA_HAS_HEIF
#include <libheif/heif.h>

#include <memory>
#endif

namespace tempera::media {

#if TEMPERA_HAS_HEIF
namespace {

struct HeifDeleter {
  void operator()(heif_context* p) const { heif_context_free(p); }
  void operator()(heif_image_handle* p) const { heif_image_handle_release(p); }
  void operator()(heif_image* p) const { heif_image_release(p); }
};
using HandlePtr = std::unique_ptr<heif_image_handle, HeifDeleter>;

Status Failure(const heif_error& error) {
  const std::string said = error.message ? error.message : "";
  if (error.code == heif_error_Unsupported_filetype || error.code == heif_error_Unsupported_feature ||
      error.code == heif_error_Plugin_loading_error) {
    return Unsupported("libheif cannot read this picture (" + said + "): convert it to JPEG or PNG first");
  }
  return InvalidArgument("damaged picture: " + said);
}

void ReadMetadata(heif_image_handle* handle, LibraryPicture* out) {
  // A photograph has two blocks; more is not looked at.
  heif_item_id ids[16];
  const int count = heif_image_handle_get_list_of_metadata_block_IDs(handle, nullptr, ids, 16);
  for (int i = 0; i < count; ++i) {
    const std::string type = heif_image_handle_get_metadata_type(handle, ids[i]);
    const char* content = heif_image_handle_get_metadata_content_type(handle, ids[i]);
    Bytes block(heif_image_handle_get_metadata_size(handle, ids[i]));
    if (block.empty() || heif_image_handle_get_metadata(handle, ids[i], block.data()).code != heif_error_Ok)
      continue;
    if (type == "Exif" && out->exif.empty()) {
      // The first four bytes say how many more to skip, usually those of "Exif\0\0".
      const uint64_t skip = 4 + uint64_t{ByteView(block, true).U32(0)};
      if (skip < block.size()) out->exif.assign(block.begin() + static_cast<ptrdiff_t>(skip), block.end());
    } else if (type == "mime" && content && std::string(content) == "application/rdf+xml" &&
               out->xmp.empty()) {
      out->xmp.assign(block.begin(), block.end());
    }
  }
}

struct Numbers {
  int primaries = 2, transfer = 2;  // H.273; 2: not told
};

Numbers ReadProfile(heif_image_handle* handle, LibraryPicture* out) {
  Numbers numbers;
  const heif_color_profile_type type = heif_image_handle_get_color_profile_type(handle);
  if (type == heif_color_profile_type_rICC || type == heif_color_profile_type_prof) {
    out->icc.resize(heif_image_handle_get_raw_color_profile_size(handle));
    if (heif_image_handle_get_raw_color_profile(handle, out->icc.data()).code != heif_error_Ok)
      out->icc.clear();
  }
  heif_color_profile_nclx* nclx = nullptr;
  if (heif_image_handle_get_nclx_color_profile(handle, &nclx).code == heif_error_Ok && nclx) {
    numbers = {nclx->color_primaries, nclx->transfer_characteristics};
    heif_nclx_color_profile_free(nclx);
  }
  return numbers;
}

// Rows from libheif's plane; deep ones are stretched to all 16 bits.
Status CopyRows(const heif_image& image, AVFrame* to) {
  int stride = 0;
  const uint8_t* from = heif_image_get_plane_readonly(&image, heif_channel_interleaved, &stride);
  if (!from) return Internal("libheif gave no pixels");
  const bool deep = to->format == AV_PIX_FMT_RGB48LE || to->format == AV_PIX_FMT_RGBA64LE;
  const int channels = to->format == AV_PIX_FMT_RGBA || to->format == AV_PIX_FMT_RGBA64LE ? 4 : 3;
  const int bits = heif_image_get_bits_per_pixel_range(&image, heif_channel_interleaved);
  const double stretch = bits > 0 && bits <= 16 ? 65535.0 / ((1 << bits) - 1) : 1;
  for (int y = 0; y < to->height; ++y) {
    const uint8_t* in = from + ptrdiff_t{y} * stride;
    uint8_t* out = to->data[0] + ptrdiff_t{y} * to->linesize[0];
    if (!deep) {
      std::memcpy(out, in, size_t(channels) * to->width);
      continue;
    }
    for (int i = 0; i < channels * to->width; ++i) {
      const int value = in[2 * i] | in[2 * i + 1] << 8;
      const int wide = std::min(65535, static_cast<int>(value * stretch + 0.5));
      out[2 * i] = static_cast<uint8_t>(wide);
      out[2 * i + 1] = static_cast<uint8_t>(wide >> 8);
    }
  }
  return OkStatus();
}

}  // namespace

bool HasLibheif() { return true; }

Result<LibraryPicture> DecodeWithLibheif(ByteSpan file, int page, int* pictures) {
  const std::unique_ptr<heif_context, HeifDeleter> context(heif_context_alloc());
  if (!context) return OutOfMemory("no memory for libheif");
  heif_context_set_maximum_image_size_limit(context.get(), kMaxSide);
  heif_error error =
      heif_context_read_from_memory_without_copy(context.get(), file.data(), file.size(), nullptr);
  if (error.code != heif_error_Ok) return Failure(error);
  heif_image_handle* raw_handle = nullptr;
  *pictures = heif_context_get_number_of_top_level_images(context.get());
  if (page > 0) {
    std::vector<heif_item_id> ids(static_cast<size_t>(std::max(0, *pictures)));
    ids.resize(static_cast<size_t>(heif_context_get_list_of_top_level_image_IDs(
        context.get(), ids.data(), static_cast<int>(ids.size()))));
    if (static_cast<size_t>(page) > ids.size()) return NoSuchPage(page, *pictures);
    error = heif_context_get_image_handle(context.get(), ids[page - 1], &raw_handle);
  } else {
    error = heif_context_get_primary_image_handle(context.get(), &raw_handle);
  }
  if (error.code != heif_error_Ok) return Failure(error);
  const HandlePtr handle(raw_handle);

  LibraryPicture out;
  ReadMetadata(handle.get(), &out);
  const Numbers numbers = ReadProfile(handle.get(), &out);
  const bool hdr = numbers.transfer == AVCOL_TRC_SMPTE2084 || numbers.transfer == AVCOL_TRC_ARIB_STD_B67;
  const bool alpha = heif_image_handle_has_alpha_channel(handle.get());
  if (hdr && alpha && heif_image_handle_is_premultiplied_alpha(handle.get()))
    return Unsupported(
        "an HDR picture with its transparency multiplied in cannot be read: convert it to PNG first");
  if (const int bits = heif_image_handle_get_luma_bits_per_pixel(handle.get()); bits > 8 && !hdr)
    out.notices.push_back(std::to_string(bits) + "-bit becomes 8-bit");
  const heif_chroma chroma =
      hdr ? (alpha ? heif_chroma_interleaved_RRGGBBAA_LE : heif_chroma_interleaved_RRGGBB_LE)
          : (alpha ? heif_chroma_interleaved_RGBA : heif_chroma_interleaved_RGB);
  const AVPixelFormat format =
      hdr ? (alpha ? AV_PIX_FMT_RGBA64LE : AV_PIX_FMT_RGB48LE) : (alpha ? AV_PIX_FMT_RGBA : AV_PIX_FMT_RGB24);
  // Before anything is decoded.
  TEMPERA_RETURN_IF_ERROR(
      NewPixels(format, heif_image_handle_get_width(handle.get()), heif_image_handle_get_height(handle.get()))
          .status());
  heif_image* raw_image = nullptr;
  error = heif_decode_image(handle.get(), &raw_image, heif_colorspace_RGB, chroma, nullptr);
  if (error.code != heif_error_Ok) return Failure(error);
  const std::unique_ptr<heif_image, HeifDeleter> image(raw_image);
  TEMPERA_ASSIGN_OR_RETURN(out.frame,
                           NewPixels(format, heif_image_get_width(image.get(), heif_channel_interleaved),
                                     heif_image_get_height(image.get(), heif_channel_interleaved)));
  TEMPERA_RETURN_IF_ERROR(CopyRows(*image, out.frame.get()));
  if (alpha && !hdr && heif_image_handle_is_premultiplied_alpha(handle.get())) Unpremultiply(out.frame.get());
  out.frame->color_primaries = static_cast<AVColorPrimaries>(numbers.primaries);
  out.frame->color_trc = static_cast<AVColorTransferCharacteristic>(numbers.transfer);
  out.upright = true;
  if (*pictures > 1 && page == 0) {
    out.notices.push_back("the file holds " + std::to_string(*pictures) +
                          " pictures: its main one is painted");
  }
  return out;
}
#else
bool HasLibheif() { return false; }
Result<LibraryPicture> DecodeWithLibheif(ByteSpan, int, int*) {
  return Unsupported(
      "HEIC, HEIF and AVIF pictures need a build of Tempera with libheif: convert it to JPEG or PNG first");
}
#endif

}  // namespace tempera::media
