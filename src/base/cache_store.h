// Where findings are kept from one process to the next: a folder here, IndexedDB in a browser, nothing where
// the host gives none. Losing any of them, or all, costs the time to find out again and nothing else, so
// whatever goes wrong in a store goes wrong silently.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace tempera {

// Any thread, several at a time. Keys are 32 hexadecimal digits, a dot and a lower-case word for the kind,
// and name the bytes by all that they depend on: what lies under a key never has to be replaced by something
// else.
class CacheStore {
 public:
  // What is larger is not kept: a hundred times what a style network of 128 channels takes.
  static constexpr size_t kMostBytes = size_t{1} << 20;

  virtual ~CacheStore() = default;
  // What Store was given; nothing where that is gone. It may also be broken: the reader checks.
  virtual std::optional<std::vector<uint8_t>> Load(const std::string& key) = 0;
  virtual void Store(const std::string& key, std::span<const uint8_t> bytes) = 0;
};

// Files in `folder`, which is made when it is missing, for this user alone; the 256 used last of a kind stay.
// Complete or not at all, whoever writes at the same time. nullptr for "" and where there is no disk.
std::shared_ptr<CacheStore> OpenDiskCache(const std::string& folder);

}  // namespace tempera
