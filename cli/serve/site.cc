#include "cli/serve/site.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace tempera::cli {
namespace {

Status NoSuchFile() { return NotFound("there is no such file here"); }

std::string NameOf(int descriptor) { return "/proc/self/fd/" + std::to_string(descriptor); }

// Where an open file lies; empty where the system does not say.
std::string WhereItLies(int descriptor) {
  char path[PATH_MAX];
  const ssize_t n = readlink(NameOf(descriptor).c_str(), path, sizeof path);
  return n <= 0 || n == sizeof path ? "" : std::string(path, static_cast<size_t>(n));
}

// Of the time of its last change, which no program can set back, and of which file it is.
std::string TagOf(const struct stat& facts) {
  char tag[128];
  std::snprintf(tag, sizeof tag, "%llx-%llx-%llx-%llx.%lx", static_cast<unsigned long long>(facts.st_dev),
                static_cast<unsigned long long>(facts.st_ino), static_cast<unsigned long long>(facts.st_size),
                static_cast<unsigned long long>(facts.st_ctim.tv_sec),
                static_cast<unsigned long>(facts.st_ctim.tv_nsec));
  // File systems tell times 4 to 10 ms apart: what was written just now may be written once more at the same
  // time.
  timespec now = {};
  clock_gettime(CLOCK_REALTIME, &now);
  const int64_t age_ms =
      (now.tv_sec - facts.st_ctim.tv_sec) * 1000 + (now.tv_nsec - facts.st_ctim.tv_nsec) / 1000000;
  return age_ms >= 100 ? tag : tag + ("-" + std::to_string(now.tv_nsec)) + std::to_string(now.tv_sec);
}

}  // namespace

Descriptor::~Descriptor() {
  if (number_ >= 0) close(number_);
}

Result<Site> Site::Open(const std::string& folder) {
  char* const real = realpath(folder.c_str(), nullptr);
  if (real == nullptr) {
    return NotFound(folder + ": " + (errno == ENOENT ? "no such folder" : std::strerror(errno)) +
                    "; give --dir a folder that is there");
  }
  std::string root = real;
  std::free(real);
  struct stat facts = {};
  if (stat(root.c_str(), &facts) != 0 || !S_ISDIR(facts.st_mode)) {
    return InvalidArgument(folder + " is no folder; give --dir the folder that it lies in");
  }
  if (access(root.c_str(), R_OK | X_OK) != 0) {
    return IoError(folder + ": " + std::strerror(errno) + "; give --dir a folder that you may read");
  }
  if (root == "/") root.clear();
  return Site(std::move(root));
}

bool Site::IsShown(const std::string& real) const {
  if (real == root_) return true;
  return real.starts_with(root_ + "/") && real.find("/.", root_.size()) == std::string::npos;
}

Result<SiteFile> Site::Find(const std::string& path) const {
  // First a handle that opens nothing, so that no device or pipe is touched. What it is and where it lies is
  // asked of the handle, so that nobody can exchange it between the asking and the reading.
  const Descriptor handle(open((root_ + "/" + path).c_str(), O_PATH | O_CLOEXEC));
  if (handle.get() < 0) {
    return errno == EMFILE || errno == ENFILE ? IoError("too many files are open; try again") : NoSuchFile();
  }
  const std::string real = WhereItLies(handle.get());
  struct stat facts = {};
  if (!IsShown(real) || fstat(handle.get(), &facts) != 0) return NoSuchFile();
  SiteFile found;
  found.is_folder = S_ISDIR(facts.st_mode);
  if (found.is_folder) return found;
  if (!S_ISREG(facts.st_mode) || path.ends_with('/')) return NoSuchFile();
  found.descriptor = Descriptor(open(NameOf(handle.get()).c_str(), O_RDONLY | O_CLOEXEC));
  if (found.descriptor.get() < 0) {
    return errno == EMFILE || errno == ENFILE ? IoError("too many files are open; try again")
                                              : NotFound("the server may not read this file");
  }
  found.size_bytes = facts.st_size;
  found.tag = TagOf(facts);
  return found;
}

}  // namespace tempera::cli
