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

std::string StemOf(const std::string& path) { return fs::path(path).stem().string(); }

// The pictures that are to be painted, by their names.
class Pictures {
 public:
  explicit Pictures(const std::vector<PictureTask>& tasks) {
    for (const PictureTask& task : tasks) {
      files_.insert(Identity(task.input));
      names_.insert(NameOf(task.input));
      ++stems_[StemOf(task.input)];
    }
  }

  bool Hold(const std::string& file) const { return files_.contains(Identity(file)); }

  // Whether a mask that could be this picture's is called as another one is: a.tif beside a.jpg and a.tif.
  bool NameAnother(const std::string& mask, const std::string& input) const {
    if (NameOf(mask) == NameOf(input) || Hold(mask)) return false;
    return names_.contains(NameOf(mask)) ||
           (StemOf(mask) == StemOf(input) + "_mask" && CountOf(StemOf(mask)) > 0);
  }

  // What this picture's mask is to be called, to be nobody else's.
  std::string MaskName(const std::string& input) const {
    const std::string stem = StemOf(input);
    if (CountOf(stem) > 1) return NameOf(input) + ".png";
    return CountOf(stem + "_mask") > 0 ? stem + ".png" : stem + ".png or " + stem + "_mask.png";
  }

 private:
  int64_t CountOf(const std::string& stem) const {
    const auto found = stems_.find(stem);
    return found == stems_.end() ? 0 : found->second;
  }

  std::set<std::string> files_, names_;
  std::map<std::string, int64_t> stems_;
};

class MaskFolder {
 public:
  explicit MaskFolder(const Pictures& pictures) : pictures_(pictures) {}

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
    std::vector<std::string> masks = Called(NameOf(input), input);
    if (!masks.empty()) return masks;
    const std::string stem = StemOf(input);
    masks = Called(stem, input);
    // Its whole name says more than a part of it.
    const auto same =
        std::find_if(masks.begin(), masks.end(), [&](const auto& m) { return NameOf(m) == NameOf(input); });
    if (same != masks.end()) masks = {*same};
    for (std::string& mask : Called(stem + "_mask", input)) masks.push_back(std::move(mask));
    return masks;
  }

 private:
  // Those with this name before the extension, but for other pictures'.
  std::vector<std::string> Called(const std::string& stem, const std::string& input) const {
    std::vector<std::string> masks;
    const auto found = files_.find(stem);
    if (found == files_.end()) return masks;
    std::error_code error;
    for (const std::string& file : found->second) {
      if (pictures_.NameAnother(file, input)) continue;
      if (!fs::is_regular_file(file, error) || fs::equivalent(file, input, error)) continue;
      if (media::KindOfFile(file) == media::FileKind::kPicture) masks.push_back(file);
    }
    return masks;
  }

  const Pictures& pictures_;
  std::map<std::string, std::vector<std::string>> files_;  // by name without extension
};

Status CheckFound(const std::string& folder, const std::string& input,
                  const std::vector<std::string>& masks) {
  if (masks.size() <= 1) return OkStatus();
  return InvalidArgument("--mask " + folder + " has two masks of '" + input + "', " + NameOf(masks[0]) +
                         " and " + NameOf(masks[1]) + ": leave one of them there");
}

Status Lacking(const std::string& folder, const Pictures& pictures, const std::vector<std::string>& inputs) {
  const std::string more = inputs.size() > 1 ? ", nor of " + std::to_string(inputs.size() - 1) + " more" : "";
  return InvalidArgument("--mask " + folder + " has no mask of '" + inputs[0] + "'" + more + ": put " +
                         pictures.MaskName(inputs[0]) + " there");
}

Status Shared(const std::string& mask, const std::string& one, const std::string& other) {
  const std::string both = "'" + mask + "' would be the mask of '" + one + "' and of '" + other + "'";
  if (NameOf(one) == NameOf(other))
    return InvalidArgument(both + ", which have one name: paint one of them at a time, or rename one");
  return InvalidArgument(both + ": call their masks " + NameOf(one) + ".png and " + NameOf(other) + ".png");
}

Status Give(const std::string& folder, PictureList* list) {
  const Pictures pictures(list->tasks);
  MaskFolder masks(pictures);
  TEMPERA_RETURN_IF_ERROR(masks.Open(folder));
  std::map<std::string, std::string> given;  // the mask's picture
  std::vector<std::string> lacking;
  for (PictureTask& task : list->tasks) {
    std::error_code error;
    if (!fs::exists(task.input, error)) {
      // Painting it says so. Should it be there by then, it has this mask or none.
      task.mask = (fs::path(folder) / (NameOf(task.input) + ".png")).string();
      continue;
    }
    const std::vector<std::string> found = masks.MasksOf(task.input);
    TEMPERA_RETURN_IF_ERROR(CheckFound(folder, task.input, found));
    if (found.empty()) {
      lacking.push_back(task.input);
      continue;
    }
    task.mask = found[0];
    if (pictures.Hold(task.mask))
      return InvalidArgument("the mask '" + task.mask + "' of '" + task.input +
                             "' is to be painted itself: put the masks into a folder of their own");
    const auto [other, first] = given.emplace(task.mask, task.input);
    if (!first) return Shared(task.mask, other->second, task.input);
  }
  return lacking.empty() ? OkStatus() : Lacking(folder, pictures, lacking);
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
