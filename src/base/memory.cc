#include "src/base/memory.h"

#include <cmath>

#include "src/base/platform/platform.h"
#include "src/base/text/number_text.h"

namespace tempera {

size_t AvailableMemoryBytes() { return platform::FreeMemoryBytes(); }

namespace {

thread_local int t_catchers = 0;

}  // namespace

CatchesBadAlloc::CatchesBadAlloc() { ++t_catchers; }
CatchesBadAlloc::~CatchesBadAlloc() { --t_catchers; }
bool BadAllocIsCaught() { return t_catchers > 0; }

std::string BytesToString(double bytes) {
  const double mib = bytes / 1048576.0;
  if (mib < 1 && bytes > 0) return NumberToText(std::ceil(bytes / 1024.0), 0) + " KiB";
  return mib >= 1000 ? NumberToText(mib / 1024.0, 1) + " GiB" : NumberToText(mib, 0) + " MiB";
}

}  // namespace tempera
