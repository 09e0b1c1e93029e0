#include "cli/serve/gzip.h"

#include <utility>

#if TEMPERA_HAS_SERVER
#include <zlib.h>
#endif

namespace tempera::cli {

SharedBytes Gzip(const std::string& bytes) {
#if TEMPERA_HAS_SERVER
  z_stream stream = {};
  // 16 more than the largest window: gzip's header instead of zlib's.
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) !=
      Z_OK) {
    return nullptr;
  }
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const bool whole = deflate(&stream, Z_FINISH) == Z_STREAM_END;
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  if (!whole) return nullptr;
  out.shrink_to_fit();
  return std::make_shared<const std::string>(std::move(out));
#else
  (void)bytes;
  return nullptr;
#endif
}

SharedBytes GzipStore::Get(const std::string& key) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->bytes;
}

void GzipStore::Put(const std::string& key, SharedBytes bytes) {
  const std::lock_guard<std::mutex> lock(mutex_);
  // Two threads may have compressed the same.
  if (bytes == nullptr || bytes->size() > most_bytes_ || by_key_.contains(key)) return;
  bytes_ += bytes->size();
  entries_.push_front({key, std::move(bytes)});
  by_key_[key] = entries_.begin();
  while (bytes_ > most_bytes_) {
    bytes_ -= entries_.back().bytes->size();
    by_key_.erase(entries_.back().key);
    entries_.pop_back();
  }
}

}  // namespace tempera::cli
