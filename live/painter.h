// What paints live: one model at a time, which can be changed while it paints.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "live/controls.h"
#include "live/mask/mask_figures.h"
#include "live/mask/mask_settings.h"
#include "live/model.h"
#include "live/source.h"
#include "media/frame.h"
#include "src/base/status.h"

namespace tempera::live {

// What a word behind --style means.
using FindStyleFn = std::function<Result<ModelFile>(const std::string& word)>;

// What was set of the mask before a frame, and did not hold for the one before.
struct MaskChange {
  bool off = false;    // nothing is masked any more
  bool opens = false;  // opened anew: cast and height; styles as their files begin
  MaskCast cast;
  int height = 0;
  std::optional<MaskNumbers> numbers;
  std::vector<std::map<std::string, std::vector<float>>> values;  // of its styles, as MaskLayers lists them
  bool empty() const { return !off && !opens && !numbers && values.empty(); }
};

// What was set before a frame was painted, and did not hold for the one before: the timeline's contents.
struct Change {
  std::string path;                                  // of the model opened anew for it; "": the same
  int height = 0;                                    // with path: its working lines, 0: its own choice
  std::map<std::string, std::vector<float>> values;  // parameters set
  bool reset = false;  // painted as the first of a film (also with another path)
  MaskChange mask;
  bool empty() const { return path.empty() && values.empty() && !reset && mask.empty(); }
};

class Painter {
 public:
  virtual ~Painter() = default;

  // Paints with what `settings` ask for. Where they ask for another file or another working size, that is
  // opened on a thread of its own, and frames are painted with the old one until it is there; only the first
  // one of all is waited for. The same holds of the mask and the styles of its regions. Values beyond a
  // parameter's range are clamped into it. What was set for this frame comes back in `change`. One thread.
  virtual Status Paint(const SourceFrame& in, const Settings& settings, media::Frame* out,
                       Change* change) = 0;

  // The next frame begins anew, and its Change says all that holds: for a timeline that begins there. From
  // any thread.
  virtual void Restate() = 0;

  // Of the model that painted last; of the parameter that blends styles the default is the style asked for.
  virtual std::vector<Parameter> Parameters() const = 0;
  // Another number whenever Parameters() or MaskClasses() may say something else than before: a model was
  // opened, or another style of it has other defaults.
  virtual uint64_t parameters_version() const = 0;
  // The classes of the mask network that was opened last, "" where one has no name; empty before.
  virtual std::vector<std::string> MaskClasses() const { return {}; }
  // Of the frame painted last.
  virtual PaintedMask mask() const { return {}; }
  // The Settings::height of the model that painted last: behind what was asked for while that is opened.
  virtual int height() const = 0;
  // Whether anything is being opened.
  virtual bool opening() const = 0;
  virtual int working_width() const = 0;
  virtual int working_height() const = 0;
  // What went wrong with the last change asked for ("no such style"), one line; "" when nothing did. Painting
  // goes on as it was.
  virtual std::string trouble() const = 0;
  // What was asked of the mask and cannot be had, with what to ask for instead; then it is no trouble any
  // more.
  virtual std::optional<RefusedMask> TakeRefusedMask() { return std::nullopt; }
  // From any thread: a Paint that waits or paints gives up soon (kCancelled).
  virtual void Stop() = 0;
};

// Without `find_mask` nothing is masked, and who asks for it is told so.
std::unique_ptr<Painter> MakePainter(const PainterOptions& options, FindStyleFn find,
                                     FindMaskFn find_mask = nullptr);

}  // namespace tempera::live
