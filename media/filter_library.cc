#include "media/filter_library.h"

#include <dlfcn.h>

#include <type_traits>

namespace tempera::media {

std::string FilterLibraryName() {
  const std::string major = std::to_string(LIBAVFILTER_VERSION_MAJOR);
#ifdef __APPLE__
  return "libavfilter." + major + ".dylib";
#else
  return "libavfilter.so." + major;
#endif
}

Result<FilterLibrary> LoadFilterLibrary(const std::string& name) {
  const auto missing = [&](const std::string& why) {
    return Unsupported("this needs FFmpeg's filters, and " + name + " cannot be used (" + why +
                       "): install libavfilter of the FFmpeg that tempera was built with (make setup)");
  };
  const auto said = []() -> std::string {
    const char* text = dlerror();
    return text ? text : "no reason given";
  };
  // Lazily, since most of what it links is never called. NODELETE, so that whoever reads addresses after the
  // end (a leak checker) still finds their names.
  void* const library = dlopen(name.c_str(), RTLD_LAZY | RTLD_LOCAL | RTLD_NODELETE);
  if (!library) return missing(said());
  FilterLibrary all = {};
  std::string absent;
  const auto find = [&](const char* symbol, auto* function) {
    *function = reinterpret_cast<std::remove_pointer_t<decltype(function)>>(dlsym(library, symbol));
    if (!*function && absent.empty()) absent = said();
  };
  find("avfilter_get_by_name", &all.get_by_name);
  find("avfilter_graph_alloc", &all.graph_alloc);
  find("avfilter_graph_free", &all.graph_free);
  find("avfilter_graph_create_filter", &all.graph_create_filter);
  find("avfilter_graph_parse_ptr", &all.graph_parse_ptr);
  find("avfilter_graph_config", &all.graph_config);
  find("avfilter_inout_alloc", &all.inout_alloc);
  find("avfilter_inout_free", &all.inout_free);
  find("av_buffersrc_add_frame_flags", &all.buffersrc_add_frame_flags);
  find("av_buffersrc_close", &all.buffersrc_close);
  find("av_buffersink_get_frame", &all.buffersink_get_frame);
  find("av_buffersink_get_time_base", &all.buffersink_get_time_base);
  if (!absent.empty()) return missing(absent);
  return all;
}

Result<const FilterLibrary*> Filters() {
  static const Result<FilterLibrary> library = LoadFilterLibrary(FilterLibraryName());
  TEMPERA_RETURN_IF_ERROR(library.status());
  return &*library;
}

}  // namespace tempera::media
