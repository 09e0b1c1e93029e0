// What the functions of tempera.h share: no exception leaves the library, and every error has its words.
#pragma once

#include <exception>
#include <memory>
#include <new>

#include "src/base/host.h"
#include "src/base/status.h"
#include "src/stylize/mask/masker.h"
#include "src/stylize/stylizer.h"
#include "tempera/tempera.h"

struct tempera_host {
  std::shared_ptr<const tempera::Host> host;
};

namespace tempera::stylize {

// What its host does not share with other stylizers and maskers: a flag that stops it, and who hears how far
// it is.
struct Lent {
  CancelFlag cancel;
  tempera_progress_callback progress = nullptr;
  void* progress_user = nullptr;
};
// Puts it into the options' host.
std::shared_ptr<Lent> Lend(StylizerOptions* options);
// 1 or 0: anything else is refused.
Status SetCancelled(Lent& lent, int32_t cancelled);

}  // namespace tempera::stylize

struct tempera_stylizer {
  std::shared_ptr<tempera::stylize::Lent> lent;
  std::unique_ptr<tempera::stylize::Stylizer> stylizer;
};

struct tempera_masker {
  std::shared_ptr<tempera::stylize::Lent> lent;
  std::unique_ptr<tempera::stylize::Masker> masker;
};

namespace tempera::stylize {

// Keeps the message for tempera_error_message.
tempera_status Report(StatusCode code, const char* message);

// Runs the body of a function of the API.
template <typename F>
tempera_status Guard(F&& body) noexcept {
#if !defined(__cpp_exceptions)  // a browser's build
  const Status status = body();
  return Report(status.code(), status.message().c_str());
#else
  try {
    const Status status = body();
    return Report(status.code(), status.message().c_str());
  } catch (const std::bad_alloc&) {
    return Report(StatusCode::kOutOfMemory, "not enough memory; use a smaller frame or working size");
  } catch (const std::exception& e) {
    return Report(StatusCode::kInternal, e.what());
  } catch (...) {
    return Report(StatusCode::kInternal, "an unknown exception");
  }
#endif
}

}  // namespace tempera::stylize
