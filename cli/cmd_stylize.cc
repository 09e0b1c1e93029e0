// tempera stylize: options, their checks, and what is said at the end.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "cli/cli.h"
#include "cli/engine_options.h"
#include "cli/interrupt.h"
#include "cli/json/json.h"
#include "cli/mask/mask_options.h"
#include "cli/mask/mask_report.h"
#include "cli/mask/mask_settings.h"
#include "cli/mask/region_painter.h"
#include "cli/network/option_checks.h"
#include "cli/network/picture_options.h"
#include "cli/pictures/run_pictures.h"
#include "cli/replay/replay.h"
#include "cli/steer/steer_options.h"
#include "cli/style_library.h"
#include "cli/stylize_job.h"
#include "media/film/series.h"
#include "media/mask/alpha_codec.h"
#include "media/picture.h"
#include "media/writer.h"

namespace tempera::cli {
namespace {

struct Arguments {
  std::vector<std::string> inputs;
  StylizeJob job;
  PicturesOptions pictures;
  PaintOptions paint;
  PictureOptions picture;
  SteerOptions steer;
  MaskOptions mask;
  MaskPlan mask_plan;
  std::string style, size, start, duration, page, temporal;
  float steadiness = -1;  // not said
  int height = 0;
  bool json = false;
};

using OpenFn = std::function<Result<std::unique_ptr<Painter>>()>;

bool IsOnePicture(const std::string& output) {
  return media::IsPictureName(output) && !media::IsSeriesOutput(output);
}

bool SameFile(const std::string& a, const std::string& b) {
  if (a == "-" || b == "-") return false;
  std::error_code error;
  return std::filesystem::equivalent(a, b, error) && !error;
}

void PrintJson(const Arguments& args, const StylizeSummary& s, const std::string& model) {
  std::string notices;
  for (const std::string& n : s.notices) notices += (notices.empty() ? "" : ", ") + JsonString(n);
  // Of all pages a list, of whose files none has the name behind -o.
  std::string output = s.outputs.empty() ? JsonString(args.job.output) : "";
  for (const std::string& o : s.outputs) output += (output.empty() ? "[" : ", ") + JsonString(o);
  if (!s.outputs.empty()) output += "]";
  std::printf(
      "{\"input\": %s, \"output\": %s, \"style\": %s, \"frames\": %lld, \"seconds\": %.3f, \"fps\": %.3f, "
      "\"width\": %d, \"height\": %d, \"codec\": %s, \"interrupted\": %s, %s\"notices\": [%s]}\n",
      JsonString(args.job.input).c_str(), output.c_str(), JsonString(model).c_str(),
      static_cast<long long>(s.frames), s.seconds, s.seconds > 0 ? s.frames / s.seconds : 0, s.width,
      s.height, s.codec.empty() ? "null" : JsonString(s.codec).c_str(), s.interrupted ? "true" : "false",
      MaskJson(args.mask_plan, s).c_str(), notices.c_str());
}

Result<int> ParsePage(const std::string& text) {
  if (text == "all") return kAllPages;
  int page = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), page);
  if (error != std::errc() || end != text.data() + text.size() || page < 1)
    return InvalidArgument("'" + text + "' is no picture of a file: write a number from 1, or all");
  return page;
}

// Films hold still unless they are told not to; pictures have nothing to hold on to.
Status ChooseSteadiness(Arguments* args, bool film) {
  const bool said = args->steadiness >= 0;
  if (!film && (said || !args->temporal.empty()))
    return InvalidArgument("--temporal and --steadiness are for videos: pictures are painted one by one");
  if (args->temporal == "off" && args->steadiness > 0)
    return InvalidArgument("--temporal off and --steadiness above 0 contradict each other: leave one out");
  // Half of what it does to films can hardly be seen in their stills.
  constexpr float kDefault = 0.5f;
  args->paint.steadiness = !film || args->temporal == "off" ? 0 : said ? args->steadiness : kDefault;
  return OkStatus();
}

// A mask that was given is not replaced: neither a file nor pictures of a series.
Status CheckKeepsMask(const MaskPlan& plan, const StylizeJob& job) {
  const std::string& output = job.output;
  if (plan.source == MaskPlan::Source::kFolder && SameFile(plan.path, output))
    return InvalidArgument("'" + output + "' is the folder of the masks: give -o another name");
  if (SameFile(plan.path, output) ||
      (plan.source == MaskPlan::Source::kFilm && media::OverwritesInput(plan.path, output)))
    return InvalidArgument("'" + output + "' is the mask itself: give -o another name");
  const std::string written = job.page == kAllPages ? PagePattern(output) : output;
  if (plan.source == MaskPlan::Source::kStill && media::OverwritesInput(plan.path, written))
    return InvalidArgument("'" + output + "' would replace the mask '" + plan.path +
                           "': give -o another name");
  return OkStatus();
}

// What is said of masks, once it is known what comes out.
Status ReadMask(Arguments* args, bool pictures, bool masked_timeline) {
  const bool film = !pictures && !IsOnePicture(args->job.output);
  const Steering& steering = args->paint.steering;
  const MaskLine line = {
      .style = !args->style.empty() || !steering.blend.empty(),
      .steers = !steering.params.empty() || !steering.keys.empty(),
      .timeline = !args->steer.timeline.empty(),
      .paints = args->paint.strength != 1 || args->paint.keep_colors || !args->steer.stroke.empty() ||
                args->steadiness >= 0 || !args->temporal.empty(),
      .film = film,
      .pictures = pictures,
      .masked_timeline = masked_timeline ? args->steer.timeline : "",
  };
  TEMPERA_ASSIGN_OR_RETURN(args->mask_plan, args->mask.Read(line));
  MaskPlan& plan = args->mask_plan;
  plan.start_s = args->job.start_s;
  plan.duration_s = args->job.duration_s;
  plan.detelecine = args->job.detelecine;
  const std::string& output = args->job.output;
  TEMPERA_RETURN_IF_ERROR(CheckKeepsMask(plan, args->job));
  if (plan.makes != Painter::Makes::kCutout) return OkStatus();
  if (IsOnePicture(output) && !media::PictureKeepsAlpha(output))
    return InvalidArgument("--cutout writes transparency, and '" + output +
                           "' has none: write .png, .webp or .tif");
  return film ? media::ChooseAlphaCodec(args->job.codec, output).status() : OkStatus();
}

// What the parser cannot see: options that depend on each other or on the names.
Status Check(Arguments* args) {
  StylizeJob& job = args->job;
  TEMPERA_ASSIGN_OR_RETURN(args->paint.metadata, args->picture.AsMetadata());
  TEMPERA_ASSIGN_OR_RETURN(args->paint.steering, args->steer.Read());
  args->paint.stroke = args->steer.stroke;
  for (const auto& [name, given] : {std::pair{"strength", args->paint.strength != 1},
                                    {"keep_colors", args->paint.keep_colors},
                                    {"stroke_size", !args->steer.stroke.empty()},
                                    {"steadiness", args->steadiness >= 0 || !args->temporal.empty()}}) {
    if (given && Turns(args->paint.steering, name))
      return InvalidArgument(
          std::string(name) +
          " is set by an option of its own and by --param or --animate: " + "leave one out");
  }
  if (!args->size.empty() && args->height) {
    return InvalidArgument("--size and --height both set the network's size: give one");
  }
  if (!args->size.empty()) {
    TEMPERA_ASSIGN_OR_RETURN(Size size, ParseSize(args->size));
    args->paint.working_width = size.width;
    args->paint.working_height = size.height;
  } else {
    args->paint.working_height = args->height;
  }
  if (!args->start.empty()) {
    TEMPERA_ASSIGN_OR_RETURN(job.start_s, ParseTime(args->start));
  }
  if (!args->duration.empty()) {
    TEMPERA_ASSIGN_OR_RETURN(job.duration_s, ParseTime(args->duration));
    if (job.duration_s <= 0) return InvalidArgument("--duration must be longer than nothing");
  }
  if (!args->page.empty()) {
    TEMPERA_ASSIGN_OR_RETURN(job.page, ParsePage(args->page));
    if (AsksForPictures(args->inputs, job.output) || !IsOnePicture(job.output))
      return InvalidArgument("--page is for one file of several pictures, and a picture's name behind -o");
  }
  if (job.output == "-") {
    if (args->json) return InvalidArgument("--json and -o - both want standard output: leave one out");
    if (isatty(STDOUT_FILENO))
      return InvalidArgument("-o - writes Y4M video, which no terminal shows: pipe it on");
  }
  if (job.input == "-" && isatty(STDIN_FILENO)) {
    return InvalidArgument("INPUT - reads Y4M video from standard input: pipe some in");
  }
  const bool pictures = AsksForPictures(args->inputs, job.output);
  if (!args->steer.timeline.empty() && (pictures || IsOnePicture(job.output)))
    return InvalidArgument("--timeline is for films: give -o a film's name");
  const bool film = !pictures && !IsOnePicture(job.output);
  TEMPERA_RETURN_IF_ERROR(ChooseSteadiness(args, film));
  if (pictures) {
    if (!args->start.empty() || job.duration_s >= 0 || job.crf >= 0 || !job.codec.empty() || job.detelecine ||
        args->paint.norm_statistics != "exact") {
      return InvalidArgument(
          "--start, --duration, --crf, --codec, --detelecine and --norm-statistics are for one film at a "
          "time");
    }
    return CheckPictures(args->inputs, job.output);
  }
  if (IsOnePicture(job.output)) {
    if (job.duration_s >= 0 || job.crf >= 0 || !job.codec.empty() || job.detelecine) {
      return InvalidArgument("--duration, --crf, --codec and --detelecine are for videos, and '" +
                             job.output + "' is a picture's name");
    }
    if (args->paint.norm_statistics != "exact") {
      return InvalidArgument("--norm-statistics " + args->paint.norm_statistics +
                             " is for the frames of a video, and '" + job.output + "' is a picture's name");
    }
    return OkStatus();
  }
  return media::CheckCodec(job.codec, job.output);
}

// Several pictures do not go into one.
Status CheckOnePicture(const StylizeJob& job) {
  if (!IsOnePicture(job.output)) return OkStatus();
  TEMPERA_ASSIGN_OR_RETURN(const auto series, media::FindSeries(job.input));
  if (!series || series->files.size() < 2) return OkStatus();
  return InvalidArgument("'" + job.input + "' are " + std::to_string(series->files.size()) +
                         " pictures: give -o a series, such as painted_%04d.png, or a film");
}

// What is wrong with the names: exit code 1, or 2 where the line itself is. kExitOk where nothing is.
int CheckNames(Arguments* args, bool pictures) {
  const StylizeJob& job = args->job;
  std::error_code ignored;
  // Who mistypes a folder's name hears of that rather than of what stands behind -o.
  if (!pictures && job.input != "-" && job.input.find("://") == std::string::npos &&
      !IsPicturePattern(job.input) && job.output != "-" && !IsOnePicture(job.output) &&
      !media::CheckVideoName(job.output).ok() && !std::filesystem::exists(job.input, ignored)) {
    return Fail(NotFound("cannot open '" + job.input + "': no such file or folder"));
  }
  if (!pictures && std::filesystem::is_directory(job.output, ignored)) {
    return Fail(InvalidArgument("'" + job.output + "' is a directory: name a file in it"));
  }
  // One folder for one file: what is on the disk is at fault, not how the line is written.
  if (pictures && args->inputs.size() == 1) {
    if (Status status = CheckPictures(args->inputs, job.output); !status.ok()) return Fail(status);
  }
  if (Status status = Check(args); !status.ok()) return FailUsage("stylize", status.message());
  if (media::OverwritesInput(job.input, job.output)) {
    return Fail(
        InvalidArgument("'" + job.output + "' would replace pictures of the input: give -o another name"));
  }
  if (Status status = CheckOnePicture(job); !status.ok()) return Fail(status);
  if (SameFile(job.input, job.output)) {
    return Fail(InvalidArgument("'" + job.output + "' is the input itself: give -o another name"));
  }
  return kExitOk;
}

void PrintLine(const StylizeJob& job, const StylizeSummary& s, const std::string& style) {
  std::string where = job.output == "-" ? "standard output" : job.output;
  if (!s.outputs.empty()) where = s.outputs.front();
  if (s.outputs.size() > 1) where += s.outputs.size() > 2 ? " to " : ", ";
  if (s.outputs.size() > 1) where += s.outputs.back();
  std::fprintf(stderr, "%s: %lld %s of %s%dx%d%s, %.1f s, %.1f fps%s\n", Printable(where).c_str(),
               static_cast<long long>(s.frames), s.frames == 1 ? "frame" : "frames",
               s.outputs.size() > 1 ? "up to " : "", s.width, s.height, Printable(style).c_str(), s.seconds,
               s.seconds > 0 ? s.frames / s.seconds : 0, s.interrupted ? " (stopped early)" : "");
}

// One file, with what paints it. Notes wait until the first frame is painted.
int StylizeOne(const Arguments& args, const OpenFn& open, const std::string& painted) {
  HoldNotes();
  Result<std::unique_ptr<Painter>> painter = open();
  if (!painter.ok()) return Fail(painter.status());
  const StylizeJob& job = args.job;
  const bool picture = IsOnePicture(job.output);
  const InterruptGuard guard(/*at_once=*/picture);
  Result<StylizeSummary> summary =
      picture ? StylizePicture(job, painter->get()) : StylizeVideo(job, painter->get(), guard.flag());
  if (!summary.ok()) {
    Fail(summary.status());
    return !picture && guard.interrupted() ? kExitInterrupted : kExitFailure;
  }
  if (picture) {
    for (const std::string& n : summary->notices) Note(n);
  }
  if (args.json) {
    const std::vector<std::string> of_model = (*painter)->Notices();
    summary->notices.insert(summary->notices.begin(), of_model.begin(), of_model.end());
    PrintJson(args, *summary, painted);
  } else {
    PrintLine(job, *summary, MaskLead(args.mask_plan) + painted + MaskWords(args.mask_plan));
  }
  return summary->interrupted ? kExitInterrupted : kExitOk;
}

// The line's own style within a mask, or what opens it alone.
Result<std::unique_ptr<Painter>> OpenWithMask(const Arguments& args, const OpenStyleFn& open_style) {
  return args.mask.given() ? OpenRegionPainter(args.mask_plan, args.paint, open_style)
                           : open_style(args.paint);
}

int Replay(const Arguments& args) {
  const ReplayRequest request = {
      .timeline = args.steer.timeline,
      .style = args.style,
      .stroke = args.steer.stroke,
      .other_size = !args.size.empty() || args.height != 0,
      .steadiness_said = args.steadiness >= 0 || !args.temporal.empty(),
      // Of masks that the line gives, those make it.
      .makes = args.mask.given() ? Painter::Makes::kPainting : args.mask_plan.makes,
      .paint = args.paint};
  if (Status status = CheckReplay(request); !status.ok()) return FailUsage("stylize", status.message());
  if (Status status = media::CheckFilmInput(args.job.input); !status.ok()) return Fail(status);
  const auto open = [&](const PaintOptions& paint) {
    ReplayRequest lent = request;
    lent.paint = paint;
    return OpenReplay(args.job, lent);
  };
  const bool mask = args.mask_plan.makes == Painter::Makes::kMask;
  return StylizeOne(args, [&] { return OpenWithMask(args, open); }, mask ? "mask" : args.steer.timeline);
}

int Stylize(Arguments* args) {
  const StylizeJob& job = args->job;
  args->job.input = args->inputs[0];
  const bool pictures = AsksForPictures(args->inputs, job.output);
  if (const int code = CheckNames(args, pictures); code != kExitOk) return code;
  const Result<bool> masked_timeline = HasMasks(args->steer.timeline);
  if (!masked_timeline.ok()) return Fail(masked_timeline.status());
  if (Status status = ReadMask(args, pictures, *masked_timeline); !status.ok())
    return status.code() == StatusCode::kNotFound ? Fail(status) : FailUsage("stylize", status.message());
  if (!args->steer.timeline.empty()) return Replay(*args);
  Steering& steering = args->paint.steering;
  Result<ModelChoice> model = ModelChoice();
  if (!args->mask.given() || HasOwnStyle(args->mask_plan))
    model = args->style.empty() ? FindBlend(StyleWords(steering)) : FindStyle(args->style);
  if (!model.ok()) return Fail(model.status());
  steering.style = model->style;
  std::string painted = PaintedName(steering, model->name());
  if (args->mask.given()) painted = PaintedName(args->mask_plan, painted);
  const auto open = [&] {
    return OpenWithMask(*args, [&](const PaintOptions& paint) { return OpenPainter(model->path, paint); });
  };
  if (pictures) {
    PicturesJob many = {args->inputs, job.output,  args->pictures, model->path,
                        painted,      args->paint, args->json};
    if (args->mask.given()) {
      many.open = open;
      many.depends_on = MaskSettingsOf(args->mask_plan);
      many.mask = args->mask_plan;
      many.lossless = args->mask_plan.makes != Painter::Makes::kPainting;
    }
    return RunPictures(many);
  }
  if (!IsOnePicture(job.output)) {
    if (Status status = media::CheckFilmInput(job.input); !status.ok()) return Fail(status);
  }
  return StylizeOne(*args, open, painted);
}

}  // namespace

Run SetUpStylize(CLI::App& verb) {
  auto args = std::make_shared<Arguments>();
  verb.add_option("INPUT", args->inputs,
                  "A picture or video, or - (Y4M on standard input); pictures, folders")
      ->required()
      ->type_name("");
  verb.add_option("-o,--output", args->job.output,
                  "Where to; a folder for several pictures; - is Y4M on standard output")
      ->required()
      ->type_name("FILE");
  verb.add_option("--style", args->style, "A bundled style (tempera styles) or a model")
      ->type_name("NAME|FILE.onnx[:NAME]");
  verb.add_option("--strength", args->paint.strength, "0 the source .. 1 the painting")
      ->check(IsBetween(0, 1, "0 (the source) to 1 (the painting)"))
      ->type_name("0..1");
  args->steer.AddTo(verb);
  verb.add_option("--size", args->size, "Size the network works at; output keeps its own")->type_name("WxH");
  verb.add_option("--height", args->height, "The same by height alone, e.g. 480: faster, broader")
      ->check(Quiet(CLI::Range(1, 16384)))
      ->type_name("PX");
  verb.add_option("--threads", args->paint.threads, "Threads of the network (default, or 0: one per core)")
      ->check(Quiet(CLI::Range(0, 1024)))
      ->type_name("N");
  verb.add_flag("--pin", args->paint.pin_threads, "Keep each of them on a core of its own");
  verb.add_option("--start", args->start, "Begin there: seconds or H:M:S")->type_name("T");
  verb.add_option("--duration", args->duration, "Stop after that much")->type_name("T");
  verb.add_flag("--detelecine", args->job.detelecine, "Back to 24 frames a second from telecined 30");
  verb.add_option("--crf", args->job.crf, "Video quality, lower is better (17 for libx264)")
      ->check(Quiet(CLI::Range(0, 63)))
      ->type_name("N");
  verb.add_option("--codec", args->job.codec, "Video encoder (libx264; libvpx-vp9 in .webm)")
      ->type_name("NAME");
  verb.add_flag("--keep-colors", args->paint.keep_colors, "The painting's strokes, the source's colours");
  verb.add_option("--precision", args->paint.precision,
                  "auto (default): what is fastest and looks the same; fp32: exact")
      ->check(IsOneOf({"auto", "fp32", "bf16", "int8"}))
      ->type_name(kPrecisionWords);
  verb.add_option("--norm-statistics", args->paint.norm_statistics,
                  "videos: smoothed eases jumps of light; carried: as shortly before")
      ->check(IsOneOf({"exact", "smoothed", "carried"}))
      ->type_name(kNormStatisticsWords);
  verb.add_option("--temporal", args->temporal, "videos: on (default) holds strokes still; off: does not")
      ->check(IsOneOf({"off", "on"}))
      ->type_name("off|on");
  verb.add_option("--steadiness", args->steadiness, "How much: 0 frame by frame .. 1 the steadiest (0.5)")
      ->check(IsBetween(0, 1, "0 (frame by frame) to 1 (the steadiest)"))
      ->type_name("0..1");
  verb.add_option("--page", args->page, "Of several pictures in a file that one, or all (the largest)")
      ->type_name("N|all");
  verb.add_flag("--overwrite", args->pictures.overwrite, "Folders: replace whatever is there");
  verb.add_option("--jobs", args->pictures.jobs, "Folders: pictures read and written at a time (2)")
      ->check(Quiet(CLI::Range(1, 64)))
      ->type_name("N");
  args->picture.AddTo(verb);
  args->mask.AddTo(verb);
  verb.add_flag("--json", args->json, "Print a summary as JSON at the end, of several pictures a line each");
  verb.footer("A video keeps sound, subtitles, chapters and timing. Ctrl-C keeps what is done.");
  return [args] { return Stylize(args.get()); };
}

}  // namespace tempera::cli
