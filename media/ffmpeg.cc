#include "media/ffmpeg.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstdarg>
#include <cstring>
#include <mutex>
#include <optional>
#include <vector>

#include "media/film/series.h"

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

// Names with these would make FFmpeg's picture reader look for a series.
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
  // "patches welcome" is for those who could send some.
  if (error == AVERROR_PATCHWELCOME)
    return {code, prefix + ": this FFmpeg does not know its coding: convert it with another program first"};
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

namespace {

// How far an input is read to find out what its streams are. FFmpeg's own bounds, 5 MB and 5 seconds, miss
// sound that begins later; these are for where something was missed.
constexpr int64_t kLongProbeBytes = int64_t{64} << 20;
constexpr int64_t kLiveProbeUs = 1000000;
constexpr int64_t kLongProbeUs = int64_t{60} * 1000000;

// Whether a stream is there of which nothing was found yet, or may be there.
bool ProbedTooShort(const AVFormatContext& input) {
  bool picture = false, sound = false;
  for (unsigned i = 0; i < input.nb_streams; ++i) {
    const AVCodecParameters& par = *input.streams[i]->codecpar;
    if (par.codec_type == AVMEDIA_TYPE_VIDEO) picture = true;
    if (par.codec_type != AVMEDIA_TYPE_AUDIO) continue;
    sound = true;
    if (!HasParameters(*input.streams[i]) && par.codec_id != AV_CODEC_ID_NONE) return true;
  }
  // Program streams do not say what they hold: sound is there when its first packet comes.
  return picture && !sound && !std::strcmp(input.iformat->name, "mpeg");
}

// Why PATH cannot be opened as a file; *pattern: FFmpeg would look for a series under its name.
Status CheckFile(const std::string& path, const std::string& name, bool* pattern) {
  struct stat st;
  if (stat(path.c_str(), &st) != 0) {
    const int cause = errno;
    return {cause == ENOENT ? StatusCode::kNotFound : StatusCode::kIo,
            "cannot open " + name + ": " + std::strerror(cause)};
  }
  if (S_ISDIR(st.st_mode)) return InvalidArgument(name + " is a directory: name one file in it");
  if (S_ISREG(st.st_mode) && st.st_size == 0) return InvalidArgument(name + " is empty");
  *pattern = LooksLikePattern(path);
  return OkStatus();
}

// FFmpeg gets the file already open, and of its name only the extension, which it is told by *url.
Status OpenBehindName(const std::string& path, const std::string& name, AVFormatContext* raw,
                      std::string* url) {
  AVIOContext* pb = nullptr;
  if (int error = avio_open2(&pb, url->c_str(), AVIO_FLAG_READ, nullptr, nullptr); error < 0)
    return FfmpegStatus(StatusCode::kIo, "cannot open " + name, error);
  raw->pb = pb;
  raw->flags |= AVFMT_FLAG_CUSTOM_IO;
  const size_t dot = path.rfind('.');
  *url = "input" + (dot == std::string::npos ? std::string() : path.substr(dot));
  if (LooksLikePattern(*url)) *url = "input";
  return OkStatus();
}

Status WhyNotOpened(const std::string& name, bool from_stdin, const Cancels* cancels, int error) {
  if (cancels && cancels->now())
    return {StatusCode::kCancelled, "stopped before the first frame: nothing was written"};
  if (from_stdin || error == AVERROR_INVALIDDATA || error == AVERROR_EOF) {
    Status status = FfmpegStatus(StatusCode::kInvalidArgument, "cannot read " + name, error);
    const char* cure =
        from_stdin ? "; Y4M video is expected there (ffmpeg -i clip.mp4 -f yuv4mpegpipe - | tempera ...)"
                   : "; it is not a picture or a video FFmpeg knows, or it is damaged";
    return InvalidArgument(status.message() + cure);
  }
  return FfmpegStatus(StatusCode::kIo, "cannot read " + name, error);
}

Status FindStreams(AVFormatContext* raw, const std::string& name) {
  // Decoders that run during probing must not be talked into a giant frame either.
  std::vector<AVDictionary*> options(raw->nb_streams, nullptr);
  for (AVDictionary*& o : options) av_dict_set_int(&o, "max_pixels", int64_t{kMaxSide} * kMaxSide, 0);
  const unsigned count = raw->nb_streams;
  const int error = avformat_find_stream_info(raw, options.empty() ? nullptr : options.data());
  for (unsigned i = 0; i < count; ++i) av_dict_free(&options[i]);
  return error < 0 ? FfmpegStatus(StatusCode::kInvalidArgument, "cannot read " + name, error) : OkStatus();
}

// What comes as it happens, whoever reads it.
bool IsLiveUrl(const std::string& path) {
  for (const char* scheme :
       {"rtsp://", "rtsps://", "rtp://", "udp://", "srt://", "rtmp://", "rtmps://", "tcp://"}) {
    if (path.rfind(scheme, 0) == 0) return true;
  }
  return false;
}

Result<InputPtr> OpenOnce(const std::string& path, const Cancels* cancels, const Stretch& stretch,
                          bool long_probe) {
  CaptureFfmpegLog();
  TakeFfmpegError();
  const bool from_stdin = path == "-";
  const std::string name = ShownName(path);
  // A series of pictures exists under no single name.
  TEMPERA_ASSIGN_OR_RETURN(const std::optional<SeriesInput> series, FindSeries(path));
  bool pattern = false;
  if (!from_stdin && !IsUrl(path) && !series) TEMPERA_RETURN_IF_ERROR(CheckFile(path, name, &pattern));
  InputPtr input(avformat_alloc_context());
  if (!input) return OutOfMemory("no memory to open " + name);
  std::string url = from_stdin ? "pipe:0" : InputUrl(path);
  if (stretch.end > 0) {
    url = "subfile,,start," + std::to_string(stretch.begin) + ",end," + std::to_string(stretch.end) +
          ",,:" + url;
  }
  if (pattern) TEMPERA_RETURN_IF_ERROR(OpenBehindName(path, name, input.get(), &url));
  if (IsLiveUrl(path)) {
    // What is looked at now has passed once it is painted.
    input->max_analyze_duration = kLiveProbeUs;
  }
  if (long_probe) {
    input->probesize = kLongProbeBytes;
    input->max_analyze_duration = kLongProbeUs;
  }
  if (cancels) input->interrupt_callback = {OnInterrupt, const_cast<Cancels*>(cancels)};
  const AVInputFormat* format = from_stdin ? av_find_input_format("yuv4mpegpipe") : nullptr;
  Options demuxer;
  // Without it, sound that only the second part of a joined transport stream has is found and never looked
  // at.
  demuxer.Set("scan_all_pmts", "1");
  if (series) {
    url = series->url;
    format = av_find_input_format("image2");
    demuxer.Set("pattern_type", series->is_glob ? "glob" : "sequence");
    if (!series->is_glob) demuxer.Set("start_number", std::to_string(series->first));
  }
  // FFmpeg frees what it could not open, but not what it was given open.
  AVIOContext* own = input->pb;
  AVFormatContext* raw = input.release();
  const int error = avformat_open_input(&raw, url.c_str(), format, demuxer.get());
  input.reset(raw);
  if (error < 0) {
    if (own) avio_closep(&own);
    return WhyNotOpened(name, from_stdin, cancels, error);
  }
  TEMPERA_RETURN_IF_ERROR(FindStreams(input.get(), name));
  return input;
}

}  // namespace

Result<InputPtr> OpenInput(const std::string& path, const Cancels* cancels, const Stretch& stretch) {
  TEMPERA_ASSIGN_OR_RETURN(InputPtr input, OpenOnce(path, cancels, stretch, false));
  struct stat st;
  const bool is_file = path != "-" && !IsUrl(path) && stat(path.c_str(), &st) == 0 && S_ISREG(st.st_mode);
  if (!is_file || !ProbedTooShort(*input)) return input;
  Result<InputPtr> again = OpenOnce(path, cancels, stretch, true);
  return again.ok() ? std::move(again) : Result<InputPtr>(std::move(input));
}

bool HasParameters(const AVStream& stream) {
  const AVCodecParameters& par = *stream.codecpar;
  if (par.codec_type == AVMEDIA_TYPE_AUDIO) return par.sample_rate > 0 && par.ch_layout.nb_channels > 0;
  if (par.codec_type == AVMEDIA_TYPE_VIDEO) return par.width > 0 && par.height > 0;
  return true;
}

std::string CodecName(const AVCodecParameters& par) {
  if (par.codec_id != AV_CODEC_ID_NONE && par.codec_id != AV_CODEC_ID_BIN_DATA)
    return avcodec_get_name(par.codec_id);
  // What this FFmpeg does not know has the name that the file gives it, where that can be read.
  std::string name;
  for (int i = 0; i < 4; ++i) {
    const char c = static_cast<char>(par.codec_tag >> (8 * i) & 0xFF);
    if (c > ' ' && c < 0x7F && c != '\'' && c != '"') name += c;
  }
  if (name == "vvc1" || name == "vvi1") return "VVC (H.266)";
  return name.size() == 4 ? name : "an unknown codec";
}

const uint8_t* StreamSideData(const AVStream& stream, AVPacketSideDataType type, size_t* size) {
#if LIBAVFORMAT_VERSION_MAJOR >= 61
  const AVPacketSideData* side =
      av_packet_side_data_get(stream.codecpar->coded_side_data, stream.codecpar->nb_coded_side_data, type);
  if (size) *size = side ? side->size : 0;
  return side ? side->data : nullptr;
#else
  return av_stream_get_side_data(&stream, type, size);
#endif
}

bool AddStreamSideData(AVStream* stream, AVPacketSideDataType type, const uint8_t* data, size_t size) {
#if LIBAVFORMAT_VERSION_MAJOR >= 61
  AVPacketSideData* side = av_packet_side_data_new(&stream->codecpar->coded_side_data,
                                                   &stream->codecpar->nb_coded_side_data, type, size, 0);
  uint8_t* copy = side ? side->data : nullptr;
#else
  uint8_t* copy = av_stream_new_side_data(stream, type, size);
#endif
  if (copy) std::memcpy(copy, data, size);
  return copy != nullptr;
}

namespace {

// FFmpeg's own decoders of VP8 and VP9 leave transparency out.
const AVCodec* DecoderFor(const AVStream& stream) {
  const AVCodecID id = stream.codecpar->codec_id;
  const AVDictionaryEntry* alpha = av_dict_get(stream.metadata, "alpha_mode", nullptr, 0);
  if (alpha && !std::strcmp(alpha->value, "1")) {
    const AVCodec* codec = nullptr;
    if (id == AV_CODEC_ID_VP8) codec = avcodec_find_decoder_by_name("libvpx");
    if (id == AV_CODEC_ID_VP9) codec = avcodec_find_decoder_by_name("libvpx-vp9");
    if (codec) return codec;
  }
  return avcodec_find_decoder(id);
}

}  // namespace

Result<CodecPtr> OpenDecoder(const AVStream& stream, int threads) {
  const AVCodecParameters& par = *stream.codecpar;
  const AVCodec* codec = DecoderFor(stream);
  const std::string name = CodecName(par);
  // FFmpeg takes most of their colours for others, without a word (docs/decisions/0012).
  if (par.codec_id == AV_CODEC_ID_XPM)
    return Unsupported(
        "an X pixmap can be read only alone and from a file that begins with its mark, /* XPM */: "
        "convert it to PNG first");
  if (!codec) return Unsupported("this FFmpeg has no decoder for " + name);
  CodecPtr context(avcodec_alloc_context3(codec));
  if (!context) return OutOfMemory("no memory for the " + name + " decoder");
  int error = avcodec_parameters_to_context(context.get(), &par);
  if (error >= 0) {
    context->pkt_timebase = stream.time_base;
    // Theora's decoder takes a new header midway, as joined files have it, with one thread only.
    context->thread_count = par.codec_id == AV_CODEC_ID_THEORA ? 1 : threads;
    context->max_pixels = int64_t{kMaxSide} * kMaxSide;
    error = avcodec_open2(context.get(), codec, nullptr);
  }
  if (error < 0)
    return FfmpegStatus(StatusCode::kUnsupported, "cannot start the " + name + " decoder", error);
  return context;
}

}  // namespace tempera::media
