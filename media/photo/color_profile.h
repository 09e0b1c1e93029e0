// Colour profiles (ICC.1): which colour model one is for, and conversion through it by Little CMS, where the
// build has that. Private to media/.
#pragma once

#include <array>
#include <memory>

#include "media/ffmpeg.h"
#include "media/photo/bytes.h"

namespace tempera::media {

enum class ProfileModel { kNone, kRgb, kGray, kCmyk, kOther };

// By the profile's header; kNone where it is no profile.
ProfileModel ModelOfProfile(ByteSpan icc);

// Whether this build converts.
bool ConvertsProfiles();

// RGB24 or RGBA pixels whose red is a grey of the profile become sRGB, in place.
Status GrayToSrgb(ByteSpan icc, AVFrame* rgb);

// Ink, 0 none to 255 full in four bytes a pixel, becomes sRGB a row at a time: through the profile where it
// is one of ink and can be used, otherwise as inks that nobody described.
class InkMixer {
 public:
  explicit InkMixer(ByteSpan icc);
  void Mix(const uint8_t* cmyk, size_t pixels, uint8_t* rgb) const;
  // What there is to say of it.
  const char* notice() const;

 private:
  std::shared_ptr<void> transform_;  // Little CMS's; null: none
};

// A profile for pixels that a file describes by the numbers of ITU-T H.273 instead: primaries of Display P3
// (11, 12), BT.2020 (9) or Adobe RGB's white and gamut are none of these, with the curve of sRGB. Empty where
// it is sRGB, not known, or not to be had in this build (*missing is then true).
Bytes ProfileOfPrimaries(int primaries, bool* missing);

// The same for what a PNG says in gAMA and cHRM (PhotoFacts has them).
Bytes ProfileOfPng(uint32_t gamma, const std::array<uint32_t, 8>& corners, bool* missing);

}  // namespace tempera::media
