// How far a region is blurred: one rule for films, pictures and sessions.
#pragma once

#include <algorithm>

namespace tempera::live {

inline constexpr float kMostBlur = 256;  // of tempera_regions_set
// Of the frame's shorter side, where nobody says more: faces are past recognising, and shapes still tell what
// they are.
inline constexpr float kBlurShare = 0.02f;

// In pixels, of a frame whose shorter side is `side`. said: 0 or less where nobody did.
inline float BlurSize(float said, int side) {
  return said > 0 ? std::min(said, kMostBlur)
                  : std::clamp(kBlurShare * static_cast<float>(side), 1.0f, kMostBlur);
}

}  // namespace tempera::live
