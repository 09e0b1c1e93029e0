// The picture of `tempera inspect --graph`: the model's operators as written, beside the plan's steps.
#pragma once

#include <span>
#include <string>

#include "src/base/status.h"
#include "src/engine/run/session.h"
#include "src/graph/graph.h"

namespace tempera::cli {

// In Graphviz's language. `title` and all names may hold any bytes.
std::string DotOfPlan(const std::string& title, const graph::Graph& model,
                      std::span<const engine::StepInfo> steps);

// True for .dot, .svg and .png.
bool IsPlanPictureName(const std::string& path);

// By the name's extension: the text itself, or what the program `dot` makes of it (kNotFound where that is
// not installed). Beside, then renamed.
Status WritePlanPicture(const std::string& path, const std::string& dot);

}  // namespace tempera::cli
