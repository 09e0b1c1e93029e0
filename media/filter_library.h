// libavfilter, loaded when the first film needs one of its filters. Linked, it would bring some thirty
// further libraries (OpenBLAS and a speech recogniser among them), 0.1 s and 14 MiB to every start of the
// command, and plain films and pictures need none of it. Private to media/.
#pragma once

#include <cstdint>  // before FFmpeg's headers, which look for its macros
#include <string>

extern "C" {
#include <libavfilter/avfilter.h>
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
}

#include "src/base/status.h"

namespace tempera::media {

// Its functions that we call, under their own names without the prefix. The types are the headers'.
struct FilterLibrary {
  decltype(&::avfilter_get_by_name) get_by_name;
  decltype(&::avfilter_graph_alloc) graph_alloc;
  decltype(&::avfilter_graph_free) graph_free;
  decltype(&::avfilter_graph_create_filter) graph_create_filter;
  decltype(&::avfilter_graph_parse_ptr) graph_parse_ptr;
  decltype(&::avfilter_graph_config) graph_config;
  decltype(&::avfilter_inout_alloc) inout_alloc;
  decltype(&::avfilter_inout_free) inout_free;
  decltype(&::av_buffersrc_add_frame_flags) buffersrc_add_frame_flags;
  decltype(&::av_buffersrc_close) buffersrc_close;
  decltype(&::av_buffersink_get_frame) buffersink_get_frame;
  decltype(&::av_buffersink_get_time_base) buffersink_get_time_base;
};

// The name of the library that belongs to the headers we were built with: "libavfilter.so.8".
std::string FilterLibraryName();

// Loads the library NAME, for good: it is never unloaded, since FFmpeg keeps state and threads of its own.
// kUnsupported, with the cure, when it is missing or lacks a function.
Result<FilterLibrary> LoadFilterLibrary(const std::string& name);

// FilterLibraryName(), loaded at the first call. Thread-safe. The pointer is good for ever.
Result<const FilterLibrary*> Filters();

}  // namespace tempera::media
