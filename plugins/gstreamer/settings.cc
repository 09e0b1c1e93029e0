#include "plugins/gstreamer/settings.h"

#include <gst/gst.h>

#include <exception>

namespace tempera::plugins::gstreamer {
namespace {

enum Property {
  kStyle = 1,
  kBlend,
  kStrength,
  kStrokeSize,
  kSteadiness,
  kKeepColors,
  kBrightness,
  kContrast,
  kThreads,
  kShortSide,
  kMask,
  kMaskOf,
  kOutside,
  kFeather,
  kThreshold,
  kMaskHold,
  kMaskEvery,
  kPainted,
  kSkipped
};

constexpr GEnumValue kMaskOfValues[] = {{0, "What the mask finds", "inside"},
                                        {1, "All but what the mask finds", "background"},
                                        {0, nullptr, nullptr}};

GType MaskOfType() {
  static const GType type = [] {
    const GType registered = g_enum_register_static("TemperaVideoMaskOf", kMaskOfValues);
    gst_type_mark_as_plugin_api(registered, static_cast<GstPluginAPIFlags>(0));
    return registered;
  }();
  return type;
}

void SetText(std::string* text, const GValue* value) {
  const char* given = g_value_get_string(value);
  try {
    *text = given != nullptr ? given : "";
  } catch (const std::exception&) {  // no memory for a word: the last one stays
  }
}

bool SetMaskSetting(Settings* settings, guint id, const GValue* value) {
  switch (id) {
    case kMask:
      return SetText(&settings->mask, value), true;
    case kMaskOf:
      return settings->mask_of = g_value_get_enum(value), true;
    case kOutside:
      return SetText(&settings->outside, value), true;
    case kFeather:
      return settings->mask_numbers.feather = g_value_get_double(value), true;
    case kThreshold:
      return settings->mask_numbers.threshold = g_value_get_double(value), true;
    case kMaskHold:
      return settings->mask_numbers.hold = g_value_get_double(value), true;
    case kMaskEvery:
      return settings->mask_numbers.every = g_value_get_int(value), true;
    default:
      return false;
  }
}

bool GetMaskSetting(const Settings& settings, guint id, GValue* value) {
  switch (id) {
    case kMask:
      return g_value_set_string(value, settings.mask.c_str()), true;
    case kMaskOf:
      return g_value_set_enum(value, settings.mask_of), true;
    case kOutside:
      return g_value_set_string(value, settings.outside.c_str()), true;
    case kFeather:
      return g_value_set_double(value, settings.mask_numbers.feather), true;
    case kThreshold:
      return g_value_set_double(value, settings.mask_numbers.threshold), true;
    case kMaskHold:
      return g_value_set_double(value, settings.mask_numbers.hold), true;
    case kMaskEvery:
      return g_value_set_int(value, static_cast<int>(settings.mask_numbers.every)), true;
    default:
      return false;
  }
}

constexpr int kTurned = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING;
constexpr int kMoved = kTurned | GST_PARAM_CONTROLLABLE;

void Install(GObjectClass* klass, guint id, GParamSpec* spec) {
  g_object_class_install_property(klass, id, spec);
}

GParamSpec* Number(const char* name, const char* nick, const char* blurb, double least, double most,
                   double begins) {
  return g_param_spec_double(name, nick, blurb, least, most, begins, static_cast<GParamFlags>(kMoved));
}

GParamSpec* Count(const char* name, const char* nick, const char* blurb, int least, int most, int begins,
                  int flags) {
  return g_param_spec_int(name, nick, blurb, least, most, begins, static_cast<GParamFlags>(flags));
}

GParamSpec* Text(const char* name, const char* nick, const char* blurb) {
  return g_param_spec_string(name, nick, blurb, "", static_cast<GParamFlags>(kTurned));
}

void InstallPainting(GObjectClass* klass) {
  Install(klass, kStyle,
          Text("style", "Style", "A bundled style, a .onnx file or FILE.onnx:STYLE; empty: starry-night"));
  Install(klass, kBlend,
          Text("blend", "Blend",
               "Shares of several styles, such as starry-night=0.7,great-wave=0.3; goes before the "
               "name of a style"));
  Install(klass, kStrength,
          Number("strength", "Strength", "0: the picture as it is, 1: the whole style", 0, 1, 1));
  Install(klass, kStrokeSize,
          Number("stroke-size", "Stroke size",
                 "From fine (0) to bold (1) strokes, where the style has them; -1: as it begins", -1, 1, -1));
  Install(klass, kSteadiness,
          Number("steadiness", "Steadiness",
                 "How much strokes hold on to what they show; 0: every frame by itself", 0, 1, 0.5));
  Install(klass, kKeepColors,
          g_param_spec_boolean("keep-colors", "Keep colours",
                               "Brightness from the painting, colours from the picture", FALSE,
                               static_cast<GParamFlags>(kMoved)));
  Install(klass, kBrightness,
          Number("brightness", "Brightness", "How much lighter what is seen becomes", -1, 1, 0));
  Install(klass, kContrast,
          Number("contrast", "Contrast", "How far colours lie from mid grey; 1: as painted", 0, 2, 1));
  Install(klass, kThreads,
          Count("threads", "Threads", "How many threads paint; 0: as many as help", 0, 1024, 0, kTurned));
  Install(klass, kShortSide,
          Count("short-side", "Short side",
                "Pixels of the shorter side at which it is painted at most; 0: the frame's own size", 0,
                16384, 0, kTurned));
}

void InstallMask(GObjectClass* klass) {
  Install(klass, kMask,
          Text("mask", "Mask",
               "A bundled mask, such as person, or a mask network's .onnx file, either with :CLASS; empty: "
               "the whole picture is painted"));
  Install(klass, kMaskOf,
          g_param_spec_enum("mask-of", "Mask of", "Which side of the mask is painted", MaskOfType(), 0,
                            static_cast<GParamFlags>(kMoved)));
  Install(klass, kOutside,
          Text("outside", "Outside",
               "What the rest shows: empty or none: the picture as it is; blur, blur:PX, or another style"));
  Install(
      klass, kFeather,
      Number("feather", "Feather", "Pixels by which the mask's edges are softened either way", 0, 1024, 0));
  Install(klass, kThreshold,
          Number("threshold", "Threshold",
                 "Where the mask has its edge, from much (0.01) to only what is certain (0.99)", 0.01, 0.99,
                 0.5));
  Install(klass, kMaskHold,
          Number("mask-hold", "Mask hold", "0: each frame's mask by itself, 1: the calmest", 0, 1, 0.8));
  Install(klass, kMaskEvery,
          Count("mask-every", "Mask every",
                "The mask's network sees every so many frames; in between its mask is moved along", 1, 16, 1,
                kMoved));
}

}  // namespace

Look Settings::look() const {
  Look look;
  look.style = style, look.blend = blend;
  look.strength = strength;
  if (stroke_size >= 0) look.stroke_size = stroke_size;
  if (steadiness != 0) look.steadiness = steadiness;
  if (keep_colors) look.keep_colors = 1;
  if (brightness != 0) look.brightness = brightness;
  if (contrast != 1) look.contrast = contrast;
  look.threads = threads, look.short_side = short_side;
  look.mask = {mask, kMaskOfValues[mask_of].value_nick, outside};
  look.mask_numbers = mask_numbers;
  return look;
}

void InstallProperties(GObjectClass* klass) {
  InstallPainting(klass);
  InstallMask(klass);
  const auto read = static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  Install(
      klass, kPainted,
      g_param_spec_uint64("painted", "Painted", "Frames painted since the start", 0, G_MAXUINT64, 0, read));
  Install(klass, kSkipped,
          g_param_spec_uint64("skipped", "Skipped", "Late frames skipped since the start", 0, G_MAXUINT64, 0,
                              read));
}

bool SetSetting(Settings* settings, guint id, const GValue* value) {
  switch (id) {
    case kStyle:
      return SetText(&settings->style, value), true;
    case kBlend:
      return SetText(&settings->blend, value), true;
    case kStrength:
      return settings->strength = g_value_get_double(value), true;
    case kStrokeSize:
      return settings->stroke_size = g_value_get_double(value), true;
    case kSteadiness:
      return settings->steadiness = g_value_get_double(value), true;
    case kKeepColors:
      return settings->keep_colors = g_value_get_boolean(value), true;
    case kBrightness:
      return settings->brightness = g_value_get_double(value), true;
    case kContrast:
      return settings->contrast = g_value_get_double(value), true;
    case kThreads:
      return settings->threads = g_value_get_int(value), true;
    case kShortSide:
      return settings->short_side = g_value_get_int(value), true;
    default:
      return SetMaskSetting(settings, id, value);
  }
}

bool GetSetting(const Settings& settings, guint id, GValue* value) {
  switch (id) {
    case kStyle:
      return g_value_set_string(value, settings.style.c_str()), true;
    case kBlend:
      return g_value_set_string(value, settings.blend.c_str()), true;
    case kStrength:
      return g_value_set_double(value, settings.strength), true;
    case kStrokeSize:
      return g_value_set_double(value, settings.stroke_size), true;
    case kSteadiness:
      return g_value_set_double(value, settings.steadiness), true;
    case kKeepColors:
      return g_value_set_boolean(value, settings.keep_colors), true;
    case kBrightness:
      return g_value_set_double(value, settings.brightness), true;
    case kContrast:
      return g_value_set_double(value, settings.contrast), true;
    case kThreads:
      return g_value_set_int(value, settings.threads), true;
    case kShortSide:
      return g_value_set_int(value, settings.short_side), true;
    case kPainted:
      return g_value_set_uint64(value, settings.painted), true;
    case kSkipped:
      return g_value_set_uint64(value, settings.skipped), true;
    default:
      return GetMaskSetting(settings, id, value);
  }
}

}  // namespace tempera::plugins::gstreamer
