#include "media/normalizer.h"

#include <algorithm>
#include <array>
#include <cmath>

extern "C" {
#include <libavutil/display.h>
#include <libavutil/mathematics.h>
#include <libavutil/pixdesc.h>
}

#include "media/film/alpha_plane.h"

namespace tempera::media {
namespace {

bool IsYuvj(int format) {
  return format == AV_PIX_FMT_YUVJ420P || format == AV_PIX_FMT_YUVJ422P || format == AV_PIX_FMT_YUVJ444P ||
         format == AV_PIX_FMT_YUVJ440P || format == AV_PIX_FMT_YUVJ411P;
}

bool IsInterlaced(const AVFrame& frame) {
#if LIBAVUTIL_VERSION_MAJOR >= 59
  return frame.flags & AV_FRAME_FLAG_INTERLACED;
#else
  return frame.interlaced_frame;
#endif
}

// swscale's name of a matrix; nullptr where it has none.
const char* ScaleMatrix(int colorspace, int width, int height, bool jpeg) {
  switch (colorspace) {
    case AVCOL_SPC_BT709:
      return "bt709";
    case AVCOL_SPC_FCC:
      return "fcc";
    case AVCOL_SPC_SMPTE170M:
    case AVCOL_SPC_BT470BG:
      return "bt601";
    case AVCOL_SPC_SMPTE240M:
      return "smpte240m";
    case AVCOL_SPC_BT2020_NCL:
      return "bt2020";
    case AVCOL_SPC_UNSPECIFIED:
    case AVCOL_SPC_RESERVED:
    case AVCOL_SPC_RGB:
      return !jpeg && (width >= 1280 || height > 576) ? "bt709" : "bt601";
    default:
      return nullptr;
  }
}

// Matrices that the engine computes with; others are converted to BT.709.
bool EngineKnows(int colorspace) {
  return colorspace == AVCOL_SPC_BT709 || colorspace == AVCOL_SPC_SMPTE170M ||
         colorspace == AVCOL_SPC_BT470BG || colorspace == AVCOL_SPC_BT2020_NCL ||
         colorspace == AVCOL_SPC_UNSPECIFIED || colorspace == AVCOL_SPC_RESERVED;
}

// Palettes have 256 entries of which a picture uses some; the others may be anything.
bool PaletteShowsThrough(const AVFrame& frame) {
  const auto* palette = reinterpret_cast<const uint32_t*>(frame.data[1]);
  if (!palette) return false;
  std::array<bool, 256> clear = {};
  for (size_t i = 0; i < clear.size(); ++i) clear[i] = palette[i] >> 24 != 255;
  if (std::none_of(clear.begin(), clear.end(), [](bool c) { return c; })) return false;
  for (int y = 0; y < frame.height; ++y) {
    const uint8_t* row = frame.data[0] + static_cast<ptrdiff_t>(y) * frame.linesize[0];
    if (std::any_of(row, row + frame.width, [&](uint8_t index) { return clear[index]; })) return true;
  }
  return false;
}

// Whether some pixel really is transparent, where that is quickly seen (GIF always has the channel).
bool ShowsThrough(const AVFrame& frame, const AVPixFmtDescriptor& desc) {
  if (desc.flags & AV_PIX_FMT_FLAG_PAL) return PaletteShowsThrough(frame);
  if (!(desc.flags & AV_PIX_FMT_FLAG_ALPHA)) return false;
  const AVComponentDescriptor& alpha = desc.comp[desc.nb_components - 1];
  if (alpha.depth != 8 || alpha.plane != 0 || alpha.step != 4) return true;
  for (int y = 0; y < frame.height; ++y) {
    const uint8_t* row = frame.data[0] + static_cast<ptrdiff_t>(y) * frame.linesize[0] + alpha.offset;
    for (int x = 0; x < frame.width; ++x) {
      if (row[4 * x] != 255) return true;
    }
  }
  return false;
}

const char* HdrName(int transfer) {
  if (transfer == AVCOL_TRC_SMPTE2084) return "PQ";
  if (transfer == AVCOL_TRC_ARIB_STD_B67) return "HLG";
  return nullptr;
}

}  // namespace

Turn TurnOf(const int32_t* matrix) {
  Turn turn;
  if (!matrix) return turn;
  double angle = av_display_rotation_get(matrix);  // counter-clockwise, -180..180
  if (std::isnan(angle)) return turn;
  int theta = static_cast<int>(std::lround(-angle));
  theta = ((theta % 360) + 360) % 360;
  if (theta == 90) {
    turn.filters = matrix[3] > 0 ? "transpose=cclock_flip" : "transpose=clock";
  } else if (theta == 180) {
    if (matrix[0] < 0) turn.filters = "hflip";
    if (matrix[4] < 0) turn.filters += turn.filters.empty() ? "vflip" : ",vflip";
  } else if (theta == 270) {
    turn.filters = matrix[3] < 0 ? "transpose=clock_flip" : "transpose=cclock";
  } else if (theta == 0) {
    if (matrix[4] < 0) turn.filters = "vflip";
  } else {
    return turn;
  }
  turn.degrees = theta;
  turn.swaps_axes = theta == 90 || theta == 270;
  return turn;
}

void ForgetPasses(AVCodecID codec, AVFrame* frame) {
  if (codec != AV_CODEC_ID_PNG && codec != AV_CODEC_ID_APNG) return;
#if LIBAVUTIL_VERSION_MAJOR >= 59
  frame->flags &= ~AV_FRAME_FLAG_INTERLACED;
#else
  frame->interlaced_frame = 0;
#endif
}

Normalizer::Normalizer(Target target, Turn turn, AVRational time_base, int threads)
    : target_(target), turn_(std::move(turn)), time_base_(time_base), threads_(threads) {}

void Normalizer::Note(const std::string& what) {
  if (std::find(notices_.begin(), notices_.end(), what) == notices_.end()) notices_.push_back(what);
}

// From fields to whole frames.
std::vector<std::string> Normalizer::FieldFilters(const AVFrame& frame) {
  // The filters look at neighbours in both directions.
  if (frame.width < 4 || frame.height < 4) return {};
  if (telecined_.num > 0 && frame.width >= 32 && frame.height >= 32) {
    Note("telecine is taken back: four frames of five remain");
    // Where a frame is missing, the one before is repeated, for the filters count.
    return {"fps=" + std::to_string(telecined_.num) + "/" + std::to_string(telecined_.den), "settb=1/90000",
            "fieldmatch", "bwdif=mode=send_frame:deint=interlaced", "decimate"};
  }
  if (!interlaced_) return {};
  Note("interlaced fields become whole frames");
  return {"bwdif=mode=send_frame:deint=interlaced"};
}

// What a picture is, and what it has become so far.
struct Normalizer::Steps {
  const AVPixFmtDescriptor* desc = nullptr;
  bool is_rgb = false, is_gray = false, has_alpha = false;
  bool full = false;  // as it comes
  const char* hdr = nullptr;
  Crop seen;
  std::string crop;           // its filter; "" for none
  int width = 0, height = 0;  // without bars
  std::string bars;           // their filter; "" for none
  int in_space = AVCOL_SPC_UNSPECIFIED;
  bool now_full = false, resize = false, recolour = false;
  std::vector<std::string> filters;
};

Result<Normalizer::Steps> Normalizer::LookAt(const AVFrame& frame) const {
  Steps s;
  s.desc = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(frame.format));
  if (!s.desc) return Unsupported("the picture's pixel format is unknown to this FFmpeg");
  s.is_rgb = s.desc->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL);
  s.is_gray = s.desc->nb_components <= 2 && !s.is_rgb;
  // Grey pictures that do not say are full range, as PNG and JPEG mean them.
  s.full = s.is_rgb || IsYuvj(frame.format) || frame.color_range == AVCOL_RANGE_JPEG ||
           (s.is_gray && frame.color_range == AVCOL_RANGE_UNSPECIFIED);
  s.has_alpha = s.desc->flags & (AV_PIX_FMT_FLAG_ALPHA | AV_PIX_FMT_FLAG_PAL);
  s.hdr = HdrName(frame.color_trc);
  s.in_space = frame.colorspace;
  s.now_full = s.full;
  return s;
}

// The part that is to be seen.
void Normalizer::CutOut(const AVFrame& frame, Steps* s) {
  s->seen = {0, 0, frame.width, frame.height};
  if (crop_.width <= 0 || crop_.x + crop_.width > frame.width || crop_.y + crop_.height > frame.height)
    return;
  s->seen = crop_;
  const std::string size = std::to_string(crop_.width) + "x" + std::to_string(crop_.height);
  s->crop = "crop=" + std::to_string(crop_.width) + ":" + std::to_string(crop_.height) + ":" +
            std::to_string(crop_.x) + ":" + std::to_string(crop_.y);
  s->filters.push_back(s->crop);
  Note("cropped to " + size + ", the part that the file says is to be seen");
}

// HDR becomes standard range, and a matrix that swscale does not know BT.709.
Status Normalizer::ToStandard(const AVFrame& frame, Steps* s) {
  const bool video = target_ == Target::kVideo;
  const bool foreign =
      !s->is_rgb && !ScaleMatrix(s->in_space, frame.width, frame.height, IsYuvj(frame.format));
  if (!s->hdr && !foreign) return OkStatus();
  TEMPERA_ASSIGN_OR_RETURN(const bool zscale, FilterGraph::Has("zscale"));
  if (!s->hdr) {
    if (!zscale) {
      return Unsupported(std::string("the picture's colour matrix (") +
                         av_color_space_name(static_cast<AVColorSpace>(s->in_space)) +
                         ") needs FFmpeg's zscale filter: convert it to BT.709 first");
    }
    s->filters.push_back("zscale=m=709");
    s->in_space = AVCOL_SPC_BT709;
    return OkStatus();
  }
  TEMPERA_ASSIGN_OR_RETURN(const bool tonemap, FilterGraph::Has("tonemap"));
  if (!zscale || !tonemap) {
    return Unsupported(std::string("the picture is HDR (") + s->hdr +
                       ") and this FFmpeg lacks the zscale and tonemap filters: convert it to SDR first");
  }
  const bool known = s->in_space == AVCOL_SPC_BT2020_NCL || s->in_space == AVCOL_SPC_BT2020_CL ||
                     s->in_space == AVCOL_SPC_ICTCP || s->in_space == AVCOL_SPC_BT709;
  std::string to_linear = std::string("zscale=tin=") + (s->hdr[0] == 'P' ? "smpte2084" : "arib-std-b67");
  if (!s->is_rgb && !known) to_linear += ":min=2020_ncl";
  // zscale finds no path when only one end is named.
  if (frame.color_primaries == AVCOL_PRI_UNSPECIFIED) to_linear += ":pin=2020:p=2020";
  if (frame.color_range == AVCOL_RANGE_UNSPECIFIED && !s->is_rgb) to_linear += ":rin=limited";
  // 203 cd/m2 is the white of graphics and faces in HDR programmes (ITU-R BT.2408): it becomes 1.0.
  s->filters.push_back(to_linear + ":t=linear:npl=203");
  s->filters.push_back("format=gbrpf32le");
  s->filters.push_back("zscale=p=bt709");
  // Mobius leaves everything up to 0.5 as it is and rolls the rest off to white.
  s->filters.push_back("tonemap=tonemap=mobius:param=0.5:desat=2");
  s->filters.push_back(video ? "zscale=t=bt709:m=bt709:r=limited" : "zscale=t=iec61966-2-1:m=gbr:r=full");
  s->filters.push_back(video ? "format=yuv420p" : "format=gbrp");
  s->in_space = video ? AVCOL_SPC_BT709 : AVCOL_SPC_RGB;
  s->now_full = !video;
  tone_mapped_ = true;
  Note(std::string("HDR (") + s->hdr + ") is tone-mapped to standard range");
  return OkStatus();
}

// Upright, and of the first picture's size.
void Normalizer::TurnAndSize(const AVFrame& frame, Steps* s) {
  if (!turn_.filters.empty()) {
    s->filters.push_back(turn_.filters);
    Note(turn_.degrees ? "turned upright (" + std::to_string(turn_.degrees) + " degrees)" : "turned upright");
  }
  const int width = turn_.swaps_axes ? s->seen.height : s->seen.width;
  const int height = turn_.swaps_axes ? s->seen.width : s->seen.height;
  const AVRational aspect = SampleAspect(frame);
  const double across = aspect.num > 0 && aspect.den > 0 ? av_q2d(aspect) : 1;
  const double shape = turn_.swaps_axes ? 1 / across : across;
  if (width_ == 0) width_ = width, height_ = height, shape_ = shape;
  Fit(shape * width / height, s);
  s->resize = width != s->width || height != s->height || !s->bars.empty();
  if (!s->resize) return;
  Note(s->bars.empty() ? "a change of picture size midway is scaled to the first size"
                       : "a change of picture shape midway is shown whole, between black bars");
}

// The size of a picture of that shape (width by height as it is shown) in the first one's, and bars around.
void Normalizer::Fit(double shape, Steps* s) {
  s->width = width_, s->height = height_;
  const double first = shape_ * width_ / height_, ratio = shape / first;
  // Pixels of PAL are told in two ways, and sizes are whole blocks: such shapes are one.
  if (target_ != Target::kVideo || (ratio > 0.97 && ratio < 1.03)) return;
  const auto even = [](double side, int most) {
    const double nearest = 2 * std::floor(side / 2 + 0.5);
    return static_cast<int>(std::clamp<double>(nearest, 2, most));
  };
  if (ratio > 1) s->height = even(height_ / ratio, height_);
  if (ratio < 1) s->width = even(width_ * ratio, width_);
  if (s->width == width_ && s->height == height_) return;
  if (const auto pads = FilterGraph::Has("pad"); !pads.ok() || !*pads) {
    s->width = width_, s->height = height_;
    Note("a change of picture shape midway is stretched to the first, as this FFmpeg lacks its filter 'pad'");
    return;
  }
  s->bars = "pad=" + std::to_string(width_) + ":" + std::to_string(height_) + ":" +
            std::to_string((width_ - s->width) / 4 * 2) + ":" + std::to_string((height_ - s->height) / 4 * 2);
}

// What the container says of pixels goes before what each picture says.
AVRational Normalizer::SampleAspect(const AVFrame& frame) const {
  return sample_aspect_.num > 0 && sample_aspect_.den > 0 ? sample_aspect_ : frame.sample_aspect_ratio;
}

void Normalizer::Show(const Turn& turn, const Crop& crop, AVRational sample_aspect) {
  turn_ = turn;
  crop_ = crop;
  sample_aspect_ = sample_aspect;
  ++view_;
}

// The tags of what comes out, and whether it must be brought to those of the film's first picture.
void Normalizer::Colour(const AVFrame& frame, Steps* s, int* colorspace, int* range) {
  if (target_ != Target::kVideo) {
    *colorspace = AVCOL_SPC_RGB;
    *range = AVCOL_RANGE_JPEG;
    return;
  }
  const bool from_rgb = s->is_rgb && !s->hdr;
  if (from_rgb) {
    *colorspace = AVCOL_SPC_BT709;
    s->now_full = false;
  } else {
    *colorspace = EngineKnows(s->in_space) ? s->in_space : static_cast<int>(AVCOL_SPC_BT709);
  }
  // An untagged range stays untagged: players take it for limited, and so do we.
  *range = s->now_full ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
  if (!s->now_full && !s->hdr && !s->is_rgb && frame.color_range == AVCOL_RANGE_UNSPECIFIED) {
    *range = AVCOL_RANGE_UNSPECIFIED;
  }
  // Parts of a joined film keep one matrix and one range: the first's.
  const int space = from_rgb ? static_cast<int>(AVCOL_SPC_BT709) : *colorspace;
  const char* const own = ScaleMatrix(space, frame.width, frame.height, IsYuvj(frame.format));
  if (!first_) first_ = Colours{own, s->now_full, *colorspace, *range};
  s->recolour = first_->matrix != own || first_->full != s->now_full;
  if (s->recolour || s->resize) *colorspace = first_->colorspace, *range = first_->range;
  if (s->recolour && !from_rgb) {
    Note("a change of colour matrix or range midway is converted to the first one");
  }
}

// Format, range, matrix and size in one step, where any of them must change.
void Normalizer::Scale(const AVFrame& frame, Steps* s) {
  const bool video = target_ == Target::kVideo;
  const char* out_format = "rgb24";
  if (video) out_format = frame.format == AV_PIX_FMT_NV12 ? "nv12" : "yuv420p";
  if (target_ == Target::kRgbAlpha && s->has_alpha) out_format = "rgba";
  const bool layout_fits =
      s->hdr ? video
             : (video && (frame.format == AV_PIX_FMT_YUV420P || frame.format == AV_PIX_FMT_NV12 ||
                          frame.format == AV_PIX_FMT_YUVJ420P)) ||
                   (!video && frame.format == av_get_pix_fmt(out_format));
  const bool matrix_fits = !video || EngineKnows(s->in_space);
  if (layout_fits && matrix_fits && !s->resize && !s->recolour) return;
  std::string scale = "scale=flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp";
  if (s->resize) scale += ":w=" + std::to_string(s->width) + ":h=" + std::to_string(s->height);
  if (!s->is_rgb && s->in_space != AVCOL_SPC_RGB) {
    const char* in = ScaleMatrix(s->in_space, frame.width, frame.height, IsYuvj(frame.format));
    scale += std::string(":in_color_matrix=") + in;
    scale += std::string(":in_range=") + (s->full && !s->hdr ? "full" : "limited");
  }
  if (video) {
    scale += ":out_color_matrix=" + first_->matrix + ":out_range=" + (first_->full ? "full" : "limited");
  }
  s->filters.push_back(scale);
  s->filters.push_back(std::string("format=") + out_format);
  if (!s->bars.empty()) s->filters.push_back(s->bars);
  const int depth = s->desc->comp[0].depth;
  if (depth > 8 && !s->hdr) Note(std::to_string(depth) + "-bit becomes 8-bit");
  if (video && !s->is_rgb && !s->is_gray && (s->desc->log2_chroma_w != 1 || s->desc->log2_chroma_h != 1)) {
    Note("colour becomes 4:2:0");
  }
  if (video && s->is_rgb && !s->hdr) Note("RGB becomes 4:2:0 (BT.709)");
  if (!matrix_fits) Note("the colour matrix becomes BT.709");
}

// The filters for this picture, "" when it can be handed through, and the colour tags of what comes out.
Result<std::string> Normalizer::Chain(const AVFrame& frame, int* colorspace, int* range) {
  TEMPERA_ASSIGN_OR_RETURN(Steps s, LookAt(frame));
  s.filters = FieldFilters(frame);
  CutOut(frame, &s);
  TEMPERA_RETURN_IF_ERROR(ToStandard(frame, &s));
  TurnAndSize(frame, &s);
  Colour(frame, &s, colorspace, range);
  Scale(frame, &s);
  if (target_ == Target::kVideo) TEMPERA_RETURN_IF_ERROR(StartAlpha(frame, s));
  std::string chain;
  for (const std::string& f : s.filters) chain += (chain.empty() ? "" : ",") + f;
  return chain;
}

// The chain that makes the plane of transparency beside pictures like this one, where there is some.
Status Normalizer::StartAlpha(const AVFrame& frame, const Steps& s) {
  alpha_.reset();
  const AVPixFmtDescriptor* desc = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(frame.format));
  const bool has_channel = desc->flags & (AV_PIX_FMT_FLAG_ALPHA | AV_PIX_FMT_FLAG_PAL);
  if (!key_) opaque_ = !ShowsThrough(frame, *desc);
  if (opaque_ || !has_channel) return OkStatus();
  if (interlaced_ || telecined_.num > 0) {
    Note("transparency is dropped, as the film is interlaced");
    return OkStatus();
  }
  std::string plane = desc->flags & AV_PIX_FMT_FLAG_PAL ? "format=rgba,alphaextract" : "alphaextract";
  if (!s.crop.empty()) plane += "," + s.crop;
  if (!turn_.filters.empty()) plane += "," + turn_.filters;
  // It is a number and no colour, so that no range is changed.
  plane += ",scale=w=" + std::to_string(s.width) + ":h=" + std::to_string(s.height) +
           ":in_range=full:out_range=full,format=gray";
  // Bars are opaque; as RGB that is the number 255.
  if (!s.bars.empty()) plane += ",format=gbrp," + s.bars + ":white,format=gray";
  TEMPERA_ASSIGN_OR_RETURN(alpha_, FilterGraph::Video(frame, time_base_, plane, 1));
  return OkStatus();
}

// What a picture of a film brings and nobody takes.
void Normalizer::NoteWhatIsLost(const AVFrame& frame) {
  if (target_ != Target::kVideo) return;
  constexpr char kLate[] = "transparency that first shows after the beginning is dropped";
  const AVPixFmtDescriptor* desc = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(frame.format));
  const bool said = std::find(notices_.begin(), notices_.end(), kLate) != notices_.end();
  if (opaque_ && !said && desc && ShowsThrough(frame, *desc)) Note(kLate);
  if (telecined_.num > 0 && av_frame_get_side_data(&frame, AV_FRAME_DATA_A53_CC)) {
    Note("captions inside the pictures (CEA-608/708) are incomplete, as frames are taken out");
  }
}

// A pause of a telecined film is none of its frames: the filters, which count, begin anew behind it.
Status Normalizer::Pauses(const AVFrame& frame, std::vector<FramePtr>* ready) {
  if (telecined_.num == 0 || !graph_ || last_pts_ == AV_NOPTS_VALUE || frame.pts == AV_NOPTS_VALUE ||
      av_compare_ts(frame.pts - last_pts_, time_base_, 1, AVRational{1, 1}) <= 0) {
    return OkStatus();
  }
  TEMPERA_RETURN_IF_ERROR(EndGraph());
  TEMPERA_RETURN_IF_ERROR(Drain(ready));
  graph_.reset();
  TEMPERA_ASSIGN_OR_RETURN(const std::string chain, Chain(frame, &out_colorspace_, &out_range_));
  TEMPERA_ASSIGN_OR_RETURN(graph_, FilterGraph::Video(frame, time_base_, chain, threads_, telecined_));
  return OkStatus();
}

Status Normalizer::Push(const AVFrame* frame, std::vector<FramePtr>* ready) {
  if (!frame) {
    if (!graph_) return OkStatus();
    TEMPERA_RETURN_IF_ERROR(EndGraph());
    return Drain(ready);
  }
  interlaced_ |= telecined_.num == 0 && IsInterlaced(*frame);
  const Key key = {frame->width,
                   frame->height,
                   frame->format,
                   static_cast<int>(frame->colorspace),
                   static_cast<int>(frame->color_range),
                   static_cast<int>(frame->color_trc),
                   static_cast<int>(frame->color_primaries),
                   interlaced_,
                   view_,
                   SampleAspect(*frame).num,
                   SampleAspect(*frame).den};
  if (key_ != key) {
    if (graph_) {
      TEMPERA_RETURN_IF_ERROR(EndGraph());
      TEMPERA_RETURN_IF_ERROR(Drain(ready));
      graph_.reset();
    }
    tone_mapped_ = false;
    TEMPERA_ASSIGN_OR_RETURN(std::string chain, Chain(*frame, &out_colorspace_, &out_range_));
    if (!chain.empty()) {
      TEMPERA_ASSIGN_OR_RETURN(graph_, FilterGraph::Video(*frame, time_base_, chain, threads_, telecined_));
    }
    key_ = key;
  } else {
    TEMPERA_RETURN_IF_ERROR(Pauses(*frame, ready));
  }
  NoteWhatIsLost(*frame);
  const size_t before = ready->size();
  if (!graph_) {
    FramePtr copy(av_frame_clone(frame));
    if (!copy) return OutOfMemory("no memory for a frame");
    ready->push_back(std::move(copy));
  } else {
    last_pts_ = frame->pts;
    TEMPERA_RETURN_IF_ERROR(graph_->Push(frame));
    TEMPERA_RETURN_IF_ERROR(Drain(ready));
  }
  // Without filters for fields one picture makes one.
  return alpha_ && ready->size() == before + 1 ? AttachAlpha(*frame, ready->back().get()) : OkStatus();
}

Status Normalizer::AttachAlpha(const AVFrame& from, AVFrame* to) {
  TEMPERA_RETURN_IF_ERROR(alpha_->Push(&from));
  TEMPERA_ASSIGN_OR_RETURN(const FramePtr plane, alpha_->Pull());
  if (!plane || plane->width != to->width || plane->height != to->height) return OkStatus();
  return SetAlphaPlane(plane->data[0], plane->linesize[0], to);
}

Status Normalizer::EndGraph() {
  if (telecined_.num == 0 || last_pts_ == AV_NOPTS_VALUE) return graph_->Push(nullptr);
  return graph_->End(last_pts_ + av_rescale_q(1, av_inv_q(telecined_), time_base_));
}

Status Normalizer::Drain(std::vector<FramePtr>* ready) {
  for (;;) {
    TEMPERA_ASSIGN_OR_RETURN(FramePtr frame, graph_->Pull());
    if (!frame) return OkStatus();
    if (frame->pts != AV_NOPTS_VALUE) frame->pts = av_rescale_q(frame->pts, graph_->time_base(), time_base_);
    frame->colorspace = static_cast<AVColorSpace>(out_colorspace_);
    frame->color_range = static_cast<AVColorRange>(out_range_);
    if (tone_mapped_) {
      frame->color_trc = target_ == Target::kVideo ? AVCOL_TRC_BT709 : AVCOL_TRC_IEC61966_2_1;
      frame->color_primaries = AVCOL_PRI_BT709;
    }
    ready->push_back(std::move(frame));
  }
}

}  // namespace tempera::media
