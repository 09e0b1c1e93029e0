// The verbs `features` and `setup` of tempera-train: their command lines.
#pragma once

namespace tempera::train {

// argv[0] is the verb. The exit code: 0, 1, or 2 for a command line that is none.
int FeaturesVerb(int argc, char** argv);
int SetupVerb(int argc, char** argv);

}  // namespace tempera::train
