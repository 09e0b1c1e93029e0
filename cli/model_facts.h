// Small questions about an imported model that several verbs ask.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cli/cli.h"
#include "src/base/status.h"
#include "src/base/tensor.h"
#include "src/engine/run/session.h"
#include "src/graph/graph.h"
#include "src/metadata/mask_model.h"
#include "src/metadata/picture_model.h"

namespace tempera::cli {

// Trained numbers: float constants that operators calculate with (not sizes, pads or scales).
int64_t CountParameters(const graph::Graph& model);

// How often each operator occurs, by name.
std::vector<std::pair<std::string, int>> CountOperators(const graph::Graph& model);

// One concrete shape per graph input. Open dims of a picture-like input (rank 4, NCHW) become
// batch 1, 3 channels, and `size`; where `size` is {0, 0}, the file's own numbers, or 640x360.
// An input that stays open is refused by name.
Result<std::vector<Shape>> InputShapes(const graph::Graph& model, Size size);

// Tells `options` what stylize would tell the engine, by the model's metadata: which input is the picture,
// its range, the values of parameters, the states. Gives the shapes of all inputs. The model becomes the one
// that is painted with (metadata::WithPictureEnds); one that stylize refuses is planned as its graph alone
// has it.
Result<std::vector<Shape>> AsPainted(engine::ModelPtr* model, Size size, engine::SessionOptions* options,
                                     metadata::PictureModel* found = nullptr);

// What a mask network says of itself, for whoever opens it with these metadata as well; an error: it is none.
struct MaskFacts {
  metadata::MaskModel model;
  std::vector<std::string> classes;  // by number; "" where nobody says
  int own = -1;                      // the one that is the mask; -1: many, and none is named
  std::string size;                  // at which it works: "257x257", "long side 512", "the frame's"
};
Result<MaskFacts> AsMask(const std::string& path, const engine::ModelPtr& model);

// As AsPainted, for a mask network.
Result<std::vector<Shape>> ShapesOfMask(const MaskFacts& facts, Size size, engine::ModelPtr* model,
                                        engine::SessionOptions* options);

// A session for these shapes; with the last pointer to a model its weights are freed. Errors name the file,
// and the shape it declares where that is another.
Result<std::unique_ptr<engine::Session>> PlanModel(const std::string& path, engine::ModelPtr model,
                                                   const std::vector<Shape>& shapes,
                                                   const engine::SessionOptions& options);

// "[1, 3, H, W]", as the file declares it.
std::string DeclaredShape(const std::vector<onnx::Dim>& dims);

}  // namespace tempera::cli
