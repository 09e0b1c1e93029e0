// FFmpeg's C objects with C++ owners, and its log turned into causes.
// Private to media/: no other room includes this header.
#pragma once

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/avutil.h>
#include <libavutil/dict.h>
#include <libavutil/frame.h>
}

#include <atomic>
#include <memory>
#include <string>

#include "src/base/status.h"

namespace tempera::media {

struct AvDeleter {
  void operator()(AVFrame* p) const { av_frame_free(&p); }
  void operator()(AVPacket* p) const { av_packet_free(&p); }
  void operator()(AVCodecContext* p) const { avcodec_free_context(&p); }
};
using FramePtr = std::unique_ptr<AVFrame, AvDeleter>;
using PacketPtr = std::unique_ptr<AVPacket, AvDeleter>;
using CodecPtr = std::unique_ptr<AVCodecContext, AvDeleter>;

// An input: closed with what it opened.
struct InputDeleter {
  void operator()(AVFormatContext* p) const;
};
using InputPtr = std::unique_ptr<AVFormatContext, InputDeleter>;

// Options as FFmpeg takes them; entries it did not consume stay inside.
class Options {
 public:
  Options() = default;
  ~Options() { av_dict_free(&dict_); }
  Options(const Options&) = delete;
  Options& operator=(const Options&) = delete;

  void Set(const char* key, const std::string& value) { av_dict_set(&dict_, key, value.c_str(), 0); }
  AVDictionary** get() { return &dict_; }

 private:
  AVDictionary* dict_ = nullptr;
};

// Silences FFmpeg's own printing and remembers its last complaint of each kind. Idempotent, thread-safe.
void CaptureFfmpegLog();
// FFmpeg's last error line since the last call of this, without its newline; "" when it made none.
// What the calling thread heard goes first.
std::string TakeFfmpegError();
// The same, of what was said in the calling thread alone.
std::string TakeOwnFfmpegError();
// All of these, each line with its newline, up to some kilobytes.
std::string TakeOwnFfmpegLines();

// FFmpeg's words for an error code: "No such file or directory".
std::string ErrorText(int error);
// "PREFIX: cause", the cause from FFmpeg's log when it said more than the code does.
Status FfmpegStatus(StatusCode code, const std::string& prefix, int error);

// The name FFmpeg is to open for a user's PATH: plain files are marked as such, so that a colon or a
// percent sign in a name means nothing; URLs (scheme://) pass.
std::string InputUrl(const std::string& path);
bool IsUrl(const std::string& path);

// Two who may give up waiting for input; each may be null.
struct Cancels {
  const std::atomic<bool>* first = nullptr;
  const std::atomic<bool>* second = nullptr;
  bool now() const { return (first && first->load()) || (second && second->load()); }
};

// Opens PATH ("-" is Y4M on standard input) and finds its streams. Errors name PATH. Blocking reads
// end when `cancels` says so; it may be null, and must outlive the input.
// stretch: of a file in which several are joined, the bytes that are one.
struct Stretch {
  int64_t begin = 0, end = 0;  // all of the file where both are 0
};
Result<InputPtr> OpenInput(const std::string& path, const Cancels* cancels = nullptr,
                           const Stretch& stretch = {});
// How messages call PATH: in quotes, or "standard input".
std::string ShownName(const std::string& path);

// A decoder for the stream, `threads` threads (0: FFmpeg's choice). Errors name the codec.
Result<CodecPtr> OpenDecoder(const AVStream& stream, int threads);

// Whether a stream was found to be more than announced: sound has a rate and channels, pictures have a size.
bool HasParameters(const AVStream& stream);
// What messages call its codec; of one that this FFmpeg does not know, the name in the file.
std::string CodecName(const AVCodecParameters& par);

// A stream's side data of that type, or nullptr; *size, unless null, is in bytes.
const uint8_t* StreamSideData(const AVStream& stream, AVPacketSideDataType type, size_t* size = nullptr);
// Gives the stream a copy of it. False when there is no memory.
bool AddStreamSideData(AVStream* stream, AVPacketSideDataType type, const uint8_t* data, size_t size);

// Frames above this many pixels a side are refused before they are decoded (the C API's limit).
inline constexpr int kMaxSide = 16384;

}  // namespace tempera::media
