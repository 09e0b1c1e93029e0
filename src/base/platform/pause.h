// What a thread does between two looks at something that another thread is about to change.
#pragma once

namespace tempera::platform {

inline void Pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
  __asm__ volatile("yield");
#endif
}

}  // namespace tempera::platform
