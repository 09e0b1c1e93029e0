// Threads of the system; not in a browser's build, whose threads are workers that the page starts.
#pragma once

#include <thread>

namespace tempera::platform {

// Keeps a thread on one processor; false where the system refuses.
bool PinThread(std::thread::native_handle_type thread, int cpu);

}  // namespace tempera::platform
