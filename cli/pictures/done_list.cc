#include "cli/pictures/done_list.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "cli/pictures/settings.h"
#include "src/base/digest.h"

namespace tempera::cli {
namespace {

namespace fs = std::filesystem;

// A file as it is now: how large and when written.
void AddFile(const std::string& path, Digester* digester) {
  std::error_code error;
  digester->Add(static_cast<int64_t>(fs::file_size(path, error)));
  digester->Add(static_cast<int64_t>(fs::last_write_time(path, error).time_since_epoch().count()));
}

// A painting's digest while it is not there yet: as long as any.
std::string NotYet() { return Hex(Digest()); }

std::string ListIn(const std::string& folder) { return (fs::path(folder) / ".tempera-done").string(); }

// An open list; closed at the end.
class ListFile {
 public:
  // Whoever reads a pipe of that name is not waited for.
  ListFile(const std::string& path, int flags)
      : fd_(open(path.c_str(), flags | O_CLOEXEC | O_NONBLOCK, 0666)) {}
  ~ListFile() {
    if (fd_ >= 0) close(fd_);
  }
  ListFile(const ListFile&) = delete;
  ListFile& operator=(const ListFile&) = delete;
  int fd() const { return fd_; }

 private:
  const int fd_;
};

Status CannotWrite(const std::string& path) {
  return IoError("cannot write '" + path + "': " + std::strerror(errno));
}

// Whether the file ends in the middle of a line, as a crash or a full disk leaves it.
bool IsTorn(int fd) {
  struct stat st;
  char last = '\n';
  if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size == 0) return false;
  return pread(fd, &last, 1, st.st_size - 1) == 1 && last != '\n';
}

std::string NameOf(const PictureTask& task) { return fs::path(task.output).filename().string(); }

}  // namespace

DoneList::DoneList(std::string folder, std::string style)
    : path_(ListIn(folder)), style_(style.empty() ? "-" : std::move(style)) {
  // A line a painting: three digests and the name; later ones go before earlier ones, and one that a crash
  // cut short is none.
  std::error_code ignored;
  if (!fs::is_regular_file(path_, ignored)) return;
  std::ifstream file(path_);
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    Entry entry;
    std::string name;
    if (!(words >> entry.source >> entry.style >> entry.written) || words.get() != ' ') continue;
    if (entry.written == NotYet()) continue;
    if (std::getline(words, name) && !name.empty()) entries_[name] = entry;
  }
}

DoneList::Entry DoneList::EntryOf(const PictureTask& task) const {
  std::error_code error;
  Digester source, written;
  const fs::path real = fs::weakly_canonical(task.input, error);
  source.Add(std::string_view(error ? task.input : real.string()));
  AddFile(task.input, &source);
  if (!task.mask.empty()) {
    const fs::path mask = fs::weakly_canonical(task.mask, error);
    source.Add(std::string_view(error ? task.mask : mask.string()));
    AddFile(task.mask, &source);
  }
  AddFile(task.output, &written);
  return {Hex(source.digest()), style_, Hex(written.digest())};
}

DoneList::State DoneList::Look(const PictureTask& task) const {
  std::error_code error;
  if (fs::symlink_status(task.output, error).type() == fs::file_type::not_found) return State::kNone;
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = entries_.find(NameOf(task));
  if (found == entries_.end()) return State::kForeign;
  const Entry now = EntryOf(task);
  if (found->second.written != now.written) return State::kForeign;
  if (!SameSettings(found->second.style, now.style)) return State::kStyle;
  return found->second.source == now.source ? State::kPresent : State::kOlder;
}

std::string DoneList::Differing(const PictureTask& task) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = entries_.find(NameOf(task));
  return found == entries_.end() ? "" : DifferingSettings(found->second.style, style_);
}

Status DoneList::CheckPlace(const std::string& folder) {
  const std::string path = ListIn(folder);
  std::error_code error;
  const fs::file_type type = fs::status(path, error).type();
  if (type == fs::file_type::not_found || type == fs::file_type::none || type == fs::file_type::regular ||
      type == fs::file_type::character)
    return OkStatus();
  return InvalidArgument(
      "'" + path + "' is to hold what was painted there, and is no file: remove it, or give another folder");
}

std::string DoneList::LineOf(const Entry& entry, const PictureTask& task) const {
  return entry.source + ' ' + entry.style + ' ' + entry.written + ' ' + NameOf(task) + '\n';
}

Result<DoneList::Line> DoneList::Reserve(const PictureTask& task) {
  if (NameOf(task).find('\n') != std::string::npos) return Line();
  Entry entry = EntryOf(task);
  entry.written = NotYet();
  const std::string line = LineOf(entry, task);
  const std::lock_guard<std::mutex> lock(mutex_);
  const ListFile file(path_, O_RDWR | O_CREAT | O_APPEND);
  if (file.fd() < 0) return CannotWrite(path_);
  // What broke off stays a line of its own.
  const std::string text = IsTorn(file.fd()) ? '\n' + line : line;
  for (size_t done = 0; done < text.size();) {
    const ssize_t written = write(file.fd(), text.data() + done, text.size() - done);
    if (written < 0) return CannotWrite(path_);
    done += static_cast<size_t>(written);
  }
  const int64_t end = lseek(file.fd(), 0, SEEK_CUR);
  return Line{end - static_cast<int64_t>(line.size()), entry.source};
}

Status DoneList::Fill(const PictureTask& task, const Line& reserved) {
  if (reserved.at < 0) return OkStatus();
  Entry entry = EntryOf(task);
  entry.source = reserved.source;
  const std::string line = LineOf(entry, task);
  const std::lock_guard<std::mutex> lock(mutex_);
  entries_[NameOf(task)] = entry;
  const ListFile file(path_, O_WRONLY);
  if (file.fd() < 0 ||
      pwrite(file.fd(), line.data(), line.size(), reserved.at) != static_cast<ssize_t>(line.size()))
    return CannotWrite(path_);
  return OkStatus();
}

}  // namespace tempera::cli
