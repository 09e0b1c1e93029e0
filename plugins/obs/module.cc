// What OBS loads: one filter, `tempera_filter`, for every source that shows something.
#include <exception>
#include <memory>

#include <obs-module.h>

#include "plugins/obs/filter.h"
#include "plugins/obs/properties.h"
#include "plugins/obs/settings.h"

OBS_DECLARE_MODULE()
OBS_MODULE_USE_DEFAULT_LOCALE("tempera", "en-US")
MODULE_EXPORT const char* obs_module_name() { return "Tempera"; }
MODULE_EXPORT const char* obs_module_description() { return obs_module_text("Description"); }

namespace {

namespace plugin = tempera::plugins::obs;

// No exception (there is no memory, say) goes through OBS, which is C.
template <typename Result, typename Do>
Result Guarded(Result otherwise, Do act) {
  try {
    return act();
  } catch (const std::exception& e) {
    blog(LOG_ERROR, "[tempera] %s", e.what());
    return otherwise;
  }
}
template <typename Do>
void Guarded(Do act) {
  Guarded(0, [&] { return act(), 0; });
}

plugin::Filter& FilterOf(void* data) { return *static_cast<plugin::Filter*>(data); }

void* Create(obs_data_t* settings, obs_source_t* source) {
  return Guarded<void*>(nullptr, [&] {
    auto filter = std::make_unique<plugin::Filter>(source);
    filter->Update(settings);
    return filter.release();
  });
}

// Whose settings they are is known to the filter; OBS asks types without one too.
obs_properties_t* Properties(void* data) {
  if (data == nullptr) return obs_properties_create();
  return Guarded<obs_properties_t*>(nullptr, [&] {
    obs_source_t* source = FilterOf(data).source();
    const plugin::Data settings(obs_source_get_settings(source));
    return plugin::MakeProperties(settings.get(), source);
  });
}

obs_source_info Describe() {
  obs_source_info info = {};
  info.id = "tempera_filter";
  info.type = OBS_SOURCE_TYPE_FILTER;
  // Any source may have it. Of those whose frames lie in memory OBS hands them to filter_video all the same.
  info.output_flags = OBS_SOURCE_VIDEO | OBS_SOURCE_SRGB;
  info.get_name = [](void*) { return obs_module_text("Filter"); };
  info.create = Create;
  info.destroy = [](void* data) { Guarded([&] { delete &FilterOf(data); }); };
  info.get_defaults = plugin::SetDefaults;
  info.get_properties = Properties;
  info.update = [](void* data, obs_data_t* settings) { Guarded([&] { FilterOf(data).Update(settings); }); };
  info.video_tick = [](void* data, float) { Guarded([&] { FilterOf(data).Tick(); }); };
  info.video_render = [](void* data, gs_effect_t*) { Guarded([&] { FilterOf(data).Render(); }); };
  info.filter_video = [](void* data, obs_source_frame* frame) {
    return Guarded(frame, [&] { return FilterOf(data).Video(frame); });
  };
  info.filter_audio = [](void* data, obs_audio_data* audio) {
    return Guarded(audio, [&] { return FilterOf(data).Audio(audio); });
  };
  info.filter_remove = [](void* data, obs_source_t* parent) {
    Guarded([&] { FilterOf(data).Removed(parent); });
  };
  info.video_get_color_space = [](void* data, size_t count, const gs_color_space* preferred) {
    return FilterOf(data).ColorSpace(count, preferred);
  };
  return info;
}

void LogLine(int level, const char* message, void*) {
  constexpr int kLevels[] = {LOG_INFO, LOG_WARNING, LOG_ERROR};
  blog(kLevels[level < 0 || level > 2 ? 2 : level], "[tempera] %s", message);
}

}  // namespace

bool obs_module_load() {
  if (tempera_abi_version() != TEMPERA_ABI_VERSION) {
    blog(LOG_ERROR,
         "[tempera] the library found is of another version (%s); install plugin and library together",
         tempera_version());
    return false;
  }
  tempera_set_log_callback(LogLine, nullptr);
  static const obs_source_info info = Describe();
  obs_register_source(&info);
  blog(LOG_INFO, "[tempera] version %s loaded", tempera_version());
  return true;
}

void obs_module_unload() { tempera_set_log_callback(nullptr, nullptr); }
