// A file that appears under its name only when it is whole. What the library and the command write is written
// so.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "src/base/status.h"

namespace tempera {

// Written under a hidden temporary name of its own in the same folder, flushed to the disk (unless
// told not to), then renamed.
// What stood under the name before stays until then, also when the machine stops in between. Several may
// write one name at the same time: the last to commit is what stays. A device or a pipe (/dev/null, a FIFO)
// is written to directly.
class AtomicFile {
 public:
  // Makes the temporary file: the folder must exist and be writable. A symbolic link is followed.
  static Result<AtomicFile> Create(const std::string& path);

  AtomicFile(AtomicFile&& other) noexcept;
  AtomicFile& operator=(AtomicFile&&) = delete;
  // Removes the temporary file unless committed.
  ~AtomicFile();

  // Removes what writers of this name left that were killed: temporary files of processes that are no more,
  // which nobody holds and nobody has written to for ten minutes (a folder may be shared with containers,
  // whose processes have numbers of their own, and with other machines). It reads the folder.
  static void RemoveLeftOver(const std::string& path);

  // Where to write.
  const std::string& write_path() const { return write_path_; }
  // Replaces what is there so far. (No std::span: train/, which is C++17, includes this too.)
  Status Write(const void* bytes, size_t size);

  enum class Flush {
    kToDisk,
    kNever,  // for what may be lost when the machine stops: it may then be empty or cut short under its name
  };
  // The writer must have closed its handle.
  Status Commit(Flush flush = Flush::kToDisk);

  // Removes the temporary files of this process; safe in a signal handler, before _exit.
  static void RemoveAllNow();

 private:
  AtomicFile() = default;
  void Unlock();

  std::string shown_path_;  // as the user wrote it, for errors
  std::string final_path_;
  std::string write_path_;
  bool direct_ = false;
  bool done_ = false;
  int lock_ = -1;  // holds the temporary file for as long as this lives
};

// Create, Write, Commit.
Status WriteWholeFile(const std::string& path, const std::vector<uint8_t>& bytes);
Status WriteWholeFile(const std::string& path, const std::string& bytes);

}  // namespace tempera
