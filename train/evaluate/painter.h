// A model as its user meets it: opened and painted with through tempera.hpp.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "media/image.h"
#include "src/base/status.h"

namespace tempera::evaluate {

// A named parameter and the values given to it.
using ParameterValues = std::vector<std::pair<std::string, std::vector<float>>>;

class Painter {
 public:
  // `parameters` are set once; of those that this model lacks, the names go to *lacking, unless null.
  static Result<std::unique_ptr<Painter>> Open(const std::string& path, int threads,
                                               const ParameterValues& parameters,
                                               std::vector<std::string>* lacking = nullptr);
  ~Painter();

  // What `tempera.param.style_weights` names, in short where `tempera.styles` does; one "" without it.
  const std::vector<std::string>& styles() const { return styles_; }
  // What the model's file calls the same styles for people.
  const std::vector<std::string>& titles() const { return titles_; }
  // Paints with this style alone from now on, beginning anew.
  Status ChooseStyle(int index);

  bool HasParameter(const std::string& name) const;
  // Of the first element, as it is set now.
  Result<float> ParameterValue(const std::string& name) const;
  Status SetParameter(const std::string& name, float value);

  // The next frame begins anew, as after a cut.
  Status Reset();
  // A frame that follows from the one before where the model remembers; out of the film's rate 25 frames a
  // second.
  Result<media::RgbImage> Paint(const media::RgbImage& frame);
  // The same, by itself.
  Result<media::RgbImage> PaintAlone(const media::RgbImage& frame);
  // Milliseconds of each of `frames` frames of this size, after two that are not counted.
  Result<std::vector<double>> Time(int width, int height, int frames);

 private:
  Painter();
  struct Opened;
  std::unique_ptr<Opened> opened_;
  std::vector<std::string> styles_, titles_;
};

}  // namespace tempera::evaluate
