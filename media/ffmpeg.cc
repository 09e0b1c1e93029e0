#include "media/ffmpeg.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstdarg>
#include <cstring>
#include <mutex>
#include <vector>

namespace tempera::media {
namespace {

std::mutex log_mutex;
std::string last_error;
// The same for what was said in this thread: pictures are decoded side by side, each in a thread of its own.
thread_local std::string own_error;
thread_local std::string own_lines;  // all since it was taken, as far as kMostOwnLines goes
constexpr size_t kMostOwnLines = 4096;

void OnLog(void* context, int level, const char* format, va_list args) {
  if (level > AV_LOG_ERROR) return;
  char line[512];
  int print_prefix = 0;
  av_log_format_line2(context, level, format, args, line, sizeof line, &print_prefix);
  size_t length = std::strlen(line);
  while (length > 0 && (line[length - 1] == '\n' || line[length - 1] == ' ')) line[--length] = 0;
  if (length == 0) return;
  std::lock_guard<std::mutex> lock(log_mutex);
  last_error = line;
  own_error = line;
  if (own_lines.size() < kMostOwnLines) own_lines += line + std::string("\n");
}

int OnInterrupt(void* cancels) { return static_cast<const Cancels*>(cancels)->now() ? 1 : 0; }

// Names with these make FFmpeg's picture reader look for a numbered series.
bool LooksLikePattern(const std::string& path) { return path.find_first_of("%*?{") != std::string::npos; }

}  // namespace

void InputDeleter::operator()(AVFormatContext* p) const {
  AVIOContext* own = (p->flags & AVFMT_FLAG_CUSTOM_IO) ? p->pb : nullptr;
  avformat_close_input(&p);
  if (own) avio_closep(&own);
}

void CaptureFfmpegLog() { av_log_set_callback(OnLog); }

std::string TakeFfmpegError() {
  std::lock_guard<std::mutex> lock(log_mutex);
  std::string own = std::exchange(own_error, std::string());
  own_lines.clear();
  const std::string any = std::exchange(last_error, std::string());
  return own.empty() ? any : own;
}

std::string TakeOwnFfmpegError() {
  own_lines.clear();
  return std::exchange(own_error, std::string());
}

std::string TakeOwnFfmpegLines() {
  own_error.clear();
  return std::exchange(own_lines, std::string());
}

std::string ErrorText(int error) {
  char text[AV_ERROR_MAX_STRING_SIZE] = {};
  av_strerror(error, text, sizeof text);
  return text;
}

Status FfmpegStatus(StatusCode code, const std::string& prefix, int error) {
  std::string said = TakeFfmpegError();
  // Only FFmpeg's vague codes need its log beside them.
  const bool vague = error == AVERROR(EINVAL) || error == AVERROR_INVALIDDATA || error == AVERROR_EXTERNAL ||
                     error == AVERROR_UNKNOWN || error == AVERROR(EPERM);
  std::string message = prefix + ": " + ErrorText(error);
  if (vague && !said.empty()) {
    // "[mov,mp4 @ 0x55..] moov atom not found": the address helps nobody.
    size_t end = said.rfind("] ");
    if (said.front() == '[' && end != std::string::npos) said.erase(0, end + 2);
    message += " (" + said + ")";
  }
  return {code, std::move(message)};
}

bool IsUrl(const std::string& path) {
  struct stat st;
  return path.find("://") != std::string::npos && stat(path.c_str(), &st) != 0;
}

std::string InputUrl(const std::string& path) { return IsUrl(path) ? path : "file:" + path; }

std::string ShownName(const std::string& path) {
  return path == "-" ? std::string("standard input") : "'" + path + "'";
}

Result<InputPtr> OpenInput(const std::string& path, const Cancels* cancels) {
  CaptureFfmpegLog();
  TakeFfmpegError();
  const bool from_stdin = path == "-";
  const std::string name = ShownName(path);
  AVFormatContext* raw = avformat_alloc_context();
  if (!raw) return OutOfMemory("no memory to open " + name);
  std::string url = from_stdin ? "pipe:0" : InputUrl(path);
  struct stat st;
  if (!from_stdin && !IsUrl(path)) {
    if (stat(path.c_str(), &st) != 0) {
      const int cause = errno;
      avformat_free_context(raw);
      // A numbered series of pictures (frame%04d.png) exists under no single name.
      if (!LooksLikePattern(path) || cause != ENOENT) {
        return Status(cause == ENOENT ? StatusCode::kNotFound : StatusCode::kIo,
                      "cannot open " + name + ": " + std::strerror(cause));
      }
      raw = avformat_alloc_context();
      if (!raw) return OutOfMemory("no memory to open " + name);
    } else if (S_ISDIR(st.st_mode)) {
      avformat_free_context(raw);
      return InvalidArgument(name + " is a directory: name one file in it");
    } else if (S_ISREG(st.st_mode) && st.st_size == 0) {
      avformat_free_context(raw);
      return InvalidArgument(name + " is empty");
    } else if (LooksLikePattern(path)) {
      // One existing file: FFmpeg gets it already open, and of its name only the extension.
      AVIOContext* pb = nullptr;
      if (int error = avio_open2(&pb, url.c_str(), AVIO_FLAG_READ, nullptr, nullptr); error < 0) {
        avformat_free_context(raw);
        return FfmpegStatus(StatusCode::kIo, "cannot open " + name, error);
      }
      raw->pb = pb;
      raw->flags |= AVFMT_FLAG_CUSTOM_IO;
      const size_t dot = path.rfind('.');
      url = "input" + (dot == std::string::npos ? std::string() : path.substr(dot));
      if (LooksLikePattern(url)) url = "input";
    }
  }
  if (cancels) raw->interrupt_callback = {OnInterrupt, const_cast<Cancels*>(cancels)};
  AVIOContext* own = raw->pb;
  const AVInputFormat* format = from_stdin ? av_find_input_format("yuv4mpegpipe") : nullptr;
  if (int error = avformat_open_input(&raw, url.c_str(), format, nullptr); error < 0) {
    if (own) avio_closep(&own);
    if (cancels && cancels->now())
      return Status(StatusCode::kCancelled, "stopped before the first frame: nothing was written");
    if (from_stdin || error == AVERROR_INVALIDDATA || error == AVERROR_EOF) {
      Status status = FfmpegStatus(StatusCode::kInvalidArgument, "cannot read " + name, error);
      const char* cure =
          from_stdin ? "; Y4M video is expected there (ffmpeg -i clip.mp4 -f yuv4mpegpipe - | tempera ...)"
                     : "; it is not a picture or a video FFmpeg knows, or it is damaged";
      return InvalidArgument(status.message() + cure);
    }
    return FfmpegStatus(StatusCode::kIo, "cannot read " + name, error);
  }
  InputPtr input(raw);
  // Decoders that run during probing must not be talked into a giant frame either.
  std::vector<AVDictionary*> options(raw->nb_streams, nullptr);
  for (AVDictionary*& o : options) av_dict_set_int(&o, "max_pixels", int64_t{kMaxSide} * kMaxSide, 0);
  const unsigned count = raw->nb_streams;
  const int error = avformat_find_stream_info(raw, options.empty() ? nullptr : options.data());
  for (unsigned i = 0; i < count; ++i) av_dict_free(&options[i]);
  if (error < 0) return FfmpegStatus(StatusCode::kInvalidArgument, "cannot read " + name, error);
  return input;
}

const uint8_t* StreamSideData(const AVStream& stream, AVPacketSideDataType type) {
#if LIBAVFORMAT_VERSION_MAJOR >= 61
  const AVPacketSideData* side =
      av_packet_side_data_get(stream.codecpar->coded_side_data, stream.codecpar->nb_coded_side_data, type);
  return side ? side->data : nullptr;
#else
  return av_stream_get_side_data(&stream, type, nullptr);
#endif
}

Result<CodecPtr> OpenDecoder(const AVStream& stream, int threads) {
  const AVCodecParameters& par = *stream.codecpar;
  const AVCodec* codec = avcodec_find_decoder(par.codec_id);
  const std::string name = avcodec_get_name(par.codec_id);
  if (!codec) return Unsupported("this FFmpeg has no decoder for " + name);
  CodecPtr context(avcodec_alloc_context3(codec));
  if (!context) return OutOfMemory("no memory for the " + name + " decoder");
  int error = avcodec_parameters_to_context(context.get(), &par);
  if (error >= 0) {
    context->pkt_timebase = stream.time_base;
    context->thread_count = threads;
    context->max_pixels = int64_t{kMaxSide} * kMaxSide;
    error = avcodec_open2(context.get(), codec, nullptr);
  }
  if (error < 0)
    return FfmpegStatus(StatusCode::kUnsupported, "cannot start the " + name + " decoder", error);
  return context;
}

}  // namespace tempera::media
