// What `tempera live` was asked for.
#pragma once

#include <string>
#include <vector>

#include "cli/mask/mask_options.h"
#include "cli/steer/steer_options.h"
#include "live/mask/mask_settings.h"

namespace tempera::cli {

struct LiveOptions {
  std::string source;  // "": the first camera
  std::string style;   // "": as stylize
  SteerOptions steer;
  MaskOptions mask;
  live::MaskSettings start_mask;  // what those say
  float strength = 1;
  float steadiness = 0.5f;
  int height = 0;
  double fps = 0;
  std::string quality = "fixed";  // auto
  int lowest = 360;               // lines, of auto
  std::vector<std::string> sinks;
  std::string record, record_source;
  std::string microphone = "off";  // "default", or a name
  std::string osc, bindings, scenes;
  std::vector<std::string> midi;
  double ui_scale = 0;
  bool full_screen = false;
  bool no_window = false, mirror = false, once = false, list = false, json = false;
  std::string duration;
  int threads = 0;
  std::string precision = "auto", norm_statistics = "exact";
};

}  // namespace tempera::cli
