// What the door's fuzzer takes: a model, or else decisions.
#pragma once

#include <cstdint>
#include <span>

namespace tempera {

// ir_version, field 1 of a ModelProto: what every exporter writes first.
inline constexpr uint8_t kFirstOfOnnx = 0x08;

inline bool IsModel(std::span<const uint8_t> bytes) { return !bytes.empty() && bytes[0] == kFirstOfOnnx; }

}  // namespace tempera
