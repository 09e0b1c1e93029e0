#include "src/engine/precision/calibration_search.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <utility>

#include "src/base/checked_math.h"
#include "src/engine/precision/choose_convs.h"
#include "src/engine/precision/conv_shape.h"
#include "src/engine/precision/input_settings.h"
#include "src/engine/precision/scene_judge.h"
#include "src/graph/rewrite.h"
#include "src/kernels/dot/dot_kernel.h"

namespace tempera::engine {

using graph::Graph;
using graph::Node;

namespace {

// Convolutions are tried one by one, or neighbours together, for as long as so many multiply-accumulates
// take: about half a second.
constexpr int64_t kSearchMacs = int64_t{40} * 1000 * 1000 * 1000;
// That a layer's noise is looked at on.
constexpr size_t kMostNoiseScenes = 3;
// Of kLeastPsnrInt8, against a peak of 1.
const double kMostNoise = std::pow(10, -kLeastPsnrInt8 / 10);

int64_t MacsOf(const Graph& graph) {
  int64_t macs = 0;
  for (const Node& node : graph.nodes) {
    if (graph::ConvOf(node) != nullptr) macs += ConvShapeOf(graph, node).macs();
  }
  return macs;
}

std::string Int8Name(size_t count, size_t all) {
  return count == all ? "int8" : "int8 in " + std::to_string(count) + " of " + std::to_string(all);
}

class CalibrationFinder {
 public:
  CalibrationFinder(const CalibrationSearch& search, Calibration* out)
      : small_(search.small),
        target_(search.target),
        options_(search.options),
        judge_(
            [this, &paint = search.paint](std::vector<ConvSetting> convs,
                                          std::vector<ChannelRanges>* observed, CalibrationScene scene) {
              Report();
              return paint(small_, out_.inputs, std::move(convs), observed, scene);
            },
            out->inputs.picture, out->signature.size()),
        out_(*out) {}

  // Fills in out_.convs and out_.info.
  Status Find();

 private:
  struct Candidate {
    std::string name;
    std::vector<Precision> convs;
    double least_psnr;
  };

  struct Verdict {
    double psnr = 0, least = 0;
    CalibrationScene worst = CalibrationScene::kUsual;
    bool holds() const { return psnr >= least; }
    // Of the noise that there was, as much as would have held.
    double noise_share() const { return std::pow(10, (psnr - least) / 10); }
  };

  Status FindRanges();
  Status FindAuto();
  Result<bool> FindInt8();
  Result<Verdict> Judge(const Candidate& candidate);
  void FindGains();
  // losses_too: also those convolutions that nothing is gained by, as they stand.
  Candidate Int8Candidate(const std::vector<bool>& low, bool losses_too = false) const;
  std::vector<Candidate> Candidates() const;
  Result<std::vector<LayerNoise>> MeasureNoise();
  Result<bool> SearchByLayer();
  std::vector<bool> Only(const std::vector<LayerNoise>& layers) const;
  // Whether speed is a reason for it.
  bool Gains(const Candidate& candidate) const { return !costs_ || costs_->Gains(candidate.convs); }
  bool NeedsOtherScenes(const std::vector<ConvSetting>& convs) const;
  // On the usual scene, and where that holds and they need it on kJudgedScenes.
  Result<Verdict> JudgeSettings(const std::vector<ConvSetting>& convs, double least);
  std::vector<ConvSetting> SettingsOf(const Candidate& candidate) const;
  void Report() const;

  const Graph& small_;
  const CpuTarget& target_;
  const CalibrationOptions& options_;
  SceneJudge judge_;
  std::vector<ChannelRanges> ranges_;
  std::optional<PlanCosts> costs_;  // where speed decides
  std::vector<double> gains_;       // of 8 bits, by convolution
  // LayerNoise::noise on a scene, by its convs; and on which scenes it is looked at.
  std::map<std::pair<CalibrationScene, std::vector<size_t>>, double> noises_;
  std::vector<CalibrationScene> noise_scenes_ = {CalibrationScene::kUsual};
  Precision second_ = Precision::kFp32;  // where 8 bits would gain, but not keep the picture
  std::vector<bool> measured_;           // by convolution: whether its range was
  bool follows_whole_ = false;           // some convolution does (ConvInput)
  bool judges_others_ = false;           // other scenes have been asked about some candidate
  mutable int painted_ = 0;              // frames so far
  Calibration& out_;
};

// How many frames it takes nobody knows before: each brings the end a quarter nearer.
void CalibrationFinder::Report() const {
  const double left = std::pow(0.75, painted_++);
  if (options_.host != nullptr) options_.host->Report("calibrating", kCalibrated * (1 - left));
}

Status CalibrationFinder::FindRanges() {
  TEMPERA_ASSIGN_OR_RETURN(const std::vector<ConvInput> inputs, PropagateRanges(small_, out_.inputs));
  for (size_t i = 0; i < inputs.size(); ++i) {
    ranges_.push_back(inputs[i].ranges);
    measured_.push_back(!ranges_[i].known() && inputs[i].measurable);
    follows_whole_ = follows_whole_ || inputs[i].follows_whole;
    if (!measured_[i]) continue;
    TEMPERA_ASSIGN_OR_RETURN(const auto observed, judge_.MeasureRanges());
    ranges_[i] = observed[i];
    AddMargin(&ranges_[i]);
  }
  // What others will be asked about.
  if (follows_whole_ || std::find(measured_.begin(), measured_.end(), true) != measured_.end())
    judge_.SpanAll();
  return OkStatus();
}

void CalibrationFinder::FindGains() {
  const DotKernels fast = FastDotKernels(target_.highway_bit);
  const size_t count = out_.signature.size();
  second_ = fast.bf16 || options_.plain_dot_kernels ? Precision::kBf16 : Precision::kFp32;
  // Plain loops are asked for to see what 8 bits do to a picture, not for speed.
  if (options_.plain_dot_kernels) {
    gains_.assign(count, 1.0);
  } else if (fast.int8) {
    gains_ = costs_.emplace(small_, target_.highway_bit).Int8Gains();
  } else {
    gains_.assign(count, 0.0);
  }
  // Without a range no 8 bits.
  for (size_t i = 0; i < count; ++i) {
    if (!ranges_[i].known()) gains_[i] = 0;
  }
}

// Where `low` is true in 8 bits; elsewhere in fp32 where that is faster, and in the second precision where it
// is only better.
CalibrationFinder::Candidate CalibrationFinder::Int8Candidate(const std::vector<bool>& low,
                                                              bool losses_too) const {
  Candidate candidate = {"", {}, kLeastPsnrInt8};
  for (size_t i = 0; i < low.size(); ++i) {
    candidate.convs.push_back(low[i] ? Precision::kInt8 : gains_[i] > 0 ? second_ : Precision::kFp32);
  }
  // What was worth it among others may not be alone.
  if (costs_ && !losses_too) costs_->DropLosses(&candidate.convs);
  const auto count =
      static_cast<size_t>(std::count(candidate.convs.begin(), candidate.convs.end(), Precision::kInt8));
  candidate.name = Int8Name(count, low.size());
  return candidate;
}

// Fastest first. Which is faster follows from shapes and the processor's kernels, never from a stopwatch.
std::vector<CalibrationFinder::Candidate> CalibrationFinder::Candidates() const {
  std::vector<Candidate> list;
  std::vector<bool> low;
  for (double gain : gains_) low.push_back(gain > 0);
  const auto add = [&] {
    if (std::count(low.begin(), low.end(), true) == 0) return;
    Candidate candidate = Int8Candidate(low);
    if (Gains(candidate)) list.push_back(std::move(candidate));
  };
  add();
  if (low.empty()) return list;
  for (size_t end : {low.size() - 1, size_t{0}}) {
    if (!low[end]) continue;
    low[end] = false;
    add();
  }
  return list;
}

// Neighbours are tried together where one frame takes long.
Result<std::vector<LayerNoise>> CalibrationFinder::MeasureNoise() {
  const auto gaining =
      static_cast<int64_t>(std::count_if(gains_.begin(), gains_.end(), [](double g) { return g > 0; }));
  const int64_t group = CeilDiv(gaining * MacsOf(small_), kSearchMacs);
  std::vector<LayerNoise> layers;
  for (size_t i = 0; i < gains_.size();) {
    LayerNoise layer;
    for (; i < gains_.size() && static_cast<int64_t>(layer.convs.size()) < group; ++i) {
      if (gains_[i] > 0) layer.convs.push_back(i), layer.gain += gains_[i];
    }
    if (layer.convs.empty()) break;
    for (const CalibrationScene scene : noise_scenes_) {
      const auto [noise, is_new] = noises_.try_emplace({scene, layer.convs});
      if (is_new) {
        const Candidate alone = Int8Candidate(Only({layer}), true);
        TEMPERA_ASSIGN_OR_RETURN(const double psnr, judge_.Psnr(SettingsOf(alone), scene));
        noise->second = std::pow(10, -psnr / 10);
      }
      layer.noise = std::max(layer.noise, noise->second);
    }
    layers.push_back(layer);
  }
  return layers;
}

// As many convolutions as the picture bears, those with the most to gain for the noise they make first.
Result<bool> CalibrationFinder::SearchByLayer() {
  if (std::count_if(gains_.begin(), gains_.end(), [](double g) { return g > 0; }) < 2) return false;
  for (;;) {
    TEMPERA_ASSIGN_OR_RETURN(const std::vector<LayerNoise> layers, MeasureNoise());
    Verdict verdict;
    for (double most = kMostNoise; most > kMostNoise / 64; most *= std::min(0.7, verdict.noise_share())) {
      const std::vector<LayerNoise> kept = MostGain(layers, most);
      if (kept.empty()) return false;
      const Candidate candidate = Int8Candidate(Only(kept));
      if (!Gains(candidate)) return false;
      TEMPERA_ASSIGN_OR_RETURN(verdict, Judge(candidate));
      if (verdict.holds()) return true;
    }
    // What is little noise on the usual scene may be much on another: that one's noise counts too then.
    if (noise_scenes_.size() == kMostNoiseScenes ||
        std::find(noise_scenes_.begin(), noise_scenes_.end(), verdict.worst) != noise_scenes_.end())
      return false;
    noise_scenes_.push_back(verdict.worst);
  }
}

std::vector<bool> CalibrationFinder::Only(const std::vector<LayerNoise>& layers) const {
  std::vector<bool> low(gains_.size(), false);
  for (const LayerNoise& layer : layers) {
    for (size_t conv : layer.convs) low[conv] = true;
  }
  return low;
}

// Ranges fit the frames that they were measured on; and where one number of the whole frame decides about
// every pixel, how far it is off depends on the frame. Of 60 random networks with such gates 51 were below 30
// dB on one of eight other pictures, the worst at 1, where only the usual frame was looked at.
bool CalibrationFinder::NeedsOtherScenes(const std::vector<ConvSetting>& convs) const {
  bool low = false, measured = false;
  for (size_t i = 0; i < convs.size(); ++i) {
    low = low || convs[i].precision != Precision::kFp32;
    measured = measured || (convs[i].precision == Precision::kInt8 && measured_[i]);
  }
  return measured || (low && follows_whole_);
}

Result<CalibrationFinder::Verdict> CalibrationFinder::JudgeSettings(const std::vector<ConvSetting>& convs,
                                                                    double least) {
  Verdict verdict = {0, least, CalibrationScene::kUsual};
  TEMPERA_ASSIGN_OR_RETURN(verdict.psnr, judge_.Psnr(convs, CalibrationScene::kUsual));
  if (!verdict.holds() || !NeedsOtherScenes(convs)) return verdict;
  judges_others_ = true;
  if (least > 0) verdict.least = std::max(least, kLeastPsnrMeasured);
  for (const CalibrationScene scene : kJudgedScenes) {
    TEMPERA_ASSIGN_OR_RETURN(const double other, judge_.Psnr(convs, scene));
    if (other < verdict.psnr) verdict.psnr = other, verdict.worst = scene;
    if (!verdict.holds()) break;
  }
  return verdict;
}

std::vector<ConvSetting> CalibrationFinder::SettingsOf(const Candidate& candidate) const {
  std::vector<ConvSetting> settings(candidate.convs.size());
  for (size_t i = 0; i < settings.size(); ++i) {
    settings[i].precision = candidate.convs[i];
    if (candidate.convs[i] == Precision::kInt8) settings[i].ranges = ranges_[i];
  }
  return settings;
}

// Keeps the candidate where it keeps the pictures.
Result<CalibrationFinder::Verdict> CalibrationFinder::Judge(const Candidate& candidate) {
  std::vector<ConvSetting> convs = SettingsOf(candidate);
  TEMPERA_ASSIGN_OR_RETURN(const Verdict verdict, JudgeSettings(convs, candidate.least_psnr));
  if (verdict.holds()) {
    out_.convs = std::move(convs);
    out_.info = {candidate.name, verdict.psnr};
  }
  return verdict;
}

Result<bool> CalibrationFinder::FindInt8() {
  for (const Candidate& candidate : Candidates()) {
    TEMPERA_ASSIGN_OR_RETURN(const Verdict verdict, Judge(candidate));
    if (verdict.holds()) return true;
  }
  return SearchByLayer();
}

Status CalibrationFinder::FindAuto() {
  FindGains();
  TEMPERA_ASSIGN_OR_RETURN(bool found, FindInt8());
  if (!found && judges_others_) {
    // What other frames have refused: without the convolutions whose ranges fit the usual one.
    bool fewer = false;
    for (size_t i = 0; i < gains_.size(); ++i) {
      fewer = fewer || (measured_[i] && gains_[i] > 0);
      if (measured_[i]) gains_[i] = 0;
    }
    if (second_ != Precision::kFp32) noises_.clear();  // others beside them were in that precision
    if (fewer) {
      TEMPERA_ASSIGN_OR_RETURN(found, FindInt8());
    }
  }
  if (found) return OkStatus();
  if (second_ == Precision::kBf16 && !out_.signature.empty()) {
    const std::vector<Precision> all(out_.signature.size(), Precision::kBf16);
    const Candidate candidate = {"bf16", all, kLeastPsnrBf16};
    if (Gains(candidate)) {
      TEMPERA_ASSIGN_OR_RETURN(const Verdict verdict, Judge(candidate));
      if (verdict.holds()) return OkStatus();
    }
  }
  out_.convs.clear();
  out_.info = {"fp32", 200};
  return OkStatus();
}

Status CalibrationFinder::Find() {
  if (options_.precision != Precision::kBf16) TEMPERA_RETURN_IF_ERROR(FindRanges());
  if (options_.precision == Precision::kAuto) return FindAuto();
  Candidate asked = {PrecisionName(options_.precision),
                     std::vector<Precision>(out_.signature.size(), options_.precision), 0};
  if (options_.precision == Precision::kInt8) {
    size_t count = asked.convs.size();
    for (size_t i = 0; i < ranges_.size(); ++i) {
      if (ranges_[i].known()) continue;
      asked.convs[i] = Precision::kFp32;
      --count;
    }
    asked.name = Int8Name(count, asked.convs.size());
  }
  out_.convs = SettingsOf(asked);
  out_.info.chosen = asked.name;
  if (options_.measures_precision) {
    TEMPERA_ASSIGN_OR_RETURN(const Verdict verdict, JudgeSettings(out_.convs, 0));
    out_.info.psnr_db = verdict.psnr;
  }
  return OkStatus();
}

}  // namespace

Status FindCalibration(const CalibrationSearch& search, Calibration* out) {
  return CalibrationFinder(search, out).Find();
}

}  // namespace tempera::engine
