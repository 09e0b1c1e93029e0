// The command lines of `tempera-train evaluate` and `tempera-train gatys`. (C++17: main.cc includes it.)
#pragma once

namespace tempera::evaluate {

// The exit code.
int EvaluateVerb(int argc, char** argv);
int GatysVerb(int argc, char** argv);

}  // namespace tempera::evaluate
