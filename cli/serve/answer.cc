#include "cli/serve/answer.h"

#include <unistd.h>

#include <memory>

#include "cli/serve/http_fields.h"
#include "cli/serve/request_path.h"

namespace tempera::cli {
namespace {

// What is smaller fits into a packet anyway; what is larger takes longer to compress (some 25 MB/s) than a
// network that matters here takes to carry it.
constexpr int64_t kLeastCompressedBytes = 512;
constexpr int64_t kMostCompressedBytes = 16 << 20;
// A page with three builds of the engine and four styles takes about 3 MB.
constexpr size_t kStoreBytes = 64 << 20;

// A page that these isolate may have threads (SharedArrayBuffer). A browser wants them on errors too: without
// them it shows an error of its own instead.
Answer WithFields(int status) {
  Answer answer;
  answer.status = status;
  answer.fields = {{"Cross-Origin-Opener-Policy", "same-origin"},
                   {"Cross-Origin-Embedder-Policy", "require-corp"},
                   {"Cross-Origin-Resource-Policy", "same-origin"},
                   {"X-Content-Type-Options", "nosniff"}};
  return answer;
}

Answer InWords(int status, const std::string& words) {
  Answer answer = WithFields(status);
  answer.fields.emplace_back("Content-Type", "text/plain; charset=utf-8");
  answer.fields.emplace_back("Cache-Control", "no-store");
  answer.bytes = std::make_shared<const std::string>(words + "\n");
  return answer;
}

Answer InWords(const Status& status) {
  const int code = status.code() == StatusCode::kNotFound          ? 404
                   : status.code() == StatusCode::kInvalidArgument ? 400
                                                                   : 503;
  return InWords(code, status.message());
}

// The same address with a slash at the end of its path, so that what the folder's page refers to is found.
Answer ToFolder(std::string_view target) {
  const size_t end = target.find_first_of("?#");
  Answer answer = InWords(301, "this is a folder: see its address with a slash at the end");
  const std::string query(end == std::string_view::npos ? "" : target.substr(end));
  answer.fields.emplace_back("Location", std::string(target.substr(0, end)) + "/" + query);
  return answer;
}

SharedBytes WholeFile(const SiteFile& file) {
  std::string bytes(static_cast<size_t>(file.size_bytes), '\0');
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t n =
        pread(file.descriptor.get(), bytes.data() + done, bytes.size() - done, static_cast<off_t>(done));
    if (n <= 0) return nullptr;
    done += static_cast<size_t>(n);
  }
  return std::make_shared<const std::string>(std::move(bytes));
}

}  // namespace

Answerer::Answerer(Site site, std::string loopback_name)
    : site_(std::move(site)), loopback_name_(std::move(loopback_name)), store_(kStoreBytes) {}

std::optional<Answer> Answerer::Refusal(const Request& request) const {
  const std::optional<std::string_view> host = request.field("Host");
  const std::optional<std::string> name = host ? HostName(*host) : std::nullopt;
  if (!name) return InWords(400, "the request does not say which host it is for");
  if (!loopback_name_.empty() && *name != loopback_name_ && !IsLoopbackHost(*name)) {
    return InWords(403, "this server answers to localhost only; start it with --host for other names");
  }
  if (request.method == "GET" || request.method == "HEAD") return std::nullopt;
  Answer answer = InWords(405, "files are only read here: GET or HEAD");
  answer.fields.emplace_back("Allow", "GET, HEAD");
  return answer;
}

Answer Answerer::AnswerTo(const Request& request) {
  if (std::optional<Answer> refusal = Refusal(request)) return std::move(*refusal);
  Result<std::string> path = PathOfTarget(request.target);
  if (!path.ok()) return InWords(path.status());
  Result<SiteFile> file = site_.Find(*path);
  if (!file.ok()) return InWords(file.status());
  if (file->is_folder) {
    const bool has_slash = path->empty() || path->ends_with('/');
    *path += has_slash ? "index.html" : "/index.html";
    file = site_.Find(*path);
    if (!file.ok()) return InWords(file.status());
    if (file->is_folder) return InWords(404, "there is no such file here");
    if (!has_slash) return ToFolder(request.target);
  }
  return AnswerWithFile(request, *path, std::move(file).value());
}

Answer Answerer::AnswerWithFile(const Request& request, const std::string& path, SiteFile file) {
  const std::string whole_tag = "\"" + file.tag + "\"";
  const std::optional<std::string_view> range = request.field("Range");
  const std::optional<std::string_view> if_range = request.field("If-Range");
  ByteRange part;
  // RFC 9110, 14.2 and 13.1.5: of GET only; of the file that the asker has a piece of, else all of it.
  if (range && request.method == "GET" && (!if_range || *if_range == whole_tag)) {
    part = ParseRange(*range, file.size_bytes);
  }
  const bool is_compressible = IsCompressible(path) && file.size_bytes >= kLeastCompressedBytes &&
                               file.size_bytes <= kMostCompressedBytes;
  const std::optional<std::string_view> codings = request.field("Accept-Encoding");
  SharedBytes packed;
  // Pieces are pieces of the file itself.
  if (part.kind == ByteRange::kWhole && is_compressible && codings && AcceptsGzip(*codings))
    packed = Compressed(file);

  const std::string tag = packed ? "\"" + file.tag + ".gz\"" : whole_tag;
  const std::optional<std::string_view> if_none_match = request.field("If-None-Match");
  const bool unchanged = if_none_match && ListsTag(*if_none_match, tag);
  if (part.kind == ByteRange::kOutside && !unchanged) {
    Answer answer = InWords(416, "the file ends before that range");
    answer.fields.emplace_back("Content-Range", "bytes */" + std::to_string(file.size_bytes));
    return answer;
  }
  Answer answer = WithFields(unchanged ? 304 : part.kind == ByteRange::kPart ? 206 : 200);
  answer.fields.emplace_back("ETag", tag);
  answer.fields.emplace_back("Cache-Control",
                             NamesItsContents(path) ? "public, max-age=31536000, immutable" : "no-cache");
  if (is_compressible) answer.fields.emplace_back("Vary", "Accept-Encoding");
  if (!unchanged) {
    answer.fields.emplace_back("Content-Type", ContentType(path));
    answer.fields.emplace_back("Accept-Ranges", "bytes");
  }
  if (packed) {
    if (!unchanged) answer.fields.emplace_back("Content-Encoding", "gzip");
    answer.bytes = std::move(packed);
    return answer;
  }
  answer.file = std::move(file.descriptor);
  answer.size_bytes = file.size_bytes;
  if (answer.status == 206) {
    answer.offset_bytes = part.first;
    answer.size_bytes = part.last - part.first + 1;
    answer.fields.emplace_back("Content-Range", "bytes " + std::to_string(part.first) + "-" +
                                                    std::to_string(part.last) + "/" +
                                                    std::to_string(file.size_bytes));
  }
  return answer;
}

SharedBytes Answerer::Compressed(const SiteFile& file) {
  SharedBytes packed = store_.Get(file.tag);
  if (packed == nullptr) {
    const SharedBytes bytes = WholeFile(file);
    packed = bytes == nullptr ? nullptr : Gzip(*bytes);
    if (packed == nullptr) return nullptr;
    // What does not get smaller is remembered as nothing, so that it is not tried with every request.
    if (packed->size() >= bytes->size()) packed = std::make_shared<const std::string>();
    store_.Put(file.tag, packed);
  }
  return packed->empty() ? nullptr : packed;
}

}  // namespace tempera::cli
