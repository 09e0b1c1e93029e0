// What header fields of HTTP say and what a file's name says for them: RFC 9110, RFC 9111.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tempera::cli {

// Of a file, by the ending of its name; "application/octet-stream" where nothing is known of it.
std::string_view ContentType(std::string_view path);

// Whether files of that name are worth compressing: text, WebAssembly, models.
bool IsCompressible(std::string_view path);

// Whether the name changes with the contents, so that a copy may be kept for good: a script, style sheet or
// module whose name ends in a digest, as bundlers write them: film-7K2PQXWA.js, app.0123456789abcdef.css.
bool NamesItsContents(std::string_view path);

// Whether an Accept-Encoding lets an answer be gzip.
bool AcceptsGzip(std::string_view accept_encoding);

// Whether an If-None-Match lists the tag ("..." with its quotes); "*" lists all.
bool ListsTag(std::string_view if_none_match, std::string_view tag);

// What a Range asks for.
struct ByteRange {
  enum Kind { kWhole, kPart, kOutside } kind = kWhole;
  int64_t first = 0;  // of kPart: first <= last < size
  int64_t last = 0;
};

// Of a file of `size` bytes. kWhole: no range that we know, or several of them, which RFC 9110 (14.2) lets a
// server ignore. kOutside: nothing of the file is in it.
ByteRange ParseRange(std::string_view range, int64_t size);

// The name or address in a Host field, lower case, without the port and IPv6's brackets; none where it is not
// one.
std::optional<std::string> HostName(std::string_view host);

// Whether that name or address is always this machine: localhost, 127.x.x.x, ::1, ::ffff:127.x.x.x.
bool IsLoopbackHost(const std::string& name);

}  // namespace tempera::cli
