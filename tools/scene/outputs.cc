#include "tools/scene/outputs.h"

#include <bit>
#include <cerrno>
#include <cmath>
#include <cstring>

#include "tools/scene/noise.h"

namespace tempera::scene {
namespace {

static_assert(std::endian::native == std::endian::little, "the formats here are little-endian");

Status WriteProblem(const std::string& path) {
  const std::string why = errno ? std::strerror(errno) : "short write";
  return IoError("cannot write " + path + ": " + why + "; check the folder, its permissions and free space");
}

template <typename T>
void Append(std::vector<uint8_t>* bytes, T value) {
  const uint8_t* p = reinterpret_cast<const uint8_t*>(&value);
  bytes->insert(bytes->end(), p, p + sizeof(T));
}

constexpr float kFloTag = 202021.25f;

}  // namespace

Status WriteFlo(const std::string& path, int width, int height, const std::vector<float>& flow) {
  if (width < 1 || height < 1 ||
      flow.size() != static_cast<size_t>(width) * static_cast<size_t>(height) * 2) {
    return InvalidArgument("flow for " + path + " does not match its size");
  }
  std::vector<uint8_t> bytes;
  bytes.reserve(12 + flow.size() * 4);
  Append(&bytes, kFloTag);
  Append(&bytes, static_cast<int32_t>(width));
  Append(&bytes, static_cast<int32_t>(height));
  const uint8_t* p = reinterpret_cast<const uint8_t*>(flow.data());
  bytes.insert(bytes.end(), p, p + flow.size() * 4);
  return WriteWholeFile(path, bytes);
}

Result<FlowField> ReadFlo(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (!file) return NotFound("cannot open flow file " + path + ": " + std::strerror(errno));
  struct Closer {
    std::FILE* f;
    ~Closer() { std::fclose(f); }
  } closer{file};
  float tag = 0;
  int32_t size[2] = {0, 0};
  if (std::fread(&tag, 4, 1, file) != 1 || tag != kFloTag || std::fread(size, 4, 2, file) != 2 ||
      size[0] < 1 || size[1] < 1 || size[0] > 65536 || size[1] > 65536) {
    return InvalidArgument(path + " is not a .flo file: no PIEH header with a sane size");
  }
  FlowField field{size[0], size[1], {}};
  const size_t count = static_cast<size_t>(size[0]) * static_cast<size_t>(size[1]) * 2;
  // The claimed size is believed only when the file is that long.
  if (std::fseek(file, 0, SEEK_END) != 0 || std::ftell(file) != static_cast<long>(12 + count * 4) ||
      std::fseek(file, 12, SEEK_SET) != 0) {
    return InvalidArgument(path + " is cut short: its length does not match its " + std::to_string(size[0]) +
                           "x" + std::to_string(size[1]) + " header");
  }
  field.flow.resize(count);
  if (std::fread(field.flow.data(), 4, count, file) != count) return IoError("cannot read " + path);
  return field;
}

Result<std::unique_ptr<Y4mWriter>> Y4mWriter::Open(const std::string& path, int width, int height,
                                                   double fps) {
  std::unique_ptr<Y4mWriter> writer(new Y4mWriter);
  writer->path_ = path;
  errno = 0;
  if (path == "-") {
    writer->file_ = stdout;
  } else {
    TEMPERA_ASSIGN_OR_RETURN(AtomicFile output, AtomicFile::Create(path));
    writer->output_.emplace(std::move(output));
    writer->file_ = std::fopen(writer->output_->write_path().c_str(), "wb");
    if (!writer->file_) return WriteProblem(path);
  }
  // Rates such as 23.976 are written as their exact 1001 fraction.
  const double whole = std::round(fps), ntsc = std::round(fps * 1.001);
  long numerator = std::lround(fps * 1000), denominator = 1000;
  if (std::fabs(fps - whole) < 1e-6) {
    numerator = std::lround(whole), denominator = 1;
  } else if (std::fabs(fps - ntsc / 1.001) < 1e-3) {
    numerator = std::lround(ntsc * 1000), denominator = 1001;
  }
  if (std::fprintf(writer->file_, "YUV4MPEG2 W%d H%d F%ld:%ld Ip A1:1 C420mpeg2 XCOLORRANGE=LIMITED\n", width,
                   height, numerator, denominator) < 0) {
    return WriteProblem(path);
  }
  return writer;
}

Y4mWriter::~Y4mWriter() {
  if (file_ && file_ != stdout) std::fclose(file_);
}

Status Y4mWriter::Write(const media::RgbImage& frame) {
  const int w = frame.width, h = frame.height, cw = (w + 1) / 2, ch = (h + 1) / 2;
  const size_t luma = static_cast<size_t>(w) * h, chroma = static_cast<size_t>(cw) * ch;
  planes_.resize(luma + 2 * chroma);
  const uint8_t* rgb = frame.pixels.data();
  const auto code = [](float v) { return static_cast<uint8_t>(Clamp(v + 0.5f, 0, 255)); };
  for (size_t i = 0; i < luma; ++i) {
    const float y = 0.2126f * rgb[3 * i] + 0.7152f * rgb[3 * i + 1] + 0.0722f * rgb[3 * i + 2];
    planes_[i] = code(16 + y * (219.0f / 255));
  }
  for (int cy = 0; cy < ch; ++cy) {
    for (int cx = 0; cx < cw; ++cx) {
      // Sited left: 1 2 1 across around the even column, both rows alike.
      float sum[3] = {0, 0, 0};
      for (int j = 0; j < 2; ++j) {
        const int y = std::min(2 * cy + j, h - 1);
        for (int i = -1; i <= 1; ++i) {
          const int x = std::clamp(2 * cx + i, 0, w - 1);
          const uint8_t* p = rgb + (static_cast<size_t>(y) * w + x) * 3;
          const float weight = i ? 0.125f : 0.25f;
          for (int k = 0; k < 3; ++k) sum[k] += weight * p[k];
        }
      }
      const float y = 0.2126f * sum[0] + 0.7152f * sum[1] + 0.0722f * sum[2];
      const size_t at = static_cast<size_t>(cy) * cw + cx;
      planes_[luma + at] = code(128 + (sum[2] - y) * (224.0f / 255 / 1.8556f));
      planes_[luma + chroma + at] = code(128 + (sum[0] - y) * (224.0f / 255 / 1.5748f));
    }
  }
  errno = 0;
  if (std::fwrite("FRAME\n", 1, 6, file_) != 6 ||
      std::fwrite(planes_.data(), 1, planes_.size(), file_) != planes_.size()) {
    return WriteProblem(path_);
  }
  return OkStatus();
}

Status Y4mWriter::Close() {
  errno = 0;
  if (file_ == stdout) {
    file_ = nullptr;
    return std::fflush(stdout) == 0 ? OkStatus() : WriteProblem(path_);
  }
  const bool closed = std::fclose(file_) == 0;
  file_ = nullptr;
  return closed ? output_->Commit() : WriteProblem(path_);
}

Status WriteAmbience(const std::string& path, double seconds, uint32_t seed) {
  constexpr int kRate = 48000;
  if (!(seconds > 0 && seconds <= 3600)) {
    return InvalidArgument("sound of " + std::to_string(seconds) + " s cannot be written; use up to an hour");
  }
  const size_t samples = static_cast<size_t>(std::lround(seconds * kRate));
  std::vector<uint8_t> bytes;
  bytes.reserve(44 + samples * 4);
  const auto tag = [&](const char* text) { bytes.insert(bytes.end(), text, text + 4); };
  tag("RIFF");
  Append(&bytes, static_cast<uint32_t>(36 + samples * 4));
  tag("WAVE");
  tag("fmt ");
  Append(&bytes, uint32_t{16});
  Append(&bytes, uint16_t{1});  // PCM
  Append(&bytes, uint16_t{2});
  Append(&bytes, uint32_t{kRate});
  Append(&bytes, uint32_t{kRate * 4});
  Append(&bytes, uint16_t{4});
  Append(&bytes, uint16_t{16});
  tag("data");
  Append(&bytes, static_cast<uint32_t>(samples * 4));

  Random random(seed + 801);
  float wind[2] = {0, 0}, rumble[2] = {0, 0}, hiss[2] = {0, 0};
  const float start = random.Range(0, 100);
  double cry_phase = 0;
  for (size_t i = 0; i < samples; ++i) {
    const double t = static_cast<double>(i) / kRate;
    const float s = static_cast<float>(t) + start;
    // Gusts open the wind's filter; a wave breaks every seven seconds or so.
    const float gust = 0.5f + 0.35f * std::sin(0.61f * s) + 0.15f * std::sin(1.73f * s + 1);
    const float swash = std::fmod(s, 7.1f) / 7.1f;
    const float wave = SmoothStep(0, 0.22f, swash) * FastExp(-4.5f * std::max(swash - 0.22f, 0.0f));
    // A gull cries three times, now and then: a falling tone with two overtones.
    const float cry_at = std::fmod(s + 3, 9.3f), note = std::fmod(cry_at, 0.45f) / 0.45f;
    const bool crying = cry_at < 1.35f && note < 0.62f;
    cry_phase += (crying ? 1500 - 520 * note : 0) * 2 * 3.14159265358979 / kRate;
    cry_phase = std::fmod(cry_phase, 2 * 3.14159265358979);
    const float p = static_cast<float>(cry_phase);
    const float cry = crying ? (std::sin(p) + 0.5f * std::sin(2 * p) + 0.3f * std::sin(3 * p)) *
                                   std::sin(kPi * note / 0.62f)
                             : 0;
    for (int channel = 0; channel < 2; ++channel) {
      const float white = random.Range(-1, 1);
      wind[channel] += (0.010f + 0.022f * gust) * (white - wind[channel]);
      rumble[channel] += 0.0045f * (white - rumble[channel]);
      hiss[channel] += 0.28f * (white - hiss[channel]);
      const float v = 0.42f * gust * wind[channel] + 0.9f * rumble[channel] * (0.4f + wave) +
                      0.055f * wave * (hiss[channel] - 0.5f * wind[channel]) +
                      0.014f * cry * (channel ? 0.6f : 1.0f);
      Append(&bytes, static_cast<int16_t>(std::lround(Clamp(v, -1, 1) * 32000)));
    }
  }
  return WriteWholeFile(path, bytes);
}

}  // namespace tempera::scene
