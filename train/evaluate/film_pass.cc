// What is measured on films and stills, and what a model costs.
#include <algorithm>

#include "train/evaluate/facts_in_engine.h"
#include "train/evaluate/names.h"
#include "train/evaluate/plane.h"
#include "train/evaluate/subjects.h"
#include "train/motion/frames.h"
#include "train/motion/truth.h"

namespace tempera::evaluate {
namespace {

using train::FindTruth;
using train::ReadFrames;
using train::ReadTruth;
using train::TrueFilm;
using train::TruthPlace;

constexpr int kWidth = 640, kHeight = 360;

// The row of the photographs, films and so on as they are; made where it is missing.
Row& SourceRow(Bench* bench) {
  for (Row& row : bench->findings.rows) {
    if (row.kind == Row::Kind::kSource) return row;
  }
  Row row;
  row.kind = Row::Kind::kSource;
  row.model = "photographs";
  bench->findings.rows.push_back(std::move(row));
  return bench->findings.rows.back();
}

// Means of figures that came one by one, by row and key.
class RowMeans {
 public:
  void Add(size_t row, const std::string& key, double value) { values_[{row, key}].push_back(value); }
  void Into(std::vector<Row>* rows) const {
    for (const auto& [at, values] : values_) (*rows)[at.first].values[at.second] = Mean(values);
  }

 private:
  std::map<std::pair<size_t, std::string>, std::vector<double>> values_;
};

size_t SourceIndex(Bench* bench) {
  return static_cast<size_t>(&SourceRow(bench) - bench->findings.rows.data());
}

void KeepWarp(Bench* bench, size_t row, const Clip& clip, const WarpErrors& errors, RowMeans* means) {
  Row& to = bench->findings.rows[row];
  to.values["warp_1 " + clip.name] = errors.near;
  if (!clip.back10.empty()) to.values["warp_10 " + clip.name] = errors.far;
  to.curves["warping error, k = 1: " + clip.name] = errors.curve;
  means->Add(row, "warp_1", errors.near);
  if (!clip.back10.empty()) means->Add(row, "warp_10", errors.far);
}

// Textures for rendered scenes: photographs, from the given one on.
std::vector<media::RgbImage> Textures(const Bench& bench, size_t first) {
  std::vector<media::RgbImage> textures;
  for (size_t i = 0; i < std::min<size_t>(4, bench.photos.size()); ++i)
    textures.push_back(bench.photos[(first + i) % bench.photos.size()]);
  return textures;
}

SceneOptions SceneOf(const Bench& bench, int number) {
  SceneOptions scene;
  scene.width = bench.options.quick ? 320 : kWidth;
  scene.height = bench.options.quick ? 184 : kHeight;
  scene.frames = bench.options.quick ? 6 : 12;
  scene.seed = bench.options.seed + static_cast<uint64_t>(number);
  return scene;
}

// e_stab of everybody on one film of which the motion is known.
Status EStabOfAll(Bench* bench, const TrueFilm& film, const std::string& name, const std::string& key,
                  RowMeans* means) {
  auto keep = [&](size_t row, double value) {
    bench->findings.rows[row].values["e_stab " + name] = value;
    means->Add(row, key, value);
  };
  keep(SourceIndex(bench), EStab(film.frames, film.flows));
  for (const Subject& subject : bench->subjects) {
    TEMPERA_ASSIGN_OR_RETURN(const FilmPainter painter, bench->Film(subject));
    TEMPERA_ASSIGN_OR_RETURN(const std::vector<media::RgbImage> painted, PaintFilm(painter, film.frames));
    keep(subject.row, EStab(painted, film.flows));
  }
  return OkStatus();
}

// With `steadiness` at its value against 0: how sharp outlines of what moves stay.
Status Ghosts(Bench* bench, const Subject& subject, const TrueFilm& film,
              const std::vector<media::RgbImage>& textures, const SceneOptions& scene) {
  constexpr const char* kSteadiness = "steadiness";
  if (!subject.painter->HasParameter(kSteadiness)) {
    bench->Note(bench->row(subject).model + " has no parameter 'steadiness': ghosts are not looked for");
    return OkStatus();
  }
  TEMPERA_ASSIGN_OR_RETURN(const FilmPainter painter, bench->Film(subject));
  TEMPERA_ASSIGN_OR_RETURN(const float value, subject.painter->ParameterValue(kSteadiness));
  if (value == 0) {
    bench->Note("steadiness is 0: ghosts are looked for with --param steadiness=0.5");
    return OkStatus();
  }
  double sharpness[2] = {};
  for (int i = 0; i < 2; ++i) {
    TEMPERA_RETURN_IF_ERROR(subject.painter->SetParameter(kSteadiness, i == 0 ? 0.0f : value));
    TEMPERA_ASSIGN_OR_RETURN(const std::vector<media::RgbImage> painted, PaintFilm(painter, film.frames));
    // What was remembered of the first frames has to show: the last three count.
    for (int t = std::max(0, scene.frames - 3); t < scene.frames; ++t) {
      sharpness[i] += SharpnessAt(painted[static_cast<size_t>(t)], OutlineOf(textures, scene, t, 3));
    }
  }
  TEMPERA_RETURN_IF_ERROR(subject.painter->SetParameter(kSteadiness, value));
  if (sharpness[0] > 0) bench->row(subject).values["ghost_sharpness"] = sharpness[1] / sharpness[0];
  return OkStatus();
}

}  // namespace

Status MeasureClips(Bench* bench) {
  if (!bench->Wants("clips")) return OkStatus();
  if (bench->clip_paths.empty()) {
    bench->Note("without --clips no warping errors of real films are measured");
    return OkStatus();
  }
  RowMeans means;
  const EvaluateOptions& o = bench->options;
  for (const std::string& path : bench->clip_paths) {
    const std::string name = Stem(path);
    ShowProgress("clip " + name + ": motion");
    TEMPERA_ASSIGN_OR_RETURN(std::vector<media::RgbImage> frames,
                             ReadFrames(path, o.frames, kWidth, kHeight));
    if (frames.size() < 2) {
      bench->Note("'" + path + "' has fewer than two frames and is left out");
      continue;
    }
    const Clip clip = MeasureMotion(name, std::move(frames), o.pairs);
    KeepWarp(bench, SourceIndex(bench), clip, MeasureWarpErrors(clip, clip.frames), &means);
    for (const Subject& subject : bench->subjects) {
      ShowProgress("clip " + name + ": " + bench->row(subject).Name());
      TEMPERA_ASSIGN_OR_RETURN(const FilmPainter painter, bench->Film(subject));
      TEMPERA_ASSIGN_OR_RETURN(const std::vector<media::RgbImage> painted, PaintFilm(painter, clip.frames));
      KeepWarp(bench, subject.row, clip, MeasureWarpErrors(clip, painted), &means);
    }
  }
  means.Into(&bench->findings.rows);
  return OkStatus();
}

Status MeasureTruth(Bench* bench) {
  if (!bench->Wants("truth")) return OkStatus();
  if (bench->options.truth.empty()) {
    bench->Note("without --truth e_stab is measured on rendered scenes only");
    return OkStatus();
  }
  TEMPERA_ASSIGN_OR_RETURN(const std::vector<TruthPlace> places, FindTruth(bench->options.truth));
  RowMeans means;
  for (const TruthPlace& place : places) {
    ShowProgress("film with truth: " + place.name);
    TEMPERA_ASSIGN_OR_RETURN(const TrueFilm film, ReadTruth(place, bench->options.quick ? 4 : 50));
    TEMPERA_RETURN_IF_ERROR(EStabOfAll(bench, film, place.name, "e_stab_truth", &means));
  }
  means.Into(&bench->findings.rows);
  return OkStatus();
}

Status MeasureScenes(Bench* bench) {
  if (!bench->Wants("scenes") && !bench->Wants("ghosts")) return OkStatus();
  if (bench->photos.empty()) {
    bench->Note("without --content no scenes are rendered: no e_stab on them, no ghosts");
    return OkStatus();
  }
  RowMeans means;
  const int scenes = bench->options.quick ? 1 : 3;
  for (int i = 0; i < scenes; ++i) {
    ShowProgress("rendered scene " + std::to_string(i + 1) + " of " + std::to_string(scenes));
    const std::vector<media::RgbImage> textures = Textures(*bench, static_cast<size_t>(i) * 4);
    const SceneOptions scene = SceneOf(*bench, i);
    const TrueFilm film = RenderScene(textures, scene);
    if (bench->Wants("scenes")) {
      TEMPERA_RETURN_IF_ERROR(
          EStabOfAll(bench, film, "rendered " + std::to_string(i + 1), "e_stab_scenes", &means));
    }
    if (i > 0 || !bench->Wants("ghosts")) continue;
    for (const Subject& subject : bench->subjects) {
      TEMPERA_RETURN_IF_ERROR(Ghosts(bench, subject, film, textures, scene));
    }
  }
  means.Into(&bench->findings.rows);
  return OkStatus();
}

Status MeasureStills(Bench* bench) {
  if (bench->photos.empty() || (!bench->Wants("still") && !bench->Wants("exposure"))) return OkStatus();
  RowMeans means;
  const size_t photos = std::min<size_t>(bench->photos.size(), bench->options.quick ? 1 : 3);
  for (const Subject& subject : bench->subjects) {
    ShowProgress("stills: " + bench->row(subject).Name());
    TEMPERA_ASSIGN_OR_RETURN(const FilmPainter painter, bench->Film(subject));
    for (size_t i = 0; i < photos; ++i) {
      if (bench->Wants("still")) {
        StillOptions still;
        still.seed = bench->options.seed + i;
        TEMPERA_ASSIGN_OR_RETURN(const double noise, StillNoise(painter, bench->photos[i], still));
        means.Add(subject.row, "still_noise", noise);
      }
      if (!bench->Wants("exposure")) continue;
      TEMPERA_ASSIGN_OR_RETURN(const Exposure exposure,
                               SlowExposure(painter, bench->photos[i], bench->options.quick ? 12 : 48));
      means.Add(subject.row, "exposure_gain", exposure.gain);
      means.Add(subject.row, "exposure_jump", exposure.jump);
      bench->row(subject).curves["slow exposure, change a frame: " + Stem(bench->photo_paths[i])] =
          exposure.curve;
    }
  }
  means.Into(&bench->findings.rows);
  return OkStatus();
}

Status MeasureLoop(Bench* bench) {
  if (!bench->Wants("loop") || bench->options.loop_s <= 0) return OkStatus();
  std::vector<media::RgbImage> clip;
  if (!bench->clip_paths.empty()) {
    TEMPERA_ASSIGN_OR_RETURN(clip, ReadFrames(bench->clip_paths.front(), 25, kWidth, kHeight));
  } else if (!bench->photos.empty()) {
    clip = RenderScene(Textures(*bench, 0), SceneOf(*bench, 0)).frames;
  }
  if (clip.size() < 2) return OkStatus();
  constexpr double kRate = 25;  // frames a second
  for (const Subject& subject : bench->subjects) {
    ShowProgress("loop: " + bench->row(subject).Name());
    TEMPERA_ASSIGN_OR_RETURN(const FilmPainter painter, bench->Film(subject));
    TEMPERA_ASSIGN_OR_RETURN(const LoopDrift drift,
                             Loop(painter, clip, static_cast<int>(bench->options.loop_s * kRate)));
    Row& row = bench->row(subject);
    row.values["loop_colour"] = drift.colour;
    row.values["loop_contrast"] = drift.contrast;
    row.values["loop_sharpness"] = drift.sharpness;
    row.curves["loop, sharpness a round in percent"] = drift.curve;
  }
  return OkStatus();
}

Status MeasureCost(Bench* bench) {
  const EvaluateOptions& o = bench->options;
  for (size_t i = 0; i < bench->painters.size(); ++i) {
    ShowProgress("cost of " + o.models[i]);
    TEMPERA_ASSIGN_OR_RETURN(const ModelFacts facts, ReadModelFacts(o.models[i]));
    std::map<std::string, double> values = {{"bytes", static_cast<double>(facts.bytes)},
                                            {"parameters", static_cast<double>(facts.parameters)}};
    if (facts.macs >= 0) values["gmacs"] = static_cast<double>(facts.macs) / 1e9;
    const int frames = o.quick ? 5 : 20;
    if (bench->Wants("speed")) {
      TEMPERA_RETURN_IF_ERROR(bench->painters[i]->ChooseStyle(0));
      struct Size {
        int width, height;
        const char* key;
      };
      for (const Size& size : {Size{640, 360, "ms_360p"}, Size{1280, 720, "ms_720p"}}) {
        TEMPERA_ASSIGN_OR_RETURN(const std::vector<double> ms,
                                 bench->painters[i]->Time(size.width, size.height, frames));
        values[size.key] = Median(ms);
        values[std::string(size.key) + "_min"] = *std::min_element(ms.begin(), ms.end());
      }
    }
    for (const Subject& subject : bench->subjects) {
      if (subject.painter != bench->painters[i].get()) continue;
      for (const auto& [key, value] : values) bench->row(subject).values[key] = value;
    }
  }
  return OkStatus();
}

}  // namespace tempera::evaluate
