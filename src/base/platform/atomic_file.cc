#include "src/base/atomic_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>
#include <utility>

namespace tempera {
namespace {

// Names a signal handler may read: a slot is taken while its flag is 2 (1: being filled).
constexpr int kSlots = 64;
constexpr size_t kNameBytes = 4096;
std::atomic<int> slot_state[kSlots];
char slot_name[kSlots][kNameBytes];
// Digests of the names, by which a thread finds its own slot without reading one that another is filling.
std::atomic<size_t> slot_digest[kSlots];

void Register(const std::string& name) {
  if (name.size() + 1 > kNameBytes) return;
  for (int i = 0; i < kSlots; ++i) {
    int free_state = 0;
    if (!slot_state[i].compare_exchange_strong(free_state, 1)) continue;
    std::memcpy(slot_name[i], name.c_str(), name.size() + 1);
    slot_digest[i].store(std::hash<std::string>()(name));
    slot_state[i].store(2);
    return;
  }
}

void Unregister(const std::string& name) {
  const size_t digest = std::hash<std::string>()(name);
  for (int i = 0; i < kSlots; ++i) {
    if (slot_state[i].load() == 2 && slot_digest[i].load() == digest) slot_state[i].store(0);
  }
}

std::string Folder(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string Base(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

// Of a temporary file, up to the number of its process. A name has at most 255 bytes: what we add must fit.
std::string HiddenName(const std::string& path) { return "." + Base(path).substr(0, 200) + "."; }

// The process in what follows HiddenName, "1234.part" or "1234-1.part"; 0 where it is none.
pid_t ProcessOf(const std::string& rest) {
  const char* const end = rest.data() + rest.size();
  int process = 0, attempt = 0;
  std::from_chars_result at = std::from_chars(rest.data(), end, process);
  if (at.ec != std::errc() || process <= 0) return 0;
  if (at.ptr != end && *at.ptr == '-') {
    at = std::from_chars(at.ptr + 1, end, attempt);
    if (at.ec != std::errc() || attempt <= 0) return 0;
  }
  return std::string(at.ptr, end) == ".part" ? process : 0;
}

constexpr time_t kLeftAloneSeconds = 600;

// Where a file of that name stands: behind a symbolic link.
std::string Resolved(const std::string& path) {
  struct stat st;
  if (stat(path.c_str(), &st) != 0 || !S_ISREG(st.st_mode)) return path;
  char* const real = realpath(path.c_str(), nullptr);
  const std::string resolved = real ? real : path;
  std::free(real);
  return resolved;
}

// Whether a writer that is alive has it.
bool IsHeld(const std::string& path) {
  const int fd = open(path.c_str(), O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return true;
  const bool held = flock(fd, LOCK_EX | LOCK_NB) != 0;
  close(fd);
  return held;
}

}  // namespace

void AtomicFile::RemoveLeftOver(const std::string& given) {
  const std::string path = Resolved(given);
  const std::string folder = Folder(path), begin = HiddenName(path);
  DIR* const open_folder = opendir(folder.c_str());
  if (!open_folder) return;
  while (const dirent* entry = readdir(open_folder)) {
    const std::string name = entry->d_name;
    if (name.compare(0, begin.size(), begin) != 0) continue;
    const pid_t process = ProcessOf(name.substr(begin.size()));
    if (process == 0 || kill(process, 0) == 0 || errno != ESRCH) continue;
    const std::string whole = std::string(folder).append("/").append(name);
    struct stat st;
    if (lstat(whole.c_str(), &st) == 0 && S_ISREG(st.st_mode) &&
        st.st_mtime < std::time(nullptr) - kLeftAloneSeconds && !IsHeld(whole)) {
      unlink(whole.c_str());
    }
  }
  closedir(open_folder);
}

Result<AtomicFile> AtomicFile::Create(const std::string& path) {
  AtomicFile file;
  file.shown_path_ = file.final_path_ = path;
  if (path.empty() || path.back() == '/') return InvalidArgument("'" + path + "' names no file to write");
  struct stat st;
  if (stat(path.c_str(), &st) == 0) {
    if (S_ISDIR(st.st_mode)) {
      return InvalidArgument("'" + path + "' is a directory: name a file in it");
    }
    if (!S_ISREG(st.st_mode)) {
      file.write_path_ = path;
      file.direct_ = true;
      return file;
    }
    file.final_path_ = Resolved(path);
  }
  const std::string folder = Folder(file.final_path_);
  if (stat(folder.c_str(), &st) != 0 || !S_ISDIR(st.st_mode)) {
    return NotFound("cannot write '" + path + "': there is no directory '" + folder + "'");
  }
  std::string stem = folder;
  stem.append("/").append(HiddenName(file.final_path_)).append(std::to_string(getpid()));
  for (int attempt = 0; attempt < 100; ++attempt) {
    file.write_path_ = stem;
    if (attempt > 0) file.write_path_.append("-").append(std::to_string(attempt));
    file.write_path_ += ".part";
    const int fd = open(file.write_path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd >= 0) {
      // A file system without locks leaves it to the age of the file.
      (void)flock(fd, LOCK_EX | LOCK_NB);
      file.lock_ = fd;
      Register(file.write_path_);
      return file;
    }
    if (errno != EEXIST) break;
  }
  const int cause = errno;
  file.done_ = true;  // nothing of ours to remove
  return IoError("cannot write '" + path + "': " + std::strerror(cause));
}

AtomicFile::AtomicFile(AtomicFile&& other) noexcept
    : shown_path_(std::move(other.shown_path_)),
      final_path_(std::move(other.final_path_)),
      write_path_(std::move(other.write_path_)),
      direct_(other.direct_),
      done_(std::exchange(other.done_, true)),
      lock_(std::exchange(other.lock_, -1)) {}

void AtomicFile::Unlock() {
  if (lock_ >= 0) close(lock_);
  lock_ = -1;
}

AtomicFile::~AtomicFile() {
  Unlock();
  if (done_ || direct_ || write_path_.empty()) return;
  unlink(write_path_.c_str());
  Unregister(write_path_);
}

Status AtomicFile::Write(const void* bytes, size_t size) {
  const int fd = open(write_path_.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC);
  int cause = fd < 0 ? errno : 0;
  for (size_t done = 0; cause == 0 && done < size;) {
    const ssize_t n = write(fd, static_cast<const uint8_t*>(bytes) + done, size - done);
    if (n > 0) done += static_cast<size_t>(n);
    if (n < 0 && errno != EINTR) cause = errno;
    if (n == 0) cause = ENOSPC;
  }
  // Closing is where a full disk may show first.
  if (fd >= 0 && close(fd) != 0 && cause == 0) cause = errno;
  return cause == 0 ? OkStatus() : IoError("cannot write '" + shown_path_ + "': " + std::strerror(cause));
}

Status AtomicFile::Commit(Flush flush) {
  if (direct_) {
    done_ = true;
    return OkStatus();
  }
  if (flush == Flush::kToDisk) {
    // Some filesystems report a full disk only here.
    const int fd = open(write_path_.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0) {
      const int cause = errno;
      if (fd >= 0) close(fd);
      return IoError("cannot write '" + shown_path_ + "': " + std::strerror(cause));
    }
    close(fd);
  }
  if (rename(write_path_.c_str(), final_path_.c_str()) != 0) {
    return IoError("cannot write '" + shown_path_ + "': " + std::strerror(errno));
  }
  done_ = true;
  Unlock();
  Unregister(write_path_);
  return OkStatus();
}

void AtomicFile::RemoveAllNow() {
  for (int i = 0; i < kSlots; ++i) {
    if (slot_state[i].load() == 2) unlink(slot_name[i]);
  }
}

Status WriteWholeFile(const std::string& path, const std::vector<uint8_t>& bytes) {
  TEMPERA_ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::Create(path));
  TEMPERA_RETURN_IF_ERROR(file.Write(bytes.data(), bytes.size()));
  return file.Commit();
}

Status WriteWholeFile(const std::string& path, const std::string& bytes) {
  TEMPERA_ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::Create(path));
  TEMPERA_RETURN_IF_ERROR(file.Write(bytes.data(), bytes.size()));
  return file.Commit();
}

}  // namespace tempera
