#include "src/engine/precision/calibration_bytes.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <utility>

namespace tempera::engine {
namespace {

// The file: magic, key, then what Put and PutFloats wrote, then the digest of all that. Numbers as they
// lie in memory.
constexpr char kMagic[8] = {'t', 'e', 'm', 'p', 'c', 'a', 'l', '1'};

// "int8 but the first and the last in bf16" and longer; of a text to be shown.
constexpr size_t kLongestName = 200;

class Writer {
 public:
  template <typename T>
  void Put(const T& value) {
    Put(&value, sizeof(value));
  }
  void Put(const void* data, size_t size) {
    const auto* bytes = static_cast<const uint8_t*>(data);
    bytes_.insert(bytes_.end(), bytes, bytes + size);
  }
  void PutFloats(const std::vector<float>& numbers) { Put(numbers.data(), numbers.size() * sizeof(float)); }
  std::vector<uint8_t> Take() {
    Put(DigestOf(bytes_));
    return std::move(bytes_);
  }

 private:
  std::vector<uint8_t> bytes_;
};

class Reader {
 public:
  explicit Reader(std::span<const uint8_t> bytes) : left_(bytes) {}

  template <typename T>
  bool Get(T* value) {
    return Get(value, sizeof(*value));
  }
  bool Get(void* data, size_t size) {
    if (size > left_.size()) return false;
    if (size > 0) std::memcpy(data, left_.data(), size);  // no number, no place for it
    left_ = left_.subspan(size);
    return true;
  }
  bool GetFloats(size_t count, std::vector<float>* numbers) {
    if (count > left_.size() / sizeof(float)) return false;
    numbers->resize(count);
    return Get(numbers->data(), count * sizeof(float)) &&
           std::all_of(numbers->begin(), numbers->end(), [](float f) { return std::isfinite(f); });
  }
  size_t left() const { return left_.size(); }

 private:
  std::span<const uint8_t> left_;
};

bool GetSetting(Reader& in, ConvSetting* setting) {
  uint8_t precision = 0;
  uint32_t channels = 0;
  if (!in.Get(&precision) || !in.Get(&channels)) return false;
  setting->precision = static_cast<Precision>(precision);
  if (setting->precision != Precision::kFp32 && setting->precision != Precision::kBf16 &&
      setting->precision != Precision::kInt8)
    return false;
  // Ranges are what 8 bits need, and nothing else.
  if ((channels > 0) != (setting->precision == Precision::kInt8)) return false;
  std::vector<float>&low = setting->ranges.low, &high = setting->ranges.high;
  if (!in.GetFloats(channels, &low) || !in.GetFloats(channels, &high)) return false;
  return std::equal(low.begin(), low.end(), high.begin(), [](float a, float b) { return a < b; });
}

}  // namespace

std::vector<uint8_t> CalibrationToBytes(const Calibration& calibration, const Digest& key) {
  Writer out;
  out.Put(kMagic);
  out.Put(key);
  const std::string& chosen = calibration.info.chosen;
  out.Put(static_cast<uint32_t>(chosen.size()));
  out.Put(chosen.data(), chosen.size());
  out.Put(calibration.info.psnr_db);
  out.Put(static_cast<uint32_t>(calibration.convs.size()));
  for (const ConvSetting& conv : calibration.convs) {
    out.Put(static_cast<uint8_t>(conv.precision));
    out.Put(static_cast<uint32_t>(conv.ranges.low.size()));
    out.PutFloats(conv.ranges.low);
    out.PutFloats(conv.ranges.high);
  }
  return out.Take();
}

std::optional<Calibration> CalibrationFromBytes(std::span<const uint8_t> bytes, const Digest& key) {
  Digest written, wanted_key;
  if (bytes.size() < sizeof(written)) return std::nullopt;
  const std::span<const uint8_t> body = bytes.first(bytes.size() - sizeof(written));
  std::memcpy(&written, bytes.data() + body.size(), sizeof(written));
  if (DigestOf(body) != written) return std::nullopt;

  Reader in(body);
  Calibration found;
  char magic[sizeof(kMagic)];
  if (!in.Get(&magic) || std::memcmp(magic, kMagic, sizeof(kMagic)) != 0) return std::nullopt;
  if (!in.Get(&wanted_key) || wanted_key != key) return std::nullopt;
  uint32_t length = 0, convs = 0;
  if (!in.Get(&length) || length > kLongestName) return std::nullopt;
  found.info.chosen.resize(length);
  if (!in.Get(found.info.chosen.data(), length)) return std::nullopt;
  const auto shown = [](char c) { return c >= ' ' && c <= '~'; };
  if (!std::all_of(found.info.chosen.begin(), found.info.chosen.end(), shown)) return std::nullopt;
  if (!in.Get(&found.info.psnr_db) || !(found.info.psnr_db >= -1 && found.info.psnr_db <= 200))
    return std::nullopt;
  // A setting takes five bytes at least.
  if (!in.Get(&convs) || convs > in.left() / 5) return std::nullopt;
  found.convs.resize(convs);
  for (ConvSetting& conv : found.convs) {
    if (!GetSetting(in, &conv)) return std::nullopt;
  }
  if (in.left() != 0) return std::nullopt;
  return found;
}

}  // namespace tempera::engine
