// Paints raw frames with a mask through tempera.hpp: what plugins must make of the same frames.
//   tempera_mask_reference FORMAT WIDTHxHEIGHT IN OUT NAME=VALUE...
// FORMAT: I420, NV12 (both BT.601 unless matrix=1), RGBA, BGRA; rows without gaps, ten frames a second.
//   style=FILE.onnx[:STYLE] outside=FILE.onnx[:STYLE] mask=FILE.onnx
//   class=NAME of=background blur=PX feather=PX threshold=T hold=H every=N steadiness=S strength=S
// Without a mask the whole frames are painted.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tempera/tempera.hpp"

namespace {

using tempera::Error;
using tempera::Stylizer;

std::map<std::string, std::string> said;

float Number(const char* name, float otherwise) {
  const auto at = said.find(name);
  return at == said.end() ? otherwise : std::strtof(at->second.c_str(), nullptr);
}

template <typename T>
T Must(tempera::Expected<T> made) {
  if (made) return *std::move(made);
  std::printf("FAILED: %s\n", made.error().message.c_str());
  std::exit(1);
}
void Must(const Error& error) {
  if (!error) return;
  std::printf("FAILED: %s\n", error.message.c_str());
  std::exit(1);
}

Stylizer OpenStyle(const std::string& word) {
  tempera::Options options;
  const char* cache = std::getenv("TEMPERA_CACHE");
  options.cache_folder = cache != nullptr ? cache : "";
  const size_t mark = word.rfind(".onnx:");
  Stylizer style = Must(Stylizer::Open(mark == std::string::npos ? word : word.substr(0, mark + 5), options));
  if (mark != std::string::npos) Must(style.SetStyle(word.substr(mark + 6)));
  Must(style.SetParameter("steadiness", Number("steadiness", 0.5f)));
  Must(style.SetStrength(Number("strength", 1)));
  return style;
}

tempera_image ImageOf(const std::string& format, int width, int height, uint8_t* pixels) {
  const ptrdiff_t half_width = (width + 1) / 2, half_height = (height + 1) / 2;
  tempera_image image =
      tempera::MakeImage(format == "BGRA" ? TEMPERA_BGRA : TEMPERA_RGBA, pixels, width, height);
  if (format == "RGBA" || format == "BGRA") return image;
  image.format = format == "NV12" ? TEMPERA_NV12 : TEMPERA_I420;
  image.matrix = static_cast<int32_t>(Number("matrix", TEMPERA_MATRIX_BT601));
  image.range = TEMPERA_RANGE_LIMITED;
  image.stride_bytes[0] = width;
  image.planes[1] = pixels + ptrdiff_t{width} * height;
  image.stride_bytes[1] = format == "NV12" ? 2 * half_width : half_width;
  if (format == "NV12") return image;
  image.planes[2] = image.planes[1] + half_width * half_height;
  image.stride_bytes[2] = half_width;
  return image;
}

size_t BytesOf(const std::string& format, int width, int height) {
  const size_t luma = size_t{1} * width * height, chroma = size_t{1} * ((width + 1) / 2) * ((height + 1) / 2);
  return format == "RGBA" || format == "BGRA" ? 4 * luma : luma + 2 * chroma;
}

struct Masked {
  tempera::Masker masker;
  tempera::Regions regions;
};

std::optional<Masked> OpenMask(const Stylizer& style, const std::optional<Stylizer>& outside, int side) {
  if (!said.contains("mask")) return std::nullopt;
  tempera::Masker masker = Must(tempera::Masker::Open(said["mask"]));
  tempera_mask_params params = TEMPERA_MASK_PARAMS_INIT;
  params.threshold = Number("threshold", 0.5f);
  params.hold = Number("hold", 0.8f);
  params.interval = static_cast<int32_t>(Number("every", 1));
  Must(masker.SetParams(params));
  tempera::Regions regions = Must(tempera::Regions::Open(&masker));
  tempera::Region inside{said["class"], &style, 0, Number("feather", 0)};
  tempera::Region rest{"background", outside ? &*outside : nullptr, Number("blur", 0), Number("feather", 0)};
  // As the command has it where nobody says how much.
  if (said["blur"] == "share")
    rest.blur = 0.02f * static_cast<float>(side) < 1 ? 1 : 0.02f * static_cast<float>(side);
  if (said["of"] == "background") std::swap(inside.name, rest.name);
  Must(regions.Set(std::array{rest, inside}));
  return Masked{std::move(masker), std::move(regions)};
}

}  // namespace

int main(int argc, char** argv) {
  int width = 0, height = 0;
  if (argc < 6 || std::sscanf(argv[2], "%dx%d", &width, &height) != 2 || width < 1 || height < 1) return 2;
  const std::string format = argv[1];
  for (int i = 5; i < argc; ++i) {
    const std::string word = argv[i];
    const size_t equals = word.find('=');
    if (equals == std::string::npos) return 2;
    said[word.substr(0, equals)] = word.substr(equals + 1);
  }
  Stylizer style = OpenStyle(said["style"]);
  std::optional<Stylizer> outside;
  if (said.contains("outside")) outside = OpenStyle(said["outside"]);
  std::optional<Masked> mask = OpenMask(style, outside, std::min(width, height));
  std::ifstream in(argv[3], std::ios::binary);
  std::ofstream out(argv[4], std::ios::binary);
  std::vector<uint8_t> pixels(BytesOf(format, width, height));
  const tempera_image image = ImageOf(format, width, height, pixels.data());
  tempera_frame_params params = TEMPERA_FRAME_PARAMS_INIT;
  for (int64_t i = 0;
       in.read(reinterpret_cast<char*>(pixels.data()), static_cast<std::streamsize>(pixels.size())); ++i) {
    params.timestamp_us = 100'000 * i;
    Must(mask ? mask->regions.Process(image, image, params) : style.Process(image, image, params));
    out.write(reinterpret_cast<const char*>(pixels.data()), static_cast<std::streamsize>(pixels.size()));
  }
  return out.flush() ? 0 : 1;
}
