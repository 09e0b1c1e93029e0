// What is measured on photographs.
#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "train/evaluate/hand/fidelity.h"
#include "train/evaluate/hand/spectrum.h"
#include "train/evaluate/hand/strokes.h"
#include "train/evaluate/names.h"
#include "train/evaluate/photo_sums.h"
#include "train/evaluate/subjects.h"

namespace tempera::evaluate {

void PhotoSums::AddHand(const media::RgbImage& source, const media::RgbImage& painted,
                        const Painting* painting) {
  const Plane before = Luma(source), after = Luma(painted);
  const Weave weave = MeasureWeave(after);
  Add("stroke_period", StrokePeriod(after));
  Add("edge_alignment", EdgeAlignment(before, after));
  Add("weave_2px", weave.period2);
  Add("weave_4px", weave.period4);
  Add("weave_8px", weave.period8);
  Add("border_energy", BorderEnergy(before, after));
  Add("outlier_blobs", OutlierBlobs(source, painted));
  const double repetition = Repetition(after);
  Add("repetition", repetition);
  if (painting == nullptr) return;
  Add("repetition_over_painting", repetition - painting->repetition);
  Add("colour_distance", painting->cloud.DistanceTo(ColourCloud(painted)));
}

void PhotoSums::AddJudged(const Judged& judged, bool has_painting) {
  content_.push_back(judged.content);
  Add("feature_distance", judged.feature_distance);
  if (!has_painting) return;
  style_.push_back(judged.style);
  Add("sifid", judged.sifid);
}

void PhotoSums::Finish(double content_scale, const std::vector<StyleDistance>& unstyled, Row* row) const {
  for (const auto& [key, values] : values_) row->values[key] = Mean(values);
  if (!content_.empty() && content_scale > 0) row->values["content_loss"] = Mean(content_) / content_scale;
  if (style_.empty()) return;
  row->values["style_loss"] = StyleLoss(style_, unstyled);
  static const char* const kLayers[kStyleLayers] = {"relu1_1", "relu2_1", "relu3_1", "relu4_1"};
  for (size_t layer = 0; layer < kStyleLayers; ++layer) {
    double above = 0, below = 0;
    for (const StyleDistance& d : style_) above += d[layer];
    for (const StyleDistance& d : unstyled) below += d[layer];
    row->values[std::string("style_loss_") + kLayers[layer]] = above / std::max(below, 1e-12);
  }
}

void PhotoSums::Pick(const PhotoSums& sums, const std::vector<size_t>& photos,
                     const std::vector<StyleDistance>& unstyled, double content_scale, Row* row) {
  std::vector<StyleDistance> painted, plain;
  std::vector<double> content;
  for (size_t i : photos) {
    if (i >= sums.style_.size() || i >= unstyled.size()) return;
    painted.push_back(sums.style_[i]);
    plain.push_back(unstyled[i]);
    content.push_back(sums.content_[i]);
  }
  row->values["anchor_style_loss"] = StyleLoss(painted, plain);
  row->values["anchor_content_loss"] = Mean(content) / std::max(content_scale, 1e-12);
}

Status KeepAnchor(const std::string& path, const media::RgbImage& picture) {
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
  if (error) return IoError("cannot make the folder of '" + path + "': " + error.message());
  return media::WriteImage(path, picture);
}

namespace {

int TeacherStyle(const Painter& teacher, const std::string& style) {
  for (size_t i = 0; i < teacher.styles().size(); ++i) {
    if (teacher.styles()[i] == style) return static_cast<int>(i);
  }
  return teacher.styles().size() == 1 ? 0 : -1;
}

Status AddFidelity(Bench* bench, const Subject& subject, const media::RgbImage& photo,
                   const media::RgbImage& painted, PhotoSums* sums) {
  if (bench->teacher == nullptr || !bench->Wants("fidelity")) return OkStatus();
  const int style = TeacherStyle(*bench->teacher, bench->row(subject).style);
  if (style < 0) {
    bench->Note("the teacher has no style '" + bench->row(subject).style + "': no fidelity for " +
                bench->row(subject).Name());
    return OkStatus();
  }
  TEMPERA_RETURN_IF_ERROR(bench->teacher->ChooseStyle(style));
  TEMPERA_ASSIGN_OR_RETURN(const media::RgbImage wanted, bench->teacher->PaintAlone(photo));
  sums->Add("teacher_psnr", Psnr(painted, wanted));
  sums->Add("teacher_ssim", Ssim(painted, wanted));
  if (bench->judge == nullptr) return OkStatus();
  TEMPERA_ASSIGN_OR_RETURN(const auto studied, bench->judge->StudyPhoto(wanted));
  TEMPERA_ASSIGN_OR_RETURN(const Judged judged, bench->judge->Look(painted, *studied, nullptr));
  sums->Add("teacher_feature_distance", judged.feature_distance);
  return OkStatus();
}

// All subjects on one photograph.
Status OnePhotograph(Bench* bench, size_t index, ContentScale* scale, PhotoSums* source,
                     std::vector<PhotoSums>* all) {
  const media::RgbImage& photo = bench->photos[index];
  std::shared_ptr<const StudiedPhoto> studied;
  if (bench->judge != nullptr) {
    TEMPERA_ASSIGN_OR_RETURN(studied, bench->judge->StudyPhoto(photo));
    scale->Add(*studied);
  }
  const bool hand = bench->Wants("hand");
  if (hand) source->AddHand(photo, photo, nullptr);
  for (auto& [path, painting] : bench->paintings) {
    if (hand) source->Add("colour_distance", painting->cloud.DistanceTo(ColourCloud(photo)));
    if (studied == nullptr) continue;
    painting->unstyled.push_back(bench->judge->StyleOf(*studied, *painting->studied));
    source->Add("sifid", bench->judge->FrechetTo(*studied, *painting->studied));
  }
  for (size_t s = 0; s < bench->subjects.size(); ++s) {
    const Subject& subject = bench->subjects[s];
    TEMPERA_RETURN_IF_ERROR(subject.painter->ChooseStyle(subject.style));
    TEMPERA_ASSIGN_OR_RETURN(const media::RgbImage painted, subject.painter->PaintAlone(photo));
    if (index < bench->findings.photographs.size()) bench->row(subject).sheet.push_back(painted);
    PhotoSums& sums = (*all)[s];
    if (hand) sums.AddHand(photo, painted, subject.painting);
    TEMPERA_RETURN_IF_ERROR(AddFidelity(bench, subject, photo, painted, &sums));
    if (studied == nullptr) continue;
    const StudiedPainting* painting = subject.painting == nullptr ? nullptr : subject.painting->studied.get();
    TEMPERA_ASSIGN_OR_RETURN(const Judged judged, bench->judge->Look(painted, *studied, painting));
    sums.AddJudged(judged, painting != nullptr);
  }
  return OkStatus();
}

// The figures of the models on the photographs that an anchor was made of.
void CompareOnAnchors(Bench* bench, const std::vector<PhotoSums>& all, const std::vector<size_t>& photos,
                      double content_scale) {
  for (size_t s = 0; s < bench->subjects.size(); ++s) {
    const Subject& subject = bench->subjects[s];
    if (subject.painting == nullptr) continue;
    PhotoSums::Pick(all[s], photos, subject.painting->unstyled, content_scale, &bench->row(subject));
  }
}

std::string AnchorPath(const Bench& bench, const Painting& painting, size_t photo) {
  return bench.options.anchors + "/" + Stem(painting.path) + "/" + Stem(bench.photo_paths[photo]) + ".png";
}

bool ShowStep(int step, double style, double content) {
  if (step % 10 == 0) {
    char line[96];
    std::snprintf(line, sizeof line, "gatys: evaluation %d, style %.4f, content %.3f", step, style, content);
    ShowProgress(line);
  }
  return true;
}

// The optimised picture: read where it was kept, made where that was asked for; of size 0 otherwise.
Result<media::RgbImage> Anchor(Bench* bench, const Painting& painting, size_t photo, double content_scale) {
  const EvaluateOptions& o = bench->options;
  const media::RgbImage& source = bench->photos[photo];
  if (!o.anchors.empty()) {
    Result<media::RgbImage> kept = media::ReadImage(AnchorPath(*bench, painting, photo));
    if (kept.ok() && kept->width == source.width && kept->height == source.height) return kept;
  }
  if (o.gatys_steps <= 0) return media::RgbImage{};
  Judge::Recipe recipe;
  recipe.steps = o.gatys_steps;
  TEMPERA_ASSIGN_OR_RETURN(media::RgbImage made, bench->judge->Optimise(source, *painting.studied,
                                                                        content_scale, recipe, &ShowStep));
  if (!o.anchors.empty()) {
    TEMPERA_RETURN_IF_ERROR(KeepAnchor(AnchorPath(*bench, painting, photo), made));
  }
  return made;
}

Status MeasureAnchors(Bench* bench, const std::vector<PhotoSums>& all, double content_scale) {
  const EvaluateOptions& o = bench->options;
  if (bench->judge == nullptr || (o.anchors.empty() && o.gatys_steps <= 0)) return OkStatus();
  std::vector<size_t> photos;
  for (size_t i = 0; i < bench->photos.size() && static_cast<int>(i) < o.anchor_photos; ++i)
    photos.push_back(i);
  for (auto& [path, painting] : bench->paintings) {
    PhotoSums sums;
    std::vector<StyleDistance> unstyled;
    Row row;
    row.kind = Row::Kind::kGatys;
    row.model = "gatys";
    row.style = Stem(path);
    row.painting = path;
    for (size_t i : photos) {
      TEMPERA_ASSIGN_OR_RETURN(const media::RgbImage anchor, Anchor(bench, *painting, i, content_scale));
      if (anchor.width == 0) continue;
      TEMPERA_ASSIGN_OR_RETURN(const auto studied, bench->judge->StudyPhoto(bench->photos[i]));
      TEMPERA_ASSIGN_OR_RETURN(const Judged judged,
                               bench->judge->Look(anchor, *studied, painting->studied.get()));
      sums.AddJudged(judged, true);
      if (bench->Wants("hand")) sums.AddHand(bench->photos[i], anchor, painting.get());
      unstyled.push_back(painting->unstyled[i]);
      row.sheet.push_back(anchor);
    }
    if (unstyled.size() < photos.size()) {
      bench->Note("no optimised pictures of " + Stem(path) + " in '" + o.anchors +
                  "': --gatys STEPS makes them");
      continue;
    }
    sums.Finish(content_scale, unstyled, &row);
    row.values["anchor_style_loss"] = row.values["style_loss"];
    row.values["anchor_content_loss"] = row.values["content_loss"];
    bench->findings.rows.push_back(std::move(row));
  }
  CompareOnAnchors(bench, all, photos, content_scale);
  return OkStatus();
}

}  // namespace

Status MeasurePhotographs(Bench* bench) {
  if (!bench->Wants("hand") && !bench->Wants("losses") && !bench->Wants("fidelity")) return OkStatus();
  if (bench->photos.empty()) {
    bench->Note("without --content no photographs: no losses and nothing of the hand");
    return OkStatus();
  }
  ContentScale scale;
  PhotoSums source;
  std::vector<PhotoSums> all(bench->subjects.size());
  for (size_t i = 0; i < bench->photos.size(); ++i) {
    ShowProgress("photograph " + std::to_string(i + 1) + " of " + std::to_string(bench->photos.size()));
    TEMPERA_RETURN_IF_ERROR(OnePhotograph(bench, i, &scale, &source, &all));
  }
  const double content_scale = scale.value();
  for (size_t s = 0; s < bench->subjects.size(); ++s) {
    const Painting* painting = bench->subjects[s].painting;
    all[s].Finish(content_scale, painting == nullptr ? std::vector<StyleDistance>() : painting->unstyled,
                  &bench->row(bench->subjects[s]));
  }
  Row row;
  row.kind = Row::Kind::kSource;
  row.model = "photographs";
  source.Finish(0, {}, &row);
  if (bench->judge != nullptr) {
    row.values["content_loss"] = 0;
    row.values["feature_distance"] = 0;
    if (!bench->paintings.empty()) row.values["style_loss"] = 1;
  }
  row.sheet = bench->findings.photographs;
  bench->findings.rows.push_back(std::move(row));
  return MeasureAnchors(bench, all, content_scale);
}

}  // namespace tempera::evaluate
