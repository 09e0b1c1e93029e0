// What it costs a frame to hold its mask to the one before (src/stylize/mask): bench_mask_hold [SIDE
// [THREADS]]. A network of SIDE pixels says of a picture of shapes and noise what is bright: surely, or so
// that everything stays near a half. Its masks are as fine as that, the frames twice as large, their edges
// drawn.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "src/base/cpu.h"
#include "src/stylize/mask/mask_track.h"
#include "src/stylize/owned_image_for_test.h"
#include "src/stylize/test_model.h"

namespace tempera::stylize {
namespace {

constexpr int kFrames = 6;

// Of the process, whatever a neighbour does meanwhile. Threads that spin count: one tells most.
double ComputingMs() { return 1e3 * static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

// A film whose shapes stand or drift, some of them the other way.
std::vector<std::unique_ptr<OwnedImage>> Film(int side, double drift) {
  std::vector<std::unique_ptr<OwnedImage>> film;
  std::mt19937 random(1);
  for (int t = 0; t < kFrames; ++t) {
    film.push_back(std::make_unique<OwnedImage>(PixelFormat::kRgb, side, side));
    for (int y = 0; y < side; ++y) {
      uint8_t* p = film.back()->image.Row(0, y);
      const bool other = y % 96 < 48;
      for (int x = 0; x < side; ++x) {
        const double u = 0.03 * (x + (other ? drift : -drift / 2) * t), v = 0.04 * y;
        const double shapes = 120 + 60 * std::sin(u) * std::cos(v) + 20 * std::sin(2.7 * u + v * v / 40);
        for (int c = 0; c < 3; ++c) *p++ = static_cast<uint8_t>(shapes + random() % 9);
      }
    }
  }
  return film;
}

std::unique_ptr<Masker> Network(int side, bool sure, const HostPtr& host) {
  TestModel m;
  const float slope = sure ? 0.1f : 0.004f;
  m.Constant("w", {1, 3, 1, 1}, {slope, slope, slope}).Constant("b", {1}, {-372 * slope});
  m.Node("Conv", {"input", "w", "b"}, "said").Node("Sigmoid", {"said"}, "output");
  m.Metadata("tempera.mask.values", "0..1").Metadata("tempera.mask.long_side", std::to_string(side));
  const std::string bytes = m.Bytes();
  StylizerOptions options;
  options.precision = engine::Precision::kFp32;
  options.host = host;
  auto model = engine::LoadModelMemory({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
  return Masker::Create(std::move(model).value(), "the model", options).value();
}

int Main(int side, int threads) {
  const HostPtr host = HostWithPool(nullptr, threads, false).value();
  const CpuTarget target = ChooseCpuTarget().value();
  for (const bool sure : {true, false}) {
    for (const double drift : {0.0, 3.0}) {
      const auto film = Film(2 * side, drift);
      double median[2];
      for (const bool held : {false, true}) {
        const auto masker = Network(side, sure, host);
        masker->params.hold = held ? 0.8f : 0.0f;
        MaskTrack track(masker.get(), target.highway_bit, host->pool.get());
        std::vector<double> ms;
        for (int i = 0; i < 5 * kFrames; ++i) {
          const int t = i / kFrames % 2 == 0 ? i % kFrames : kFrames - 1 - i % kFrames;  // there and back
          const double from = ComputingMs();
          const int mask[] = {0};
          if (!track.Make(film[static_cast<size_t>(t)]->image, false, mask).ok()) return 1;
          if (i >= kFrames) ms.push_back(ComputingMs() - from);
        }
        std::nth_element(ms.begin(), ms.begin() + static_cast<ptrdiff_t>(ms.size() / 2), ms.end());
        median[held] = ms[ms.size() / 2];
      }
      std::printf("%dx%d, %s, %d threads, %s, %s: median %.2f ms, held %.2f\n", side, side,
                  target.name.c_str(), threads, sure ? "sure" : "unsure", drift == 0 ? "still" : "drifting",
                  median[0], median[1]);
    }
  }
  return 0;
}

}  // namespace
}  // namespace tempera::stylize

int main(int argc, char** argv) {
  int side = 256, threads = 1;
  if ((argc > 1 && std::sscanf(argv[1], "%d", &side) != 1) ||
      (argc > 2 && std::sscanf(argv[2], "%d", &threads) != 1) || side < 16 || side > 4096) {
    std::fprintf(stderr, "usage: bench_mask_hold [SIDE [THREADS]]\n");
    return 2;
  }
  return tempera::stylize::Main(side, threads);
}
