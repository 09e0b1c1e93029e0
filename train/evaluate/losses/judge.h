// The eye: VGG-19, with one fixed way to measure style and content. Knows libtorch inside; its users do not.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "media/image.h"
#include "src/base/status.h"

namespace tempera::evaluate {

// relu1_1, relu2_1, relu3_1, relu4_1.
inline constexpr int kStyleLayers = 4;

// Squared Frobenius distance of a picture's Gram matrices to the painting's, a layer.
using StyleDistance = std::array<double, kStyleLayers>;

// What is kept of a painting: targets and statistics.
struct StudiedPainting;
// What is kept of a photograph: features.
struct StudiedPhoto;

struct Judged {
  StyleDistance style{};
  double content = 0;           // mean squared difference at relu4_2
  double feature_distance = 0;  // mean over layers of the mean squared distance of unit feature vectors
  double sifid = 0;             // to the painting, as FrechetTo; 0 without one
};

// Spread of the features of photographs at relu4_2: what two unrelated places of photographs differ by.
class ContentScale {
 public:
  void Add(const StudiedPhoto& photo);
  // The mean over channels of twice the variance over all places of all photographs.
  double value() const;

 private:
  std::vector<double> sums_, squares_;
  double places_ = 0;
};

class Judge {
 public:
  // threads 0: libtorch's choice. device: auto, cpu, cuda.
  static Result<std::unique_ptr<Judge>> Open(const std::string& features, int threads,
                                             const std::string& device);
  ~Judge();

  // The painting at 0.8, 1 and 1.25 times a long side of 512 pixels.
  Result<std::shared_ptr<const StudiedPainting>> StudyPainting(const media::RgbImage& painting) const;
  // 64 pixels a side at least.
  Result<std::shared_ptr<const StudiedPhoto>> StudyPhoto(const media::RgbImage& photo) const;
  StyleDistance StyleOf(const StudiedPhoto& photo, const StudiedPainting& painting) const;
  // Frechet distance of the normal distributions of the feature vectors of all places (relu2_2), over the
  // trace of the painting's covariance: 0 = the same statistics, 1 = as far as the painting's own spread.
  double FrechetTo(const StudiedPhoto& photo, const StudiedPainting& painting) const;

  // painted: of the photograph's size. painting: may be null.
  Result<Judged> Look(const media::RgbImage& painted, const StudiedPhoto& photo,
                      const StudiedPainting* painting) const;

  // The optimisation of Gatys et al. (arXiv:1508.06576): L-BFGS on the pixels from the photograph on, for
  // content / content_scale + style_weight * style (1 = the photograph's own) + a little total variation.
  // progress(step, style, content) may be null; it returns false to stop.
  struct Recipe {
    int steps = 200;
    double style_weight = 10;
    double tv_weight = 0.02;
  };
  using Progress = bool (*)(int step, double style, double content);
  Result<media::RgbImage> Optimise(const media::RgbImage& photo, const StudiedPainting& painting,
                                   double content_scale, const Recipe& recipe, Progress progress) const;

 private:
  Judge();
  struct Eye;
  std::unique_ptr<Eye> eye_;
};

// Mean over the layers of distance / that of the unstyled pictures (each summed over pictures): 1 = as far
// from the painting as the unstyled, 0 = the painting's textures.
double StyleLoss(const std::vector<StyleDistance>& painted, const std::vector<StyleDistance>& unstyled);

}  // namespace tempera::evaluate
