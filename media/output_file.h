// A file that appears under its name only when it is whole.
#pragma once

#include <string>

#include "src/base/status.h"

namespace tempera::media {

// Written under a hidden temporary name in the same folder, then renamed. What stood under the name
// before stays until then. A device or a pipe (/dev/null, a FIFO) is written to directly.
class OutputFile {
 public:
  // Makes the temporary file: the folder must exist and be writable. A symbolic link is followed.
  static Result<OutputFile> Create(const std::string& path);

  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&&) = delete;
  // Removes the temporary file unless committed.
  ~OutputFile();

  // Where to write.
  const std::string& write_path() const { return write_path_; }
  // Flushes to the disk and renames. The writer must have closed its handle.
  Status Commit();

  // Removes the temporary files of this process; safe in a signal handler, before _exit.
  static void RemoveAllNow();

 private:
  OutputFile() = default;

  std::string shown_path_;  // as the user wrote it, for errors
  std::string final_path_;
  std::string write_path_;
  bool direct_ = false;
  bool done_ = false;
};

}  // namespace tempera::media
