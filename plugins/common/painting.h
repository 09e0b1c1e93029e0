// What a plugin paints with: the settings of its host's user, and the models that they name, opened when they
// first do and opened anew when they name others.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "plugins/common/composition.h"
#include "plugins/common/mask_finder.h"
#include "plugins/common/style_finder.h"
#include "tempera/tempera.hpp"

namespace tempera::plugins {

// Numbers outside a parameter's range count as its nearest end. Unset ones are what the model's file says.
// They hold for the style outside of a mask too.
struct Look {
  std::string style;  // as FindStyle takes it
  std::string blend;  // as ParseBlend takes it; goes before the name of a style
  std::optional<double> strength;
  std::optional<double> stroke_size;  // does nothing where the model has no such parameter
  std::optional<double> steadiness;
  std::optional<double> keep_colors;
  std::optional<double> brightness;
  std::optional<double> contrast;
  MaskWords mask;
  MaskNumbers mask_numbers;
  int threads = 0;     // as tempera_options has them
  int short_side = 0;  // pixels at which styles are painted at most; 0: the frame's own size
  bool operator==(const Look&) const = default;
};

// One film's. One thread at a time, but for SetCancelled.
class Painting {
 public:
  // Opens and sets what `look` says, as far as the last look differs. A look that failed fails again, without
  // a second try, until it changes or Forget is called.
  Error Follow(const Look& look);

  // Follow, and then tempera_process_frame.
  Error Paint(const Look& look, const tempera_image& in, const tempera_image& out,
              const tempera_frame_params& params);

  // The next frame does not follow from the one before.
  void Reset();
  // Closes the models.
  void Forget();

  // A Paint that runs, and those to come, end soon with TEMPERA_CANCELLED. From any thread.
  void SetCancelled(bool cancelled);

  // What was guessed of the models (tempera_notice), each line once.
  std::vector<std::string> NewNotices();

 private:
  Error Choose(const Look& look);
  Error Open(const Files& wanted);
  Error SetNumbers(const Look& look);

  std::mutex guard_;  // of the next two: whoever cancels meets models that live
  std::optional<Composition> composition_;
  bool cancelled_ = false;

  std::optional<Look> followed_;  // the last look, whether it could be followed or not
  Error failure_;                 // of that look
};

}  // namespace tempera::plugins
