// What main.cc and the verbs agree on. One verb, one file cmd_<verb>.cc, one line in main.cc's table.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "src/base/status.h"

namespace CLI {
class App;
}

namespace tempera::cli {

// Exit codes of every verb.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailure = 1;        // the input, the machine or the disk
inline constexpr int kExitUsage = 2;          // the command line
inline constexpr int kExitInterrupted = 130;  // Ctrl-C, as shells count it

// Runs a verb whose options have been parsed; returns an exit code.
using Run = std::function<int()>;

// Each adds its options to its subcommand and gives back what to run. The options live in the Run.
Run SetUpStylize(CLI::App& verb);
Run SetUpStyles(CLI::App& verb);
Run SetUpInspect(CLI::App& verb);
Run SetUpAnnotate(CLI::App& verb);
Run SetUpRun(CLI::App& verb);
Run SetUpBench(CLI::App& verb);
Run SetUpLive(CLI::App& verb);
Run SetUpServe(CLI::App& verb);
Run SetUpTrain(CLI::App& verb);
Run SetUpEvaluate(CLI::App& verb);
Run SetUpCompletion(CLI::App& verb);

// Text from a file or a library as one line that a terminal shows and does not obey: control characters, what
// is no UTF-8, and what turns the direction of writing become '?'. Longer than `most` bytes: cut, with "..."
// at the end. Everything that is printed and not our own words goes through here.
std::string Printable(std::string_view text, size_t most = std::string::npos);

// Prints "tempera: MESSAGE" as one line on standard error; returns kExitFailure.
int Fail(const Status& status);
// The same with a hint at --help; returns kExitUsage.
int FailUsage(const std::string& verb, const std::string& message);
// Prints "note: MESSAGE" on standard error.
void Note(const std::string& message);

// From HoldNotes on, notes wait until SayNotes: what is refused before anything is painted gets its one line
// alone. Fail and FailUsage drop those that wait. From any thread.
void HoldNotes();
void SayNotes();

// What the library wants said (a model that runs at one size only, for instance) becomes notes from now on,
// in the command's words.
void NoteLibraryLines();

// A width and height from "640x360"; both 1 to 16384.
struct Size {
  int width = 0;
  int height = 0;
};
Result<Size> ParseSize(const std::string& text);

// Seconds from "12.5", "1:02.5" or "1:02:03"; at most 10,000 hours.
Result<double> ParseTime(const std::string& text);

// Where the running binary lies, without a slash at the end.
std::string BinaryFolder();

}  // namespace tempera::cli
