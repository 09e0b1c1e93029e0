// The parts of the command line that are about style encoders.
#pragma once

#include <string>

#include "src/base/status.h"
#include "train/options.h"

namespace CLI {
class App;
class Validator;
}  // namespace CLI

namespace tempera::train {

// `--base` and what goes with it, for the training verb; --content and --features may then be left out.
void AddBaseOptions(CLI::App& app, Options& o);
// After parsing: settings that go together, and the presets of this mode.
Status CheckBaseOptions(const CLI::App& app, const std::string& time, Options* o);

// `tempera-train encoder ...`; returns the exit code.
int EncoderCommand(int argc, char** argv);

// What main.cc has for every verb.
bool ParseArguments(CLI::App& app, int argc, char** argv, int* exit_code);
double Seconds(const std::string& duration);
const CLI::Validator& DurationValidator();
int ExitCode(const Status& status);

}  // namespace tempera::train
