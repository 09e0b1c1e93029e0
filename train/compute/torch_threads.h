// How many threads a run uses, libtorch's operators and ours alike.
#pragma once

namespace tempera::train {

// threads: 0 = one per core. At the start, before anything is computed.
void UseThreads(int threads);

// libtorch's libraries read these from the environment when they load, before main: how OpenMP's threads wait
// (spinning, by default: two runs on one machine then wait for each other's barriers instead of working) and
// which of its kernels OpenBLAS takes on processors newer than itself (its oldest, by default). Where they
// are not set, sets them and starts this program again in its own place; returns when there is nothing to
// set.
void SetUpLibraries(char** argv);

}  // namespace tempera::train
