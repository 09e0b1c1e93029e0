// Compressed contents of files, and a store of them, so that a file is compressed once.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

namespace tempera::cli {

using SharedBytes = std::shared_ptr<const std::string>;

// As a gzip file (RFC 1952); nothing when there is no memory for it.
SharedBytes Gzip(const std::string& bytes);

// Bytes by a key; what was asked for longest ago leaves when they are more than `most_bytes`. From any
// thread.
class GzipStore {
 public:
  explicit GzipStore(size_t most_bytes) : most_bytes_(most_bytes) {}

  // Nothing: not there.
  SharedBytes Get(const std::string& key);
  void Put(const std::string& key, SharedBytes bytes);

 private:
  struct Entry {
    std::string key;
    SharedBytes bytes;
  };

  const size_t most_bytes_;
  std::mutex mutex_;
  std::list<Entry> entries_;  // the one asked for last is first
  std::unordered_map<std::string, std::list<Entry>::iterator> by_key_;
  size_t bytes_ = 0;
};

}  // namespace tempera::cli
