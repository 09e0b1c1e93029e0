#include "src/metadata/picture_format.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "src/base/text/number_text.h"
#include "src/base/text/parts.h"
#include "src/engine/facts/ranges.h"

namespace tempera::metadata {
namespace {

// Its parts between commas; none when there are more than `most`.
std::vector<std::string> Parts(std::string_view text, size_t most) {
  const std::vector<std::string_view> parts = SplitTrimmed(text, ',', most);
  if (parts.size() > most) return {};
  return {parts.begin(), parts.end()};
}

}  // namespace

engine::ValueRange ValueFormat::range() const {
  return {*std::min_element(low.begin(), low.end()), *std::max_element(high.begin(), high.end())};
}

bool ParseValueRanges(const std::string& text, SaidOfPicture* out) {
  const std::vector<std::string> parts = Parts(text, 2);
  if (parts.empty()) return false;
  engine::ValueRange in, painted;
  if (!engine::ParseValueRange(parts.front(), &in) || !engine::ParseValueRange(parts.back(), &painted))
    return false;
  out->in = in;
  out->out = painted;
  out->out_alone = parts.size() == 2;
  return true;
}

std::optional<std::array<float, 3>> ParseThreeNumbers(const std::string& text) {
  const std::vector<std::string> parts = Parts(text, 3);
  if (parts.size() != 1 && parts.size() != 3) return std::nullopt;
  std::array<float, 3> numbers = {};
  for (size_t i = 0; i < 3; ++i) {
    const std::string& part = parts.size() == 1 ? parts[0] : parts[i];
    if (!ParseNumber(part, &numbers[i]) || !std::isfinite(numbers[i])) return std::nullopt;
  }
  return numbers;
}

bool ParseLayout(const std::string& text, SaidOfPicture* out) {
  std::vector<Channels> channels;
  std::vector<bool> bgr;
  std::string word;
  const auto take = [&] {
    if (word.empty()) return true;
    const bool layout = word == "nchw" || word == "nhwc", colours = word == "rgb" || word == "bgr";
    if (layout) channels.push_back(word == "nchw" ? Channels::kFirst : Channels::kLast);
    if (colours) bgr.push_back(word == "bgr");
    word.clear();
    return layout || colours;
  };
  for (const char c : text) {
    if (c != ',' && c != ' ') {
      word += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 'a' - 'A') : c;
    } else if (!take()) {
      return false;
    }
  }
  if (!take() || channels.size() > 2 || bgr.size() > 2 || (channels.empty() && bgr.empty())) return false;
  if (!channels.empty()) out->channels_in = channels.front(), out->channels_out = channels.back();
  if (!bgr.empty()) out->bgr_in = bgr.front(), out->bgr_out = bgr.back();
  return true;
}

std::string LayoutOver(const std::string& over, const std::string& under) {
  SaidOfPicture first, both;
  if (!ParseLayout(over, &first) || !ParseLayout(under, &both)) return over;
  if (first.channels_in && first.bgr_in) return over;
  ParseLayout(over, &both);
  std::string text;
  const auto add = [&](const char* word) { text += (text.empty() ? "" : " ") + std::string(word); };
  const auto layout = [](Channels at) { return at == Channels::kFirst ? "NCHW" : "NHWC"; };
  const auto colours = [](bool bgr) { return bgr ? "BGR" : "RGB"; };
  if (both.channels_in) add(layout(*both.channels_in));
  if (both.channels_in != both.channels_out) add(layout(*both.channels_out));
  if (both.bgr_in) add(colours(*both.bgr_in));
  if (both.bgr_in != both.bgr_out) add(colours(*both.bgr_out));
  return text;
}

engine::ValueRange BaseOfMean(const SaidOfPicture& said) {
  const auto small = [](const std::optional<std::array<float, 3>>& numbers) {
    return !numbers ||
           std::all_of(numbers->begin(), numbers->end(), [](float x) { return x >= -1 && x <= 1; });
  };
  return small(said.mean) && small(said.deviation) ? engine::ValueRange{0, 1} : engine::ValueRange{0, 255};
}

std::optional<engine::ValueRange> RangeOfType(DataType dtype) {
  switch (dtype) {
    case DataType::kUint8:
      return engine::ValueRange{0, 255};
    case DataType::kInt8:
      return engine::ValueRange{-128, 127};
    case DataType::kUint16:
      return engine::ValueRange{0, 65535};
    case DataType::kInt16:
      return engine::ValueRange{-32768, 32767};
    default:
      return std::nullopt;
  }
}

ValueFormat InputFormat(const SaidOfPicture& said, const engine::ValueRange& base) {
  ValueFormat format;
  format.bgr = said.bgr_in.value_or(false);
  for (size_t colour = 0; colour < 3; ++colour) {
    const size_t channel = format.bgr ? 2 - colour : colour;
    const float mean = said.mean ? (*said.mean)[channel] : 0;
    const float deviation = said.deviation ? (*said.deviation)[channel] : 1;
    format.low[colour] = (base.low - mean) / deviation;
    format.high[colour] = (base.high - mean) / deviation;
  }
  return format;
}

std::string RangeText(const engine::ValueRange& range) {
  return NumberToText(range.low) + ".." + NumberToText(range.high);
}

}  // namespace tempera::metadata
