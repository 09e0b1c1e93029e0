// What the files of a browser's module share: pictures as the page says them, and the one host.
#pragma once

#include <cstdint>
#include <string>

#include "tempera/tempera.h"

#define EXPORT(name) extern "C" __attribute__((export_name(#name)))

namespace tempera::web {

// A picture as the page says it: tempera_image's fields from format to primaries, then three planes, three
// strides.
struct Picture {
  int32_t format, width, height, matrix, range, transfer, primaries;
  uint32_t planes[3];
  int32_t strides[3];
};

tempera_image ImageOf(const Picture& picture);
// NULL: no memory is left.
tempera_host* OneHost();
// As a string of JSON.
std::string Quoted(const char* text);

}  // namespace tempera::web
