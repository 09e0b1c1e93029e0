#include "cli/mask/mask_folder.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <system_error>
#include <vector>

#include "media/picture.h"

namespace tempera::cli {
namespace {

namespace fs = std::filesystem;
using Source = MaskPlan::Source;

// The same file by whatever name.
std::string Identity(const std::string& path) {
  std::error_code error;
  const fs::path real = fs::weakly_canonical(path, error);
  return error ? path : real.string();
}

std::string NameOf(const std::string& path) { return fs::path(path).filename().string(); }

class MaskFolder {
 public:
  Status Open(const std::string& folder) {
    std::error_code error;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
      files_[it->path().stem().string()].push_back(it->path().string());
    if (error) return IoError("cannot read the folder '" + folder + "': " + error.message());
    for (auto& [stem, files] : files_) std::sort(files.begin(), files.end());
    return OkStatus();
  }

  // All that could be this picture's.
  std::vector<std::string> MasksOf(const std::string& input) const {
    std::vector<std::string> masks;
    Add(fs::path(input).filename().string(), input, &masks);
    if (!masks.empty()) return masks;
    const std::string stem = fs::path(input).stem().string();
    Add(stem, input, &masks);
    Add(stem + "_mask", input, &masks);
    return masks;
  }

 private:
  void Add(const std::string& stem, const std::string& input, std::vector<std::string>* masks) const {
    const auto found = files_.find(stem);
    if (found == files_.end()) return;
    std::error_code error;
    for (const std::string& file : found->second) {
      if (!fs::is_regular_file(file, error) || fs::equivalent(file, input, error)) continue;
      if (media::KindOfFile(file) == media::FileKind::kPicture) masks->push_back(file);
    }
  }

  std::map<std::string, std::vector<std::string>> files_;  // by name without extension
};

Status CheckFound(const std::string& folder, const std::string& input,
                  const std::vector<std::string>& masks) {
  if (masks.size() <= 1) return OkStatus();
  return InvalidArgument("--mask " + folder + " has two masks of '" + input + "', " + NameOf(masks[0]) +
                         " and " + NameOf(masks[1]) + ": leave one of them there");
}

Status Lacking(const std::string& folder, const std::vector<std::string>& inputs) {
  const std::string stem = fs::path(inputs[0]).stem().string();
  const std::string more = inputs.size() > 1 ? ", nor of " + std::to_string(inputs.size() - 1) + " more" : "";
  return InvalidArgument("--mask " + folder + " has no mask of '" + inputs[0] + "'" + more + ": put " + stem +
                         ".png or " + stem + "_mask.png there");
}

Status Give(const std::string& folder, PictureList* list) {
  MaskFolder masks;
  TEMPERA_RETURN_IF_ERROR(masks.Open(folder));
  std::set<std::string> inputs;
  for (const PictureTask& task : list->tasks) inputs.insert(Identity(task.input));
  std::map<std::string, std::string> given;  // the mask's picture
  std::vector<std::string> lacking;
  for (PictureTask& task : list->tasks) {
    const std::vector<std::string> found = masks.MasksOf(task.input);
    TEMPERA_RETURN_IF_ERROR(CheckFound(folder, task.input, found));
    if (found.empty()) {
      lacking.push_back(task.input);
      continue;
    }
    task.mask = found[0];
    if (inputs.contains(Identity(task.mask)))
      return InvalidArgument("the mask '" + task.mask + "' of '" + task.input +
                             "' is to be painted itself: put the masks into a folder of their own");
    const auto [other, first] = given.emplace(task.mask, task.input);
    if (!first)
      return InvalidArgument("'" + task.mask + "' would be the mask of '" + other->second + "' and of '" +
                             task.input + "': call their masks " + NameOf(other->second) + ".png and " +
                             NameOf(task.input) + ".png");
  }
  return lacking.empty() ? OkStatus() : Lacking(folder, lacking);
}

// One mask for all, which lies among them.
void LeaveOut(const std::string& mask, PictureList* list) {
  if (list->tasks.size() < 2) return;
  const std::string identity = Identity(mask);
  std::erase_if(list->tasks, [&](const PictureTask& task) {
    if (Identity(task.input) != identity) return false;
    list->skipped.push_back({task.input, SkippedFile::Why::kMask});
    return true;
  });
}

}  // namespace

Status GiveMasks(const MaskPlan& plan, PictureList* list) {
  if (plan.source == Source::kFolder) TEMPERA_RETURN_IF_ERROR(Give(plan.path, list));
  if (plan.source != Source::kFolder && plan.source != Source::kStill) return OkStatus();
  if (plan.source == Source::kStill) LeaveOut(plan.path, list);
  // What is written goes where a link by its name leads.
  std::set<std::string> masks;
  if (plan.source == Source::kStill) masks.insert(Identity(plan.path));
  for (const PictureTask& task : list->tasks) {
    if (!task.mask.empty()) masks.insert(Identity(task.mask));
  }
  for (const PictureTask& task : list->tasks) {
    if (masks.contains(Identity(task.output)))
      return InvalidArgument("'" + task.output +
                             "' is a mask, and would be replaced: give another folder behind -o");
  }
  return OkStatus();
}

}  // namespace tempera::cli
