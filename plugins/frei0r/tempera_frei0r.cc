// The frei0r filter `tempera`: found by FFmpeg, GStreamer and MLT (melt, Kdenlive). Pixels come and go as
// RGBA, rows without gaps.
#include <dlfcn.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <iterator>
#include <mutex>
#include <new>
#include <string>
#include <string_view>

#include "plugins/common/painting.h"

// The header says nothing of visibility, and the build hides what nobody asks for.
#pragma GCC visibility push(default)
extern "C" {
#include <frei0r.h>
}
#pragma GCC visibility pop

namespace {

using tempera::plugins::Look;
using tempera::plugins::Painting;

enum Parameter {
  kStyle,
  kBlend,
  kStrength,
  kStroke,
  kSteadiness,
  kKeepColors,
  kThreads,
  kShortSide,
  kMask,
  kMaskOf,
  kOutside,
  kFeather,
  kThreshold,
  kMaskHold,
  kMaskEvery
};

const f0r_param_info_t kParameters[] = {
    {"style", F0R_PARAM_STRING, "A bundled style, a .onnx file or FILE.onnx:STYLE; empty: starry-night"},
    {"blend", F0R_PARAM_STRING,
     "Shares of several styles, such as starry-night=0.7,great-wave=0.3; goes before style"},
    {"strength", F0R_PARAM_DOUBLE, "0: the picture as it is, 1: the whole style"},
    {"stroke", F0R_PARAM_DOUBLE, "From fine (0) to bold (1) strokes, where the style has them"},
    {"steadiness", F0R_PARAM_DOUBLE, "How much strokes hold on to what they show: 0: every frame by itself"},
    {"keep-colors", F0R_PARAM_BOOL, "Brightness from the painting, colours from the picture"},
    // Not `threads`: a property of that name has MLT cut frames into strips.
    {"painting-threads", F0R_PARAM_DOUBLE,
     "How many threads paint; below 1 it counts hundredths (0.02: two); 0: as many as help"},
    {"short-side", F0R_PARAM_DOUBLE,
     "Pixels of the shorter side at which it is painted at most; up to 1 it counts thousandths (0.36: 360); "
     "0: all"},
    {"mask", F0R_PARAM_STRING,
     "A bundled mask, such as person, or a mask network's .onnx file, either with :CLASS; empty: all is "
     "painted"},
    {"mask-of", F0R_PARAM_STRING, "inside: what the mask finds is painted; background: all but that"},
    {"outside", F0R_PARAM_STRING,
     "What the rest shows: empty or none: the picture as it is; blur, blur:PX, or another style"},
    {"feather", F0R_PARAM_DOUBLE,
     "Pixels by which the mask's edges are softened; below 1 it counts hundredths (0.04: four)"},
    {"threshold", F0R_PARAM_DOUBLE, "Where the mask has its edge, from much (0) to only what is certain (1)"},
    {"mask-hold", F0R_PARAM_DOUBLE, "0: each frame's mask by itself, 1: the calmest"},
    {"mask-every", F0R_PARAM_DOUBLE,
     "The mask's network sees every so many frames; below 1 it counts hundredths (0.02: every second); 0: "
     "all"},
};

// What hosts are told before they set anything; as the command paints films. Strokes are the model's own
// until then: this is where those of the bundled gallery begin.
constexpr double kDefaultStroke = 0;
constexpr double kDefaultSteadiness = 0.5;

// Numbers of frei0r go from 0 to 1, though some hosts hand on more: both can be written.
double Measured(double value, double limit, double unit, double most) {
  if (!(value > 0)) return 0;
  return std::min(value < limit ? value * unit : value, most);
}
int Counted(double value, double limit, double unit, int most) {
  return static_cast<int>(Measured(value, limit, unit, most) + (value < limit ? 0.5 : 0));
}

// frei0r has no other way to its user.
void Say(const std::string& line) { std::fprintf(stderr, "tempera (frei0r): %s\n", line.c_str()); }

// FFmpeg begins each row at a multiple of what its processor's vectors like, 64 bytes at most, and tells no
// filter so: rows of other lengths have gaps, and what is painted without them is torn.
constexpr unsigned kWidthOfFfmpeg = 64 / sizeof(uint32_t);

// Whether this code is FFmpeg's filter library, or a program that holds it.
bool IsFfmpeg(const void* code) {
  Dl_info info = {};
  if (dladdr(code, &info) == 0 || info.dli_fname == nullptr) return false;
  std::string_view file = info.dli_fname;
  file.remove_prefix(std::min(file.rfind('/') + 1, file.size()));
  return file.starts_with("libavfilter") || file.starts_with("ffmpeg") || file.starts_with("ffplay");
}

void RefuseTornRows(unsigned width) {
  const std::string wide = std::to_string((width / kWidthOfFfmpeg + 1) * kWidthOfFfmpeg);
  Say("FFmpeg's rows of " + std::to_string(width) +
      " pixels have gaps that frei0r does not know of; make the width a multiple of " +
      std::to_string(kWidthOfFfmpeg) + ", such as pad=" + wide +
      ":ih,frei0r=...,crop=" + std::to_string(width) + ":ih:0:0");
}

// One effect in a host: nothing is shared with the others.
class Instance {
 public:
  Instance(unsigned width, unsigned height) : width_(width), height_(height) {
    look_.strength = numbers_[kStrength] = 1;
    numbers_[kStroke] = kDefaultStroke;
    look_.steadiness = numbers_[kSteadiness] = kDefaultSteadiness;
    look_.keep_colors = 0;
    numbers_[kThreshold] = look_.mask_numbers.threshold;
    numbers_[kMaskHold] = look_.mask_numbers.hold;
  }

  void Set(int index, f0r_param_t value) {
    if (std::string* text = Text(index)) {
      const char* given = *static_cast<f0r_param_string*>(value);
      *text = given != nullptr ? given : "";
      return;
    }
    const double number = *static_cast<double*>(value);
    numbers_[index] = number;
    switch (index) {
      case kStrength:
        look_.strength = number;
        break;
      case kStroke:
        look_.stroke_size = number;
        break;
      case kSteadiness:
        look_.steadiness = number;
        break;
      case kKeepColors:
        look_.keep_colors = number >= 0.5 ? 1 : 0;
        numbers_[index] = *look_.keep_colors;
        break;
      case kThreads:
        look_.threads = Counted(number, 1, 100, 1024);
        break;
      case kShortSide:
        look_.short_side = Counted(number, 1.0000001, 1000, 16384);
        break;
      case kFeather:
        look_.mask_numbers.feather = Measured(number, 1, 100, 1024);
        break;
      case kThreshold:
        look_.mask_numbers.threshold = number;
        break;
      case kMaskHold:
        look_.mask_numbers.hold = number;
        break;
      case kMaskEvery:
        look_.mask_numbers.every = Counted(number, 1, 100, 16);
        break;
    }
  }

  void Get(int index, f0r_param_t value) {
    // frei0r's strings are not const; whoever takes one neither writes nor frees it.
    if (std::string* text = Text(index))
      *static_cast<f0r_param_string*>(value) = text->data();
    else
      *static_cast<double*>(value) = numbers_[index];
  }

  // One at a time, though MLT may call for several strips at once.
  void Update(double time_s, const uint32_t* in, uint32_t* out) {
    const std::lock_guard lock(updating_);
    TellStrips(time_s, in);
    const int width = static_cast<int>(std::min(width_, 1u << 30));
    const int height = static_cast<int>(std::min(height_, 1u << 30));
    const tempera_image from = tempera::MakeImage(TEMPERA_RGBA, in, width, height);
    const tempera_image to = tempera::MakeImage(TEMPERA_RGBA, out, width, height);
    tempera_frame_params params = TEMPERA_FRAME_PARAMS_INIT;
    // FFmpeg counts milliseconds where the others count seconds: only the order of times says something. It
    // tells a jump back, behind which nothing follows.
    constexpr double kMost = 1e12;
    if (time_s > 0 && time_s < kMost) params.timestamp_us = static_cast<int64_t>(time_s * 1e6);
    const tempera::Error error = painting_.Paint(look_, from, to, params);
    if (error) Copy(in, out);
    // Once, and again when something else is the matter: hosts call for every frame.
    if (error && error.message != said_) {
      said_ = error.message;
      Say(error.message + "; frames pass unpainted");
    }
    for (const std::string& line : painting_.NewNotices()) Say("note: " + line);
  }

  void Copy(const uint32_t* in, uint32_t* out) const {
    if (in != out) std::memcpy(out, in, size_t{width_} * height_ * sizeof(uint32_t));
  }

 private:
  // Null for a number.
  std::string* Text(int index) {
    switch (index) {
      case kStyle:
        return &look_.style;
      case kBlend:
        return &look_.blend;
      case kMask:
        return &look_.mask.mask;
      case kMaskOf:
        return &look_.mask.of;
      case kOutside:
        return &look_.mask.outside;
      default:
        return nullptr;
    }
  }

  // Frames of one moment that lie right behind one another are strips of one: each would be painted by
  // itself.
  void TellStrips(double time_s, const uint32_t* in) {
    const auto at = reinterpret_cast<uintptr_t>(in);
    const uintptr_t bytes = uintptr_t{width_} * height_ * sizeof(uint32_t);
    if (!strips_told_ && time_s == last_time_s_ && (at == last_at_ + bytes || last_at_ == at + bytes)) {
      Say("note: the host cuts frames into strips, whose edges will show; leave its property threads unset");
      strips_told_ = true;
    }
    last_time_s_ = time_s, last_at_ = at;
  }

  const unsigned width_, height_;
  Look look_;
  double numbers_[std::size(kParameters)] = {};  // as the host set them
  std::mutex updating_;
  Painting painting_;
  std::string said_;
  double last_time_s_ = -1;
  uintptr_t last_at_ = 0;
  bool strips_told_ = false;
};

}  // namespace

int f0r_init(void) { return 1; }
void f0r_deinit(void) {}

void f0r_get_plugin_info(f0r_plugin_info_t* info) {
  info->name = "tempera";
  info->author = "The Tempera authors";
  info->plugin_type = F0R_PLUGIN_TYPE_FILTER;
  info->color_model = F0R_COLOR_MODEL_RGBA8888;
  info->frei0r_version = FREI0R_MAJOR_VERSION;
  info->major_version = TEMPERA_PLUGIN_MAJOR;
  info->minor_version = TEMPERA_PLUGIN_MINOR;
  info->num_params = static_cast<int>(std::size(kParameters));
  info->explanation = "Paints the video in the style of a picture";
}

void f0r_get_param_info(f0r_param_info_t* info, int param_index) {
  if (param_index < 0 || param_index >= static_cast<int>(std::size(kParameters))) return;
  *info = kParameters[param_index];
}

// Opens nothing yet: the host has not said which style.
f0r_instance_t f0r_construct(unsigned int width, unsigned int height) {
  if (width % kWidthOfFfmpeg != 0 && IsFfmpeg(__builtin_return_address(0))) {
    try {
      RefuseTornRows(width);
    } catch (const std::exception&) {  // no memory for the words
    }
    return nullptr;
  }
  return new (std::nothrow) Instance(width, height);
}

void f0r_destruct(f0r_instance_t instance) { delete static_cast<Instance*>(instance); }

void f0r_set_param_value(f0r_instance_t instance, f0r_param_t param, int param_index) {
  if (instance == nullptr || param == nullptr || param_index < 0 ||
      param_index >= static_cast<int>(std::size(kParameters)))
    return;
  try {
    static_cast<Instance*>(instance)->Set(param_index, param);
  } catch (const std::exception&) {  // no memory for a word: the last one stays
  }
}

void f0r_get_param_value(f0r_instance_t instance, f0r_param_t param, int param_index) {
  if (instance == nullptr || param == nullptr || param_index < 0 ||
      param_index >= static_cast<int>(std::size(kParameters)))
    return;
  static_cast<Instance*>(instance)->Get(param_index, param);
}

void f0r_update(f0r_instance_t instance, double time, const uint32_t* inframe, uint32_t* outframe) {
  if (instance == nullptr || inframe == nullptr || outframe == nullptr) return;
  Instance* effect = static_cast<Instance*>(instance);
  try {
    effect->Update(time, inframe, outframe);
  } catch (const std::exception&) {  // no memory, even for the message
    effect->Copy(inframe, outframe);
  }
}
