// Makes a network of many styles out of one of a single style, for tests and benchmarks: the scale and shift
// of every instance norm become what a row of weights makes of a table, as the trainer writes such files
// (docs/model-format.md, "Many styles in one file").
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "src/onnx/attributes.h"
#include "src/onnx/model.h"

namespace tempera::onnx {

// Where the parameters stand.
struct StyleSetting {
  std::vector<float> weights;  // together 1
  float strength = 1, fine_strength = 1, coarse_strength = 1, stroke_size = 0;
};

struct ManyStyles {
  int styles = 12;
  unsigned seed = 1;
  // How far the styles' rows lie from those of the file, of which style 0 has the file's own in fine strokes:
  // scales are times exp(normal * spread), shifts plus normal * spread of the scale.
  float spread = 0.35f;
  bool one_table = false;  // of all norms, cut by Split; else one for each scale and shift
  // Initializers of the parameters' inputs. Without, metadata says them: ONNX Runtime's JavaScript takes no
  // values for inputs that have one.
  bool initializers = true;
  const StyleSetting* at = nullptr;  // computed there, and written as constants: no parameters
};

// Names as --style takes them: style-0, ...
inline std::string StyleShortName(int style) { return "style-" + std::to_string(style); }

class ManyStylesMaker {
 public:
  ManyStylesMaker(Model* model, const ManyStyles& how) : model_(*model), how_(how), random_(how.seed) {}

  // False where the network has no instance norm of constant scale and shift.
  bool Make() {
    std::vector<Node*> norms;
    for (Node& node : model_.graph.nodes) {
      if (node.op_type == "InstanceNormalization" && Find(node.inputs[1]) && Find(node.inputs[2]))
        norms.push_back(&node);
    }
    if (norms.empty()) return false;
    if (how_.at == nullptr) Declare();
    std::vector<float> table;  // of all, row by row
    std::vector<std::string> parts;
    for (size_t i = 0; i < norms.size(); ++i) {
      // The first and the last two, of a network that halves its frame twice, are at full and at half size.
      const bool fine = i == 0 || i + 2 >= norms.size();
      const std::vector<float> gamma = *Find(norms[i]->inputs[1]), beta = *Find(norms[i]->inputs[2]);
      Replace(norms[i], 1, fine, Rows(gamma, gamma, true));
      Replace(norms[i], 2, fine, Rows(beta, gamma, false));
    }
    if (how_.one_table && how_.at == nullptr) {
      WriteOneTable(true);
      WriteOneTable(false);
    }
    model_.graph.nodes.insert(model_.graph.nodes.begin(), nodes_.begin(), nodes_.end());
    return true;
  }

 private:
  // 1 + 2 styles rows: the network's own path to the source, then all in fine strokes, then all in bold ones.
  int64_t rows() const { return 1 + 2 * int64_t{how_.styles}; }

  const std::vector<float>* Find(const std::string& name) {
    const auto known = floats_.find(name);
    if (known != floats_.end()) return &known->second;
    for (const Initializer& init : model_.graph.initializers) {
      if (init.name != name || init.tensor.dtype() != DataType::kFloat32) continue;
      const auto numbers = init.tensor.span<float>();
      return &(floats_[name] = {numbers.begin(), numbers.end()});
    }
    return nullptr;
  }
  std::string Constant(const std::string& name, const Shape& shape, const std::vector<float>& values) {
    Tensor t = Tensor::Create(DataType::kFloat32, shape).value();
    std::copy(values.begin(), values.end(), t.data<float>());
    model_.graph.initializers.push_back({name, std::move(t)});
    return name;
  }
  std::string Ints(const std::string& name, const std::vector<int64_t>& values) {
    Tensor t = Tensor::Create(DataType::kInt64, {static_cast<int64_t>(values.size())}).value();
    std::copy(values.begin(), values.end(), t.data<int64_t>());
    model_.graph.initializers.push_back({name, std::move(t)});
    return name;
  }
  std::string Op(const std::string& type, std::vector<std::string> inputs, const std::string& out,
                 std::vector<Attribute> attributes = {}) {
    nodes_.push_back({out, type, "", std::move(inputs), {out}, std::move(attributes)});
    return out;
  }

  void Parameter(const std::string& name, const std::vector<float>& defaults, const std::string& text) {
    const auto count = static_cast<int64_t>(defaults.size());
    model_.graph.inputs.push_back({name, DataType::kFloat32, true, {{count, ""}}});
    std::string said;
    for (const float number : defaults)
      said += (said.empty() ? "default = " : ", ") + std::to_string(static_cast<int>(number));
    if (how_.initializers) Constant(name, {count}, defaults);
    model_.metadata_props.emplace_back("tempera.param." + name,
                                       how_.initializers ? text : said + "; " + text);
  }
  void Declare() {
    std::vector<float> first(static_cast<size_t>(how_.styles), 0.0f);
    first[0] = 1;
    std::string titles, names;
    for (int i = 0; i < how_.styles; ++i) {
      titles += (i > 0 ? " | " : "") + std::string("Style ") + std::to_string(i);
      names += (i > 0 ? " | " : "") + StyleShortName(i);
    }
    Parameter("style_weights", first,
              "kind = weights; elements = " + titles + "; line = How much of each style");
    Parameter("strength", {1}, "line = Along the network's own path from the source to the painting");
    Parameter("fine_strength", {1}, "range = 0..1.5; line = Strength of fine strokes");
    Parameter("coarse_strength", {1}, "range = 0..1.5; line = Strength of large shapes");
    Parameter("stroke_size", {0}, "line = 0 fine strokes, 1 bold ones");
    model_.metadata_props.emplace_back("tempera.styles", names);
    Constant("ms_one", {1}, {1});
    Op("Mul", {"style_weights", "stroke_size"}, "ms_bold");
    Op("Sub", {"style_weights", "ms_bold"}, "ms_thin");
    Op("Concat", {"ms_thin", "ms_bold"}, "ms_styles", {IntAttribute("axis", 0)});
    Ints("ms_row_shape", {1, rows()});
    for (const char* depth : {"fine", "coarse"}) {
      const std::string d = std::string("ms_") + depth;
      Op("Mul", {"strength", std::string(depth) + "_strength"}, d + "_strength");
      Op("Sub", {"ms_one", d + "_strength"}, d + "_rest");
      Op("Mul", {"ms_styles", d + "_strength"}, d + "_shares");
      Op("Concat", {d + "_rest", d + "_shares"}, d + "_weights", {IntAttribute("axis", 0)});
      Op("Reshape", {d + "_weights", "ms_row_shape"}, d + "_row");
    }
  }

  std::vector<float> Rows(const std::vector<float>& own, const std::vector<float>& gamma, bool scale) {
    std::normal_distribution<float> normal(0, how_.spread);
    std::vector<float> table;
    for (int64_t row = 0; row < rows(); ++row) {
      for (size_t c = 0; c < own.size(); ++c) {
        const float draw = row == 1 ? 0 : normal(random_);
        table.push_back(scale ? own[c] * std::exp(draw) : own[c] + draw * std::abs(gamma[c]));
      }
    }
    return table;
  }
  std::vector<float> RowAt(bool fine) const {
    const StyleSetting& at = *how_.at;
    const float strength = at.strength * (fine ? at.fine_strength : at.coarse_strength);
    std::vector<float> row = {1 - strength};
    for (const float stroke : {1 - at.stroke_size, at.stroke_size}) {
      for (int i = 0; i < how_.styles; ++i)
        row.push_back(static_cast<size_t>(i) < at.weights.size()
                          ? at.weights[static_cast<size_t>(i)] * stroke * strength
                          : 0);
    }
    return row;
  }

  void Replace(Node* norm, size_t input, bool fine, const std::vector<float>& table) {
    const auto channels = static_cast<int64_t>(table.size()) / rows();
    const std::string name = "ms_" + std::to_string(replaced_++);
    if (how_.at != nullptr) {
      const std::vector<float> row = RowAt(fine);
      std::vector<float> sum(static_cast<size_t>(channels), 0);
      for (size_t i = 0; i < table.size(); ++i) sum[i % sum.size()] += row[i / sum.size()] * table[i];
      norm->inputs[input] = Constant(name, {channels}, sum);
      return;
    }
    norm->inputs[input] = name;
    if (how_.one_table) {
      (fine ? fine_ : coarse_).push_back({name, channels, table});
      return;
    }
    // As the trainer writes it.
    Constant(name + "_rows", {rows(), channels}, table);
    Op("MatMul", {fine ? "ms_fine_weights" : "ms_coarse_weights", name + "_rows"}, name);
  }

  struct Part {
    std::string name;
    int64_t channels;
    std::vector<float> table;
  };
  void WriteOneTable(bool fine) {
    const std::vector<Part>& parts = fine ? fine_ : coarse_;
    const std::string d = fine ? "ms_fine" : "ms_coarse";
    std::vector<float> all;
    std::vector<int64_t> sizes;
    std::vector<std::string> names;
    for (const Part& part : parts) {
      sizes.push_back(part.channels);
      names.push_back(part.name);
    }
    for (int64_t row = 0; row < rows(); ++row) {
      for (const Part& part : parts) {
        const auto begin = part.table.begin() + row * part.channels;
        all.insert(all.end(), begin, begin + part.channels);
      }
    }
    const auto columns = static_cast<int64_t>(all.size()) / rows();
    Constant(d + "_table", {rows(), columns}, all);
    Ints(d + "_flat", {columns});
    Ints(d + "_sizes", sizes);
    Op("MatMul", {d + "_row", d + "_table"}, d + "_mixed");
    Op("Reshape", {d + "_mixed", d + "_flat"}, d + "_line");
    Op("Split", {d + "_line", d + "_sizes"}, names[0], {IntAttribute("axis", 0)});
    nodes_.back().outputs = names;
  }

  Model& model_;
  const ManyStyles how_;
  std::mt19937 random_;
  std::map<std::string, std::vector<float>> floats_;
  std::vector<Node> nodes_;
  std::vector<Part> fine_, coarse_;
  int replaced_ = 0;
};

inline bool MakeManyStyles(Model* model, const ManyStyles& how) { return ManyStylesMaker(model, how).Make(); }

}  // namespace tempera::onnx
