#include "live/control/osc_packet.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace tempera::live {
namespace {

// Of a packet, big endian, front to back.
class Reader {
 public:
  explicit Reader(std::span<const uint8_t> bytes) : bytes_(bytes) {}
  size_t left() const { return bytes_.size(); }

  bool Number(size_t size, uint64_t* out) {
    if (left() < size) return false;
    *out = 0;
    for (size_t i = 0; i < size; ++i) *out = *out << 8 | bytes_[i];
    bytes_ = bytes_.subspan(size);
    return true;
  }
  // Ends in zeros up to a multiple of four.
  bool Text(std::string* out) {
    const auto zero = std::find(bytes_.begin(), bytes_.end(), 0);
    if (zero == bytes_.end()) return false;
    const auto length = static_cast<size_t>(zero - bytes_.begin());
    const size_t padded = length / 4 * 4 + 4;
    if (padded > left()) return false;
    out->assign(reinterpret_cast<const char*>(bytes_.data()), length);
    bytes_ = bytes_.subspan(padded);
    return true;
  }
  bool Bytes(size_t size, std::span<const uint8_t>* out) {
    if (size > left()) return false;
    *out = bytes_.first(size);
    bytes_ = bytes_.subspan(size);
    return true;
  }

 private:
  std::span<const uint8_t> bytes_;
};

bool ReadArgument(char type, Reader* reader, OscArgument* out) {
  out->type = type;
  uint64_t bits = 0;
  switch (type) {
    case 'T':
      out->number = 1;
      return true;
    case 'F':
    case 'N':
    case 'I':
      return true;
    case 'i':
      if (!reader->Number(4, &bits)) return false;
      out->number = std::bit_cast<int32_t>(static_cast<uint32_t>(bits));
      return true;
    case 'f':
      if (!reader->Number(4, &bits)) return false;
      out->number = std::bit_cast<float>(static_cast<uint32_t>(bits));
      return true;
    case 'h':
      if (!reader->Number(8, &bits)) return false;
      out->number = static_cast<double>(std::bit_cast<int64_t>(bits));
      return true;
    case 'd':
      if (!reader->Number(8, &bits)) return false;
      out->number = std::bit_cast<double>(bits);
      return true;
    case 's':
      return reader->Text(&out->text);
    case 'b': {
      std::span<const uint8_t> blob;
      if (!reader->Number(4, &bits) || bits > reader->left() || !reader->Bytes((bits + 3) / 4 * 4, &blob))
        return false;
      out->text.assign(reinterpret_cast<const char*>(blob.data()), bits);
      return true;
    }
    default:
      return false;  // how long it is nobody knows
  }
}

Status ReadMessage(std::span<const uint8_t> bytes, std::vector<OscMessage>* out) {
  if (out->size() >= size_t{kMostOscMessages}) return InvalidArgument("too many messages in one OSC packet");
  Reader reader(bytes);
  OscMessage message;
  if (!reader.Text(&message.address) || !message.address.starts_with('/'))
    return InvalidArgument("an OSC message has no address");
  std::string types;
  if (reader.left() > 0 && (!reader.Text(&types) || !types.starts_with(',')))
    return InvalidArgument("an OSC message does not say the types of its arguments");
  for (size_t i = 1; i < types.size(); ++i) {
    if (!ReadArgument(types[i], &reader, &message.arguments.emplace_back()))
      return InvalidArgument("an argument of an OSC message is cut off, or of a type that is not read");
  }
  if (reader.left() > 0) return InvalidArgument("an OSC message is longer than its arguments");
  out->push_back(std::move(message));
  return OkStatus();
}

Status ReadPacket(std::span<const uint8_t> bytes, int depth, std::vector<OscMessage>* out) {
  static constexpr char kBundle[8] = "#bundle";
  if (bytes.empty() || bytes.size() % 4 != 0)
    return InvalidArgument("an OSC packet's length is no multiple of four");
  if (bytes.size() < sizeof kBundle || std::memcmp(bytes.data(), kBundle, sizeof kBundle) != 0)
    return ReadMessage(bytes, out);
  if (depth >= kMostOscDepth) return InvalidArgument("OSC bundles lie in each other too deep");
  Reader reader(bytes.subspan(sizeof kBundle));
  uint64_t time = 0;
  if (!reader.Number(8, &time)) return InvalidArgument("an OSC bundle is cut off");
  while (reader.left() > 0) {
    uint64_t size = 0;
    std::span<const uint8_t> element;
    if (!reader.Number(4, &size) || !reader.Bytes(size, &element))
      return InvalidArgument("an OSC bundle is cut off");
    TEMPERA_RETURN_IF_ERROR(ReadPacket(element, depth + 1, out));
  }
  return OkStatus();
}

void AppendNumber(uint64_t number, size_t size, std::vector<uint8_t>* to) {
  for (size_t i = size; i-- > 0;) to->push_back(static_cast<uint8_t>(number >> (8 * i)));
}

void AppendText(const std::string& text, std::vector<uint8_t>* to) {
  to->insert(to->end(), text.begin(), text.end());
  do to->push_back(0);
  while (to->size() % 4 != 0);
}

// Patterns of a few stars compare in some hundred steps.
constexpr int kMostSteps = 4000;
constexpr size_t kLongestPattern = 1024;

bool InSet(std::string_view set, char c) {
  const bool inverted = set.starts_with('!');
  if (inverted) set.remove_prefix(1);
  bool in = false;
  for (size_t i = 0; i < set.size(); ++i) {
    if (i + 2 < set.size() && set[i + 1] == '-') {
      in = in || (c >= set[i] && c <= set[i + 2]);
      i += 2;
    } else {
      in = in || c == set[i];
    }
  }
  return in != inverted;
}

bool Match(std::string_view pattern, std::string_view text, int* steps);

// "{one,two}" at the beginning of the pattern, and what follows.
bool MatchEither(std::string_view words, std::string_view rest, std::string_view text, int* steps) {
  for (;;) {
    if (--*steps < 0) return false;
    const size_t comma = words.find(',');
    const std::string_view word = words.substr(0, comma);
    if (text.starts_with(word) && Match(rest, text.substr(word.size()), steps)) return true;
    if (comma == std::string_view::npos) return false;
    words.remove_prefix(comma + 1);
  }
}

bool Match(std::string_view pattern, std::string_view text, int* steps) {
  for (;; pattern.remove_prefix(1), text.remove_prefix(1)) {
    if (--*steps < 0) return false;
    if (pattern.empty()) return text.empty();
    const char c = pattern[0];
    if (c == '*') {
      while (pattern.starts_with('*')) pattern.remove_prefix(1);
      for (;; text.remove_prefix(1)) {
        if (Match(pattern, text, steps)) return true;
        if (text.empty() || text[0] == '/' || *steps < 0) return false;
      }
    }
    const char close = c == '[' ? ']' : c == '{' ? '}' : 0;
    if (close != 0) {
      const size_t end = pattern.find(close);
      if (end == std::string_view::npos) return false;
      const std::string_view inside = pattern.substr(1, end - 1);
      if (c == '{') return MatchEither(inside, pattern.substr(end + 1), text, steps);
      if (text.empty() || text[0] == '/' || !InSet(inside, text[0])) return false;
      pattern.remove_prefix(end);
    } else if (text.empty() || (c == '?' ? text[0] == '/' : text[0] != c)) {
      return false;
    }
  }
}

}  // namespace

Result<std::vector<OscMessage>> ParseOsc(std::span<const uint8_t> packet) {
  std::vector<OscMessage> messages;
  TEMPERA_RETURN_IF_ERROR(ReadPacket(packet, 0, &messages));
  return messages;
}

std::vector<uint8_t> OscBytes(const OscMessage& message) {
  std::vector<uint8_t> bytes;
  AppendText(message.address, &bytes);
  std::string types = ",";
  for (const OscArgument& a : message.arguments) types += a.type;
  AppendText(types, &bytes);
  for (const OscArgument& a : message.arguments) {
    if (a.type == 'i') AppendNumber(static_cast<uint32_t>(static_cast<int32_t>(a.number)), 4, &bytes);
    if (a.type == 'f') AppendNumber(std::bit_cast<uint32_t>(static_cast<float>(a.number)), 4, &bytes);
    if (a.type == 'h') AppendNumber(static_cast<uint64_t>(static_cast<int64_t>(a.number)), 8, &bytes);
    if (a.type == 'd') AppendNumber(std::bit_cast<uint64_t>(a.number), 8, &bytes);
    if (a.type == 's') AppendText(a.text, &bytes);
    if (a.type != 'b') continue;
    AppendNumber(a.text.size(), 4, &bytes);
    bytes.insert(bytes.end(), a.text.begin(), a.text.end());
    while (bytes.size() % 4 != 0) bytes.push_back(0);
  }
  return bytes;
}

std::vector<uint8_t> OscBundle(const std::vector<OscMessage>& messages) {
  std::vector<uint8_t> bytes;
  AppendText("#bundle", &bytes);
  AppendNumber(1, 8, &bytes);  // at once
  for (const OscMessage& message : messages) {
    const std::vector<uint8_t> one = OscBytes(message);
    AppendNumber(one.size(), 4, &bytes);
    bytes.insert(bytes.end(), one.begin(), one.end());
  }
  return bytes;
}

bool IsOscPattern(const std::string& address) { return address.find_first_of("?*[]{}") != std::string::npos; }

bool OscMatches(const std::string& pattern, const std::string& address) {
  int steps = kMostSteps;
  return pattern.size() <= kLongestPattern && Match(pattern, address, &steps);
}

}  // namespace tempera::live
