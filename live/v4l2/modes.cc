#include "live/v4l2/modes.h"

#include <linux/videodev2.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <tuple>

#include "src/base/text/one_line.h"

namespace tempera::live {
namespace {

struct KnownFormat {
  uint32_t fourcc;
  const char* name;
};
// Those that need least work first.
constexpr KnownFormat kKnown[] = {
    {V4L2_PIX_FMT_NV12, "nv12"},   {V4L2_PIX_FMT_YUV420, "i420"}, {V4L2_PIX_FMT_YVU420, "yv12"},
    {V4L2_PIX_FMT_YUYV, "yuyv"},   {V4L2_PIX_FMT_UYVY, "uyvy"},   {V4L2_PIX_FMT_RGB24, "rgb24"},
    {V4L2_PIX_FMT_BGR24, "bgr24"}, {V4L2_PIX_FMT_MJPEG, "mjpeg"}, {V4L2_PIX_FMT_JPEG, "mjpeg"},
    {V4L2_PIX_FMT_GREY, "grey"},
};
// Beyond these a driver counts without end.
constexpr uint32_t kMostFormats = 64, kMostSizes = 256, kMostRates = 64;
constexpr int kWidth = 1280, kHeight = 720;
constexpr double kRate = 30;

int RankOf(uint32_t fourcc) {
  int rank = 0;
  for (const KnownFormat& f : kKnown) {
    if (f.fourcc == fourcc) return rank;
    ++rank;
  }
  return -1;
}

// The size in the range, on its steps, that is nearest to `wanted`.
int Nearest(int wanted, int least, int most, int step) {
  wanted = std::clamp(wanted, least, most);
  if (step > 1) wanted = least + (wanted - least + step / 2) / step * step;
  return wanted > most ? most - (most - least) % std::max(1, step) : wanted;
}

int Side(uint32_t side) { return static_cast<int>(std::min<uint32_t>(side, 1u << 20)); }

double RateOf(const v4l2_fract& interval) {
  if (interval.numerator == 0 || interval.denominator == 0) return 0;
  return static_cast<double>(interval.denominator) / interval.numerator;
}

void ListRates(const V4l2Device& device, uint32_t fourcc, int width, int height, V4l2Size* size) {
  for (uint32_t i = 0; i < kMostRates; ++i) {
    v4l2_frmivalenum rate = {};
    rate.index = i;
    rate.pixel_format = fourcc;
    rate.width = static_cast<uint32_t>(width);
    rate.height = static_cast<uint32_t>(height);
    if (device.Ioctl(VIDIOC_ENUM_FRAMEINTERVALS, &rate) != 0) break;
    if (rate.type != V4L2_FRMIVAL_TYPE_DISCRETE) {
      size->any_fps = true;
      size->fps = {RateOf(rate.stepwise.min), RateOf(rate.stepwise.max)};
      break;
    }
    size->fps.push_back(RateOf(rate.discrete));
  }
  std::erase_if(size->fps, [](double fps) { return !(fps > 0); });
  std::sort(size->fps.begin(), size->fps.end(), std::greater<>());
  if (size->fps.size() < 2) size->any_fps = false;
}

int WantedWidth(const V4l2Choice& c) {
  return c.width > 0 ? c.width : c.height > 0 ? c.height * 16 / 9 : kWidth;
}
int WantedHeight(const V4l2Choice& c) {
  return c.height > 0 ? c.height : c.width > 0 ? c.width * 9 / 16 : kHeight;
}

// Where a size is a range, the one in it that the choice means.
std::pair<int, int> SizeIn(const V4l2Size& size, const V4l2Choice& choice) {
  if (size.least_width == 0) return {size.width, size.height};
  return {Nearest(WantedWidth(choice), size.least_width, size.width, size.step_width),
          Nearest(WantedHeight(choice), size.least_height, size.height, size.step_height)};
}

void ListSizes(const V4l2Device& device, uint32_t fourcc, const V4l2Choice& choice,
               std::vector<V4l2Size>* sizes) {
  for (uint32_t i = 0; i < kMostSizes; ++i) {
    v4l2_frmsizeenum answer = {};
    answer.index = i;
    answer.pixel_format = fourcc;
    if (device.Ioctl(VIDIOC_ENUM_FRAMESIZES, &answer) != 0) return;
    V4l2Size size;
    if (answer.type == V4L2_FRMSIZE_TYPE_DISCRETE) {
      size.width = Side(answer.discrete.width);
      size.height = Side(answer.discrete.height);
    } else {
      const auto& range = answer.stepwise;
      size.width = Side(range.max_width);
      size.height = Side(range.max_height);
      size.least_width = std::max(1, Side(range.min_width));
      size.least_height = std::max(1, Side(range.min_height));
      size.step_width = std::max(1, Side(range.step_width));
      size.step_height = std::max(1, Side(range.step_height));
    }
    if (size.width < std::max(1, size.least_width) || size.height < std::max(1, size.least_height)) continue;
    const auto [width, height] = SizeIn(size, choice);
    ListRates(device, fourcc, width, height, &size);
    sizes->push_back(std::move(size));
    if (answer.type != V4L2_FRMSIZE_TYPE_DISCRETE) return;
  }
}

// The rate nearest to `wanted`, and how far it is: by the ratio, slower ones twice.
std::pair<double, double> NearestRate(const V4l2Size& size, double wanted) {
  if (size.fps.empty()) return {0, 0};
  if (size.any_fps) {
    const double rate = std::clamp(wanted, size.fps.back(), size.fps.front());
    return {rate, std::fabs(std::log(rate / wanted)) * (rate < wanted ? 2 : 1)};
  }
  double best = 0, least = INFINITY;
  for (const double rate : size.fps) {
    const double far = std::fabs(std::log(rate / wanted)) * (rate < wanted ? 2 : 1);
    if (far < least) best = rate, least = far;
  }
  return {best, least};
}

}  // namespace

std::string V4l2FormatName(uint32_t fourcc) {
  if (const int rank = RankOf(fourcc); rank >= 0) return kKnown[rank].name;
  std::string letters;
  for (int shift = 0; shift < 32; shift += 8) letters += static_cast<char>(fourcc >> shift & 0x7f);
  letters = OneLine(letters);
  while (letters.ends_with(' ')) letters.pop_back();
  return letters;
}

bool V4l2FormatUsable(uint32_t fourcc) { return RankOf(fourcc) >= 0; }

bool V4l2FormatCompressed(uint32_t fourcc) {
  return fourcc == V4L2_PIX_FMT_MJPEG || fourcc == V4L2_PIX_FMT_JPEG;
}

std::string V4l2FormatNames() {
  std::string names;
  for (const KnownFormat& f : kKnown) {
    if (f.fourcc != V4L2_PIX_FMT_JPEG) names += (names.empty() ? "" : ", ") + std::string(f.name);
  }
  return names;
}

std::vector<V4l2Format> ListV4l2Formats(const V4l2Device& device, const V4l2Choice& choice) {
  std::vector<V4l2Format> formats;
  for (uint32_t i = 0; i < kMostFormats; ++i) {
    v4l2_fmtdesc description = {};
    description.index = i;
    description.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    if (device.Ioctl(VIDIOC_ENUM_FMT, &description) != 0) break;
    V4l2Format format;
    format.fourcc = description.pixelformat;
    format.name = V4l2FormatName(format.fourcc);
    format.usable = V4l2FormatUsable(format.fourcc);
    ListSizes(device, format.fourcc, choice, &format.sizes);
    formats.push_back(std::move(format));
  }
  return formats;
}

std::vector<V4l2Mode> RankV4l2Modes(const std::vector<V4l2Format>& formats, const V4l2Choice& choice) {
  struct Candidate {
    V4l2Mode mode;
    double first, second;
    int rank;
    size_t place;  // of those alike the one that the camera names first
  };
  const double wanted_rate = choice.fps > 0 ? choice.fps : kRate;
  const int wanted_width = WantedWidth(choice), wanted_height = WantedHeight(choice);
  const bool size_first = choice.width > 0 || choice.height > 0;
  std::vector<Candidate> all;
  for (const V4l2Format& format : formats) {
    if (!format.usable || (!choice.format.empty() && choice.format != format.name)) continue;
    std::vector<V4l2Size> sizes = format.sizes;
    if (sizes.empty()) {  // it does not say: it is asked
      sizes.emplace_back();
      sizes[0].width = wanted_width;
      sizes[0].height = wanted_height;
    }
    for (const V4l2Size& size : sizes) {
      const auto [width, height] = SizeIn(size, choice);
      const auto [rate, rate_far] = NearestRate(size, wanted_rate);
      const double size_far = (choice.height > 0 && choice.width <= 0 ? 0 : std::abs(width - wanted_width)) +
                              (choice.width > 0 && choice.height <= 0 ? 0 : std::abs(height - wanted_height));
      // 29.97 for 30 is no loss, nor is a rate that nobody named and that is well above.
      const double loss = rate_far < 0.01 || (choice.fps <= 0 && rate > wanted_rate) ? 0 : rate_far;
      all.push_back({{format.fourcc, width, height, rate},
                     size_first ? size_far : loss,
                     size_first ? loss : size_far,
                     RankOf(format.fourcc),
                     all.size()});
    }
  }
  std::sort(all.begin(), all.end(), [](const Candidate& a, const Candidate& b) {
    return std::tie(a.first, a.second, a.rank, a.place) < std::tie(b.first, b.second, b.rank, b.place);
  });
  std::vector<V4l2Mode> modes;
  for (const Candidate& c : all) {
    const bool had = std::any_of(modes.begin(), modes.end(),
                                 [&](const V4l2Mode& mode) { return mode.fourcc == c.mode.fourcc; });
    if (!had) modes.push_back(c.mode);
  }
  return modes;
}

}  // namespace tempera::live
