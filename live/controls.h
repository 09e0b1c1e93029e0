// What can be turned while frames are painted, and who turns it: the window, OSC, MIDI, scenes. One object,
// safe from any thread; painting reads it before every frame.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "live/mask/mask_settings.h"
#include "src/base/status.h"

namespace tempera::live {

// What a model can be turned by, as tempera_get_parameter_info tells it.
struct Parameter {
  std::string name, line, unit;
  int kind = 0;  // tempera_parameter_kind
  float minimum = 0, maximum = 1;
  std::vector<float> defaults;
  std::vector<std::string> element_names, short_names;  // one for each element, or none
};

// All that holds at one moment.
struct Settings {
  std::string style;  // as --style takes it
  std::map<std::string, std::vector<float>>
      values;           // parameters that were set; the others have their defaults
  int height = 0;       // lines that the network sees; 0: the model's own choice
  double fps = 0;       // painted at most so often a second; 0: all that come
  bool mirror = false;  // left and right exchanged, before painting
  bool freeze = false;  // the source stands still; parameters still work
  MaskSettings mask{};
  bool operator==(const Settings&) const = default;
};

class Controls {
 public:
  explicit Controls(Settings settings) : settings_(std::move(settings)) {}

  Settings Get() const;
  // Grows with every change of the settings, or of the parameters that there are.
  uint64_t generation() const;

  // Another style. Blends and what else was set for the one before stay, but for the shares of its styles.
  void SetStyle(const std::string& style);
  // Values of a parameter, clamped into its range; not numbers are refused. kNotFound, with the names that
  // there are; kInvalidArgument: not as many values as it has elements.
  Status SetValues(const std::string& name, const std::vector<float>& values);
  // One element: by index from 0, or, where `element` is not empty, by its name or short name.
  Status SetElement(const std::string& name, const std::string& element, int index, float value);
  // Back to the default.
  Status Unset(const std::string& name);
  void SetHeight(int lines);
  void SetFps(double fps);
  void SetMirror(bool on);
  void SetFreeze(bool on);
  // Of the mask, from what holds now: `edit` as Edit has it; its numbers are clamped into their ranges.
  // `name`: "mask", "mask.feather", "mask.threshold", "mask.hold". An error of `edit` changes nothing.
  Status EditMask(const std::string& name, const std::function<Status(MaskSettings*)>& edit);
  // By who follows the mask: what cannot be had is asked for no longer. False where somebody has asked for
  // something else since: that is followed first, and what is wrong in it is found again.
  bool TakeBack(const RefusedMask& refused);
  // Whether recordings hear the microphone. It is nothing of the painting: no scene or timeline has it.
  void SetMicrophone(bool on) { microphone_ = on; }
  bool microphone() const { return microphone_; }
  // All at once: a scene. Values that no parameter has the name of stay, and do nothing.
  void Load(const Settings& settings);
  // The same, from what holds now, with nobody's change in between. `edit` is called once, with a lock held:
  // it calls nothing of this object.
  void Edit(const std::function<void(Settings*)>& edit);

  // Those of the model that paints; none before it is open.
  std::vector<Parameter> Parameters() const;
  // What holds of a parameter: its set values, or its defaults; empty when there is none.
  std::vector<float> ValuesOf(const std::string& name) const;
  // By who opens models.
  void SetParameters(std::vector<Parameter> parameters);
  // Likewise of the mask network that is open: what its regions can be.
  std::vector<std::string> MaskClasses() const;
  void SetMaskClasses(std::vector<std::string> classes);

  // Called after every change, on the thread that made it, without a lock held: name ("style", "height",
  // "fps", "mirror", "freeze", "mask" and those of EditMask, or a parameter's; "scene": any of them,
  // "parameters": those that there are). For those who learn a binding, or tell others.
  void SetListener(std::function<void(const std::string& name)> listener);

 private:
  const Parameter* Find(const std::string& name) const;  // with mutex_ held
  void Changed(const std::string& name, std::unique_lock<std::mutex> lock);

  std::atomic<bool> microphone_{true};
  mutable std::mutex mutex_;
  Settings settings_;
  std::vector<Parameter> parameters_;
  std::vector<std::string> mask_classes_;
  uint64_t generation_ = 1;
  std::function<void(const std::string&)> listener_;
};

}  // namespace tempera::live
