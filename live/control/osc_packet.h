// Open Sound Control 1.0: packets to messages and back. Bytes come from a network: every length is compared
// with what is there.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "src/base/status.h"

namespace tempera::live {

struct OscArgument {
  // i, f, s, b, T, F, N, I, d, h, as OSC writes them.
  char type = 'N';
  double number = 0;   // of i, f, d, h; 1 and 0 of T and F
  std::string text{};  // of s; the bytes of b
  bool is_number() const { return type != 's' && type != 'b' && type != 'N' && type != 'I'; }
};

struct OscMessage {
  std::string address;  // "/..." ; a pattern, maybe
  std::vector<OscArgument> arguments{};
};

// A message, or a bundle of them, in their order: what a bundle says of time is not waited for. Nothing of a
// packet that is wrong anywhere. At most kMostOscMessages, bundles in bundles at most kMostOscDepth deep.
inline constexpr int kMostOscMessages = 256;
inline constexpr int kMostOscDepth = 8;
Result<std::vector<OscMessage>> ParseOsc(std::span<const uint8_t> packet);

// For answers, and tests.
std::vector<uint8_t> OscBytes(const OscMessage& message);
// One to be applied at once.
std::vector<uint8_t> OscBundle(const std::vector<OscMessage>& messages);

// Whether an address pattern (? * [a-z] [!a] {one,two}, none of them across a /) means `address`. One that
// would take very long to compare means nothing.
bool OscMatches(const std::string& pattern, const std::string& address);
bool IsOscPattern(const std::string& address);

}  // namespace tempera::live
