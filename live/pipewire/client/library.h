// libpipewire, loaded when the first camera is asked for, so that the command runs where it is not installed.
#pragma once

#include <pipewire/filter.h>
#include <pipewire/pipewire.h>

#include <string>

#include "src/base/status.h"

namespace tempera::live {

// Its functions that we call, without their prefix. What the headers define themselves (protocol objects'
// methods, spa) needs no library.
struct PipewireLibrary {
  decltype(&::pw_init) init;
  decltype(&::pw_thread_loop_new) thread_loop_new;
  decltype(&::pw_thread_loop_destroy) thread_loop_destroy;
  decltype(&::pw_thread_loop_get_loop) thread_loop_get_loop;
  decltype(&::pw_thread_loop_start) thread_loop_start;
  decltype(&::pw_thread_loop_stop) thread_loop_stop;
  decltype(&::pw_thread_loop_lock) thread_loop_lock;
  decltype(&::pw_thread_loop_unlock) thread_loop_unlock;
  decltype(&::pw_thread_loop_signal) thread_loop_signal;
  decltype(&::pw_thread_loop_get_time) thread_loop_get_time;
  decltype(&::pw_thread_loop_timed_wait_full) thread_loop_timed_wait_full;
  decltype(&::pw_context_new) context_new;
  decltype(&::pw_context_destroy) context_destroy;
  decltype(&::pw_context_connect) context_connect;
  decltype(&::pw_context_connect_fd) context_connect_fd;
  decltype(&::pw_core_disconnect) core_disconnect;
  decltype(&::pw_proxy_destroy) proxy_destroy;
  decltype(&::pw_properties_new_dict) properties_new_dict;
  decltype(&::pw_stream_new) stream_new;
  decltype(&::pw_stream_destroy) stream_destroy;
  decltype(&::pw_stream_add_listener) stream_add_listener;
  decltype(&::pw_stream_connect) stream_connect;
  decltype(&::pw_stream_update_params) stream_update_params;
  decltype(&::pw_stream_dequeue_buffer) stream_dequeue_buffer;
  decltype(&::pw_stream_queue_buffer) stream_queue_buffer;
  decltype(&::pw_stream_trigger_process) stream_trigger_process;
  decltype(&::pw_stream_get_time_n) stream_get_time_n;
  decltype(&::pw_filter_new) filter_new;
  decltype(&::pw_filter_destroy) filter_destroy;
  decltype(&::pw_filter_add_listener) filter_add_listener;
  decltype(&::pw_filter_add_port) filter_add_port;
  decltype(&::pw_filter_connect) filter_connect;
  decltype(&::pw_filter_dequeue_buffer) filter_dequeue_buffer;
  decltype(&::pw_filter_queue_buffer) filter_queue_buffer;
};

// The library NAME, for good. kUnsupported, with the cure, when it is missing or lacks a function.
Result<PipewireLibrary> LoadPipewireLibrary(const std::string& name);

// libpipewire-0.3.so.0, loaded and initialised at the first call. Thread-safe. The pointer is good for ever.
Result<const PipewireLibrary*> Pipewire();

}  // namespace tempera::live
