#include "media/film/track_facts.h"

#include <cstring>

extern "C" {
#include <libavutil/channel_layout.h>
}

namespace tempera::media {

std::string TrackName(const AVStream& stream) {
  const std::string codec = CodecName(*stream.codecpar);
  switch (stream.codecpar->codec_type) {
    case AVMEDIA_TYPE_AUDIO:
      return "sound (" + codec + ")";
    case AVMEDIA_TYPE_SUBTITLE:
      return "subtitles (" + codec + ")";
    case AVMEDIA_TYPE_VIDEO:
      return (stream.disposition & AV_DISPOSITION_ATTACHED_PIC) ? "the cover picture (" + codec + ")"
                                                                : "a second video (" + codec + ")";
    case AVMEDIA_TYPE_ATTACHMENT:
      return "an attached file";
    default:
      return "a data track (" + codec + ")";
  }
}

bool IsMatroska(const AVOutputFormat& container) { return !std::strcmp(container.name, "matroska"); }

bool CanCopy(const AVOutputFormat& container, const AVStream& stream) {
  const AVCodecParameters& par = *stream.codecpar;
  if (par.codec_type == AVMEDIA_TYPE_ATTACHMENT) return IsMatroska(container);
  const int answer = avformat_query_codec(&container, par.codec_id, FF_COMPLIANCE_NORMAL);
  if (answer >= 0) return answer == 1;
  // It has no list: its own kinds are safe, and transport streams carry these.
  if (!std::strcmp(container.name, "mpegts")) {
    for (AVCodecID id : {AV_CODEC_ID_AAC, AV_CODEC_ID_MP2, AV_CODEC_ID_MP3, AV_CODEC_ID_AC3, AV_CODEC_ID_EAC3,
                         AV_CODEC_ID_DTS, AV_CODEC_ID_OPUS, AV_CODEC_ID_DVB_SUBTITLE}) {
      if (par.codec_id == id) return true;
    }
  }
  return par.codec_id == container.audio_codec || par.codec_id == container.subtitle_codec;
}

void CopyTags(AVDictionary** to, const AVDictionary* from) {
  const AVDictionaryEntry* e = nullptr;
  while ((e = av_dict_get(from, "", e, AV_DICT_IGNORE_SUFFIX))) {
    const std::string key = e->key;
    const bool stale = key.rfind("BPS", 0) == 0 || key.rfind("DURATION", 0) == 0 ||
                       key.rfind("NUMBER_OF_", 0) == 0 || key.rfind("_STATISTICS_", 0) == 0 ||
                       key == "encoder" || key == "ENCODER" || key == "vendor_id";
    if (!stale) av_dict_set(to, e->key, e->value, 0);
  }
}

const AVCodec* SoundEncoder(const AVOutputFormat& container, bool best) {
  AVCodecID id = container.audio_codec;
  // What players of today like best where the container's own choice is an older one.
  if (best && IsMatroska(container)) id = AV_CODEC_ID_OPUS;
  if (best && !std::strcmp(container.name, "mpegts")) id = AV_CODEC_ID_AAC;
  const AVCodec* codec = nullptr;
  if (id == AV_CODEC_ID_OPUS) codec = avcodec_find_encoder_by_name("libopus");
  if (id == AV_CODEC_ID_VORBIS) codec = avcodec_find_encoder_by_name("libvorbis");
  if (!codec && id != AV_CODEC_ID_NONE) codec = avcodec_find_encoder(id);
  return codec || !best ? codec : SoundEncoder(container, false);
}

bool IsTextSubtitle(AVCodecID id) {
  const AVCodecDescriptor* d = avcodec_descriptor_get(id);
  return d && (d->props & AV_CODEC_PROP_TEXT_SUB);
}

std::vector<AVChannelLayout> LayoutsFor(const AVChannelLayout& from) {
  std::vector<AVChannelLayout> all;
  if (from.order == AV_CHANNEL_ORDER_NATIVE) all.push_back(from);
  const auto add = [&all](uint64_t mask) {
    AVChannelLayout layout = {};
    if (av_channel_layout_from_mask(&layout, mask) >= 0) all.push_back(layout);
  };
  AVChannelLayout usual = {};
  av_channel_layout_default(&usual, from.nb_channels);
  if (usual.order == AV_CHANNEL_ORDER_NATIVE) all.push_back(usual);
  if (from.nb_channels == 4) add(AV_CH_LAYOUT_QUAD);
  if (from.nb_channels >= 6) add(AV_CH_LAYOUT_5POINT1);
  add(AV_CH_LAYOUT_STEREO);
  return all;
}

std::string LayoutName(const AVChannelLayout& layout) {
  char name[128] = {};
  av_channel_layout_describe(&layout, name, sizeof name);
  return name;
}

bool MuxerStarts(const AVFormatContext& output, const AVStream& in) {
  if (in.codecpar->codec_type != AVMEDIA_TYPE_AUDIO && in.codecpar->codec_type != AVMEDIA_TYPE_SUBTITLE)
    return true;
  AVFormatContext* trial = nullptr;
  if (avformat_alloc_output_context2(&trial, output.oformat, nullptr, "trial") < 0) return true;
  trial->strict_std_compliance = output.strict_std_compliance;
  bool starts = avio_open_dyn_buf(&trial->pb) >= 0;
  for (const AVStream* stream : {static_cast<const AVStream*>(output.streams[0]), &in}) {
    AVStream* out = starts ? avformat_new_stream(trial, nullptr) : nullptr;
    starts = out && avcodec_parameters_copy(out->codecpar, stream->codecpar) >= 0;
    if (!starts) break;
    out->time_base = stream->time_base;
    if (stream == &in) out->codecpar->codec_tag = 0;
  }
  starts = starts && avformat_write_header(trial, nullptr) >= 0;
  uint8_t* bytes = nullptr;
  if (trial->pb) avio_close_dyn_buf(trial->pb, &bytes);
  av_free(bytes);
  avformat_free_context(trial);
  return starts;
}

std::string ChannelChange(const AVStream& in, const AVStream& out) {
  if (in.codecpar->codec_type != AVMEDIA_TYPE_AUDIO) return "";
  const AVChannelLayout& from = in.codecpar->ch_layout;
  const AVChannelLayout& to = out.codecpar->ch_layout;
  if (from.order == AV_CHANNEL_ORDER_UNSPEC && from.nb_channels == to.nb_channels) return "";
  if (av_channel_layout_compare(&from, &to) == 0) return "";
  return "; its " + std::to_string(from.nb_channels) + " channels (" + LayoutName(from) + ") are mixed to " +
         std::to_string(to.nb_channels) + " (" + LayoutName(to) + ")";
}

bool CanAttachCover(const AVStream& in) {
  const AVCodecID codec = in.codecpar->codec_id;
  return (codec == AV_CODEC_ID_PNG || codec == AV_CODEC_ID_MJPEG) && in.attached_pic.size > 0;
}

Status AttachCover(const AVStream& in, AVFormatContext* output) {
  const bool png = in.codecpar->codec_id == AV_CODEC_ID_PNG;
  AVStream* out = avformat_new_stream(output, nullptr);
  const size_t bytes = static_cast<size_t>(in.attached_pic.size);
  auto* data = static_cast<uint8_t*>(av_mallocz(bytes + AV_INPUT_BUFFER_PADDING_SIZE));
  if (!out || !data) {
    av_free(data);
    return OutOfMemory("no memory to copy " + TrackName(in));
  }
  std::memcpy(data, in.attached_pic.data, bytes);
  out->codecpar->codec_type = AVMEDIA_TYPE_ATTACHMENT;
  out->codecpar->codec_id = in.codecpar->codec_id;
  out->codecpar->extradata = data;
  out->codecpar->extradata_size = in.attached_pic.size;
  av_dict_set(&out->metadata, "filename", png ? "cover.png" : "cover.jpg", 0);
  av_dict_set(&out->metadata, "mimetype", png ? "image/png" : "image/jpeg", 0);
  return OkStatus();
}

}  // namespace tempera::media
