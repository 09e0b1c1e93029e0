#include "cli/pictures/picture_list.h"

#include <glob.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <set>

#include "media/film/series.h"
#include "media/picture.h"

namespace tempera::cli {
namespace {

namespace fs = std::filesystem;

// Pictures among what lies in a folder, or was found by a pattern. Hidden files are of a pattern only where
// it begins with a dot itself: they are asked for.
void Sort(std::vector<std::string> found, bool takes_hidden, std::vector<std::string>* files,
          PictureList* list) {
  using Why = SkippedFile::Why;
  std::sort(found.begin(), found.end());
  for (std::string& path : found) {
    std::error_code ignored;
    Why why = Why::kOther;
    const std::string name = fs::path(path).filename().string();
    if (name == "." || name == "..") continue;
    if (name[0] == '.' && !takes_hidden) {
      why = Why::kHidden;
    } else if (fs::is_directory(path, ignored)) {
      why = Why::kFolder;
    } else if (fs::is_regular_file(path, ignored)) {
      const media::FileKind kind = media::KindOfFile(path);
      if (kind == media::FileKind::kPicture) {
        files->push_back(std::move(path));
        continue;
      }
      if (kind == media::FileKind::kFilm) why = Why::kFilm;
      if (kind == media::FileKind::kCameraRaw) why = Why::kRaw;
    }
    list->skipped.push_back({std::move(path), why});
  }
}

Status ReadFolder(const std::string& folder, std::vector<std::string>* files, PictureList* list) {
  std::error_code error;
  std::vector<std::string> found;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
    found.push_back(it->path().string());
  if (error) return IoError("cannot read the folder '" + folder + "': " + error.message());
  Sort(std::move(found), false, files, list);
  return OkStatus();
}

// What the last glob of a thread could not read: it asks a function without context.
thread_local Status unread_folder;
int NoteUnread(const char* folder, int error) {
  if (error != ENOENT && unread_folder.ok())
    unread_folder = IoError(std::string("cannot read the folder '") + folder + "': " + std::strerror(error));
  return 0;
}

Status ReadPattern(const std::string& pattern, std::vector<std::string>* files, PictureList* list) {
  if (pattern.find_first_of("*?") == std::string::npos) {
    TEMPERA_ASSIGN_OR_RETURN(const std::optional<media::SeriesInput> series, media::FindSeries(pattern));
    if (!series) return OkStatus();
    files->insert(files->end(), series->files.begin(), series->files.end());
    if (!series->notice.empty()) list->notices.push_back(series->notice);
    return OkStatus();
  }
  // Brackets are letters, as where a film is made of a pattern.
  std::string escaped;
  for (char c : pattern)
    escaped += c == '[' || c == ']' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  glob_t found = {};
  std::vector<std::string> paths;
  unread_folder = Status();
  if (glob(escaped.c_str(), 0, NoteUnread, &found) == 0)
    paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  globfree(&found);
  if (!unread_folder.ok()) {
    if (paths.empty()) return unread_folder;
    list->notices.push_back(unread_folder.message());
  }
  if (paths.empty()) return NotFound("no file is called '" + pattern + "'");
  Sort(std::move(paths), true, files, list);
  return OkStatus();
}

// The same file by whatever name.
std::string Identity(const std::string& path) {
  std::error_code error;
  const fs::path real = fs::weakly_canonical(path, error);
  return error ? path : real.string();
}

}  // namespace

bool IsPicturePattern(const std::string& input) {
  std::error_code ignored;
  if (input == "-" || input.find("://") != std::string::npos || fs::exists(input, ignored)) return false;
  if (input.find_first_of("*?") != std::string::npos) return true;
  const auto series = media::ParseSeriesName(input);
  return series.ok() && series->has_value();
}

Result<PictureList> ListPictures(const std::vector<std::string>& inputs, const std::string& output_folder,
                                 bool alpha) {
  PictureList list;
  std::vector<std::string> files;
  for (const std::string& input : inputs) {
    std::error_code ignored;
    if (fs::is_directory(input, ignored)) {
      TEMPERA_RETURN_IF_ERROR(ReadFolder(input, &files, &list));
    } else if (IsPicturePattern(input)) {
      TEMPERA_RETURN_IF_ERROR(ReadPattern(input, &files, &list));
    } else if (media::KindOfFile(input) == media::FileKind::kFilm) {
      list.asked_films.push_back(input);
    } else {
      files.push_back(input);
    }
  }
  std::set<std::string> sources, once;
  for (const std::string& file : files) sources.insert(Identity(file));
  std::vector<PictureTask> tasks;
  for (const std::string& file : files) {
    if (once.insert(Identity(file)).second) tasks.push_back({file, ""});
  }
  // Who keeps the whole name comes first, so that what a painting is called does not depend on the order of
  // inputs.
  std::set<std::string> taken;
  const auto keeps_name = [alpha](const std::string& name) {
    return media::IsPictureName(name) && (!alpha || media::PictureKeepsAlpha(name));
  };
  const auto claim = [&](PictureTask* task, const std::string& name) {
    const std::string path = (fs::path(output_folder) / name).string();
    if (sources.count(Identity(path)) || !taken.insert(path).second) return false;
    task->output = path;
    return true;
  };
  for (PictureTask& task : tasks) {
    const std::string name = fs::path(task.input).filename().string();
    if (keeps_name(name)) claim(&task, name);
  }
  for (PictureTask& task : tasks) {
    const fs::path name = fs::path(task.input).filename();
    if (keeps_name(name.string())) continue;
    if (claim(&task, name.stem().string() + ".png")) continue;
    if (claim(&task, name.string() + ".png")) {
      list.renamed.push_back(name.string() + " becomes " + name.string() + ".png");
    }
  }
  for (PictureTask& task : tasks) {
    if (task.output.empty()) {
      task.output = (fs::path(output_folder) / fs::path(task.input).filename()).string();
      list.clashes.push_back(std::move(task));
    } else {
      list.tasks.push_back(std::move(task));
    }
  }
  return list;
}

}  // namespace tempera::cli
