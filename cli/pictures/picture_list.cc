#include "cli/pictures/picture_list.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "media/picture.h"

namespace tempera::cli {
namespace {

namespace fs = std::filesystem;

Status ReadFolder(const std::string& folder, std::vector<std::string>* files, PictureList* list) {
  std::error_code error;
  std::vector<std::string> found;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string path = it->path().string(), name = it->path().filename().string();
    std::error_code ignored;
    if (name[0] == '.') {
      ++list->hidden;
    } else if (fs::is_directory(path, ignored)) {
      ++list->folders;
    } else if (!fs::is_regular_file(path, ignored)) {
      ++list->others;
    } else {
      found.push_back(path);
    }
  }
  if (error) return IoError("cannot read the folder '" + folder + "': " + error.message());
  std::sort(found.begin(), found.end());
  for (std::string& path : found) {
    switch (media::KindOfFile(path)) {
      case media::FileKind::kPicture:
        files->push_back(std::move(path));
        break;
      case media::FileKind::kFilm:
        list->films.push_back(std::move(path));
        break;
      case media::FileKind::kCameraRaw:
        ++list->raws;
        break;
      case media::FileKind::kOther:
        ++list->others;
        break;
    }
  }
  return OkStatus();
}

// The same file by whatever name.
std::string Identity(const std::string& path) {
  std::error_code error;
  const fs::path real = fs::weakly_canonical(path, error);
  return error ? path : real.string();
}

}  // namespace

Result<PictureList> ListPictures(const std::vector<std::string>& inputs, const std::string& output_folder) {
  PictureList list;
  std::vector<std::string> files;
  for (const std::string& input : inputs) {
    std::error_code ignored;
    if (fs::is_directory(input, ignored)) {
      TEMPERA_RETURN_IF_ERROR(ReadFolder(input, &files, &list));
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
  const auto claim = [&](PictureTask* task, const std::string& name) {
    const std::string path = (fs::path(output_folder) / name).string();
    if (sources.count(Identity(path)) || !taken.insert(path).second) return false;
    task->output = path;
    return true;
  };
  for (PictureTask& task : tasks) {
    const std::string name = fs::path(task.input).filename().string();
    if (media::IsPictureName(name)) claim(&task, name);
  }
  for (PictureTask& task : tasks) {
    const fs::path name = fs::path(task.input).filename();
    if (media::IsPictureName(name.string())) continue;
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
