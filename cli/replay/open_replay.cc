#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

#include "cli/cli.h"
#include "cli/replay/replay.h"
#include "cli/steer/steer_options.h"
#include "src/base/cpu.h"

namespace tempera::cli {
namespace {

// What the line says of parameters: they hold all the time.
std::vector<Turn> HeldOf(const ReplayRequest& request) {
  std::vector<Turn> held = request.paint.steering.params;
  if (request.paint.strength != 1) held.push_back({"strength", {request.paint.strength}});
  if (request.paint.keep_colors) held.push_back({"keep_colors", {1}});
  if (request.steadiness_said) held.push_back({"steadiness", {request.paint.steadiness}});
  return held;
}

Status CheckHeld(const std::vector<Turn>& held, const live::Timeline& timeline) {
  std::set<std::string> names;
  for (const live::TimelineChange& change : timeline.changes) {
    for (const auto& [name, values] : change.values) names.insert(name);
  }
  for (const Turn& turn : held) {
    if (names.contains(turn.name))
      return InvalidArgument("the timeline turns " + Printable(turn.name) + " too: leave it out of the line");
  }
  return OkStatus();
}

bool IsRecording(const std::string& input, const std::string& timeline, const std::string& recording) {
  if (input == "-" || recording.empty()) return false;
  const std::filesystem::path beside = std::filesystem::path(timeline).parent_path() / recording;
  std::error_code error;
  return std::filesystem::equivalent(input, beside, error) && !error;
}

Status CheckAgain(const StylizeJob& job) {
  if (job.start_s == 0 && job.duration_s < 0 && !job.detelecine) return OkStatus();
  return InvalidArgument(
      "what was painted live is painted again from the first frame on: leave --start, --duration and "
      "--detelecine "
      "out, or give another quality (--height, say) to paint all frames of it");
}

void NoteCpu(const live::TimelineInfo& info) {
  const Result<CpuTarget> cpu = ChooseCpuTarget();
  if (!cpu.ok() || info.cpu.empty() || cpu->name == info.cpu) return;
  Note("painted live with " + Printable(info.cpu, 20) + ", here with " + cpu->name +
       ": the same bytes need the same instruction set (TEMPERA_CPU)");
}

}  // namespace

Result<bool> HasMasks(const std::string& timeline) {
  if (timeline.empty()) return false;
  TEMPERA_ASSIGN_OR_RETURN(const live::Timeline read, live::ReadTimeline(timeline));
  return std::any_of(read.changes.begin(), read.changes.end(),
                     [](const live::TimelineChange& change) { return change.state.mask.on; });
}

Status CheckReplay(const ReplayRequest& request) {
  const Steering& steering = request.paint.steering;
  for (const auto& [option, given] : {std::pair{"--style", !request.style.empty()},
                                      {"--blend", !steering.blend.empty()},
                                      {"--animate", !steering.keys.empty()},
                                      {"--stroke", !request.stroke.empty()}}) {
    if (given)
      return InvalidArgument(std::string("--timeline has the styles and sizes that were played: leave ") +
                             option + " out");
  }
  return OkStatus();
}

Result<std::unique_ptr<Painter>> OpenReplay(const StylizeJob& job, const ReplayRequest& request) {
  TEMPERA_ASSIGN_OR_RETURN(live::Timeline timeline, live::ReadTimeline(request.timeline));
  const live::TimelineInfo info = timeline.info;
  const std::string name = Printable(request.timeline);
  ReplayOptions options;
  options.paint = request.paint;
  options.makes = request.makes;
  options.held = HeldOf(request);
  TEMPERA_RETURN_IF_ERROR(CheckHeld(options.held, timeline));
  const bool other =
      request.other_size || !options.held.empty() || !request.paint.metadata.empty() ||
      (request.paint.precision != "auto" && request.paint.precision != info.precision) ||
      (request.paint.norm_statistics != "exact" && request.paint.norm_statistics != info.norm_statistics);
  const bool recording = IsRecording(job.input, request.timeline, info.source_recording);
  options.again = recording && !other;
  // How frames follow from each other is part of the look, unless the line says otherwise.
  if (request.paint.norm_statistics == "exact") options.paint.norm_statistics = info.norm_statistics;
  if (options.again) {
    TEMPERA_RETURN_IF_ERROR(CheckAgain(job));
    Note("the frames that were painted live are painted again, " + std::to_string(timeline.frames.size()) +
         " of them");
    NoteCpu(info);
  } else if (recording) {
    Note("all frames that were captured are painted, as another quality is asked for");
  }
  if (!timeline.complete)
    Note("the session of '" + name + "' did not end by itself: it goes as far as was written");
  return MakeReplay(std::move(timeline), name, options);
}

}  // namespace tempera::cli
