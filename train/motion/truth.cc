#include "train/motion/truth.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include "train/motion/frames.h"

namespace tempera::train {
namespace {

namespace fs = std::filesystem;

bool IsFile(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

std::string PictureNamed(const fs::path& folder, const std::string& stem) {
  for (const char* extension : {".png", ".jpg", ".jpeg"}) {
    if (IsFile(folder / (stem + extension))) return (folder / (stem + extension)).string();
  }
  return "";
}

// FLOWS of one scene with pictures in `pictures`; a gap in the numbers ends the film.
TruthPlace Sequence(const std::string& name, const fs::path& pictures, const fs::path& occlusions,
                    const std::vector<fs::path>& flows) {
  TruthPlace place;
  place.name = name;
  for (const fs::path& flow : flows) {
    const std::string stem = flow.stem().string();
    const size_t digits = stem.find_last_not_of("0123456789") + 1;
    if (digits >= stem.size() || stem.size() - digits > 9) break;
    std::string next = std::to_string(std::stol(stem.substr(digits)) + 1);
    if (next.size() < stem.size() - digits) next.insert(0, stem.size() - digits - next.size(), '0');
    const std::string first = PictureNamed(pictures, stem);
    const std::string second = PictureNamed(pictures, stem.substr(0, digits) + next);
    if (first.empty() || second.empty()) break;
    if (!place.frames.empty() && place.frames.back() != first) break;
    if (place.frames.empty()) place.frames.push_back(first);
    place.frames.push_back(second);
    place.flows.push_back(flow.string());
    const std::string occlusion = occlusions.empty() ? "" : PictureNamed(occlusions, stem);
    if (!occlusion.empty()) place.occlusions.push_back(occlusion);
  }
  if (place.occlusions.size() != place.flows.size()) place.occlusions.clear();
  return place;
}

// The folder of pictures of a Sintel scene: clean first, else final; "" when the flow lies in no such tree.
std::pair<fs::path, fs::path> SintelFolders(const fs::path& scene) {
  if (scene.parent_path().filename() != "flow") return {};
  const fs::path root = scene.parent_path().parent_path();
  std::error_code error;
  for (const char* pass : {"clean", "final"}) {
    const fs::path pictures = root / pass / scene.filename();
    if (fs::is_directory(pictures, error)) return {pictures, root / "occlusions" / scene.filename()};
  }
  return {};
}

}  // namespace

Result<std::vector<TruthPlace>> FindTruth(const std::vector<std::string>& folders) {
  std::vector<TruthPlace> places;
  for (const std::string& folder : folders) {
    TEMPERA_ASSIGN_OR_RETURN(const std::vector<std::string> files,
                             FindFiles({folder}, {".flo", ".png"}, "films with known motion"));
    std::map<fs::path, std::vector<fs::path>> scenes;
    const size_t before = places.size();
    for (const std::string& file : files) {
      const fs::path path = file;
      if (path.extension() == ".flo") scenes[path.parent_path()].push_back(path);
      if (path.filename() != "flow_gt.png") continue;
      const fs::path at = path.parent_path();
      const std::string first = PictureNamed(at, "frame1"), second = PictureNamed(at, "frame2");
      if (!first.empty() && !second.empty())
        places.push_back({at.filename().string(), {first, second}, {file}, {}});
    }
    for (const auto& [scene, flows] : scenes) {
      auto [pictures, occlusions] = SintelFolders(scene);
      if (pictures.empty()) pictures = scene;
      TruthPlace place = Sequence(scene.filename().string(), pictures, occlusions, flows);
      if (!place.flows.empty()) places.push_back(std::move(place));
    }
    if (places.size() == before) {
      return NotFound("'" + folder +
                      "' holds no film with known motion: frames with .flo or flow_gt.png beside them");
    }
  }
  return places;
}

Result<TrueFilm> ReadTruth(const TruthPlace& place, int most) {
  TrueFilm film;
  const size_t count = std::min(place.frames.size(), static_cast<size_t>(std::max(2, most)));
  for (size_t i = 0; i < count; ++i) {
    TEMPERA_ASSIGN_OR_RETURN(media::RgbImage frame, media::ReadImage(place.frames[i]));
    if (i > 0 && (frame.width != film.frames[0].width || frame.height != film.frames[0].height)) {
      return InvalidArgument("'" + place.frames[i] + "' has another size than the frame before");
    }
    film.frames.push_back(std::move(frame));
  }
  for (size_t i = 0; i + 1 < count; ++i) {
    const std::string& path = place.flows[i];
    TEMPERA_ASSIGN_OR_RETURN(Flow flow, path.ends_with(".png") ? ReadKittiFlow(path) : ReadFlo(path));
    if (flow.width != film.frames[i].width || flow.height != film.frames[i].height) {
      return InvalidArgument("'" + path + "' has another size than its frames");
    }
    MaskOutside(&flow);
    MaskMotionEdges(&flow);
    if (place.occlusions.empty()) {
      MaskUnlike(film.frames[i], film.frames[i + 1], 0.1, &flow);
    } else {
      TEMPERA_ASSIGN_OR_RETURN(const media::RgbImage occluded, media::ReadImage(place.occlusions[i]));
      if (occluded.width != flow.width || occluded.height != flow.height) {
        return InvalidArgument("'" + place.occlusions[i] + "' has another size than its frames");
      }
      for (size_t k = 0; k < flow.valid.size(); ++k) flow.valid[k] &= occluded.pixels[3 * k] < 128;
    }
    film.flows.push_back(std::move(flow));
  }
  return film;
}

}  // namespace tempera::train
