// tempera train, tempera evaluate: hand everything after them to tempera-train, which needs libtorch and so
// is its own binary.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "cli/cli.h"

namespace tempera::cli {
namespace {

// `words` go before what the user wrote.
Run StartTrainer(CLI::App& verb, const std::vector<std::string>& words) {
  auto arguments = std::make_shared<std::vector<std::string>>();
  // --help, too, is the trainer's.
  verb.set_help_flag();
  verb.prefix_command();
  return [&verb, arguments, words] {
    *arguments = words;
    for (const std::string& a : verb.remaining()) arguments->push_back(a);
    std::vector<char*> argv;
    std::string name = "tempera-train";
    argv.push_back(name.data());
    for (std::string& a : *arguments) argv.push_back(a.data());
    argv.push_back(nullptr);
    // A program started from here has its own mind about pipes; what main.cc ignores, it would inherit.
    std::signal(SIGPIPE, SIG_DFL);
    // Installed, both lie in one folder; `make` builds them as neighbours.
    for (const char* place : {"/tempera-train", "/../train/tempera-train"}) {
      const std::string path = BinaryFolder() + place;
      if (access(path.c_str(), X_OK) == 0) execv(path.c_str(), argv.data());
    }
    execvp(name.c_str(), argv.data());
    if (errno == ENOENT) {
      return Fail(
          NotFound("tempera-train is not here: build it with 'make train-tools' (it needs libtorch)"));
    }
    return Fail(IoError(std::string("cannot start tempera-train: ") + std::strerror(errno)));
  };
}

}  // namespace

Run SetUpTrain(CLI::App& verb) { return StartTrainer(verb, {}); }
Run SetUpEvaluate(CLI::App& verb) { return StartTrainer(verb, {"evaluate"}); }

}  // namespace tempera::cli
