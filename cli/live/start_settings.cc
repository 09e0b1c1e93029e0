#include "cli/live/start_settings.h"

#include <filesystem>
#include <memory>
#include <utility>

#include "cli/steer/schedule.h"
#include "cli/style_library.h"
#include "live/engine_image.h"
#include "tempera/tempera.h"

namespace tempera::cli {

Result<live::ModelFile> FindLiveStyle(const std::string& word) {
  TEMPERA_ASSIGN_OR_RETURN(const ModelChoice choice, word.empty() ? DefaultModel() : FindStyle(word));
  return live::ModelFile{choice.path, choice.style};
}

namespace {

// The word that window, scenes and OSC know it by: the bundled style's, where it is one.
std::string WordOf(const ModelChoice& model) {
  const Result<ModelChoice> bundled = FindStyle(model.name());
  std::error_code ignored;
  if (bundled.ok() && bundled->style == model.style &&
      std::filesystem::equivalent(bundled->path, model.path, ignored))
    return model.name();
  return model.style.empty() ? model.path : model.path + ":" + model.style;
}

}  // namespace

Result<live::Settings> StartSettings(const LiveOptions& options) {
  TEMPERA_ASSIGN_OR_RETURN(Steering steering, options.steer.Read());
  TEMPERA_ASSIGN_OR_RETURN(const ModelChoice model, options.style.empty() ? FindBlend(StyleWords(steering))
                                                                          : FindStyle(options.style));
  live::Settings settings;
  settings.style = WordOf(model);
  settings.height = options.height;
  settings.fps = options.fps;
  settings.mirror = options.mirror;
  settings.mask = options.start_mask;

  tempera_options native = TEMPERA_OPTIONS_INIT;
  tempera_stylizer* opened = nullptr;
  TEMPERA_RETURN_IF_ERROR(live::StatusOf(tempera_open_file(model.path.c_str(), &native, &opened)));
  const std::unique_ptr<tempera_stylizer, decltype(&tempera_close)> stylizer(opened, tempera_close);
  steering.style = model.style;
  const std::vector<Control> controls = ControlsOf(opened);
  TEMPERA_ASSIGN_OR_RETURN(const Schedule schedule, Schedule::Make(controls, steering, model.path));
  settings.values["strength"] = {options.strength};
  settings.values["steadiness"] = {options.steadiness};
  for (const Schedule::Value& value : schedule.At(0))
    settings.values[controls[value.control].name] = value.values;
  // A style alone is what its name says; shares that were set would outlive the name.
  if (!model.style.empty() && steering.blend.empty()) {
    for (const Control& c : controls) {
      const bool asked = Turns(steering, c.name);
      if (c.kind == TEMPERA_PARAMETER_WEIGHTS && !asked) settings.values.erase(c.name);
    }
  }
  return settings;
}

}  // namespace tempera::cli
