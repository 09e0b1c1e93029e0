// What was painted into a folder before, from what and how: kept in the folder itself (.tempera-done), so
// that a stopped command goes on where it was and nobody else's file is taken for a painting.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "cli/pictures/picture_list.h"
#include "src/base/status.h"

namespace tempera::cli {

class DoneList {
 public:
  // `style`, one word as SettingsWord makes it, stands for the model and all that a painting depends on
  // beside its source. A list that cannot be read is an empty one.
  DoneList(std::string folder, std::string style);

  enum class State {
    kNone,     // no such file: paint
    kPresent,  // the painting of this source in this style
    kOlder,    // a painting of ours in this style of what the source was before: paint again
    kStyle,    // a painting of ours in another style, or with other settings
    kForeign,  // a file that is none of ours, or is no longer what we wrote
  };
  State Look(const PictureTask& task) const;
  // Of kStyle: the options that are others now; "" where the list does not tell.
  std::string Differing(const PictureTask& task) const;

  // Why no list can be kept in a folder: what has its name there is no file. It would be waited for.
  static Status CheckPlace(const std::string& folder);

  // Writing a painting down, in two steps, so that what is there is not replaced where the list has no room
  // for it: Reserve before its picture and its mask are read, Fill when it is in its place. What is saved in
  // between may or may not be in the painting: the list has those files as they were before, so that such a
  // painting is made again. A line that is not filled says nothing. Threads may do so at the same time.
  struct Line {
    int64_t at = -1;  // -1: a name that no line can hold; such a painting is asked about again
    std::string source = {};
  };
  Result<Line> Reserve(const PictureTask& task);
  Status Fill(const PictureTask& task, const Line& reserved);

 private:
  struct Entry {
    std::string source, style, written;
    bool operator==(const Entry&) const = default;
  };
  Entry EntryOf(const PictureTask& task) const;
  std::string LineOf(const Entry& entry, const PictureTask& task) const;

  const std::string path_, style_;
  mutable std::mutex mutex_;
  std::map<std::string, Entry> entries_;  // by the name of the painting
};

}  // namespace tempera::cli
