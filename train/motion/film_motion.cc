#include "train/motion/film_motion.h"

#include <torch/torch.h>

#include <vector>

#include "train/motion/sampling.h"

namespace tempera::train {

MotionPair DrawFilmMotion(const FilmPairs& films, Random& random, int count, int size) {
  torch::NoGradGuard no_grad;
  MotionPair pair;
  pair.first = torch::empty({count, 3, size, size});
  pair.second = torch::empty({count, 3, size, size});
  pair.grid = torch::empty({count, size, size, 2});
  pair.visible = torch::empty({count, 1, size, size});
  for (int i = 0; i < count; ++i) {
    FilmPairs::Crop crop = films.RandomCrop(random, size);
    auto put = [i](std::vector<float>& values, torch::Tensor& to) {
      to[i].copy_(torch::from_blob(values.data(), to[i].sizes(), torch::kFloat));
    };
    put(crop.first, pair.first);
    put(crop.second, pair.second);
    put(crop.from, pair.grid);
    put(crop.visible, pair.visible);
  }
  pair.grid = pair.grid * (2.0 / (size - 1)) - 1.0;
  const torch::Tensor moved = Sample(pair.first, pair.grid);
  const torch::Tensor change = Luma(pair.second - moved) * pair.visible;
  const int64_t reach = size / 16, window = 2 * reach + 1;
  auto sums = [&](const torch::Tensor& x) { return torch::avg_pool2d(x, window, /*stride=*/1, reach); };
  pair.lighter = sums(change) / sums(pair.visible).clamp_min(1e-6);
  return pair;
}

}  // namespace tempera::train
