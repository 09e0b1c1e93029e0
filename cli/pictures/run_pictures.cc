#include "cli/pictures/run_pictures.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>

#include "cli/cli.h"
#include "cli/interrupt.h"
#include "cli/json/json.h"
#include "cli/mask/mask_folder.h"
#include "cli/mask/mask_report.h"
#include "cli/pictures/done_list.h"
#include "cli/progress.h"
#include "media/picture.h"
#include "media/writer.h"
#include "src/base/digest.h"

namespace tempera::cli {
namespace {

namespace fs = std::filesystem;

bool IsFolder(const std::string& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

bool NamesAFile(const std::string& output) {
  return output == "-" || media::IsPictureName(output) || media::CheckVideoName(output).ok();
}

std::string Count(int64_t n, const std::string& one, const std::string& many) {
  return std::to_string(n) + " " + (n == 1 ? one : many);
}

// A few names are a help, a thousand are none.
std::string SomeNames(const std::vector<std::string>& paths) {
  constexpr size_t kMost = 3;
  std::string text;
  for (size_t i = 0; i < std::min(kMost, paths.size()); ++i) {
    text += (i ? ", " : "") + fs::path(paths[i]).filename().string();
  }
  return paths.size() > kMost ? text + ", ..." : text;
}

// Why a file is left alone, and what to do about it.
const char* ReasonOf(SkippedFile::Why why) {
  switch (why) {
    case SkippedFile::Why::kFilm:
      return "a film: paint it with a command of its own";
    case SkippedFile::Why::kRaw:
      return "a camera raw file: develop it first";
    case SkippedFile::Why::kHidden:
      return "a hidden file";
    case SkippedFile::Why::kFolder:
      return "a folder within: give it itself, and another folder behind -o";
    case SkippedFile::Why::kMask:
      return "the mask of the others";
    case SkippedFile::Why::kOther:
      return "no picture";
  }
  return "";
}

void NoteWhatIsLeft(const PictureList& list) {
  using Why = SkippedFile::Why;
  std::map<Why, std::vector<std::string>> of;
  for (const SkippedFile& file : list.skipped) of[file.why].push_back(file.path);
  std::string skipped;
  const auto add = [&](Why why, const std::string& one, const std::string& many) {
    const int64_t n = static_cast<int64_t>(of[why].size());
    if (n > 0) skipped += (skipped.empty() ? "" : ", ") + Count(n, one, many);
  };
  add(Why::kOther, "file that is no picture", "files that are no pictures");
  add(Why::kHidden, "hidden file", "hidden files");
  add(Why::kRaw, "camera raw file (develop it first)", "camera raw files (develop them first)");
  if (!skipped.empty()) Note("skipped: " + skipped);
  const auto name = [&](Why why, const std::string& one, const std::string& many, const std::string& cure) {
    const int64_t n = static_cast<int64_t>(of[why].size());
    if (n > 0) Note("skipped: " + Count(n, one, many) + " (" + SomeNames(of[why]) + "): " + cure);
  };
  name(Why::kFolder, "folder within", "folders within",
       "give each of them itself, and a folder of its own behind -o");
  name(Why::kMask, "picture", "pictures", "it is the mask of the others");
  name(Why::kFilm, "film", "films", "paint each with a command of its own");
  for (const std::string& n : list.notices) Note(n);
  if (!list.renamed.empty()) {
    Note(SomeNames(list.renamed) + ": the shorter " + (list.renamed.size() == 1 ? "name is" : "names are") +
         " taken");
  }
}

// Hears of every picture, and tells at the end what there is to tell.
class Report {
 public:
  Report(const PicturesJob& job, int64_t total)
      : job_(job), style_(job.style), total_(total), progress_(total, "pictures") {}

  void Hear(const PictureOutcome& outcome, int64_t done) {
    switch (outcome.kind) {
      case PictureOutcome::Kind::kPainted:
        ++painted_;
        for (const std::string& n : outcome.summary.notices) notices_[n].push_back(outcome.task.input);
        break;
      case PictureOutcome::Kind::kPresent:
        ++present_;
        break;
      case PictureOutcome::Kind::kFailed:
        if (!outcome.stops) errors_.push_back(outcome.error.message());
        if (outcome.stops && stop_.empty()) {
          stop_ = outcome.error.message();
          cure_ = outcome.cure;
        }
        break;
    }
    if (job_.json) PrintLine(outcome);
    progress_.Update(done);
  }

  // What nobody tries, as one more line of JSON.
  void Skip(const SkippedFile& file) const {
    if (!job_.json) return;
    std::printf(
        "{\"input\": %s, \"output\": null, \"style\": %s, \"status\": \"skipped\", \"seconds\": 0.000, "
        "\"width\": null, \"height\": null, \"error\": %s, \"notices\": []}\n",
        JsonString(file.path).c_str(), JsonString(style_).c_str(), JsonString(ReasonOf(file.why)).c_str());
  }

  int Finish(bool interrupted) {
    const double seconds = progress_.seconds();
    progress_.Clear();
    for (const auto& [notice, paths] : notices_) {
      const std::string who = paths.size() == 1 ? paths[0]
                                                : Count(static_cast<int64_t>(paths.size()), "", "pictures") +
                                                      " (" + SomeNames(paths) + ")";
      Note(who + ": " + notice);
    }
    if (present_ > 0) {
      Note(Count(present_, "picture was", "pictures were") + " painted before: --overwrite paints " +
           (present_ == 1 ? "it" : "them") + " again");
    }
    for (const std::string& error : errors_) Fail(InvalidArgument(error));
    if (!stop_.empty()) {
      const int64_t left = total_ - painted_ - present_ - static_cast<int64_t>(errors_.size());
      Fail(IoError(stop_ + ": stopped, " + Count(left, "picture is", "pictures are") + " not painted; " +
                   cure_));
    }
    if (!job_.json) {
      std::string failed;
      if (!errors_.empty()) failed = ", " + std::to_string(errors_.size()) + " failed";
      std::fprintf(stderr, "%s: %s %s%s%s, %.1f s%s\n", Printable(job_.output_folder).c_str(),
                   Count(painted_, "picture", "pictures").c_str(),
                   job_.mask.makes == Painter::Makes::kMask ? "written" : "painted",
                   Printable(MaskLead(job_.mask) + style_ + MaskWords(job_.mask)).c_str(), failed.c_str(),
                   seconds, interrupted || !stop_.empty() ? " (stopped early)" : "");
    }
    if (interrupted) return kExitInterrupted;
    return errors_.empty() && stop_.empty() ? kExitOk : kExitFailure;
  }

 private:
  void PrintLine(const PictureOutcome& outcome) const {
    static const char* const kStates[] = {"painted", "present", "failed"};
    const StylizeSummary& s = outcome.summary;
    const auto number = [](int n) { return n > 0 ? std::to_string(n) : std::string("null"); };
    std::string notices;
    for (const std::string& n : s.notices) notices += (notices.empty() ? "" : ", ") + JsonString(n);
    std::printf(
        "{\"input\": %s, \"output\": %s, \"style\": %s, \"status\": \"%s\", \"seconds\": %.3f, "
        "\"width\": %s, \"height\": %s, \"error\": %s, %s\"notices\": [%s]}\n",
        JsonString(outcome.task.input).c_str(), JsonString(outcome.task.output).c_str(),
        JsonString(style_).c_str(), kStates[static_cast<int>(outcome.kind)], s.seconds,
        number(s.width).c_str(), number(s.height).c_str(),
        outcome.error.ok() ? "null" : JsonString(outcome.error.message()).c_str(),
        MaskJson(job_.mask, s).c_str(), notices.c_str());
    std::fflush(stdout);
  }

  const PicturesJob& job_;
  const std::string style_;
  const int64_t total_;
  Progress progress_;
  int64_t painted_ = 0, present_ = 0;
  std::vector<std::string> errors_;
  std::string stop_, cure_;  // why no more were tried, and what to do about it
  std::map<std::string, std::vector<std::string>> notices_;
};

void AddTurn(const Turn& turn, Digester* digester) {
  digester->Add(std::string_view(turn.name));
  for (const float value : turn.values) digester->Add(static_cast<double>(value));
}

// What --param and --animate say.
void AddTurned(const Steering& steering, Digester* digester) {
  for (const Turn& turn : steering.params) AddTurn(turn, digester);
  for (const Keyframe& key : steering.keys) {
    digester->Add(key.time_s);
    digester->Add(int64_t{key.smooth});
    for (const Turn& turn : key.turns) AddTurn(turn, digester);
  }
}

// How pixels meet the network, all of it.
void AddMetadata(const Metadata& metadata, Digester* digester) {
  for (const auto& [key, value] : metadata) {
    digester->Add(std::string_view(key));
    digester->Add(std::string_view(value));
  }
}

// What decides how a painting looks, beside its source.
Settings SettingsOf(const PicturesJob& job) {
  const PaintOptions& paint = job.paint;
  Settings settings;
  Digester style;
  AddFileBytes(job.model, &style);
  style.Add(std::string_view(paint.steering.style));
  settings.Add("--style", style);
  const auto add = [&](const char* option, bool said, const auto& tell) {
    if (!said) return;
    Digester digester;
    tell(&digester);
    settings.Add(option, digester);
  };
  add("--strength", paint.strength != 1, [&](Digester* d) { d->Add(static_cast<double>(paint.strength)); });
  // --height leaves the width to the picture.
  add(paint.working_width != 0 ? "--size" : "--height", paint.working_width != 0 || paint.working_height != 0,
      [&](Digester* d) {
        d->Add(int64_t{paint.working_width});
        d->Add(int64_t{paint.working_height});
      });
  add("--stroke", !paint.stroke.empty(), [&](Digester* d) { d->Add(std::string_view(paint.stroke)); });
  add("--keep-colors", paint.keep_colors, [](Digester*) {});
  add("--precision", paint.precision != "auto",
      [&](Digester* d) { d->Add(std::string_view(paint.precision)); });
  add("--blend", !paint.steering.blend.empty(), [&](Digester* d) {
    for (const Turn& turn : paint.steering.blend) AddTurn(turn, d);
  });
  add("--param", !paint.steering.params.empty() || !paint.steering.keys.empty(),
      [&](Digester* d) { AddTurned(paint.steering, d); });
  for (const auto& [key, value] : paint.metadata) {
    Digester said;
    said.Add(std::string_view(value));
    settings.Add(OptionOf(key), said);
  }
  settings.Add(job.depends_on);
  return settings;
}

// All of it at once. Of lines without a mask and without --value-range and its like it is what earlier
// versions wrote, whose lists are still in folders.
std::string StyleWord(const PicturesJob& job) {
  Digester digester;
  AddFileBytes(job.model, &digester);
  digester.Add(static_cast<double>(job.paint.strength));
  digester.Add(int64_t{job.paint.working_width});
  digester.Add(int64_t{job.paint.working_height});
  if (!job.paint.stroke.empty()) digester.Add(std::string_view(job.paint.stroke));
  digester.Add(int64_t{job.paint.keep_colors});
  digester.Add(std::string_view(job.paint.precision));
  for (const auto& [option, digest] : job.depends_on.list)
    digester.Add(std::string_view(option + Hex(digest)));
  AddMetadata(job.paint.metadata, &digester);
  if (const Steering& steering = job.paint.steering; !steering.empty()) {
    digester.Add(std::string_view(steering.style));
    for (const Turn& turn : steering.blend) AddTurn(turn, &digester);
    AddTurned(steering, &digester);
  }
  return SettingsWord(digester.digest(), SettingsOf(job));
}

PictureOutcome FailureOf(PictureTask task, std::string why) {
  PictureOutcome outcome;
  outcome.task = std::move(task);
  outcome.error = InvalidArgument(std::move(why));
  return outcome;
}

Status MakeFolder(const std::string& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (!IsFolder(folder)) {
    return IoError("cannot make the folder '" + folder +
                   "': " + (error ? error.message() : std::string("a file has that name")));
  }
  if (access(folder.c_str(), W_OK) != 0) return IoError("the folder '" + folder + "' cannot be written to");
  return OkStatus();
}

}  // namespace

bool AsksForPictures(const std::vector<std::string>& inputs, const std::string& output) {
  if (inputs.size() > 1 || IsFolder(inputs[0]) || output.ends_with('/')) return true;
  if (IsPicturePattern(inputs[0]) && !NamesAFile(output)) return true;
  return IsFolder(output) && media::KindOfFile(inputs[0]) == media::FileKind::kPicture;
}

Status CheckPictures(const std::vector<std::string>& inputs, const std::string& output) {
  if (!output.ends_with('/') && !IsFolder(output) && NamesAFile(output)) {
    return InvalidArgument("several pictures need a folder to go to, and '" + output +
                           "' is a file's name: write -o painted/");
  }
  for (const std::string& input : inputs) {
    if (input == "-") return InvalidArgument("- is one film: give it alone");
  }
  return OkStatus();
}

int RunPictures(const PicturesJob& job) {
  Result<PictureList> list = ListPictures(job.inputs, job.output_folder, job.lossless);
  if (!list.ok()) return Fail(list.status());
  // What is refused as a whole gets its line alone.
  HoldNotes();
  const Status masks = GiveMasks(job.mask, &*list);
  NoteWhatIsLeft(*list);
  if (list->tasks.empty() && list->clashes.empty() && list->asked_films.empty()) {
    SayNotes();  // they are why
    return Fail(InvalidArgument("no picture to paint in '" + job.inputs[0] + "'"));
  }
  if (!masks.ok()) return Fail(masks);
  if (!job.mask.note.empty()) Note(job.mask.note);
  // A wrong name leaves no empty folder.
  const bool some = std::any_of(list->tasks.begin(), list->tasks.end(), [](const PictureTask& task) {
    std::error_code ignored;
    return fs::exists(task.input, ignored);
  });
  if (some) {
    if (Status status = MakeFolder(job.output_folder); !status.ok()) return Fail(status);
    if (Status status = DoneList::CheckPlace(job.output_folder); !status.ok()) return Fail(status);
  }
  PicturesOptions options = job.options;
  options.style = StyleWord(job);  // of the files as they are before they are read
  Result<std::unique_ptr<Painter>> painter = job.open ? job.open() : OpenPainter(job.model, job.paint);
  if (!painter.ok()) return Fail(painter.status());
  SayNotes();

  const InterruptGuard guard(/*at_once=*/false);
  const int64_t refused = static_cast<int64_t>(list->clashes.size() + list->asked_films.size());
  Report report(job, refused + static_cast<int64_t>(list->tasks.size()));
  for (const SkippedFile& file : list->skipped) report.Skip(file);
  for (const std::string& film : list->asked_films) {
    report.Hear(
        FailureOf({film, ""},
                  "'" + film + "' is a film: give it alone, and -o a film's name such as painted.mp4"),
        0);
  }
  for (const PictureTask& task : list->clashes) {
    report.Hear(FailureOf(task, "'" + task.input + "' is not painted: '" + task.output +
                                    "' is an input itself, or another's painting; give it another folder"),
                0);
  }
  StylizePictures(
      list->tasks, options, painter->get(), guard.flag(),
      [&](const PictureOutcome& outcome, int64_t done, int64_t) { report.Hear(outcome, refused + done); });
  return report.Finish(guard.interrupted());
}

}  // namespace tempera::cli
