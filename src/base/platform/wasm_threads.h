// Threads of a browser's build: web workers, which the page starts before anything is opened. Each makes an
// instance of the same module over the same memory, with a stack of its own, and never comes back from Work.
#pragma once

namespace tempera::wasm {

// How many have come so far.
int Workers();
// Runs tasks of all pools for as long as the worker lives; `thread` from 1 on, each once.
void Work(int thread);

}  // namespace tempera::wasm
