#include "media/photo/coded_photo.h"

#include <sys/stat.h>

extern "C" {
#include <libavutil/pixdesc.h>
}

#include <algorithm>
#include <climits>
#include <cstdio>
#include <cstring>
#include <initializer_list>
#include <memory>

#include "media/normalizer.h"
#include "media/photo/color_profile.h"
#include "media/photo/containers.h"
#include "media/photo/exif.h"
#include "media/photo/libraries.h"
#include "media/photo/pfm.h"
#include "media/photo/png_damage.h"
#include "media/photo/xpm.h"

namespace tempera::media {
namespace {

// kMaxSide a side is 268 megapixels: 2 GB in the worst of formats, and FFmpeg counts a packet in an int, with
// some padding.
constexpr uint64_t kMostFileBytes = INT_MAX - AV_INPUT_BUFFER_PADDING_SIZE;

constexpr const char* kDamaged = "the file is damaged or cut short: what could be read of it is painted";

struct FileCloser {
  void operator()(std::FILE* f) const { std::fclose(f); }
};

// The whole of a regular file that begins like a picture; empty for others.
Result<Bytes> ReadPhotoFile(const std::string& path) {
  struct stat st;
  if (path == "-" || IsUrl(path) || stat(path.c_str(), &st) != 0 || !S_ISREG(st.st_mode)) return Bytes();
  const std::unique_ptr<std::FILE, FileCloser> file(std::fopen(path.c_str(), "rb"));
  if (!file) return Bytes();  // whoever opens it next says why
  Bytes bytes(kSniffBytes);
  bytes.resize(std::fread(bytes.data(), 1, bytes.size(), file.get()));
  if (SniffPhoto(bytes) == PhotoFormat::kUnknown) return Bytes();
  const uint64_t size = static_cast<uint64_t>(st.st_size);
  if (size > kMostFileBytes)
    return InvalidArgument("'" + path + "' is larger than a picture that can be painted");
  if (size > bytes.size()) {
    const size_t begin = bytes.size();
    bytes.resize(size);
    bytes.resize(begin + std::fread(bytes.data() + begin, 1, size - begin, file.get()));
  }
  if (std::ferror(file.get())) return IoError("cannot read '" + path + "'");
  return bytes;
}

Status Refuse(PhotoFormat format) {
  switch (format) {
    case PhotoFormat::kCameraRaw:
      return Unsupported("a camera's raw file: develop it to TIFF or JPEG first (darktable, RawTherapee)");
    case PhotoFormat::kSvg:
      return Unsupported("an SVG drawing has no pixels: render it to PNG first (rsvg-convert, Inkscape)");
    case PhotoFormat::kPdf:
      return Unsupported("a PDF document is no picture: render a page to PNG first (pdftoppm -png)");
    case PhotoFormat::kRadianceHdr:
      return Unsupported(
          "Radiance HDR pictures cannot be read: convert it to OpenEXR, or tone-map it to PNG first");
    default:
      return OkStatus();
  }
}

AVCodecID CodecOf(PhotoFormat format) {
  switch (format) {
    case PhotoFormat::kJpeg:
      return AV_CODEC_ID_MJPEG;
    case PhotoFormat::kPng:
      return AV_CODEC_ID_PNG;
    case PhotoFormat::kWebp:
      return AV_CODEC_ID_WEBP;
    case PhotoFormat::kTiff:
      return AV_CODEC_ID_TIFF;
    case PhotoFormat::kBmp:
      return AV_CODEC_ID_BMP;
    case PhotoFormat::kExr:
      return AV_CODEC_ID_EXR;
    case PhotoFormat::kJpegXl:
      return AV_CODEC_ID_JPEGXL;
    case PhotoFormat::kJpeg2000:
      return AV_CODEC_ID_JPEG2000;
    default:
      return AV_CODEC_ID_NONE;
  }
}

struct Decoded {
  FramePtr frame;
  bool damaged = false;
};

// Whether some line is of the picture: what is only said beside it is no damage.
bool SaysDamage(const std::string& lines) {
  for (size_t from = 0, end; (end = lines.find('\n', from)) != std::string::npos; from = end + 1) {
    const std::string_view line = std::string_view(lines).substr(from, end - from);
    const auto tells = [line](const char* word) { return line.find(word) != std::string_view::npos; };
    if (!tells("EXIF") && !tells("ICC") && !tells("TIFF header")) return true;
  }
  return false;
}

// The picture of a file that is one packet: whatever the name says, and without a second decoding to probe
// it.
Result<Decoded> DecodePacket(ByteSpan file, PhotoFormat format) {
  CaptureFfmpegLog();
  const AVCodecID id = CodecOf(format);
  const AVCodec* codec = avcodec_find_decoder(id);
  if (!codec)
    return Unsupported(std::string("this FFmpeg cannot read ") + PhotoFormatName(format) + " pictures");
  CodecPtr decoder(avcodec_alloc_context3(codec));
  PacketPtr packet(av_packet_alloc());
  Decoded out;
  out.frame.reset(av_frame_alloc());
  if (!decoder || !packet || !out.frame || av_new_packet(packet.get(), static_cast<int>(file.size())) < 0)
    return OutOfMemory("no memory to decode it");
  std::memcpy(packet->data, file.data(), file.size());
  packet->pts = packet->dts = 0;
  packet->flags |= AV_PKT_FLAG_KEY;
  decoder->thread_count = 1;
  decoder->max_pixels = int64_t{kMaxSide} * kMaxSide;
  TakeFfmpegError();
  int error = avcodec_open2(decoder.get(), codec, nullptr);
  if (error >= 0) error = avcodec_send_packet(decoder.get(), packet.get());
  if (error >= 0) {
    avcodec_send_packet(decoder.get(), nullptr);
    error = avcodec_receive_frame(decoder.get(), out.frame.get());
  }
  if (error < 0) return FfmpegStatus(StatusCode::kInvalidArgument, "cannot be decoded", error);
  out.damaged = SaysDamage(TakeOwnFfmpegLines()) || out.frame->decode_error_flags ||
                (out.frame->flags & AV_FRAME_FLAG_CORRUPT);
  return out;
}

// The same of a file that may break off. What is missing is put there as zeros, so that decoders which want
// all of it show what there is.
Result<Decoded> DecodeWhole(ByteSpan file, PhotoFormat format) {
  Result<Decoded> whole = DecodePacket(file, format);
  if (whole.ok() || whole.status().code() != StatusCode::kInvalidArgument) return whole;
  // libjxl talks on standard error when it meets what is no JPEG XL; and light of zeros is told by ReadExr.
  if (format == PhotoFormat::kJpegXl || format == PhotoFormat::kExr) return whole;
  Result<Decoded> part = whole.status();
  if (format == PhotoFormat::kPng) {
    ReadPngBeforeDamage(file, [&part](ByteSpan bytes) {
      Result<Decoded> read = DecodePacket(bytes, PhotoFormat::kPng);
      if (!read.ok()) return false;
      part = std::move(read);
      return true;
    });
    if (!part.ok() && !PngSumsAreRight(file))
      return InvalidArgument("damaged PNG: nothing of the picture can be read");
  } else {
    // Most files that break off were to be less than four times as long.
    constexpr size_t kMostPadding = size_t{64} << 20;
    Bytes mended(file.begin(), file.end());
    mended.resize(file.size() + std::min(kMostPadding, 3 * file.size()));
    part = DecodePacket(mended, format);
  }
  if (!part.ok()) return whole;
  part->damaged = true;
  return part;
}

// The first picture of an animation lies somewhere on a canvas that is empty elsewhere.
Result<FramePtr> OnCanvas(FramePtr part, const PhotoFacts& facts) {
  if (facts.frame_at_x == 0 && facts.frame_at_y == 0 && part->width == facts.canvas_width &&
      part->height == facts.canvas_height) {
    return part;
  }
  Normalizer to_rgba(Target::kRgbAlpha, Turn(), AVRational{1, 25}, 1);
  std::vector<FramePtr> ready;
  part->pts = 0;
  TEMPERA_RETURN_IF_ERROR(to_rgba.Push(part.get(), &ready));
  TEMPERA_RETURN_IF_ERROR(to_rgba.Push(nullptr, &ready));
  if (ready.empty()) return Internal("its first picture could not be converted");
  const AVFrame& from = *ready.front();
  const int step = from.format == AV_PIX_FMT_RGBA ? 4 : 3;
  TEMPERA_ASSIGN_OR_RETURN(FramePtr canvas,
                           NewPixels(AV_PIX_FMT_RGBA, facts.canvas_width, facts.canvas_height));
  for (int y = 0; y < canvas->height; ++y) {
    uint8_t* row = canvas->data[0] + ptrdiff_t{y} * canvas->linesize[0];
    std::memset(row, 0, size_t{4} * canvas->width);
    const int from_y = y - facts.frame_at_y;
    if (from_y < 0 || from_y >= from.height) continue;
    const uint8_t* in = from.data[0] + ptrdiff_t{from_y} * from.linesize[0];
    for (int x = 0; x < from.width && x + facts.frame_at_x < canvas->width; ++x) {
      uint8_t* to = row + ptrdiff_t{4} * (x + facts.frame_at_x);
      std::memcpy(to, in + ptrdiff_t{step} * x, step);
      if (step == 3) to[3] = 255;
    }
  }
  return canvas;
}

void Take(LibraryPicture from, CodedPhoto* photo, bool* damaged) {
  photo->frame = std::move(from.frame);
  photo->srgb_now = from.srgb_now;
  *damaged |= from.damaged;
  if (from.upright) photo->orientation = 1;
  if (!from.exif.empty()) photo->metadata.exif = std::move(from.exif);
  if (!from.icc.empty()) photo->metadata.icc = std::move(from.icc);
  if (!from.xmp.empty()) photo->metadata.xmp = std::move(from.xmp);
  for (std::string& n : from.notices) photo->notices.push_back(std::move(n));
}

Status DecodeJpeg(ByteSpan file, const PhotoFacts& facts, CodedPhoto* photo, bool* damaged) {
  if (facts.bits == 12)
    return Unsupported("a JPEG of 12 bits cannot be read: convert it to TIFF or PNG of 16 bits first");
  const bool ink = facts.components == 4;
  if ((ink || facts.arithmetic) && HasLibjpeg()) {
    TEMPERA_ASSIGN_OR_RETURN(LibraryPicture picture, DecodeWithLibjpeg(file, facts.icc));
    Take(std::move(picture), photo, damaged);
    return OkStatus();
  }
  // FFmpeg multiplies the inks, or takes the black for transparency, by marks that files need not have.
  if (ink) return Unsupported("a CMYK JPEG needs a build of Tempera with libjpeg: convert it to RGB first");
  if (facts.arithmetic)
    return Unsupported(
        "a JPEG with arithmetic coding needs a build of Tempera with libjpeg: convert it first");
  Result<Decoded> decoded = DecodeWhole(file, facts.format);
  if (!decoded.ok() && HasLibjpeg()) {
    Result<LibraryPicture> picture = DecodeWithLibjpeg(file, facts.icc);
    if (!picture.ok()) return decoded.status();
    Take(std::move(picture).value(), photo, damaged);
    return OkStatus();
  }
  TEMPERA_RETURN_IF_ERROR(decoded.status());
  photo->frame = std::move(decoded->frame);
  *damaged |= decoded->damaged;
  return OkStatus();
}

Status DecodeTiff(ByteSpan file, const PhotoFacts& facts, int page, CodedPhoto* photo, bool* damaged) {
  if (facts.cut_short)
    return InvalidArgument("damaged TIFF: no directory of its pictures is there; it was cut short");
  photo->pictures = facts.pages;
  constexpr const char* kLost = "some of the pictures that the file names are missing or cut short in it";
  if (page > facts.pages) {
    const Status none = NoSuchPage(page, facts.pages);
    return facts.lost_pages ? Status(none.code(), none.message() + "; " + kLost) : none;
  }
  if (facts.lost_pages) photo->notices.push_back(kLost);
  if (facts.pages > 1 && page == 0) {
    photo->notices.push_back("the file holds " + std::to_string(facts.pages) +
                             " pictures: the largest, number " + std::to_string(facts.chosen_number) +
                             ", is painted");
  }
  if (facts.format == PhotoFormat::kTiff && facts.plain_tiff && facts.chosen_page == 0) {
    Result<Decoded> decoded = DecodeWhole(file, facts.format);
    if (decoded.ok()) {
      photo->frame = std::move(decoded->frame);
      *damaged |= decoded->damaged;
      return OkStatus();
    }
    if (!HasLibtiff()) return decoded.status();
  }
  TEMPERA_ASSIGN_OR_RETURN(LibraryPicture picture, DecodeWithLibtiff(file, facts.chosen_page, facts.icc));
  Take(std::move(picture), photo, damaged);
  return OkStatus();
}

// AVIF without libheif: FFmpeg reads the plain ones.
bool NeedsLibheif(ByteSpan file) {
  const ByteSpan meta = MetaBox(file);
  if (meta.empty()) return true;
  const std::string_view head(reinterpret_cast<const char*>(meta.data()), meta.size());
  for (const char* word : {"irot", "imir", "clap", "auxC", "grid", "iovl"}) {
    if (head.find(word) != std::string_view::npos) return true;
  }
  return false;
}

bool OneOf(int number, std::initializer_list<int> list) {
  return std::find(list.begin(), list.end(), number) != list.end();
}

// What a PNG says of its colours by H.273's numbers (cICP), which goes before its profile.
void TakeNumbers(const PhotoFacts& facts, CodedPhoto* photo) {
  AVFrame* const frame = photo->frame.get();
  const bool told = !OneOf(facts.primaries, {0, AVCOL_PRI_UNSPECIFIED});
  if (told) {
    av_frame_remove_side_data(frame, AV_FRAME_DATA_ICC_PROFILE);
    frame->color_primaries = static_cast<AVColorPrimaries>(facts.primaries);
    if (!OneOf(facts.primaries, {AVCOL_PRI_BT709, AVCOL_PRI_BT2020, AVCOL_PRI_SMPTE431, AVCOL_PRI_SMPTE432}))
      photo->notices.push_back("the picture's primaries (cICP " + std::to_string(facts.primaries) +
                               ") are painted as if they were sRGB's");
  }
  if (OneOf(facts.transfer, {AVCOL_TRC_SMPTE2084, AVCOL_TRC_ARIB_STD_B67})) {
    frame->color_trc = static_cast<AVColorTransferCharacteristic>(facts.transfer);
    if (!told) frame->color_primaries = AVCOL_PRI_BT2020;
  } else if (!OneOf(facts.transfer, {0, AVCOL_TRC_BT709, AVCOL_TRC_UNSPECIFIED, AVCOL_TRC_SMPTE170M,
                                     AVCOL_TRC_IEC61966_2_1, AVCOL_TRC_BT2020_10, AVCOL_TRC_BT2020_12})) {
    photo->notices.push_back("the picture's transfer curve (cICP " + std::to_string(facts.transfer) +
                             ") is painted as if it were sRGB's");
  }
}

// Some programs keep blocks in a PNG's texts: a newline, a name, how many bytes, and these in hexadecimal
// digits. FFmpeg has unpacked the text where it was compressed.
Bytes RawProfile(const AVFrame& frame, const char* kind) {
  const std::string key = std::string("Raw profile type ") + kind;
  const AVDictionaryEntry* entry = av_dict_get(frame.metadata, key.c_str(), nullptr, 0);
  if (!entry) return {};
  const std::string_view text(entry->value);
  size_t at = text.find_first_not_of(" \r\n\t");
  for (int words = 0; words < 2 && at < text.size(); ++words)
    at = text.find_first_not_of(" \r\n\t", text.find_first_of(" \r\n\t", at));
  Bytes block;
  int half = -1;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (digit < 0) continue;
    if (half >= 0) block.push_back(static_cast<uint8_t>(half << 4 | digit));
    half = half >= 0 ? -1 : digit;
  }
  return block;
}

void TakeRawProfiles(CodedPhoto* photo) {
  for (const char* kind : {"exif", "APP1"}) {
    const Bytes block = WithoutExifMark(RawProfile(*photo->frame, kind));
    const int said = ExifOrientation(block);
    bool ignored = false;
    if (!IsTiff(block, &ignored) || !photo->metadata.exif.empty()) continue;
    if (said > 0) photo->orientation = said;
    photo->metadata.exif = block;
  }
  const Bytes xmp = RawProfile(*photo->frame, "xmp");
  if (photo->metadata.xmp.empty()) photo->metadata.xmp.assign(xmp.begin(), xmp.end());
}

// JPEG 2000's YUV is sYCC: full range, BT.601's matrix (ISO/IEC 15444-1). FFmpeg does not say so.
void TellSycc(AVFrame* frame) {
  const char* name = av_get_pix_fmt_name(static_cast<AVPixelFormat>(frame->format));
  if (!name || std::strncmp(name, "yuv", 3) != 0) return;
  frame->color_range = AVCOL_RANGE_JPEG;
  frame->colorspace = AVCOL_SPC_SMPTE170M;
}

Status DecodeOther(ByteSpan file, const PhotoFacts& facts, CodedPhoto* photo, bool* damaged) {
  const bool part = facts.format == PhotoFormat::kWebp && !facts.first_frame.empty();
  TEMPERA_ASSIGN_OR_RETURN(Decoded decoded,
                           DecodeWhole(part ? ByteSpan(facts.first_frame) : file, facts.format));
  photo->frame = std::move(decoded.frame);
  *damaged |= decoded.damaged || (facts.format == PhotoFormat::kPng && !PngSumsAreRight(file));
  if (part) {
    TEMPERA_ASSIGN_OR_RETURN(photo->frame, OnCanvas(std::move(photo->frame), facts));
  }
  if (facts.animated) {
    photo->notices.push_back(
        facts.format == PhotoFormat::kWebp
            ? "the first picture of an animation is painted: convert animated WebP to GIF first to paint all"
            : "the first picture of an animation is painted; a film's name or .gif behind -o takes all");
  }
  ForgetPasses(CodecOf(facts.format), photo->frame.get());
  if (facts.format == PhotoFormat::kPng) {
    TakeNumbers(facts, photo);
    TakeRawProfiles(photo);
  }
  if (facts.format == PhotoFormat::kJpeg2000) TellSycc(photo->frame.get());
  // The frame's primaries then say what the decoder made of it.
  if (facts.profile_used) av_frame_remove_side_data(photo->frame.get(), AV_FRAME_DATA_ICC_PROFILE);
  return OkStatus();
}

Status Decode(ByteSpan file, const PhotoFacts& facts, int page, CodedPhoto* photo, bool* damaged) {
  switch (facts.format) {
    case PhotoFormat::kJpeg:
      if (page > 1) return NoSuchPage(page, 1);
      return DecodeJpeg(file, facts, photo, damaged);
    case PhotoFormat::kTiff:
    case PhotoFormat::kBigTiff:
      return DecodeTiff(file, facts, page, photo, damaged);
    case PhotoFormat::kHeif:
    case PhotoFormat::kAvif: {
      TEMPERA_ASSIGN_OR_RETURN(LibraryPicture picture, DecodeWithLibheif(file, page, &photo->pictures));
      Take(std::move(picture), photo, damaged);
      return OkStatus();
    }
    case PhotoFormat::kPortableMap: {
      if (page > 1) return NoSuchPage(page, 1);
      TEMPERA_ASSIGN_OR_RETURN(photo->frame, ReadPfm(file, damaged));
      return OkStatus();
    }
    case PhotoFormat::kXpm: {
      if (page > 1) return NoSuchPage(page, 1);
      TEMPERA_ASSIGN_OR_RETURN(photo->frame, ReadXpm(file, damaged));
      return OkStatus();
    }
    default:
      if (page > 1) return NoSuchPage(page, 1);
      return DecodeOther(file, facts, photo, damaged);
  }
}

}  // namespace

Result<std::optional<CodedPhoto>> DecodePhoto(const std::string& path, int page) {
  TEMPERA_ASSIGN_OR_RETURN(const Bytes file, ReadPhotoFile(path));
  const auto named = [&path](const Status& why) {
    return Status(why.code(), "'" + path + "': " + why.message());
  };
  if (file.empty()) return std::optional<CodedPhoto>();
  PhotoFacts facts = ReadPhotoFacts(file, page);
  if (Status refused = Refuse(facts.format); !refused.ok()) return named(refused);
  if (!facts.refusal.empty()) return named(Unsupported(facts.refusal));
  const bool heif = facts.format == PhotoFormat::kHeif || facts.format == PhotoFormat::kAvif;
  const bool by_ffmpeg = facts.format == PhotoFormat::kAvif && !HasLibheif() && !NeedsLibheif(file);
  CodedPhoto photo;
  if (by_ffmpeg ||
      (CodecOf(facts.format) == AV_CODEC_ID_NONE && !heif && facts.format != PhotoFormat::kBigTiff &&
       facts.format != PhotoFormat::kXpm && !IsPfm(file))) {
    if (facts.cut_short) photo.notices.push_back(kDamaged);
    photo.metadata = {std::move(facts.exif), std::move(facts.xmp), std::move(facts.icc)};
    return std::optional<CodedPhoto>(std::move(photo));
  }
  photo.orientation = facts.orientation;
  photo.linear_floats = facts.format != PhotoFormat::kJpegXl;
  // What a file says in the place for it goes before what it says elsewhere.
  photo.metadata.exif = facts.exif;
  photo.metadata.xmp = facts.xmp;
  bool damaged = facts.cut_short;
  if (Status status = Decode(file, facts, page, &photo, &damaged); !status.ok()) return named(status);
  if (damaged) photo.notices.push_back(kDamaged);
  if (facts.packed) photo.notices.push_back("its Exif or XMP data is compressed and left out");
  if (photo.metadata.icc.empty()) photo.metadata.icc = std::move(facts.icc);
  if (photo.metadata.icc.empty() && !av_frame_get_side_data(photo.frame.get(), AV_FRAME_DATA_ICC_PROFILE)) {
    bool missing = false;
    photo.metadata.icc = ProfileOfPng(facts.gamma, facts.corners, &missing);
    if (missing || facts.odd_corners)
      photo.notices.push_back("the picture's own colours are painted as if they were sRGB");
  }
  return std::optional<CodedPhoto>(std::move(photo));
}

}  // namespace tempera::media
