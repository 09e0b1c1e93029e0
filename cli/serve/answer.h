// Requests for files, answered: everything about HTTP that is not about connections.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/serve/gzip.h"
#include "cli/serve/site.h"

namespace tempera::cli {

struct Request {
  std::string_view method;
  std::string_view target;  // as it came: neither decoded nor without its query
  // The value of a header field by its name; none where the request has no such field.
  std::function<std::optional<std::string_view>(const char* name)> field;
};

struct Answer {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> fields;  // all but Content-Length and Date
  // What follows: these bytes, or else a stretch of the file where there is one.
  SharedBytes bytes;
  Descriptor file;
  int64_t offset_bytes = 0;
  int64_t size_bytes = 0;
};

// Answers for one folder, with the fields that isolate a page. From any thread.
class Answerer {
 public:
  // `loopback_name`: where only this machine reaches the server, the name that it listens under. Requests for
  // other names are refused then: a foreign page whose own name suddenly means this machine ("DNS rebinding")
  // would be allowed to read what is served. Empty: any name will do.
  Answerer(Site site, std::string loopback_name);

  // A HEAD is answered like a GET, and a 304 holds what a 200 would: whoever sends them needs to know how
  // long that is, and leaves it out.
  Answer AnswerTo(const Request& request);

 private:
  std::optional<Answer> Refusal(const Request& request) const;
  Answer AnswerWithFile(const Request& request, const std::string& path, SiteFile file);
  // Nothing where that saves nothing.
  SharedBytes Compressed(const SiteFile& file);

  const Site site_;
  const std::string loopback_name_;
  GzipStore store_;
};

}  // namespace tempera::cli
