// A case run in several ways at once, frame by frame.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tests/door/door_case.h"

namespace tempera::door {

class Comparison {
 public:
  Comparison(const DoorCase& drawn, Outcome* outcome) : case_(drawn), out_(*outcome) {}

  void Run();
  // The same with a file that was not drawn: nothing is known of what it should paint.
  void RunForeign(std::span<const uint8_t> bytes);

 private:
  void Fail(const FrameLook* look, const std::string& why);
  std::string Recipe() const;
  // The plain loops, one frame alone after the other.
  StylizerOptions ReferenceOptions() const;
  bool OpenReference(const onnx::Model& model, InnerPainter* painter) const;
  // Opens all; false where the model is refused, which ends the case.
  bool Open(std::span<const uint8_t> bytes);
  bool OpenMaskers();

  // The frame's mask, into mask_.
  bool MakeMask(const FrameLook& look);
  void PaintFrame(const FrameLook& look);
  void PaintNeighbour(const FrameLook& look);
  // The frames once more, by regions.
  void RunRegions(std::span<const uint8_t> bytes);
  void CompareFp32(const FrameLook& look, const Frame& painted, const Frame& plain);
  void CompareNear(const FrameLook& look, const Frame& painted, const Frame& plain);
  // What the network with all its weights changed by that share paints, behind the same frames. nullptr:
  // fails.
  std::unique_ptr<Frame> PaintShaken(const FrameLook& look, float share, bool frame);

  const DoorCase& case_;
  Outcome& out_;
  bool foreign_ = false, makes_masks_ = false;
  SharedHost host_;
  DoorPainter door_, neighbour_;
  InnerPainter inner_, reference_;
  DoorMasker door_masker_;
  InnerMasker inner_masker_, reference_masker_;
  std::vector<uint8_t> mask_;
  std::vector<std::vector<uint8_t>> masks_;  // of all frames so far
};

}  // namespace tempera::door
