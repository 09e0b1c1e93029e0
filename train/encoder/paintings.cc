#include "train/encoder/paintings.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>
#include <utility>

#include "train/encoder/targets.h"

namespace tempera::train {
namespace {

namespace fs = std::filesystem;

Result<std::vector<std::string>> FindPictures(const std::vector<std::string>& folders) {
  std::vector<std::string> paths;
  for (const std::string& folder : folders) {
    std::error_code error;
    fs::directory_iterator it(folder, error);
    if (error) return NotFound("cannot open the paintings at '" + folder + "': give a folder of pictures");
    for (; it != fs::directory_iterator(); it.increment(error)) {
      std::string extension = it->path().extension().string();
      for (char& c : extension) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      if (extension == ".jpg" || extension == ".jpeg" || extension == ".png" || extension == ".webp")
        paths.push_back(it->path().string());
      if (error) break;
    }
  }
  // By name, wherever the folders lie.
  std::sort(paths.begin(), paths.end(), [](const std::string& a, const std::string& b) {
    const std::string x = fs::path(a).filename().string(), y = fs::path(b).filename().string();
    return x != y ? x < y : a < b;
  });
  return paths;
}

// A part of the picture as grid_sampler sees it: a 2x3 matrix. sides: shares of width and height.
torch::Tensor Sampled(const torch::Tensor& image, double share_x, double share_y, bool mirror, double shear,
                      Random& random, int64_t height, int64_t width) {
  const double x = (1 - share_x) * (2 * random.Uniform() - 1), y = (1 - share_y) * (2 * random.Uniform() - 1);
  const float theta[6] = {static_cast<float>(mirror ? -share_x : share_x),
                          static_cast<float>(shear * share_x),
                          static_cast<float>(x),
                          0.0f,
                          static_cast<float>(share_y),
                          static_cast<float>(y)};
  const torch::Tensor grid =
      torch::affine_grid_generator(torch::tensor(at::ArrayRef<float>(theta, 6)).view({1, 2, 3}),
                                   {1, 3, height, width}, /*align_corners=*/false);
  return torch::grid_sampler(image, grid, /*bilinear*/ 0, /*reflection*/ 2, /*align_corners=*/false);
}

// Colours as another painter would have mixed them.
torch::Tensor OtherColours(torch::Tensor x, Random& random) {
  auto between = [&](double low, double high) { return low + (high - low) * random.Uniform(); };
  x = (x / 255.0).clamp(0.0, 1.0);
  if (random.Uniform() < 0.05) x = 1 - x;
  x = x.pow(std::exp(between(-0.5, 0.5)));
  // Hue: a turn about grey (Rodrigues), saturation: towards grey or away from it.
  const double angle = random.Uniform() < 0.5 ? between(-0.4, 0.4) : between(-M_PI, M_PI);
  const double c = std::cos(angle), s = std::sin(angle) / std::sqrt(3.0), t = (1 - c) / 3;
  const torch::Tensor turn =
      torch::tensor({c + t, t - s, t + s, t + s, c + t, t - s, t - s, t + s, c + t}, torch::kFloat)
          .view({3, 3});
  const double saturation = random.Uniform() < 0.1 ? 0 : between(0.5, 1.4);
  x = torch::matmul(turn, x.flatten(2)).view(x.sizes());
  const torch::Tensor grey = x.mean(1, /*keepdim=*/true);
  x = grey + saturation * (x - grey);
  const torch::Tensor gain =
      torch::tensor({between(0.8, 1.2), between(0.8, 1.2), between(0.8, 1.2)}, torch::kFloat)
          .view({1, 3, 1, 1});
  const double contrast = between(0.6, 1.3), light = between(-0.1, 0.1);
  return (((x * gain - 0.5) * contrast + 0.5 + light) * 255.0).clamp(0.0, 255.0);
}

}  // namespace

Result<Paintings> LoadPaintings(const std::vector<std::string>& folders,
                                const std::vector<StyleSource>& gallery,
                                const std::vector<std::string>& styles, int* unreadable) {
  TEMPERA_ASSIGN_OR_RETURN(const std::vector<std::string> paths, FindPictures(folders));
  Paintings all;
  *unreadable = 0;
  std::set<std::string> names;
  for (const std::string& path : paths) {
    Painting painting;
    painting.name = fs::path(path).stem().string();
    if (!names.insert(painting.name).second) continue;  // the same picture in two folders
    Result<media::RgbImage> image = media::ReadImage(path);
    if (!image.ok()) {
      ++*unreadable;
      continue;
    }
    painting.image = std::move(*image);
    for (const StyleSource& source : gallery) {
      if (fs::path(source.picture).stem() != painting.name) continue;
      auto at = std::find(styles.begin(), styles.end(), source.name);
      if (at != styles.end()) painting.style = static_cast<int>(at - styles.begin());
    }
    all.learnt.push_back(std::move(painting));
  }
  Random random(kHeldOutSeed);
  for (int i = 0; i < kHeldOutPaintings && all.learnt.size() > 4; ++i) {
    const auto start = static_cast<size_t>(random.Below(static_cast<int64_t>(all.learnt.size())));
    for (size_t k = 0; k < all.learnt.size(); ++k) {
      auto at = all.learnt.begin() + static_cast<int64_t>((start + k) % all.learnt.size());
      if (at->style >= 0) continue;
      all.held_out.push_back(std::move(*at));
      all.learnt.erase(at);
      break;
    }
  }
  if (all.learnt.size() < 4)
    return NotFound("fewer than 4 paintings to learn from: give folders of pictures with --paintings");
  return all;
}

media::RgbImage Distort(const media::RgbImage& image, Random& random) {
  torch::NoGradGuard no_grad;
  constexpr double kLongSide = 640;
  const double share_x = 0.5 + 0.5 * random.Uniform(), share_y = 0.5 + 0.5 * random.Uniform();
  const double stretch = std::exp(0.3 * (random.Uniform() - 0.5)), shear = 0.3 * (random.Uniform() - 0.5);
  const bool mirror = random.Uniform() < 0.5;
  double w = image.width * share_x * stretch, h = image.height * share_y;
  const double scale = std::min(1.0, kLongSide / std::max(w, h));
  auto side = [&](double pixels) { return std::max<int64_t>(32, std::llround(pixels * scale)); };
  const torch::Tensor part =
      Sampled(ImageTensor(image), share_x, share_y, mirror, shear, random, side(h), side(w));
  return TensorImage(random.Uniform() < 0.25 ? part : OtherColours(part, random));
}

media::RgbImage PartOf(const media::RgbImage& image, Random& random) {
  torch::NoGradGuard no_grad;
  const double share_x = 0.7 + 0.3 * random.Uniform(), share_y = 0.7 + 0.3 * random.Uniform();
  const bool mirror = random.Uniform() < 0.5;
  return TensorImage(Sampled(ImageTensor(image), share_x, share_y, mirror, 0, random,
                             std::max<int64_t>(32, std::llround(image.height * share_y)),
                             std::max<int64_t>(32, std::llround(image.width * share_x))));
}

}  // namespace tempera::train
