// Films with exact motion, made from photographs: a plane and cut-outs before it, each with an affine motion
// of its own.
#pragma once

#include <cstdint>
#include <vector>

#include "media/image.h"
#include "train/motion/truth.h"

namespace tempera::evaluate {

struct SceneOptions {
  int width = 640, height = 360;  // pixels
  int frames = 12;
  uint64_t seed = 1;
  int cut_outs = 3;
  double speed = 1;  // 0 = nothing moves
};

// `textures`: at least one; the first is the plane behind, the others are cut-outs by turns. The same options
// and textures give the same bytes. The plane shifts by up to 3 pixels a frame, turns by up to 0.2 degrees
// and grows by up to 0.4 %; cut-outs (rounded shapes of a sixth to a third of the height) shift by up to 8
// pixels.
train::TrueFilm RenderScene(const std::vector<media::RgbImage>& textures, const SceneOptions& options);

// Which pixels of frame i belong to the outline of something that moves: within `reach` pixels of another
// layer.
std::vector<uint8_t> OutlineOf(const std::vector<media::RgbImage>& textures, const SceneOptions& options,
                               int frame, int reach);

}  // namespace tempera::evaluate
