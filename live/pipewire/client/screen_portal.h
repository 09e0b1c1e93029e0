// The desktop's portal for screens: it asks the person in front of it which screen or window may be seen, and
// opens PipeWire for that alone. org.freedesktop.portal.ScreenCast of xdg-desktop-portal.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "src/base/status.h"

namespace tempera::live {

// As long as this lives, the portal shares.
class ScreenPortal {
 public:
  virtual ~ScreenPortal() = default;

  // Waits for the person, up to two minutes. Gives up soon after *stop becomes true.
  static Result<std::unique_ptr<ScreenPortal>> Open(const std::atomic<bool>& stop);

  virtual uint32_t node_id() const = 0;
  // A connection to PipeWire that sees that node only. The caller's from then on: once.
  virtual int TakeFd() = 0;
};

}  // namespace tempera::live
