// What holding a film still costs a frame (src/stylize/steady): bench_steady [WIDTHxHEIGHT [THREADS]].
// A picture of shapes and noise that drifts, and the same number of painted rows written with and without.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <memory>
#include <random>
#include <vector>

#include "src/base/cpu.h"
#include "src/stylize/frame_blender.h"
#include "src/stylize/steady/steadier.h"

namespace tempera::stylize {
namespace {

struct Picture {
  std::vector<uint8_t> pixels;
  Image image;
  explicit Picture(Size size)
      : pixels(static_cast<size_t>(size.width) * static_cast<size_t>(size.height) * 3) {
    image.format = PixelFormat::kRgb;
    image.width = size.width, image.height = size.height;
    image.planes[0] = pixels.data();
    image.stride_bytes[0] = 3 * static_cast<ptrdiff_t>(size.width);
  }
};

std::vector<std::unique_ptr<Picture>> Film(Size size, double drift) {
  std::vector<std::unique_ptr<Picture>> film;
  std::mt19937 random(1);
  for (int t = 0; t < 8; ++t) {
    film.push_back(std::make_unique<Picture>(size));
    size_t at = 0;
    for (int y = 0; y < size.height; ++y) {
      for (int x = 0; x < size.width; ++x) {
        const double u = 0.11 * (x + drift * t), v = 0.13 * (y - drift * t / 2);
        const double shapes = 120 + 60 * std::sin(u) * std::cos(v) + 20 * std::sin(2.7 * u + v * v / 40);
        for (int c = 0; c < 3; ++c) film.back()->pixels[at++] = static_cast<uint8_t>(shapes + random() % 5);
      }
    }
  }
  return film;
}

// Of the process: all threads together, whatever a neighbour does meanwhile. Threads that spin count.
double ComputingMs() { return 1e3 * static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

double WallMs() {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

void PaintInto(const FrameBlender& blender, Size size, ThreadPool* pool) {
  const auto width = static_cast<size_t>(size.width);
  pool->ParallelFor((size.height + 1) / 2, [&](int pair, int) {
    static thread_local std::vector<float> numbers;
    numbers.assign(6 * width, static_cast<float>(pair % 256));
    float* const p = numbers.data();
    const RgbRow rows[2] = {{p, p + width, p + 2 * width}, {p + 3 * width, p + 4 * width, p + 5 * width}};
    blender.Write(2 * pair, std::min(2, size.height - 2 * pair), 0, size.width, rows);
  });
}

int Main(Size size, int threads) {
  const CpuTarget target = ChooseCpuTarget().value();
  const auto pool = ThreadPool::Create(threads).value();
  const PixelKernels& pixels = kernels::ChoosePixelKernels(target.highway_bit);
  const auto steadier =
      Steadier::Create(size, pixels, kernels::ChooseMotionKernels(target.highway_bit), pool.get()).value();
  Picture out(size);
  for (const double drift : {0.0, 1.3}) {
    const auto film = Film(size, drift);
    std::vector<double> wall, computing;
    for (int i = 0; i < 64; ++i) {
      const Image& source = film[static_cast<size_t>(i % 8)]->image;
      if (i % 8 == 0) steadier->Reset();
      Blending blending;
      blending.source = blending.under = source, blending.out = out.image;
      FrameBlender blender(pixels), keeper(pixels);
      blender.Show(blending);
      blending.steadier = steadier.get();
      keeper.Show(blending);
      const auto run = [&](double (*clock)(), bool held) {
        const double from = clock();
        if (held) steadier->Begin(source, 0.5f, 1);
        PaintInto(held ? keeper : blender, size, pool.get());
        if (held) steadier->End(blender);
        return clock() - from;
      };
      // A frame follows the one before, so each is held once.
      const bool by_wall = i / 8 % 2 == 0;
      const auto clock = by_wall ? &WallMs : &ComputingMs;
      const double plain = run(clock, false), held = run(clock, true);
      if (i % 8 != 0) (by_wall ? wall : computing).push_back(held - plain);
    }
    const auto median = [](std::vector<double> v) {
      std::nth_element(v.begin(), v.begin() + static_cast<ptrdiff_t>(v.size() / 2), v.end());
      return v[v.size() / 2];
    };
    std::printf("%s, %s, %d threads, %s: median %.2f ms more, of processors' time %.2f, at least %.2f\n",
                SizeToString(size).c_str(), target.name.c_str(), threads, drift == 0 ? "still" : "drifting",
                median(wall), median(computing), *std::min_element(computing.begin(), computing.end()));
  }
  return 0;
}

}  // namespace
}  // namespace tempera::stylize

int main(int argc, char** argv) {
  tempera::stylize::Size size = {640, 360};
  int threads = 2;
  if ((argc > 1 && std::sscanf(argv[1], "%dx%d", &size.width, &size.height) != 2) ||
      (argc > 2 && std::sscanf(argv[2], "%d", &threads) != 1) || size.width < 1 || size.height < 1 ||
      size.width > tempera::stylize::kMaxExtent || size.height > tempera::stylize::kMaxExtent) {
    std::fprintf(stderr, "usage: bench_steady [WIDTHxHEIGHT [THREADS]]\n");
    return 2;
  }
  return tempera::stylize::Main(size, threads);
}
