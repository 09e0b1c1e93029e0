// The folder that is served, and its files.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "src/base/status.h"

namespace tempera::cli {

// An open file of the system, closed at the end.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor();

  int get() const { return number_; }
  // Whoever calls closes it.
  int Release() { return std::exchange(number_, -1); }

 private:
  int number_ = -1;
};

struct SiteFile {
  bool is_folder = false;
  // Of files only.
  Descriptor descriptor;
  int64_t size_bytes = 0;
  std::string tag;  // another one when the file is another or was written to: an ETag without its quotes
};

// A folder whose files are handed out: regular files that lie below it, none whose name or folder begins with
// a dot. Links are followed as long as they stay below. From any thread.
class Site {
 public:
  static Result<Site> Open(const std::string& folder);

  // A file or a folder by what PathOfTarget() gives; a folder's path may lack its slash. NotFound for
  // everything that is not to be handed out; IoError when the machine has no file left to give.
  Result<SiteFile> Find(const std::string& path) const;

  const std::string& folder() const { return root_; }

 private:
  explicit Site(std::string root) : root_(std::move(root)) {}
  // Whether what lies there, links followed, is below the folder and not hidden.
  bool IsShown(const std::string& real) const;

  std::string root_;  // absolute, without links, without a slash at the end
};

}  // namespace tempera::cli
