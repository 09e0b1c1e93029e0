// The properties of the GStreamer element: what its user has set, and what gst-inspect-1.0 shows of it.
#pragma once

#include <glib-object.h>

#include <string>

#include "plugins/common/painting.h"

namespace tempera::plugins::gstreamer {

struct Settings {
  std::string style, blend;
  double strength = 1;
  double stroke_size = -1;  // negative: the style's own
  double steadiness = 0.5;  // as the command paints films
  gboolean keep_colors = FALSE;
  double brightness = 0;
  double contrast = 1;
  int threads = 0;
  int short_side = 0;
  std::string mask, outside;
  int mask_of = 0;  // of the enumeration of the property
  MaskNumbers mask_numbers;
  guint64 painted = 0, skipped = 0;

  // What stands at its default is left to the model's file, as the command does.
  Look look() const;
};

void InstallProperties(GObjectClass* klass);
// False where there is no such property.
bool SetSetting(Settings* settings, guint id, const GValue* value);
bool GetSetting(const Settings& settings, guint id, GValue* value);

}  // namespace tempera::plugins::gstreamer
