#include "train/evaluate/subjects.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>

#include "src/base/text/one_line.h"
#include "train/evaluate/hand/spectrum.h"
#include "train/evaluate/names.h"
#include "train/motion/frames.h"

namespace tempera::evaluate {
namespace {

using train::EvenChoice;
using train::FilmExtensions;
using train::FindFiles;
using train::FitShortSide;

namespace fs = std::filesystem;

const std::vector<std::string> kPictures = {".jpg", ".jpeg", ".png", ".webp", ".bmp"};

std::string Slashless(std::string name) {
  std::replace(name.begin(), name.end(), '/', '_');
  return name;
}

std::string InFolder(const fs::path& folder, const std::string& name) {
  if (name.empty()) return "";
  std::string underscored = name;
  std::replace(underscored.begin(), underscored.end(), '-', '_');
  for (const std::string& stem : {Slashless(name), Slashless(underscored)}) {
    for (const std::string& extension : kPictures) {
      std::error_code error;
      if (fs::is_regular_file(folder / (stem + extension), error))
        return (folder / (stem + extension)).string();
    }
  }
  return "";
}

// The painting at this path, read once.
Result<Painting*> OpenPainting(const std::string& path, Bench* bench) {
  std::unique_ptr<Painting>& painting = bench->paintings[path];
  if (painting != nullptr) return painting.get();
  auto read = std::make_unique<Painting>();
  read->path = path;
  TEMPERA_ASSIGN_OR_RETURN(const media::RgbImage image, media::ReadImage(path));
  // As it is looked at: a long side of 512.
  const double scale = 512.0 / std::max(image.width, image.height);
  TEMPERA_ASSIGN_OR_RETURN(
      read->image, media::ResizeImage(image, std::max(8, static_cast<int>(std::lround(image.width * scale))),
                                      std::max(8, static_cast<int>(std::lround(image.height * scale)))));
  read->cloud = ColourCloud(image);
  if (bench->judge != nullptr) {
    TEMPERA_ASSIGN_OR_RETURN(read->studied, bench->judge->StudyPainting(image));
  }
  painting = std::move(read);
  return painting.get();
}

void AddPaintingRows(Bench* bench) {
  for (auto& [path, painting] : bench->paintings) {
    const Plane luma = Luma(painting->image);
    painting->repetition = Repetition(luma);
    const Weave weave = MeasureWeave(luma);
    Row row;
    row.kind = Row::Kind::kPainting;
    row.model = Stem(path);
    row.painting = path;
    row.values = {{"stroke_period", StrokePeriod(luma)}, {"repetition", painting->repetition},
                  {"weave_2px", weave.period2},          {"weave_4px", weave.period4},
                  {"weave_8px", weave.period8},          {"colour_distance", 0}};
    bench->findings.rows.push_back(std::move(row));
    bench->findings.paintings.emplace_back(path, painting->image);
  }
}

Status OpenModels(Bench* bench) {
  const EvaluateOptions& o = bench->options;
  std::set<std::string> unmatched(o.only_styles.begin(), o.only_styles.end());
  for (const std::string& path : o.models) {
    ShowProgress("opening " + path);
    std::vector<std::string> lacking;
    TEMPERA_ASSIGN_OR_RETURN(std::unique_ptr<Painter> painter,
                             Painter::Open(path, o.threads, o.parameters, &lacking));
    for (const std::string& name : lacking)
      bench->Note(path + " has no parameter '" + name + "'; it is painted without");
    for (size_t i = 0; i < painter->styles().size(); ++i) {
      const std::string& style = painter->styles()[i];
      if (!o.only_styles.empty() && !style.empty()) {
        if (std::find(o.only_styles.begin(), o.only_styles.end(), style) == o.only_styles.end()) continue;
        unmatched.erase(style);
      }
      Row row;
      row.model = Stem(path);
      row.style = style;
      row.title = painter->titles()[i];
      Subject subject;
      subject.painter = painter.get();
      subject.style = static_cast<int>(i);
      row.painting = PaintingOf(o.style, row.model, style, row.title);
      if (!row.painting.empty()) {
        TEMPERA_ASSIGN_OR_RETURN(subject.painting, OpenPainting(row.painting, bench));
      } else if (!o.style.empty()) {
        bench->Note("no painting among --style for " + row.Name() + ": no style loss, no colour distance");
      }
      subject.row = bench->findings.rows.size();
      bench->findings.rows.push_back(std::move(row));
      bench->subjects.push_back(subject);
    }
    bench->painters.push_back(std::move(painter));
  }
  if (!unmatched.empty()) return NotFound("no model has a style '" + *unmatched.begin() + "' (--styles)");
  // Two files of one name, from two folders, are told apart by their paths.
  for (const Subject& s : bench->subjects) {
    Row& row = bench->row(s);
    const auto same = std::count_if(bench->findings.rows.begin(), bench->findings.rows.end(),
                                    [&](const Row& r) { return r.Name() == row.Name(); });
    if (same < 2) continue;
    for (size_t p = 0; p < bench->painters.size(); ++p) {
      if (bench->painters[p].get() == s.painter) row.model = o.models[p];
    }
  }
  return OkStatus();
}

Status OpenPhotographs(Bench* bench) {
  const EvaluateOptions& o = bench->options;
  if (o.content.empty()) return OkStatus();
  TEMPERA_ASSIGN_OR_RETURN(const std::vector<std::string> all,
                           FindFiles(o.content, kPictures, "photographs"));
  if (all.empty()) return NotFound("no photographs in '" + o.content.front() + "' (--content)");
  for (const std::string& path : EvenChoice(all, o.photos)) {
    TEMPERA_ASSIGN_OR_RETURN(const media::RgbImage image, media::ReadImage(path));
    // A short side of 400: what the losses' definition says.
    TEMPERA_ASSIGN_OR_RETURN(media::RgbImage fit,
                             FitShortSide(image, o.quick ? 256 : 400, o.quick ? 384 : 640));
    bench->photo_paths.push_back(path);
    bench->photos.push_back(std::move(fit));
  }
  constexpr size_t kShown = 4;
  for (size_t i = 0; i < std::min(kShown, bench->photos.size()); ++i)
    bench->findings.photographs.push_back(bench->photos[i]);
  return OkStatus();
}

}  // namespace

void Bench::Note(const std::string& line) {
  std::vector<std::string>& notes = findings.notes;
  if (std::find(notes.begin(), notes.end(), line) == notes.end()) notes.push_back(line);
}

Result<FilmPainter> Bench::Film(const Subject& subject) {
  TEMPERA_RETURN_IF_ERROR(subject.painter->ChooseStyle(subject.style));
  Painter* painter = subject.painter;
  return FilmPainter{[painter] { return painter->Reset(); },
                     [painter](const media::RgbImage& frame) { return painter->Paint(frame); }};
}

Status OpenSubjects(Bench* bench) {
  const EvaluateOptions& o = bench->options;
  if (!o.features.empty() && bench->Wants("losses")) {
    TEMPERA_ASSIGN_OR_RETURN(bench->judge, Judge::Open(o.features, o.threads, o.device));
  } else {
    bench->Note("without --features no losses, SIFID and feature distances are measured");
  }
  for (const std::string& style : o.style) {
    const std::string path = style.substr(style.find('=') == std::string::npos ? 0 : style.find('=') + 1);
    std::error_code error;
    if (!fs::exists(path, error)) return NotFound("no painting at '" + path + "' (--style)");
  }
  TEMPERA_RETURN_IF_ERROR(OpenModels(bench));
  if (!o.teacher.empty()) {
    TEMPERA_ASSIGN_OR_RETURN(bench->teacher, Painter::Open(o.teacher, o.threads, {}));
  }
  TEMPERA_RETURN_IF_ERROR(OpenPhotographs(bench));
  if (!o.clips.empty()) {
    TEMPERA_ASSIGN_OR_RETURN(bench->clip_paths, FindFiles(o.clips, FilmExtensions(), "clips"));
    if (bench->clip_paths.empty()) return NotFound("no films in '" + o.clips.front() + "' (--clips)");
  }
  AddPaintingRows(bench);
  return OkStatus();
}

std::string PaintingOf(const std::vector<std::string>& given, const std::string& model,
                       const std::string& style, const std::string& title) {
  const std::string names[] = {style, title, ShortName(title), model};
  for (const std::string& g : given) {
    const size_t equals = g.find('=');
    if (equals == std::string::npos) continue;
    for (const std::string& name : names) {
      if (!name.empty() && g.substr(0, equals) == name) return g.substr(equals + 1);
    }
  }
  for (const std::string& g : given) {
    std::error_code error;
    if (!fs::is_directory(g, error)) continue;
    for (const std::string& name : names) {
      const std::string found = InFolder(g, name);
      if (!found.empty()) return found;
    }
  }
  for (const std::string& g : given) {
    std::error_code error;
    if (g.find('=') == std::string::npos && fs::is_regular_file(g, error)) return g;
  }
  return "";
}

void ShowProgress(const std::string& text) {
  const std::string line = OneLine(text);
  static const bool terminal = isatty(STDERR_FILENO) != 0;
  if (terminal) {
    std::fprintf(stderr, "\r\033[K%s", line.c_str());
  } else if (!line.empty()) {
    std::fprintf(stderr, "evaluate: %s\n", line.c_str());
  }
  std::fflush(stderr);
}

}  // namespace tempera::evaluate
