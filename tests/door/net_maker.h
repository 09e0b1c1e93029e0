// A random network, layer by layer.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tests/door/net_builder.h"
#include "tests/door/picture_net.h"

namespace tempera::door {

inline constexpr const char* kFrameInput = "frame";

class NetMaker {
 public:
  explicit NetMaker(Dice& dice)
      : dice_(dice), multiple_(dice.Pick({4, 4, 4, 2, 8, 1, 12})), m_(dice, multiple_) {}

  PictureNet MakePainter();
  PictureNet MakeMask();

 private:
  // Bounds of a value, so that thousands of networks run in a second.
  static constexpr int kMostChannels = 32;
  static constexpr int kMostPixels = 4;  // times the frame's

  void Say(const std::string& what) { net_.recipe += " " + what; }
  void Then(const char* op, std::vector<std::string> more = {},
            std::vector<onnx::Attribute> attributes = {}) {
    Say(op);
    more.insert(more.begin(), now_.name);
    now_.name = m_.Node(op, std::move(more), std::move(attributes));
  }
  bool Fits(int n, int c, const Extent& h, const Extent& w) const {
    return n * c <= kMostChannels && h.num * w.num <= kMostPixels * h.den * w.den && n * c > 0;
  }
  bool IsWhole(const Flow& f) const { return f.n == 1 && f.h == Extent{false} && f.w == Extent{true}; }

  // net_layers.cc: what changes numbers.
  void Layer();
  void Conv(int out);
  void PointConv(int out);  // 1x1
  void TransposedConv();
  void Norm();
  void Activation();
  void Function();
  void PlainLoop();
  void Join();
  void Excite();

  // net_views.cc: what moves them.
  void View();
  bool ViewTo(int n, int c, const Extent& h, const Extent& w, const std::vector<int64_t>& shape);
  void ThereAndBack();
  void Turn();
  void TurnBack();
  void Enlarge();
  void Shrink();
  void SplitChannels();

  // net_inputs.cc: what goes in besides the picture, and comes back.
  void DrawParameters();
  void DeclareParameter(const std::string& name);
  void UseParameter();
  void BlendedNorm(const std::string& weights, int styles);
  std::string Figure(std::string x, int count);
  void ScaleBy(const std::string& row);
  void DrawStates();
  void CloseStates();
  void AddInput(const std::string& name, const std::vector<onnx::Dim>& shape);
  void ListWeights();

  // net_ends.cc: how it begins and ends.
  void Begin();
  void DeclarePicture();
  void TakeForeign();
  void GiveForeign();
  void ResizeTo(float scale_h, float scale_w, const char* mode, const char* transformation);
  void Finish();
  void FinishMask();
  void MoreOutputs();
  void Output(const std::string& name) {
    m_.model().graph.outputs.push_back({name, DataType::kFloat32, false, {}});
  }
  bool IsOutput(const std::string& name) const;

  struct Vector {  // a parameter among the inputs
    std::string name;
    int count = 1;
    bool shares = false;
  };
  struct State {
    std::string input;
    int c = 1;
    int halved = 0;  // 1: at half the frame's size; 2: one pixel
  };

  // What form of picture it takes, and gives where that is no state.
  enum class Ends { kUsual, kLast, kHalf, kFour, kNoBatch };

  Dice& dice_;
  Ends ends_ = Ends::kUsual;
  int multiple_;
  NetBuilder m_;
  Flow now_;
  std::vector<Flow> past_;
  std::vector<Vector> vectors_;
  std::vector<State> states_;
  bool paints_state_ = false;  // the painting comes back too
  float low_ = 0, high_ = 255;
  PictureNet net_;
};

}  // namespace tempera::door
