#include "cli/serve/http_fields.h"

#include <arpa/inet.h>

#include <algorithm>
#include <limits>

#include "src/base/text/parts.h"

namespace tempera::cli {
namespace {

struct Type {
  std::string_view ending;
  std::string_view type;
  bool compressible;
};

constexpr Type kTypes[] = {
    {"html", "text/html; charset=utf-8", true},
    {"htm", "text/html; charset=utf-8", true},
    {"js", "text/javascript; charset=utf-8", true},
    {"mjs", "text/javascript; charset=utf-8", true},
    {"css", "text/css; charset=utf-8", true},
    {"json", "application/json", true},
    {"map", "application/json", true},
    {"webmanifest", "application/manifest+json", true},
    {"txt", "text/plain; charset=utf-8", true},
    {"md", "text/markdown; charset=utf-8", true},
    {"xml", "application/xml", true},
    {"wasm", "application/wasm", true},
    {"onnx", "application/octet-stream", true},
    {"svg", "image/svg+xml", true},
    {"png", "image/png", false},
    {"jpg", "image/jpeg", false},
    {"jpeg", "image/jpeg", false},
    {"webp", "image/webp", false},
    {"avif", "image/avif", false},
    {"gif", "image/gif", false},
    {"ico", "image/x-icon", false},
    {"mp4", "video/mp4", false},
    {"m4v", "video/mp4", false},
    {"webm", "video/webm", false},
    {"mov", "video/quicktime", false},
    {"mkv", "video/x-matroska", false},
    {"mp3", "audio/mpeg", false},
    {"m4a", "audio/mp4", false},
    {"ogg", "audio/ogg", false},
    {"wav", "audio/wav", false},
    {"woff2", "font/woff2", false},
    {"pdf", "application/pdf", false},
    {"gz", "application/gzip", false},
    {"zip", "application/zip", false},
};

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

// Behind the last dot of the last part, lower case.
std::string Ending(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  const size_t dot = name.rfind('.');
  return dot == std::string_view::npos ? "" : Lower(name.substr(dot + 1));
}

const Type* FindType(std::string_view path) {
  const std::string ending = Ending(path);
  const auto* found = std::find_if(std::begin(kTypes), std::end(kTypes),
                                   [&](const Type& type) { return type.ending == ending; });
  return found == std::end(kTypes) ? nullptr : found;
}

// The first element of a list, which is taken off it.
std::string_view TakeElement(std::string_view* list, char separator) {
  const size_t end = list->find(separator);
  const std::string_view element = list->substr(0, end);
  list->remove_prefix(end == std::string_view::npos ? list->size() : end + 1);
  return Trimmed(element);
}

// Whether "q=0", "q=0.0" ... stands among the parameters of a coding: it is not wanted.
bool IsRefused(std::string_view parameters) {
  while (!parameters.empty()) {
    const std::string parameter = Lower(TakeElement(&parameters, ';'));
    if (parameter.starts_with("q=")) return parameter.find_first_of("123456789") == std::string::npos;
  }
  return false;
}

// A number of digits only; none where it is not. What no 64 bits hold is beyond every file's end.
std::optional<int64_t> Number(std::string_view digits) {
  if (digits.empty()) return std::nullopt;
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  int64_t value = 0;
  for (char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value > (kMost - 9) / 10 ? kMost : value * 10 + (c - '0');
  }
  return value;
}

}  // namespace

std::string_view ContentType(std::string_view path) {
  const Type* type = FindType(path);
  return type == nullptr ? "application/octet-stream" : type->type;
}

bool IsCompressible(std::string_view path) {
  const Type* type = FindType(path);
  return type != nullptr && type->compressible;
}

bool NamesItsContents(std::string_view path) {
  const std::string ending = Ending(path);
  if (ending != "js" && ending != "mjs" && ending != "css" && ending != "wasm") return false;
  const std::string_view stem = path.substr(0, path.size() - ending.size() - 1);
  const size_t mark = stem.find_last_of("-./");
  if (mark == std::string_view::npos || mark == 0 || stem[mark] == '/' || stem[mark - 1] == '/') return false;
  const std::string_view digest = stem.substr(mark + 1);
  const auto all_of = [&](std::string_view letters) {
    return digest.find_first_not_of(letters) == std::string_view::npos;
  };
  // esbuild's are eight letters of base 32; others write hexadecimal digits, of which eight may be a date.
  if (digest.size() == 8) return all_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");
  return digest.size() >= 16 && all_of("0123456789abcdef");
}

bool AcceptsGzip(std::string_view accept_encoding) {
  bool any = false;
  while (!accept_encoding.empty()) {
    std::string_view parameters = TakeElement(&accept_encoding, ',');
    const std::string coding = Lower(TakeElement(&parameters, ';'));
    if (coding == "gzip" || coding == "x-gzip") return !IsRefused(parameters);
    if (coding == "*") any = !IsRefused(parameters);
  }
  return any;
}

bool ListsTag(std::string_view if_none_match, std::string_view tag) {
  if (Trimmed(if_none_match) == "*") return true;
  while (!if_none_match.empty()) {
    std::string_view listed = TakeElement(&if_none_match, ',');
    // Weak comparison, RFC 9110, 8.8.3.2.
    if (listed.starts_with("W/")) listed.remove_prefix(2);
    if (listed == tag) return true;
  }
  return false;
}

ByteRange ParseRange(std::string_view range, int64_t size) {
  const ByteRange whole;
  const ByteRange outside{ByteRange::kOutside, 0, 0};
  range = Trimmed(range);
  if (Lower(range.substr(0, 6)) != "bytes=") return whole;
  range = Trimmed(range.substr(6));
  const size_t dash = range.find('-');
  if (dash == std::string_view::npos) return whole;
  const std::string_view from = range.substr(0, dash);
  const std::string_view to = range.substr(dash + 1);
  if (from.empty()) {
    const std::optional<int64_t> count = Number(to);
    if (!count) return whole;
    if (*count == 0 || size == 0) return outside;
    return {ByteRange::kPart, size - std::min(*count, size), size - 1};
  }
  const std::optional<int64_t> first = Number(from);
  const std::optional<int64_t> last = to.empty() ? size - 1 : Number(to);
  if (!first || !last || (!to.empty() && *last < *first)) return whole;
  if (*first >= size) return outside;
  return {ByteRange::kPart, *first, std::min(*last, size - 1)};
}

std::optional<std::string> HostName(std::string_view host) {
  std::string_view name;
  std::string_view rest;
  if (host.starts_with('[')) {
    const size_t end = host.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    name = host.substr(1, end - 1);
    rest = host.substr(end + 1);
  } else {
    const size_t colon = host.find(':');
    name = host.substr(0, colon);
    rest = colon == std::string_view::npos ? "" : host.substr(colon);
  }
  if (name.empty() || (!rest.empty() && rest != ":" && (rest[0] != ':' || !Number(rest.substr(1)))))
    return std::nullopt;
  return Lower(name);
}

bool IsLoopbackHost(const std::string& name) {
  if (name == "localhost") return true;
  // As an address, since 127.0.0.1.example.com may be anyone's.
  in_addr v4 = {};
  if (inet_pton(AF_INET, name.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6 = {};
  if (inet_pton(AF_INET6, name.c_str(), &v6) != 1) return false;
  return IN6_IS_ADDR_LOOPBACK(&v6) || (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == 127);
}

}  // namespace tempera::cli
