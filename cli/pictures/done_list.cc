#include "cli/pictures/done_list.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

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

std::string NameOf(const PictureTask& task) { return fs::path(task.output).filename().string(); }

}  // namespace

DoneList::DoneList(std::string folder, std::string style)
    : path_((fs::path(folder) / ".tempera-done").string()), style_(style.empty() ? "-" : std::move(style)) {
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
    if (std::getline(words, name) && !name.empty()) entries_[name] = entry;
  }
}

DoneList::Entry DoneList::EntryOf(const PictureTask& task) const {
  std::error_code error;
  Digester source, written;
  const fs::path real = fs::weakly_canonical(task.input, error);
  source.Add(std::string_view(error ? task.input : real.string()));
  AddFile(task.input, &source);
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
  if (found->second.style != now.style) return State::kStyle;
  return found->second.source == now.source ? State::kPresent : State::kOlder;
}

Status DoneList::Add(const PictureTask& task) {
  const std::string name = NameOf(task);
  // A line ends at a newline; such a painting is asked about again.
  if (name.find('\n') != std::string::npos) return OkStatus();
  const Entry entry = EntryOf(task);
  const std::lock_guard<std::mutex> lock(mutex_);
  entries_[name] = entry;
  errno = 0;
  std::ofstream file(path_, std::ios::app);
  file << entry.source << ' ' << entry.style << ' ' << entry.written << ' ' << name << std::endl;
  if (!file) return IoError("cannot write '" + path_ + "': " + std::strerror(errno));
  return OkStatus();
}

}  // namespace tempera::cli
