#include "src/engine/precision/input_shapes.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <string>
#include <utility>

#include "src/base/checked_math.h"
#include "src/onnx/quote.h"
#include "src/ops/specialize.h"

namespace tempera::engine {
namespace {

// Features of a frame are smaller than it by a power of two, rounded up as convolutions of stride 2 round.
constexpr int64_t kLargestDivisor = 32;
// How often the sizes of the outputs are taken for those of the inputs. A state whose size follows from the
// picture through n others has it in n + 2 rounds.
constexpr int kMostRounds = 8;
// Nodes specialised in one search: about two seconds. A try counts as 4096 at least, since a few nodes may
// make many constants: 256 tries then, where four states need some ten.
constexpr int64_t kMostNodes = int64_t{1} << 20, kLeastNodesOfTry = 4096;
// Other values that are looked at for sizes, of all states and tries together: some tenths of a second.
constexpr int64_t kMostLooks = int64_t{1} << 24;
// Sizes of other values that one state may take where the model fails: those of the failing node itself and
// of the scales just before it.
constexpr size_t kMostSizes = 16;

// What came of a guess.
enum class Outcome {
  kFits,
  kStuck,    // a node does not take it
  kHopeless  // sizes that the file declares disagree, or the outputs' do not settle
};

class ShapeFinder {
 public:
  ShapeFinder(const graph::Graph& model, const Shape& picture, size_t picture_input,
              std::span<const StateLink> states, const Host* host)
      : model_(model),
        picture_(picture),
        picture_input_(picture_input),
        states_(states),
        host_(host),
        chosen_(states.size()) {}

  Result<std::vector<Shape>> Run();

 private:
  Shape Guess(size_t input, int64_t divisor) const;
  void GuessStates(int64_t divisor);
  Result<Outcome> Settle(ops::Unfinished* at);
  Result<bool> Search();
  // Takes open sizes of states from the outputs of which `shape_of` tells. Whether all agreed before;
  // nullopt: they cannot.
  template <typename ShapeOf>
  std::optional<bool> TakeFromOutputs(const ShapeOf& shape_of);
  std::vector<size_t> StatesBehind(size_t node) const;
  std::vector<Shape> CandidatesFor(size_t state, const ops::Unfinished& at);
  bool Fill(size_t input, const Shape& from, Shape* shape) const;
  Status Refusal() const;

  bool IsOpen(size_t input, size_t dim) const { return model_.input_dims[input][dim].value < 0; }
  bool HasOpen(size_t input) const {
    const auto& dims = model_.input_dims[input];
    return std::any_of(dims.begin(), dims.end(), [](const onnx::Dim& d) { return d.value < 0; });
  }
  // The guess that came farthest is the one to tell of.
  void Blame(size_t node, size_t state, std::string why) {
    if (!why_.empty() && node <= farthest_) return;
    farthest_ = node, blamed_ = state, why_ = std::move(why);
  }

  const graph::Graph& model_;
  const Shape& picture_;
  size_t picture_input_;
  std::span<const StateLink> states_;
  const Host* host_;
  std::vector<Shape> shapes_;
  std::vector<bool> chosen_;  // by state: tried with a size of its own
  int64_t nodes_ = 0;         // specialised so far in this search
  int64_t looks_ = 0;         // at other values' sizes, in all
  size_t farthest_ = 0, blamed_ = 0;
  std::string why_;
  Status too_large_;
};

Result<std::vector<Shape>> ShapeFinder::Run() {
  for (size_t i = 0; i < model_.inputs.size(); ++i)
    shapes_.push_back(i == picture_input_ ? picture_ : Guess(i, 1));
  if (states_.empty()) return shapes_;
  for (int64_t divisor = 1; divisor <= kLargestDivisor; divisor *= 2) {
    GuessStates(divisor);
    ops::Unfinished at;
    TEMPERA_ASSIGN_OR_RETURN(const Outcome outcome, Settle(&at));
    if (outcome == Outcome::kFits) return shapes_;
  }
  // Not all smaller by the same. From the picture's own size, and from the one pixel that some models take
  // for a first frame and enlarge.
  for (const int64_t divisor :
       {int64_t{1}, std::accumulate(picture_.begin(), picture_.end(), int64_t{1},
                                    [](int64_t a, int64_t b) { return std::max(a, b); })}) {
    GuessStates(divisor);
    nodes_ = 0;
    TEMPERA_ASSIGN_OR_RETURN(const bool found, Search());
    if (found) return shapes_;
  }
  return Refusal();
}

// Open sizes of a picture-like input are the picture's by `divisor`, other open ones 1.
Shape ShapeFinder::Guess(size_t input, int64_t divisor) const {
  Shape shape;
  for (const onnx::Dim& d : model_.input_dims[input]) {
    const size_t at = shape.size();
    const bool spatial = at >= 2 && model_.input_dims[input].size() == 4 && picture_.size() == 4;
    shape.push_back(d.value >= 0 ? d.value : spatial ? CeilDiv(picture_[at], divisor) : 1);
  }
  return shape;
}

void ShapeFinder::GuessStates(int64_t divisor) {
  for (const StateLink& link : states_) shapes_[link.input] = Guess(link.input, divisor);
}

template <typename ShapeOf>
std::optional<bool> ShapeFinder::TakeFromOutputs(const ShapeOf& shape_of) {
  bool agree = true;
  for (size_t i = 0; i < states_.size(); ++i) {
    const Shape& made = shape_of(model_.outputs[states_[i].output]);
    Shape& taken = shapes_[states_[i].input];
    if (made == taken) continue;
    const Shape before = taken;
    for (size_t d = 0; made.size() == taken.size() && d < made.size(); ++d) {
      if (IsOpen(states_[i].input, d)) taken[d] = made[d];
    }
    if (made != taken) {
      Blame(model_.nodes.size(), i,
            "its output has shape " + ShapeToString(made) + ", not " + ShapeToString(before));
      return std::nullopt;
    }
    if (agree) {
      Blame(model_.nodes.size(), i,
            "its output has another size, " + ShapeToString(made) + " where it has " + ShapeToString(before));
    }
    agree = false;
  }
  return agree;
}

// Specialises with shapes_ and takes what the outputs have, until both are the same. at: where it is stuck.
Result<Outcome> ShapeFinder::Settle(ops::Unfinished* at) {
  for (int round = 0; round < kMostRounds; ++round) {
    if (host_ != nullptr) TEMPERA_RETURN_IF_ERROR(host_->CheckCancelled());
    std::vector<TensorInfo> inputs;
    for (size_t i = 0; i < shapes_.size(); ++i)
      inputs.push_back({model_.value(model_.inputs[i]).info.dtype, shapes_[i]});
    nodes_ += std::max(static_cast<int64_t>(model_.nodes.size()), kLeastNodesOfTry);
    const Result<graph::Graph> graph = ops::Specialize(model_, inputs, at);
    std::optional<bool> agree;
    if (graph.ok()) {
      agree = TakeFromOutputs([&](graph::ValueId v) -> const Shape& { return graph->value(v).info.shape; });
    } else if (at->node == model_.nodes.size() && graph.status().code() == StatusCode::kOutOfMemory) {
      // Whoever goes on with these shapes is told how much.
      agree = TakeFromOutputs(
          [&](graph::ValueId v) -> const Shape& { return at->shapes[static_cast<size_t>(v)]; });
    } else {
      const std::vector<size_t> behind = StatesBehind(at->node);
      if (behind.empty()) return graph.status();  // whatever the states are
      if (round == 0 && too_large_.ok() && graph.status().code() == StatusCode::kOutOfMemory)
        too_large_ = graph.status();
      const std::string why = graph.status().message();
      Blame(at->node, behind.back(), why.substr(0, why.find(';')));  // without the node's own cure
      return at->node < model_.nodes.size() ? Outcome::kStuck : Outcome::kHopeless;
    }
    if (!agree) return Outcome::kHopeless;
    if (*agree) return Outcome::kFits;
  }
  return Outcome::kHopeless;
}

// Depth first. Where the model fails, one of the states that the failing node follows from has another size
// than was guessed: each that has none of its own yet is given those that would fit there.
Result<bool> ShapeFinder::Search() {
  ops::Unfinished at;
  TEMPERA_ASSIGN_OR_RETURN(const Outcome outcome, Settle(&at));
  if (outcome != Outcome::kStuck) return outcome == Outcome::kFits;
  const std::vector<Shape> guess = shapes_;
  for (const size_t state : StatesBehind(at.node)) {
    // Before anything else that takes time: the search may be many levels deep when it ends.
    if (nodes_ > kMostNodes || looks_ > kMostLooks) return false;
    if (chosen_[state]) continue;
    if (host_ != nullptr) TEMPERA_RETURN_IF_ERROR(host_->CheckCancelled());
    chosen_[state] = true;
    for (Shape& candidate : CandidatesFor(state, at)) {
      if (nodes_ > kMostNodes) break;
      shapes_ = guess;
      shapes_[states_[state].input] = std::move(candidate);
      TEMPERA_ASSIGN_OR_RETURN(const bool found, Search());
      if (found) return true;
    }
    chosen_[state] = false;
  }
  return false;
}

// In the order of their links. All, where the fault is no node's.
std::vector<size_t> ShapeFinder::StatesBehind(size_t node) const {
  std::vector<bool> needed(model_.values.size(), node == model_.nodes.size());
  for (size_t n = node + 1; node < model_.nodes.size() && n-- > 0;) {
    const graph::Node& maker = model_.nodes[n];
    const auto is_needed = [&](graph::ValueId v) {
      return v != graph::kNoValue && needed[static_cast<size_t>(v)];
    };
    if (n != node && std::none_of(maker.outputs.begin(), maker.outputs.end(), is_needed)) continue;
    for (const graph::ValueId v : maker.inputs) {
      if (v != graph::kNoValue) needed[static_cast<size_t>(v)] = true;
    }
    // Whether it is there at all.
    for (const auto& [condition, taken] : maker.guards) needed[static_cast<size_t>(condition)] = true;
  }
  std::vector<size_t> behind;
  for (size_t i = 0; i < states_.size(); ++i) {
    if (needed[static_cast<size_t>(model_.inputs[states_[i].input])]) behind.push_back(i);
  }
  return behind;
}

// Sizes of what the failing node reads, then of what was made last before it, then the picture's by powers of
// two; none twice, nor the one that failed.
std::vector<Shape> ShapeFinder::CandidatesFor(size_t state, const ops::Unfinished& at) {
  const size_t input = states_[state].input;
  if (!HasOpen(input)) return {};
  std::vector<Shape> found = {shapes_[input]};
  const auto add = [&](const Shape& from) {
    ++looks_;
    Shape shape;
    if (Fill(input, from, &shape) && std::find(found.begin(), found.end(), shape) == found.end())
      found.push_back(std::move(shape));
  };
  const auto add_all = [&](const std::vector<graph::ValueId>& values) {
    for (const graph::ValueId v : values) {
      if (v == graph::kNoValue || model_.value(v).constant) continue;
      if (found.size() <= kMostSizes && looks_ <= kMostLooks) add(at.shapes[static_cast<size_t>(v)]);
    }
  };
  add_all(model_.nodes[at.node].inputs);
  for (size_t n = at.node; n-- > 0 && found.size() <= kMostSizes && looks_ <= kMostLooks;)
    add_all(model_.nodes[n].outputs);
  for (int64_t divisor = 1; divisor <= kLargestDivisor; divisor *= 2) add(Guess(input, divisor));
  found.erase(found.begin());
  return found;
}

// What the file declares, open sizes as `from` has them. False: it has another rank.
bool ShapeFinder::Fill(size_t input, const Shape& from, Shape* shape) const {
  if (from.size() != model_.input_dims[input].size()) return false;
  *shape = from;
  for (size_t d = 0; d < from.size(); ++d) {
    if (!IsOpen(input, d)) (*shape)[d] = model_.input_dims[input][d].value;
  }
  return true;
}

Status ShapeFinder::Refusal() const {
  if (!too_large_.ok()) return too_large_;
  const graph::Value& input = model_.value(model_.inputs[states_[blamed_].input]);
  return Unsupported("the sizes of state input " + onnx::Quote(input.name) +
                     " do not follow from the picture's: " + why_ +
                     "; declare in the file the sizes that it and its output have");
}

}  // namespace

Result<std::vector<Shape>> InputShapesFor(const graph::Graph& model, const Shape& picture,
                                          size_t picture_input, std::span<const StateLink> states,
                                          const Host* host) {
  for (const StateLink& link : states) {
    if (link.input >= model.inputs.size() || link.output >= model.outputs.size())
      return InvalidArgument("a state goes from output " + std::to_string(link.output) + " to input " +
                             std::to_string(link.input) + ", which the model does not have");
  }
  return ShapeFinder(model, picture, picture_input, states, host).Run();
}

}  // namespace tempera::engine
