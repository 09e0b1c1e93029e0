#include "media/live/jpeg_stream.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "media/ffmpeg.h"
#include "media/frame_bridge.h"

extern "C" {
#include <libavutil/pixdesc.h>
}

namespace tempera::media {
namespace {

constexpr size_t kMostBytes = size_t{1} << 28;  // of one picture; a packet's size is an int

// One plane of chroma at half the size of luma, each sample the mean of those it stands for: `across` and
// `down` are how many halvings of luma's size the plane is, 0 to 2.
void HalveChroma(const uint8_t* from, ptrdiff_t from_stride, int width, int height, int across, int down,
                 uint8_t* to, ptrdiff_t to_stride) {
  const int out_width = (width + 1) / 2, out_height = (height + 1) / 2;
  const int in_width = -(-width >> across), in_height = -(-height >> down);
  for (int y = 0; y < out_height; ++y) {
    // down 0: lines 2y and 2y + 1; 1: line y; 2: line y / 2.
    const int first = down == 0 ? 2 * y : down == 1 ? y : y / 2;
    const int second = down == 0 ? std::min(first + 1, in_height - 1) : first;
    const uint8_t *a = from + first * from_stride, *b = from + second * from_stride;
    uint8_t* out = to + y * to_stride;
    if (across == 1) {
      for (int x = 0; x < out_width; ++x) out[x] = static_cast<uint8_t>((a[x] + b[x] + 1) / 2);
      continue;
    }
    for (int x = 0; x < out_width; ++x) {
      const int left = across == 0 ? 2 * x : x / 2;
      const int right = across == 0 ? std::min(left + 1, in_width - 1) : left;
      out[x] = static_cast<uint8_t>((a[left] + a[right] + b[left] + b[right] + 2) / 4);
    }
  }
}

Result<Frame> ToI420(const AVFrame& av, const AVPixFmtDescriptor& desc) {
  TEMPERA_ASSIGN_OR_RETURN(Frame frame, Frame::Allocate(PixelFormat::kI420, av.width, av.height));
  for (int y = 0; y < av.height; ++y) {
    memcpy(frame.planes[0] + static_cast<ptrdiff_t>(y) * frame.stride_bytes[0],
           av.data[0] + static_cast<ptrdiff_t>(y) * av.linesize[0], static_cast<size_t>(av.width));
  }
  for (int plane = 1; plane < 3; ++plane) {
    if (desc.nb_components == 1) {
      for (int y = 0; y < (av.height + 1) / 2; ++y) {
        memset(frame.planes[plane] + static_cast<ptrdiff_t>(y) * frame.stride_bytes[plane], 128,
               (static_cast<size_t>(av.width) + 1) / 2);
      }
    } else {
      HalveChroma(av.data[plane], av.linesize[plane], av.width, av.height, desc.log2_chroma_w,
                  desc.log2_chroma_h, frame.planes[plane], frame.stride_bytes[plane]);
    }
  }
  return frame;
}

// Whether the marker of its end stands behind its pixels; what cameras pad with comes after it. Within pixels
// no marker can stand (ITU-T T.81, F.1.2.3).
bool HasEnd(const uint8_t* bytes, size_t count) {
  for (size_t i = count - 1; i-- > 0;) {
    if (bytes[i] != 0xff) continue;
    if (bytes[i + 1] == 0xd9) return true;
    if (bytes[i + 1] == 0xda) return false;
  }
  return false;
}

class JpegStreamImpl : public JpegStream {
 public:
  Status Start() {
    CaptureFfmpegLog();
    const AVCodec* codec = avcodec_find_decoder(AV_CODEC_ID_MJPEG);
    if (!codec) return Unsupported("this FFmpeg has no decoder for MJPEG: choose another format");
    codec_.reset(avcodec_alloc_context3(codec));
    packet_.reset(av_packet_alloc());
    picture_.reset(av_frame_alloc());
    if (!codec_ || !packet_ || !picture_) return OutOfMemory("no memory for a decoder of MJPEG");
    codec_->thread_count = 1;  // with more, frames come later
    // A picture that ends early, or whose codes make no sense, is an error, not a picture half grey.
    codec_->err_recognition = AV_EF_EXPLODE | AV_EF_BITSTREAM | AV_EF_BUFFER;
    codec_->max_pixels = int64_t{kMaxSide} * kMaxSide;
    if (const int error = avcodec_open2(codec_.get(), codec, nullptr); error < 0)
      return FfmpegStatus(StatusCode::kInternal, "cannot start a decoder of MJPEG", error);
    return OkStatus();
  }

  Result<Frame> Decode(const uint8_t* bytes, size_t count) override {
    if (count < 4 || count > kMostBytes || bytes[0] != 0xff || bytes[1] != 0xd8)
      return IoError("a damaged JPEG");
    // A stream whose pictures have ends is one of whole pictures; some cameras leave all ends away.
    const bool has_end = HasEnd(bytes, count);
    if (ends_ && !has_end) return IoError("a damaged JPEG");
    // With the zeros behind it that the decoder wants to read (av_new_packet makes them).
    av_packet_unref(packet_.get());
    if (av_new_packet(packet_.get(), static_cast<int>(count)) < 0)
      return OutOfMemory("no memory for a JPEG of " + std::to_string(count) + " bytes");
    memcpy(packet_->data, bytes, count);
    av_frame_unref(picture_.get());
    int error = avcodec_send_packet(codec_.get(), packet_.get());
    if (error >= 0) error = avcodec_receive_frame(codec_.get(), picture_.get());
    if (error < 0 || picture_->decode_error_flags != 0 || (picture_->flags & AV_FRAME_FLAG_CORRUPT) != 0) {
      TakeOwnFfmpegError();
      // Tables that came with damage would spoil all pictures that bring none.
      TEMPERA_RETURN_IF_ERROR(Start());
      return IoError("a damaged JPEG");
    }
    ends_ = ends_ || has_end;
    return Finish();
  }

 private:
  Result<Frame> Finish() {
    const auto* desc = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(picture_->format));
    const bool planes = desc && desc->comp[0].depth == 8 && desc->comp[0].step == 1 &&
                        (desc->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL)) == 0 &&
                        (desc->nb_components == 1 || desc->nb_components == 3) && desc->log2_chroma_w <= 2 &&
                        desc->log2_chroma_h <= 2;
    if (!planes || picture_->width < 1 || picture_->height < 1 || picture_->width > kMaxSide ||
        picture_->height > kMaxSide) {
      return IoError("a JPEG of a kind that no camera makes");
    }
    const bool full = picture_->color_range != AVCOL_RANGE_MPEG;
    const ColorMatrix matrix =
        picture_->colorspace == AVCOL_SPC_BT709 ? ColorMatrix::kBt709 : ColorMatrix::kBt601;
    Frame frame;
    if (picture_->format == AV_PIX_FMT_YUVJ420P || picture_->format == AV_PIX_FMT_YUV420P) {
      FramePtr same(av_frame_clone(picture_.get()));
      if (!same) return OutOfMemory("no memory for a frame");
      same->format = AV_PIX_FMT_YUV420P;  // the range says what YUVJ420P said
      same->color_range = full ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
      frame = WrapAvFrame(std::move(same));
    } else {
      TEMPERA_ASSIGN_OR_RETURN(frame, ToI420(*picture_, *desc));
    }
    frame.matrix = matrix;
    frame.full_range = full;
    frame.pts = 0;
    return frame;
  }

  bool ends_ = false;  // one that came had its end
  CodecPtr codec_;
  PacketPtr packet_;
  FramePtr picture_;
};

}  // namespace

Result<std::unique_ptr<JpegStream>> JpegStream::Open() {
  auto stream = std::make_unique<JpegStreamImpl>();
  TEMPERA_RETURN_IF_ERROR(stream->Start());
  return std::unique_ptr<JpegStream>(std::move(stream));
}

}  // namespace tempera::media
