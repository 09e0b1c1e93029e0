#include "plugins/obs/properties.h"

#include <filesystem>
#include <string>

#include "plugins/common/model_folders.h"
#include "plugins/obs/settings.h"

namespace tempera::plugins::obs {
namespace {

constexpr char kParameters[] = "parameters";  // groups: what another style has another of
constexpr char kShares[] = "blend";           // likewise; its check mark is the setting

// What the plugin says in the user's language, or `otherwise` where it has no words for a model's own.
std::string Said(const std::string& key, const std::string& otherwise) {
  const char* text = nullptr;
  return obs_module_get_string(key.c_str(), &text) ? text : otherwise;
}

// "coarse_strength": "Coarse strength".
std::string Readable(std::string name) {
  for (char& c : name)
    if (c == '_' || c == '-') c = ' ';
  if (!name.empty() && name[0] >= 'a' && name[0] <= 'z') name[0] = static_cast<char>(name[0] - 'a' + 'A');
  return name;
}

std::string Escaped(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    switch (c) {
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '&':
        safe += "&amp;";
        break;
      case '\'':
        safe += "&#39;";
        break;
      default:
        safe += c;
    }
  }
  return safe;
}

std::vector<Style> BundledStyles() {
  const Expected<std::string> folder = StylesFolder();
  if (!folder) return {};
  Expected<std::vector<Style>> styles = ListStyles(*folder);
  return styles ? *std::move(styles) : std::vector<Style>();
}

// OBS's lists hold words, no pictures: the chosen style's is shown below the list, in a text that is HTML.
std::string PictureOf(const std::string& chosen, const std::string& otherwise) {
  for (const Style& style : BundledStyles()) {
    if (style.name != chosen) continue;
    std::string html = Escaped(style.title);
    if (!style.artist.empty()) html += "<br/>" + Escaped(style.artist);
    if (!style.year.empty()) html += ", " + Escaped(style.year);
    if (style.thumbnail_path.empty()) return html;
    return "<table><tr><td><img height='96' src='" + Escaped(style.thumbnail_path) +
           "'/></td><td style='padding-left: 8px; vertical-align: middle'>" + html + "</td></tr></table>";
  }
  return Escaped(otherwise);
}

void AddParameter(obs_properties_t* group, const ModelParameter& parameter, size_t element) {
  const std::string key = ValueKey(parameter, element);
  std::string label = Said("Value." + parameter.name, Readable(parameter.name));
  if (element < parameter.elements.size()) label += ": " + parameter.elements[element];
  const double low = parameter.minimum, high = parameter.maximum;
  obs_property_t* property = nullptr;
  if (parameter.kind == TEMPERA_PARAMETER_SWITCH) {
    property = obs_properties_add_bool(group, key.c_str(), label.c_str());
  } else if (parameter.kind == TEMPERA_PARAMETER_INTEGER) {
    property = obs_properties_add_int_slider(group, key.c_str(), label.c_str(), static_cast<int>(low),
                                             static_cast<int>(high), 1);
    obs_property_int_set_suffix(property, parameter.unit.c_str());
  } else {
    property = obs_properties_add_float_slider(group, key.c_str(), label.c_str(), low, high, 0.01);
    obs_property_float_set_suffix(property, parameter.unit.c_str());
  }
  obs_property_set_long_description(property, Said("Line." + parameter.name, parameter.line).c_str());
}

void SetDefault(obs_data_t* settings, const ModelParameter& parameter, size_t element) {
  const std::string key = ValueKey(parameter, element);
  double value = parameter.defaults[element];
  if (parameter.name == "steadiness" && parameter.defaults.size() == 1) value = kDefaultSteadiness;
  if (parameter.kind == TEMPERA_PARAMETER_SWITCH)
    obs_data_set_default_bool(settings, key.c_str(), value >= 0.5);
  else if (parameter.kind == TEMPERA_PARAMETER_INTEGER)
    obs_data_set_default_int(settings, key.c_str(), static_cast<int>(value));
  else
    obs_data_set_default_double(settings, key.c_str(), value);
}

// A model's parameters may be many; what a page cannot show, other programs can still set.
constexpr size_t kMostRows = 64;

// An empty group's place is kept: OBS goes on with the property whose change it reports, and with those
// around it, so that a callback must not remove them. What lies in a group is nobody's but this file's.
obs_properties_t* Emptied(obs_properties_t* properties, const char* group) {
  obs_properties_t* content = obs_property_group_content(obs_properties_get(properties, group));
  while (obs_property_t* first = obs_properties_first(content)) {
    const std::string name = obs_property_name(first);
    obs_properties_remove_by_name(content, name.c_str());
  }
  return content;
}

void FillParameters(obs_properties_t* properties, obs_data_t* settings) {
  obs_properties_t* group = Emptied(properties, kParameters);
  const std::shared_ptr<const Model> model = ChosenModel(settings);
  obs_property_set_visible(obs_properties_get(properties, kParameters), model != nullptr);
  if (!model) return;
  const ModelParameter* blend = model->Blend();
  size_t rows = 0;
  for (const ModelParameter& parameter : model->parameters) {
    if (&parameter == blend) continue;
    for (size_t i = 0; i < parameter.defaults.size() && rows < kMostRows; ++i, ++rows) {
      SetDefault(settings, parameter, i);
      AddParameter(group, parameter, i);
    }
  }
}

void FillShares(obs_properties_t* properties, obs_data_t* settings) {
  obs_properties_t* group = Emptied(properties, kShares);
  const std::shared_ptr<const Model> model = BlendingModel(settings);
  obs_property_set_visible(obs_properties_get(properties, kShares), model != nullptr);
  if (!model) return;
  const ModelParameter& blend = *model->Blend();
  for (size_t i = 0; i < blend.short_names.size() && i < kMostRows; ++i) {
    const std::string& label = i < blend.elements.size() ? blend.elements[i] : blend.short_names[i];
    obs_properties_add_float_slider(group, ShareKey(blend.short_names[i]).c_str(), label.c_str(),
                                    blend.minimum, blend.maximum, 0.01);
  }
}

bool OnBlend(obs_properties_t* properties, obs_property_t*, obs_data_t* settings) {
  FillParameters(properties, settings);
  return true;
}

// Whatever is chosen of masks: what else is asked then.
bool OnMask(obs_properties_t* properties, obs_property_t*, obs_data_t* settings) {
  const std::string mask = obs_data_get_string(settings, "mask");
  const std::string outside = obs_data_get_string(settings, "mask.outside");
  const auto show = [&](const char* name, bool shown) {
    obs_property_set_visible(obs_properties_get(properties, name), shown && !mask.empty());
  };
  const bool own = mask == kOwnFile, other = outside == kOwnFile, blur = outside == kBlur;
  for (const char* name : {"mask.file", "mask.class", "mask.background"}) show(name, own);
  for (const char* name : {"mask.outside", "mask.feather", "mask.threshold", "mask.hold", "mask.every"})
    show(name, true);
  show("mask.outside_file", other);
  show("mask.blur", blur);
  show("mask.picture", !outside.empty() && !other && !blur);
  obs_property_set_long_description(obs_properties_get(properties, "mask.picture"),
                                    PictureOf(outside, outside).c_str());
  obs_property_t* classes = obs_properties_get(properties, "mask.class");
  obs_property_list_clear(classes);
  if (!own) return true;
  for (const std::string& name : MaskClasses(settings))
    obs_property_list_add_string(classes, name.c_str(), name.c_str());
  return true;
}

// Of style, file and preset: another file's parameters take the place of those shown.
bool OnStyle(obs_properties_t* properties, obs_property_t*, obs_data_t* settings) {
  FollowPreset(settings);
  FillParameters(properties, settings);
  FillShares(properties, settings);
  OnMask(properties, nullptr, settings);
  const bool own = std::string_view(obs_data_get_string(settings, "style")) == kOwnFile;
  obs_property_set_visible(obs_properties_get(properties, "file"), own);
  obs_property_t* picture = obs_properties_get(properties, "picture");
  obs_property_set_visible(picture, !own);
  obs_property_set_long_description(
      picture, PictureOf(obs_data_get_string(settings, "style"), StyleWord(settings)).c_str());
  return true;
}

void ListPresets(obs_properties_t* properties, obs_data_t* settings) {
  obs_property_t* list = obs_properties_get(properties, "preset");
  obs_property_list_clear(list);
  obs_property_list_add_string(list, obs_module_text("Preset.None"), "");
  for (const std::string& name : PresetNames(settings))
    obs_property_list_add_string(list, name.c_str(), name.c_str());
}

bool OnSave(obs_properties_t* properties, obs_property_t*, void* filter) {
  const Data settings(obs_source_get_settings(static_cast<obs_source_t*>(filter)));
  const std::string name = obs_data_get_string(settings.get(), "preset_name");
  if (name.empty()) return false;
  SavePreset(settings.get(), name);
  obs_data_set_string(settings.get(), "preset", name.c_str());
  obs_data_set_string(settings.get(), "preset_applied", name.c_str());
  obs_data_set_string(settings.get(), "preset_name", "");
  ListPresets(properties, settings.get());
  obs_source_update(static_cast<obs_source_t*>(filter), nullptr);
  return true;
}

bool OnRemove(obs_properties_t* properties, obs_property_t*, void* filter) {
  const Data settings(obs_source_get_settings(static_cast<obs_source_t*>(filter)));
  RemovePreset(settings.get(), obs_data_get_string(settings.get(), "preset"));
  obs_data_set_string(settings.get(), "preset", "");
  ListPresets(properties, settings.get());
  obs_source_update(static_cast<obs_source_t*>(filter), nullptr);
  return true;
}

void AddPresets(obs_properties_t* properties, obs_data_t* settings) {
  obs_property_t* list = obs_properties_add_list(properties, "preset", obs_module_text("Preset"),
                                                 OBS_COMBO_TYPE_LIST, OBS_COMBO_FORMAT_STRING);
  ListPresets(properties, settings);
  obs_property_set_modified_callback(list, OnStyle);
}

void AddPresetsWork(obs_properties_t* properties, obs_source_t* filter) {
  obs_properties_t* group = obs_properties_create();
  obs_properties_add_text(group, "preset_name", obs_module_text("Preset.Name"), OBS_TEXT_DEFAULT);
  obs_properties_add_button2(group, "preset_save", obs_module_text("Preset.Save"), OnSave, filter);
  obs_properties_add_button2(group, "preset_remove", obs_module_text("Preset.Remove"), OnRemove, filter);
  obs_properties_add_group(properties, "preset_group", obs_module_text("Preset.Group"), OBS_GROUP_NORMAL,
                           group);
}

void AddGroups(obs_properties_t* properties) {
  obs_properties_add_group(properties, kParameters, obs_module_text("Parameters"), OBS_GROUP_NORMAL,
                           obs_properties_create());
  obs_property_t* blend = obs_properties_add_group(properties, kShares, obs_module_text("Blend"),
                                                   OBS_GROUP_CHECKABLE, obs_properties_create());
  obs_property_set_modified_callback(blend, OnBlend);
}

void AddBundledStyles(obs_property_t* list) {
  for (const Style& style : BundledStyles()) {
    const std::string label = style.artist.empty() ? style.title : style.title + " (" + style.artist + ")";
    obs_property_list_add_string(list, label.c_str(), style.name.c_str());
  }
  obs_property_list_add_string(list, obs_module_text("Style.Own"), kOwnFile);
}

void AddStyles(obs_properties_t* properties) {
  obs_property_t* list = obs_properties_add_list(properties, "style", obs_module_text("Style"),
                                                 OBS_COMBO_TYPE_LIST, OBS_COMBO_FORMAT_STRING);
  AddBundledStyles(list);
  obs_property_set_modified_callback(list, OnStyle);
  obs_properties_add_text(properties, "picture", "", OBS_TEXT_INFO);
  obs_property_t* file = obs_properties_add_path(properties, "file", obs_module_text("Style.File"),
                                                 OBS_PATH_FILE, obs_module_text("Style.Filter"), nullptr);
  obs_property_set_modified_callback(file, OnStyle);
}

// Which mask, and of a file which part of it.
void AddMaskChoice(obs_properties_t* group) {
  obs_property_t* list = obs_properties_add_list(group, "mask", obs_module_text("Mask.Of"),
                                                 OBS_COMBO_TYPE_LIST, OBS_COMBO_FORMAT_STRING);
  obs_property_list_add_string(list, obs_module_text("Mask.All"), "");
  obs_property_list_add_string(list, obs_module_text("Mask.Person"), kPerson);
  obs_property_list_add_string(list, obs_module_text("Mask.AllButPerson"), kAllButPerson);
  obs_property_list_add_string(list, obs_module_text("Mask.Own"), kOwnFile);
  obs_property_set_modified_callback(list, OnMask);
  obs_property_t* file = obs_properties_add_path(group, "mask.file", obs_module_text("Mask.File"),
                                                 OBS_PATH_FILE, obs_module_text("Mask.Filter"), nullptr);
  obs_property_set_modified_callback(file, OnMask);
  obs_property_t* classes = obs_properties_add_list(group, "mask.class", obs_module_text("Mask.Class"),
                                                    OBS_COMBO_TYPE_EDITABLE, OBS_COMBO_FORMAT_STRING);
  obs_property_set_long_description(classes, obs_module_text("Mask.Class.Line"));
  obs_properties_add_bool(group, "mask.background", obs_module_text("Mask.Background"));
}

void AddMask(obs_properties_t* properties) {
  obs_properties_t* group = obs_properties_create();
  AddMaskChoice(group);
  obs_property_t* outside = obs_properties_add_list(group, "mask.outside", obs_module_text("Mask.Outside"),
                                                    OBS_COMBO_TYPE_LIST, OBS_COMBO_FORMAT_STRING);
  obs_property_list_add_string(outside, obs_module_text("Mask.Outside.None"), "");
  obs_property_list_add_string(outside, obs_module_text("Mask.Outside.Blur"), kBlur);
  AddBundledStyles(outside);
  obs_property_set_modified_callback(outside, OnMask);
  obs_properties_add_text(group, "mask.picture", "", OBS_TEXT_INFO);
  obs_properties_add_path(group, "mask.outside_file", obs_module_text("Style.File"), OBS_PATH_FILE,
                          obs_module_text("Style.Filter"), nullptr);
  obs_property_t* blur =
      obs_properties_add_int_slider(group, "mask.blur", obs_module_text("Mask.Blur"), 0, 64, 1);
  obs_property_int_set_suffix(blur, " px");
  obs_property_set_long_description(blur, obs_module_text("Mask.Blur.Line"));
  obs_property_t* feather =
      obs_properties_add_float_slider(group, "mask.feather", obs_module_text("Mask.Feather"), 0, 64, 0.5);
  obs_property_float_set_suffix(feather, " px");
  obs_property_t* threshold = obs_properties_add_float_slider(
      group, "mask.threshold", obs_module_text("Mask.Threshold"), 0.01, 0.99, 0.01);
  obs_property_set_long_description(threshold, obs_module_text("Mask.Threshold.Line"));
  obs_property_t* hold =
      obs_properties_add_float_slider(group, "mask.hold", obs_module_text("Mask.Hold"), 0, 1, 0.01);
  obs_property_set_long_description(hold, obs_module_text("Mask.Hold.Line"));
  obs_property_t* every =
      obs_properties_add_int_slider(group, "mask.every", obs_module_text("Mask.Every"), 1, 16, 1);
  obs_property_set_long_description(every, obs_module_text("Mask.Every.Line"));
  obs_properties_add_group(properties, "mask_group", obs_module_text("Mask"), OBS_GROUP_NORMAL, group);
}

void AddWork(obs_properties_t* properties) {
  obs_property_t* height = obs_properties_add_list(properties, "height", obs_module_text("Height"),
                                                   OBS_COMBO_TYPE_LIST, OBS_COMBO_FORMAT_INT);
  for (const int lines : {240, 360, 480, 540, 720, 1080})
    obs_property_list_add_int(height, (std::to_string(lines) + "p").c_str(), lines);
  obs_property_list_add_int(height, obs_module_text("Height.Source"), 0);
  obs_property_set_long_description(height, obs_module_text("Height.Line"));
  obs_property_t* threads =
      obs_properties_add_int(properties, "threads", obs_module_text("Threads"), 0, 64, 1);
  obs_property_set_long_description(threads, obs_module_text("Threads.Line"));
}

}  // namespace

obs_properties_t* MakeProperties(obs_data_t* settings, obs_source_t* filter) {
  obs_properties_t* properties = obs_properties_create();
  AddPresets(properties, settings);
  AddStyles(properties);
  AddMask(properties);
  AddGroups(properties);
  AddWork(properties);
  AddPresetsWork(properties, filter);
  OnStyle(properties, nullptr, settings);
  return properties;
}

}  // namespace tempera::plugins::obs
