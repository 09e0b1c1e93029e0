#include "live/pipewire/client/library.h"

#include <dlfcn.h>

#include <type_traits>

namespace tempera::live {

Result<PipewireLibrary> LoadPipewireLibrary(const std::string& name) {
  const auto missing = [&](const std::string& why) {
    return Unsupported("PipeWire cannot be used, since " + name + " cannot (" + why +
                       "): install libpipewire-0.3-0, 0.3.64 or newer");
  };
  const auto said = []() -> std::string {
    const char* text = dlerror();
    return text ? text : "no reason given";
  };
  // NODELETE: it has threads and state of its own.
  void* const library = dlopen(name.c_str(), RTLD_LAZY | RTLD_LOCAL | RTLD_NODELETE);
  if (!library) return missing(said());
  PipewireLibrary all = {};
  std::string absent;
  const auto find = [&](const char* symbol, auto* function) {
    *function = reinterpret_cast<std::remove_pointer_t<decltype(function)>>(dlsym(library, symbol));
    if (!*function && absent.empty()) absent = said();
  };
  find("pw_init", &all.init);
  find("pw_thread_loop_new", &all.thread_loop_new);
  find("pw_thread_loop_destroy", &all.thread_loop_destroy);
  find("pw_thread_loop_get_loop", &all.thread_loop_get_loop);
  find("pw_thread_loop_start", &all.thread_loop_start);
  find("pw_thread_loop_stop", &all.thread_loop_stop);
  find("pw_thread_loop_lock", &all.thread_loop_lock);
  find("pw_thread_loop_unlock", &all.thread_loop_unlock);
  find("pw_thread_loop_signal", &all.thread_loop_signal);
  find("pw_thread_loop_get_time", &all.thread_loop_get_time);
  find("pw_thread_loop_timed_wait_full", &all.thread_loop_timed_wait_full);
  find("pw_context_new", &all.context_new);
  find("pw_context_destroy", &all.context_destroy);
  find("pw_context_connect", &all.context_connect);
  find("pw_context_connect_fd", &all.context_connect_fd);
  find("pw_core_disconnect", &all.core_disconnect);
  find("pw_proxy_destroy", &all.proxy_destroy);
  find("pw_properties_new_dict", &all.properties_new_dict);
  find("pw_stream_new", &all.stream_new);
  find("pw_stream_destroy", &all.stream_destroy);
  find("pw_stream_add_listener", &all.stream_add_listener);
  find("pw_stream_connect", &all.stream_connect);
  find("pw_stream_update_params", &all.stream_update_params);
  find("pw_stream_dequeue_buffer", &all.stream_dequeue_buffer);
  find("pw_stream_queue_buffer", &all.stream_queue_buffer);
  find("pw_stream_trigger_process", &all.stream_trigger_process);
  find("pw_stream_get_time_n", &all.stream_get_time_n);
  find("pw_filter_new", &all.filter_new);
  find("pw_filter_destroy", &all.filter_destroy);
  find("pw_filter_add_listener", &all.filter_add_listener);
  find("pw_filter_add_port", &all.filter_add_port);
  find("pw_filter_connect", &all.filter_connect);
  find("pw_filter_dequeue_buffer", &all.filter_dequeue_buffer);
  find("pw_filter_queue_buffer", &all.filter_queue_buffer);
  if (!absent.empty()) return missing(absent);
  return all;
}

Result<const PipewireLibrary*> Pipewire() {
  static const Result<PipewireLibrary> library = [] {
    Result<PipewireLibrary> loaded = LoadPipewireLibrary("libpipewire-0.3.so.0");
    if (loaded.ok()) loaded->init(nullptr, nullptr);
    return loaded;
  }();
  TEMPERA_RETURN_IF_ERROR(library.status());
  return &*library;
}

}  // namespace tempera::live
