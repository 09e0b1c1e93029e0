#include "train/motion/synthetic.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "train/motion/sampling.h"

namespace tempera::train {
namespace {

double Normal(Random& random) {
  // Box and Muller; the first number is above 0.
  return std::sqrt(-2 * std::log(1 - random.Uniform())) * std::cos(2 * M_PI * random.Uniform());
}

double Between(Random& random, double low, double high) { return low + (high - low) * random.Uniform(); }

// How the background moves: pixels [1, s, s, 2], to be added to a pixel's place. `reach`: 1 from one frame to
// the next.
torch::Tensor Background(int64_t size, double reach, Random& random) {
  torch::Tensor coarse = torch::empty({1, 2, 4, 4});
  for (int i = 0; i < 32; ++i) coarse.data_ptr<float>()[i] = static_cast<float>(2.5 * Normal(random));
  torch::Tensor flow = torch::upsample_bicubic2d(coarse, {size, size}, /*align_corners=*/true);
  const double zoom = reach * Between(random, -0.02, 0.02),
               turn = reach * Between(random, -1, 1) * M_PI / 180, far = 8 * reach;
  const torch::Tensor line = torch::arange(size, torch::kFloat) - (size - 1) / 2.0;
  const torch::Tensor x = line.view({1, size}), y = line.view({size, 1});
  torch::Tensor u = flow.select(1, 0)[0] + Between(random, -far, far) + zoom * x - turn * y;
  torch::Tensor v = flow.select(1, 1)[0] + Between(random, -far, far) + zoom * y + turn * x;
  return torch::stack({u, v}, -1).unsqueeze(0);
}

struct CutOut {
  double x, y, width, height, angle;  // an ellipse
  double dx, dy;                      // pixels from the first picture to the second

  // [n, s, s]: 1 inside, for places in pixels.
  torch::Tensor Inside(const torch::Tensor& px, const torch::Tensor& py) const {
    const torch::Tensor a = (px - x) * std::cos(angle) + (py - y) * std::sin(angle);
    const torch::Tensor b = (py - y) * std::cos(angle) - (px - x) * std::sin(angle);
    return ((a / width).square() + (b / height).square() < 1).to(torch::kFloat);
  }
};

}  // namespace

MotionPair DrawMotion(const torch::Tensor& images, Random& random) {
  torch::NoGradGuard no_grad;
  const int64_t n = images.size(0), size = images.size(2);
  const torch::Tensor line = torch::arange(size, torch::kFloat);
  const torch::Tensor px = line.view({1, size}).expand({size, size}),
                      py = line.view({size, 1}).expand({size, size});
  const torch::Tensor places = torch::stack({px, py}, -1).unsqueeze(0);
  std::vector<torch::Tensor> first, second, grids, visible, lighter;
  for (int64_t i = 0; i < n; ++i) {
    const bool still = random.Below(8) == 0;
    const bool with_cut_out = random.Below(2) == 0;
    // One pair in three is of frames some ten apart.
    const double reach = random.Below(3) == 0 ? 3 : 1;
    torch::Tensor flow = Background(size, reach, random);
    if (still) flow = torch::zeros_like(flow);
    CutOut cut{Between(random, 0, size),          Between(random, 0, size), Between(random, 0.1, 0.35) * size,
               Between(random, 0.1, 0.35) * size, Between(random, 0, M_PI), reach * Between(random, -12, 12),
               reach * Between(random, -12, 12)};
    if (still) cut.dx = cut.dy = 0;
    const torch::Tensor background = images.narrow(0, i, 1);
    const torch::Tensor thing = images.narrow(0, (i + 1) % n, 1).flip({3});
    auto in_unit = [size](const torch::Tensor& pixels) { return pixels * (2.0 / (size - 1)) - 1.0; };

    torch::Tensor a = background, b = Sample(background, in_unit(places + flow));
    torch::Tensor from = places + flow;
    torch::Tensor hidden = torch::zeros({1, size, size});
    if (with_cut_out) {
      const torch::Tensor move = torch::tensor({cut.dx, cut.dy}, torch::kFloat).view({1, 1, 1, 2});
      const torch::Tensor in_first = cut.Inside(px, py).unsqueeze(0);
      const torch::Tensor in_second = cut.Inside(px - cut.dx, py - cut.dy).unsqueeze(0);
      const torch::Tensor thing_later = Sample(thing, in_unit(places - move));
      a = torch::where(in_first.unsqueeze(1) > 0, thing, a);
      b = torch::where(in_second.unsqueeze(1) > 0, thing_later, b);
      // A pixel of the background that the thing covered before was not seen.
      const torch::Tensor covered = cut.Inside(from.select(3, 0), from.select(3, 1));
      hidden = covered * (1 - in_second);
      from = torch::where(in_second.unsqueeze(3) > 0, places - move, from);
    }
    const torch::Tensor x = from.select(3, 0), y = from.select(3, 1);
    const torch::Tensor inside =
        ((x >= 0) & (x <= size - 1) & (y >= 0) & (y <= size - 1)).to(torch::kFloat) * (1 - hidden);

    const torch::Tensor dark = b;
    if (random.Below(3) == 0) {
      const double gain = Between(random, 0.88, 1.12), gamma = Between(random, 0.9, 1.1);
      b = (b.clamp(0, 255) / 255.0).pow(gamma) * (255.0 * gain);
    }
    b = b.clamp(0, 255);  // what the second picture can show
    lighter.push_back(Luma(b) - Luma(dark));
    const double noise = Between(random, 0, 3);
    torch::Tensor grain = torch::empty_like(b);
    float* g = grain.data_ptr<float>();
    // Uniform grain of that deviation: as good as normal here, and cheap.
    for (int64_t k = 0; k < grain.numel(); ++k)
      g[k] = static_cast<float>((random.Uniform() * 2 - 1) * 1.732 * noise);
    first.push_back(a);
    second.push_back((b + grain).clamp(0, 255));
    grids.push_back(in_unit(from));
    visible.push_back(inside.unsqueeze(1));
  }
  return {torch::cat(first), torch::cat(second), torch::cat(grids), torch::cat(visible), torch::cat(lighter)};
}

}  // namespace tempera::train
