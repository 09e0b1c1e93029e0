#include "media/photo/color_profile.h"

#include <memory>

#if TEMPERA_HAS_LCMS2
#include <lcms2.h>
#endif

namespace tempera::media {
namespace {

// Without a profile, inks filter each other's light.
void PlainCmyk(const uint8_t* cmyk, size_t pixels, uint8_t* rgb) {
  for (size_t i = 0; i < pixels; ++i) {
    const int light = 255 - cmyk[4 * i + 3];
    for (int c = 0; c < 3; ++c)
      rgb[3 * i + c] = static_cast<uint8_t>(((255 - cmyk[4 * i + c]) * light + 127) / 255);
  }
}

#if TEMPERA_HAS_LCMS2
struct LcmsDeleter {
  void operator()(void* p) const { cmsCloseProfile(p); }
};
struct TransformDeleter {
  void operator()(void* p) const { cmsDeleteTransform(p); }
};
using ProfilePtr = std::unique_ptr<void, LcmsDeleter>;
using TransformPtr = std::unique_ptr<void, TransformDeleter>;

Result<TransformPtr> ToSrgb(ByteSpan icc, cmsUInt32Number from) {
  ProfilePtr profile(cmsOpenProfileFromMem(icc.data(), static_cast<cmsUInt32Number>(icc.size())));
  ProfilePtr srgb(cmsCreate_sRGBProfile());
  TransformPtr transform;
  if (profile && srgb) {
    transform.reset(
        cmsCreateTransform(profile.get(), from, srgb.get(), TYPE_RGB_8, INTENT_PERCEPTUAL, cmsFLAGS_NOCACHE));
  }
  if (!transform) return InvalidArgument("its colour profile is damaged");
  return transform;
}

// sRGB's curve (IEC 61966-2-1) as ICC's parametric type 4.
cmsToneCurve* SrgbCurve() {
  const double numbers[5] = {2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045};
  return cmsBuildParametricToneCurve(nullptr, 4, numbers);
}

// Takes the curve over. *missing: the colours that are asked for make no profile.
Bytes Build(const cmsCIExyY& white, const cmsCIExyYTRIPLE& corners, cmsToneCurve* curve, bool* missing) {
  cmsToneCurve* curves[3] = {curve, curve, curve};
  ProfilePtr profile(curve ? cmsCreateRGBProfile(&white, &corners, curves) : nullptr);
  if (curve) cmsFreeToneCurve(curve);
  cmsUInt32Number size = 0;
  Bytes icc;
  if (profile && cmsSaveProfileToMem(profile.get(), nullptr, &size)) {
    icc.resize(size);
    if (!cmsSaveProfileToMem(profile.get(), icc.data(), &size)) icc.clear();
  }
  *missing = icc.empty();
  return icc;
}
#endif

// Most files that tell say what everybody assumes, rounded.
bool IsNearSrgb(uint32_t gamma, const std::array<uint32_t, 8>& corners) {
  constexpr uint32_t kSrgb[8] = {31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000};
  if (gamma > 0 && (gamma < 43000 || gamma > 48000)) return false;
  for (int i = 0; i < 8 && corners[1] != 0; ++i) {
    if (corners[i] + 1000 < kSrgb[i] || corners[i] > kSrgb[i] + 1000) return false;
  }
  return true;
}

}  // namespace

ProfileModel ModelOfProfile(ByteSpan icc) {
  const ByteView view(icc, true);
  if (icc.size() < 132 || !view.Is(36, "acsp")) return ProfileModel::kNone;
  if (view.Is(16, "RGB ")) return ProfileModel::kRgb;
  if (view.Is(16, "GRAY")) return ProfileModel::kGray;
  if (view.Is(16, "CMYK")) return ProfileModel::kCmyk;
  return ProfileModel::kOther;
}

const char* InkMixer::notice() const {
  return transform_ ? "CMYK becomes sRGB through the picture's colour profile"
                    : "CMYK becomes RGB without a colour profile: colours are approximate";
}

#if TEMPERA_HAS_LCMS2
bool ConvertsProfiles() { return true; }

Status GrayToSrgb(ByteSpan icc, AVFrame* rgb) {
  TEMPERA_ASSIGN_OR_RETURN(const TransformPtr transform, ToSrgb(icc, TYPE_GRAY_8));
  const int step = rgb->format == AV_PIX_FMT_RGBA ? 4 : 3;
  // One grey has one colour.
  uint8_t grays[256], colors[256][3];
  for (int i = 0; i < 256; ++i) grays[i] = static_cast<uint8_t>(i);
  cmsDoTransform(transform.get(), grays, colors, 256);
  for (int y = 0; y < rgb->height; ++y) {
    uint8_t* row = rgb->data[0] + ptrdiff_t{y} * rgb->linesize[0];
    for (int x = 0; x < rgb->width; ++x)
      std::memcpy(row + ptrdiff_t{step} * x, colors[row[ptrdiff_t{step} * x]], 3);
  }
  return OkStatus();
}

InkMixer::InkMixer(ByteSpan icc) {
  if (ModelOfProfile(icc) != ProfileModel::kCmyk) return;
  Result<TransformPtr> transform = ToSrgb(icc, TYPE_CMYK_8);
  if (transform.ok()) transform_ = std::move(transform).value();
}

void InkMixer::Mix(const uint8_t* cmyk, size_t pixels, uint8_t* rgb) const {
  if (transform_) {
    cmsDoTransform(transform_.get(), cmyk, rgb, static_cast<cmsUInt32Number>(pixels));
  } else {
    PlainCmyk(cmyk, pixels, rgb);
  }
}

Bytes ProfileOfPrimaries(int primaries, bool* missing) {
  *missing = false;
  // The corners of H.273's tables; the white is D65's but for 11.
  cmsCIExyY white = {0.3127, 0.3290, 1};
  cmsCIExyYTRIPLE corners = {{0.680, 0.320, 1}, {0.265, 0.690, 1}, {0.150, 0.060, 1}};
  if (primaries == AVCOL_PRI_BT2020) {
    corners = {{0.708, 0.292, 1}, {0.170, 0.797, 1}, {0.131, 0.046, 1}};
  } else if (primaries == AVCOL_PRI_SMPTE431) {
    white = {0.314, 0.351, 1};
  } else if (primaries != AVCOL_PRI_SMPTE432) {
    return {};
  }
  return Build(white, corners, SrgbCurve(), missing);
}

Bytes ProfileOfPng(uint32_t gamma, const std::array<uint32_t, 8>& corners, bool* missing) {
  *missing = false;
  if (IsNearSrgb(gamma, corners)) return {};
  const bool told = corners[1] != 0;
  const auto corner = [&](int i, double x, double y) {
    if (!told) return cmsCIExyY{x, y, 1};
    return cmsCIExyY{corners[2 * i] / 1e5, corners[2 * i + 1] / 1e5, 1};
  };
  cmsToneCurve* curve = gamma > 0 ? cmsBuildGamma(nullptr, 1e5 / gamma) : SrgbCurve();
  return Build(corner(0, 0.3127, 0.3290),
               {corner(1, 0.640, 0.330), corner(2, 0.300, 0.600), corner(3, 0.150, 0.060)}, curve, missing);
}
#else
bool ConvertsProfiles() { return false; }

Status GrayToSrgb(ByteSpan, AVFrame*) { return Unsupported("this build has no Little CMS"); }

InkMixer::InkMixer(ByteSpan) {}
void InkMixer::Mix(const uint8_t* cmyk, size_t pixels, uint8_t* rgb) const { PlainCmyk(cmyk, pixels, rgb); }

Bytes ProfileOfPrimaries(int primaries, bool* missing) {
  *missing =
      primaries == AVCOL_PRI_BT2020 || primaries == AVCOL_PRI_SMPTE431 || primaries == AVCOL_PRI_SMPTE432;
  return {};
}

Bytes ProfileOfPng(uint32_t gamma, const std::array<uint32_t, 8>& corners, bool* missing) {
  *missing = !IsNearSrgb(gamma, corners);
  return {};
}
#endif

}  // namespace tempera::media
