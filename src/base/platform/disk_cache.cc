#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string_view>
#include <utility>

#include "src/base/atomic_file.h"
#include "src/base/cache_store.h"

namespace tempera {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostFiles = 256;
constexpr size_t kHexDigits = 32;

// Whatever may stand under that name: a regular file of a sensible size, or nothing. Never waits.
std::optional<std::vector<uint8_t>> ReadSmallFile(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return std::nullopt;
  std::vector<uint8_t> bytes;
  struct stat st;
  bool whole = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
               static_cast<uint64_t>(st.st_size) <= CacheStore::kMostBytes;
  if (whole) {
    bytes.resize(static_cast<size_t>(st.st_size));
    size_t done = 0;
    while (done < bytes.size()) {
      const ssize_t n = read(fd, bytes.data() + done, bytes.size() - done);
      if (n <= 0) break;
      done += static_cast<size_t>(n);
    }
    whole = done == bytes.size();
    // Used now: the files used longest ago go first.
    if (whole) (void)futimens(fd, nullptr);
  }
  close(fd);
  if (!whole) return std::nullopt;
  return bytes;
}

// Each folder on the way that is missing, for this user alone (as the XDG base directory specification says).
void MakeFolders(const std::string& folder) {
  for (size_t slash = folder.find('/', 1); slash != std::string::npos; slash = folder.find('/', slash + 1)) {
    (void)mkdir(folder.substr(0, slash).c_str(), 0700);
  }
  (void)mkdir(folder.c_str(), 0700);
}

// ".5550...0007.calibration.1234.part": what AtomicFile calls a file of ours while it is written.
bool IsHalfWritten(std::string_view name, std::string_view kind) {
  return name.starts_with('.') && name.ends_with(".part") && name.find(kind) == 1 + kHexDigits;
}

// Removes the files used longest ago, and what killed processes left half written.
void Tidy(const std::string& folder, std::string_view kind) {
  std::vector<std::pair<fs::file_time_type, fs::path>> ours;
  std::error_code error;
  const auto now = fs::file_time_type::clock::now();
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    const bool half_written = IsHalfWritten(name, kind);
    std::error_code ignored;
    if (!half_written && (name.size() != kHexDigits + kind.size() || !name.ends_with(kind))) continue;
    if (!it->is_regular_file(ignored)) continue;
    const auto used = it->last_write_time(ignored);
    if (ignored) continue;
    if (!half_written) {
      ours.emplace_back(used, it->path());
    } else if (now - used > std::chrono::hours(1)) {
      fs::remove(it->path(), ignored);
    }
  }
  if (ours.size() <= kMostFiles) return;
  std::sort(ours.begin(), ours.end());
  for (size_t i = 0; i < ours.size() - kMostFiles; ++i) fs::remove(ours[i].second, error);
}

class DiskCache final : public CacheStore {
 public:
  explicit DiskCache(std::string folder) : folder_(std::move(folder)) {}

  std::optional<std::vector<uint8_t>> Load(const std::string& key) override {
    return ReadSmallFile(folder_ + "/" + key);
  }

  void Store(const std::string& key, std::span<const uint8_t> bytes) override {
    if (bytes.size() > kMostBytes || key.size() <= kHexDigits) return;
    MakeFolders(folder_);
    const std::string path = folder_ + "/" + key;
    // A pipe would be written to, and waited for.
    struct stat st;
    if (lstat(path.c_str(), &st) == 0 && !S_ISREG(st.st_mode) && unlink(path.c_str()) != 0) return;
    Result<AtomicFile> file = AtomicFile::Create(path);
    if (!file.ok() || !file->Write(bytes.data(), bytes.size()).ok() ||
        !file->Commit(AtomicFile::Flush::kNever).ok()) {
      return;
    }
    Tidy(folder_, std::string_view(key).substr(kHexDigits));
  }

 private:
  const std::string folder_;
};

}  // namespace

std::shared_ptr<CacheStore> OpenDiskCache(const std::string& folder) {
  if (folder.empty()) return nullptr;
  return std::make_shared<DiskCache>(folder);
}

}  // namespace tempera
