#include "plugins/obs/settings.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>
#include <mutex>

#include "plugins/common/model_folders.h"

namespace tempera::plugins::obs {
namespace {

constexpr char kValue[] = "value.";
constexpr char kShare[] = "share.";

std::string Text(const char* text) { return text != nullptr ? text : ""; }

std::shared_ptr<const Model> ReadModel(const std::string& path) {
  Options options;
  options.threads = 1;
  const Expected<Stylizer> opened = Stylizer::Open(path, options);
  if (!opened) return nullptr;
  auto model = std::make_shared<Model>();
  for (int i = 0; i < opened->ParameterCount(); ++i) {
    const Expected<tempera_parameter_info> info = opened->ParameterInfo(i);
    if (!info) continue;
    ModelParameter parameter;
    parameter.name = info->name;
    parameter.line = Text(info->line);
    parameter.unit = Text(info->unit);
    parameter.kind = info->kind;
    parameter.minimum = info->minimum;
    parameter.maximum = info->maximum;
    parameter.defaults.assign(info->defaults, info->defaults + info->count);
    for (int32_t j = 0; info->element_names != nullptr && j < info->count; ++j)
      parameter.elements.push_back(Text(info->element_names[j]));
    for (int32_t j = 0; info->short_names != nullptr && j < info->count; ++j)
      parameter.short_names.push_back(Text(info->short_names[j]));
    model->parameters.push_back(std::move(parameter));
  }
  return model;
}

std::shared_ptr<const std::vector<std::string>> ReadClasses(const std::string& path) {
  return std::make_shared<const std::vector<std::string>>(OfferedClasses(path));
}

// Properties are asked for again with every click: a file is read once for each time it was written.
template <typename T>
std::shared_ptr<const T> Kept(const std::string& path, std::shared_ptr<const T> (*read)(const std::string&)) {
  static std::mutex guard;
  static std::map<std::pair<std::string, int64_t>, std::shared_ptr<const T>> known;
  std::error_code error;
  const auto written = std::filesystem::last_write_time(path, error).time_since_epoch().count();
  const std::lock_guard lock(guard);
  auto& kept = known[{path, static_cast<int64_t>(written)}];
  if (!kept) kept = read(path);
  return kept;
}

std::shared_ptr<const Model> ModelOf(const std::string& path) { return Kept<Model>(path, ReadModel); }

// A switch may have been set as one or as a number, whoever set it.
double NumberAt(obs_data_t* data, const std::string& key) {
  obs_data_item_t* item = obs_data_item_byname(data, key.c_str());
  const bool is_switch = item != nullptr && obs_data_item_gettype(item) == OBS_DATA_BOOLEAN;
  obs_data_item_release(&item);
  if (is_switch) return obs_data_get_bool(data, key.c_str()) ? 1 : 0;
  return obs_data_get_double(data, key.c_str());
}

// "NAME" or "NAME.2".
ParameterValue NamedBy(const std::string& text) {
  const size_t dot = text.rfind('.');
  size_t element = 0;
  if (dot != std::string::npos) {
    const auto [end, code] = std::from_chars(text.data() + dot + 1, text.data() + text.size(), element);
    if (code == std::errc() && end == text.data() + text.size()) return {text.substr(0, dot), element, 0};
  }
  return {text, 0, 0};
}

// What a preset sets: all that is neither a preset nor about presets.
bool BelongsToPreset(const std::string& key) {
  return key == "style" || key == "file" || key == "blend" || key == "height" || key.starts_with(kValue) ||
         key.starts_with(kShare) || key == "mask" || key.starts_with("mask.");
}

std::vector<std::string> KeysOf(obs_data_t* data) {
  std::vector<std::string> keys;
  for (obs_data_item_t* item = obs_data_first(data); item != nullptr; obs_data_item_next(&item))
    if (obs_data_item_has_user_value(item)) keys.push_back(obs_data_item_get_name(item));
  std::sort(keys.begin(), keys.end());
  return keys;
}

Data PresetsOf(obs_data_t* settings) {
  Data presets(obs_data_get_obj(settings, "presets"));
  return presets ? std::move(presets) : Data(obs_data_create());
}

}  // namespace

const ModelParameter* Model::Blend() const {
  for (const ModelParameter& parameter : parameters)
    if (parameter.kind == TEMPERA_PARAMETER_WEIGHTS && !parameter.short_names.empty()) return &parameter;
  return nullptr;
}

std::string ValueKey(const ModelParameter& parameter, size_t element) {
  const std::string key = kValue + parameter.name;
  return parameter.defaults.size() > 1 ? key + "." + std::to_string(element) : key;
}

std::string ShareKey(const std::string& style) { return kShare + style; }

std::string StyleWord(obs_data_t* settings) {
  const std::string style = obs_data_get_string(settings, "style");
  return style == kOwnFile ? obs_data_get_string(settings, "file") : style;
}

MaskWords MaskWordsOf(obs_data_t* settings) {
  MaskWords words;
  words.mask = obs_data_get_string(settings, "mask");
  const bool own = words.mask == kOwnFile;
  if (own) {
    // Where none was chosen yet, the list's word stays, which names nothing: "" would have all painted.
    const std::string file = obs_data_get_string(settings, "mask.file");
    const std::string of_class = obs_data_get_string(settings, "mask.class");
    if (!file.empty()) words.mask = of_class.empty() ? file : file + ":" + of_class;
  }
  // A check mark of a file that was chosen before says nothing of the person.
  const bool listed = words.mask == kPerson;
  const bool all_but = words.mask == kAllButPerson;
  if (all_but) words.mask = kPerson;
  const bool checked = !listed && obs_data_get_bool(settings, "mask.background");
  words.of = all_but || checked ? "background" : "inside";
  words.outside = obs_data_get_string(settings, "mask.outside");
  const std::string file = obs_data_get_string(settings, "mask.outside_file");
  if (words.outside == kOwnFile && !file.empty()) words.outside = file;
  const long long blur = std::clamp<long long>(obs_data_get_int(settings, "mask.blur"), 0, 256);
  if (words.outside == kBlur && blur > 0) words.outside += ":" + std::to_string(blur);
  return words;
}

std::vector<std::string> MaskClasses(obs_data_t* settings) {
  const std::string path = obs_data_get_string(settings, "mask.file");
  return path.empty() ? std::vector<std::string>() : *Kept<std::vector<std::string>>(path, ReadClasses);
}

std::shared_ptr<const Model> BlendingModel(obs_data_t* settings) {
  const Expected<StyleChoice> choice = FindStyle(StyleWord(settings));
  if (!choice) return nullptr;
  const std::shared_ptr<const Model> chosen = ModelOf(choice->path);
  if (chosen && chosen->Blend() != nullptr) return chosen;
  if (std::string_view(obs_data_get_string(settings, "style")) == kOwnFile) return nullptr;
  const Expected<std::string> folder = StylesFolder();
  if (!folder) return nullptr;
  const Expected<std::vector<Style>> styles = ListStyles(*folder);
  if (!styles) return nullptr;
  for (const Style& style : *styles) {
    if (style.style.empty()) continue;
    const std::shared_ptr<const Model> model = ModelOf(style.path);
    if (model && model->Blend() != nullptr) return model;
  }
  return nullptr;
}

std::shared_ptr<const Model> ChosenModel(obs_data_t* settings) {
  if (obs_data_get_bool(settings, "blend"))
    if (const std::shared_ptr<const Model> model = BlendingModel(settings)) return model;
  const Expected<StyleChoice> choice = FindStyle(StyleWord(settings));
  return choice ? ModelOf(choice->path) : nullptr;
}

Look LookOf(obs_data_t* settings) {
  Look look;
  look.style = StyleWord(settings);
  look.threads = static_cast<int>(std::clamp<long long>(obs_data_get_int(settings, "threads"), 0, 1024));
  look.short_side = static_cast<int>(std::clamp<long long>(obs_data_get_int(settings, "height"), 0, 16384));
  look.mask = MaskWordsOf(settings);
  look.mask_numbers = {NumberAt(settings, "mask.feather"), NumberAt(settings, "mask.threshold"),
                       NumberAt(settings, "mask.hold"), NumberAt(settings, "mask.every")};
  look.values.push_back({"steadiness", 0, static_cast<float>(kDefaultSteadiness)});
  const bool blend = obs_data_get_bool(settings, "blend");
  for (const std::string& key : KeysOf(settings)) {
    if (key.starts_with(kValue)) {
      ParameterValue value = NamedBy(key.substr(sizeof(kValue) - 1));
      value.value = static_cast<float>(NumberAt(settings, key));
      look.values.push_back(std::move(value));
    } else if (blend && key.starts_with(kShare)) {
      const double share = NumberAt(settings, key);
      if (share > 0) look.shares.emplace_back(key.substr(sizeof(kShare) - 1), static_cast<float>(share));
    }
  }
  return look;
}

void SetDefaults(obs_data_t* settings) {
  obs_data_set_default_string(settings, "style", "starry-night");
  obs_data_set_default_int(settings, "height", kDefaultHeight);
  const MaskNumbers begins;
  obs_data_set_default_double(settings, "mask.feather", begins.feather);
  obs_data_set_default_double(settings, "mask.threshold", begins.threshold);
  obs_data_set_default_double(settings, "mask.hold", begins.hold);
  obs_data_set_default_int(settings, "mask.every", static_cast<long long>(begins.every));
}

std::vector<std::string> PresetNames(obs_data_t* settings) { return KeysOf(PresetsOf(settings).get()); }

void SavePreset(obs_data_t* settings, const std::string& name) {
  if (name.empty()) return;
  const char* json = obs_data_get_json(settings);
  const Data preset(json != nullptr ? obs_data_create_from_json(json) : nullptr);
  if (!preset) return;
  for (const std::string& key : KeysOf(preset.get()))
    if (!BelongsToPreset(key)) obs_data_erase(preset.get(), key.c_str());
  // Said, so that the preset does not follow another default.
  obs_data_set_string(preset.get(), "style", obs_data_get_string(settings, "style"));
  obs_data_set_int(preset.get(), "height", obs_data_get_int(settings, "height"));
  const Data presets = PresetsOf(settings);
  obs_data_set_obj(presets.get(), name.c_str(), preset.get());
  obs_data_set_obj(settings, "presets", presets.get());
}

void RemovePreset(obs_data_t* settings, const std::string& name) {
  const Data presets = PresetsOf(settings);
  obs_data_erase(presets.get(), name.c_str());
  obs_data_set_obj(settings, "presets", presets.get());
}

void FollowPreset(obs_data_t* settings) {
  const std::string name = obs_data_get_string(settings, "preset");
  if (name == obs_data_get_string(settings, "preset_applied")) return;
  obs_data_set_string(settings, "preset_applied", name.c_str());
  const Data preset(name.empty() ? nullptr : obs_data_get_obj(PresetsOf(settings).get(), name.c_str()));
  if (!preset) return;
  for (const std::string& key : KeysOf(settings))
    if (BelongsToPreset(key)) obs_data_unset_user_value(settings, key.c_str());
  const char* json = obs_data_get_json(preset.get());
  const Data values(json != nullptr ? obs_data_create_from_json(json) : nullptr);
  if (!values) return;
  for (const std::string& key : KeysOf(values.get()))
    if (!BelongsToPreset(key)) obs_data_erase(values.get(), key.c_str());
  obs_data_apply(settings, values.get());
}

}  // namespace tempera::plugins::obs
