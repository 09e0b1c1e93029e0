// tempera: one binary, one verb per cmd_<verb>.cc.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/cli.h"
#include "tempera/tempera.h"

namespace tempera::cli {
namespace {

struct Verb {
  const char* name;
  const char* summary;
  Run (*set_up)(CLI::App&);
};

constexpr Verb kVerbs[] = {
    {"stylize", "Paint a picture or a video in a style", SetUpStylize},
    {"styles", "List the bundled styles and masks", SetUpStyles},
    {"inspect", "Show what a model is made of and how it would run", SetUpInspect},
    {"annotate", "Say in a model's file how pixels meet it, and whose it is", SetUpAnnotate},
    {"run", "Run a model on .npy tensors", SetUpRun},
    {"bench", "Measure how fast a model runs", SetUpBench},
    {"live", "Paint a camera, a screen or a stream as it comes", SetUpLive},
    {"serve", "Serve the page that paints in a browser", SetUpServe},
    {"train", "Learn a new style from a painting (starts tempera-train)", SetUpTrain},
    {"evaluate", "Measure styles: losses, strokes, steadiness (starts tempera-train)", SetUpEvaluate},
    {"completion", "Print a completion script for a shell", SetUpCompletion},
};

int Main(int argc, char** argv) {
  // A reader that went away (tempera ... | head) is an error to report, not a death.
  std::signal(SIGPIPE, SIG_IGN);
  // And so is a limit on the size of files.
  std::signal(SIGXFSZ, SIG_IGN);
  NoteLibraryLines();

  CLI::App app("Tempera paints pictures and videos in the style of a painting, on the CPU.", "tempera");
  app.set_version_flag("--version", std::string("tempera ") + tempera_version());
  app.require_subcommand(1);
  app.get_formatter()->column_width(30);
  app.footer("Help on a verb: tempera VERB --help. Try: tempera stylize photo.jpg -o painted.png");

  std::vector<std::pair<CLI::App*, Run>> runs;
  for (const Verb& verb : kVerbs) {
    CLI::App* sub = app.add_subcommand(verb.name, verb.summary);
    runs.emplace_back(sub, verb.set_up(*sub));
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& e) {
    return app.exit(e);
  } catch (const CLI::CallForVersion& e) {
    return app.exit(e);
  } catch (const CLI::ParseError& e) {
    std::string which;
    for (auto& [sub, run] : runs) {
      if (sub->parsed()) which = sub->get_name();
    }
    // "A subcommand is required" does not say that the word there is none.
    const bool is_verb = std::any_of(std::begin(kVerbs), std::end(kVerbs), [&](const Verb& verb) {
      return argc > 1 && verb.name == std::string_view(argv[1]);
    });
    if (argc > 1 && argv[1][0] != '-' && !is_verb) {
      std::fprintf(stderr, "tempera: there is no verb '%s' (see 'tempera --help')\n",
                   Printable(argv[1]).c_str());
      return kExitUsage;
    }
    std::string what = e.what();
    if (what == "--output is required") what = "-o is missing: say where to write";
    if (const size_t at = what.find(": At Most 1 required but received"); at != std::string::npos)
      what = what.substr(0, at) + " is given more than once: give it once";
    // The message holds what was typed.
    std::fprintf(stderr, "tempera: %s (see 'tempera %s--help')\n", Printable(what).c_str(),
                 which.empty() ? "" : (which + " ").c_str());
    return kExitUsage;
  }
  for (auto& [sub, run] : runs) {
    if (!sub->parsed()) continue;
    const int code = run();
    // Nobody reads on (head) is no news to anyone; a full disk is.
    if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return code;
    return errno == EPIPE ? kExitFailure : Fail(IoError("cannot write to standard output: disk full?"));
  }
  return kExitUsage;
}

}  // namespace
}  // namespace tempera::cli

int main(int argc, char** argv) { return tempera::cli::Main(argc, argv); }
