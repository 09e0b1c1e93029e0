// Decoded pictures of every kind made into what the engine paints: upright, whole frames (not
// fields), 8 bits, standard dynamic range. What it had to change it can say. Private to media/.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "media/ffmpeg.h"
#include "media/filter_graph.h"

namespace tempera::media {

// How a display matrix asks a picture to be turned.
struct Turn {
  std::string filters;      // FFmpeg's notation; "" = upright already
  bool swaps_axes = false;  // width becomes height
  int degrees = 0;          // clockwise, for words
};
// `matrix` is FFmpeg's 3x3 display matrix (9 numbers), or nullptr. Angles that are no multiple of a
// right angle are left as they are.
Turn TurnOf(const int32_t* matrix);

// A part of a picture as it is decoded, in pixels; width 0: all of it.
struct Crop {
  int x = 0, y = 0, width = 0, height = 0;
};
// Call with every decoded frame before Push: PNG that is stored in passes (Adam7) is marked like the fields
// of interlaced film, and is none.
void ForgetPasses(AVCodecID codec, AVFrame* frame);

enum class Target {
  kVideo,     // I420, or NV12 where the source is; the source's matrix and range where we know them
  kRgb,       // RGB
  kRgbAlpha,  // RGBA where the source has alpha, RGB elsewhere
};

class Normalizer {
 public:
  // time_base: of the pictures pushed. threads: for the conversions.
  Normalizer(Target target, Turn turn, AVRational time_base, int threads);

  // Takes telecine back: of five frames that were four of a film, those four come out. rate: of the frames
  // pushed. Before the first Push.
  void Detelecine(AVRational rate) { telecined_ = rate; }
  // How the decoded pictures from here on are meant to be seen: turned, that part of them, and with pixels of
  // that shape (num 0: what each picture says).
  void Show(const Turn& turn, const Crop& crop, AVRational sample_aspect);

  // Takes one decoded picture, or nullptr for the end, and appends those that are ready, their pts in
  // the same time base. Transparency of a film lies beside its pictures (alpha_plane.h). A picture that needs
  // no change is handed through without a copy. All have the size of the first; others of a film are brought
  // to that, and where they are of another shape, shown whole between black bars.
  Status Push(const AVFrame* frame, std::vector<FramePtr>* ready);

  int width() const { return width_; }  // of what comes out; 0 before the first
  int height() const { return height_; }

  // What was changed so far, each in a few words: "10-bit becomes 8-bit".
  const std::vector<std::string>& notices() const { return notices_; }

 private:
  // All that decides which filters a picture needs.
  using Key = std::array<int, 11>;
  // What the first picture of a film came out as; its writer can tell players of no other.
  struct Colours {
    std::string matrix;  // swscale's name
    bool full = false;
    int colorspace = AVCOL_SPC_UNSPECIFIED, range = AVCOL_RANGE_UNSPECIFIED;  // its tags
  };

  struct Steps;
  Result<Steps> LookAt(const AVFrame& frame) const;
  void CutOut(const AVFrame& frame, Steps* s);
  Status ToStandard(const AVFrame& frame, Steps* s);
  void TurnAndSize(const AVFrame& frame, Steps* s);
  void Fit(double shape, Steps* s);
  AVRational SampleAspect(const AVFrame& frame) const;
  void Colour(const AVFrame& frame, Steps* s, int* colorspace, int* range);
  void Scale(const AVFrame& frame, Steps* s);
  Result<std::string> Chain(const AVFrame& frame, int* colorspace, int* range);
  Status StartAlpha(const AVFrame& frame, const Steps& s);
  Status Pauses(const AVFrame& frame, std::vector<FramePtr>* ready);
  void NoteWhatIsLost(const AVFrame& frame);
  std::vector<std::string> FieldFilters(const AVFrame& frame);
  Status EndGraph();
  Status AttachAlpha(const AVFrame& from, AVFrame* to);
  Status Drain(std::vector<FramePtr>* ready);
  void Note(const std::string& what);

  const Target target_;
  Turn turn_;
  const AVRational time_base_;
  const int threads_;
  AVRational telecined_{0, 1};  // 0: no telecine is taken back
  Crop crop_;
  AVRational sample_aspect_{0, 1};  // of pixels as they are decoded; num 0: as the picture says
  int view_ = 0;                    // the number of changes of these three
  bool interlaced_ = false;         // once seen, all goes through the deinterlacer
  int width_ = 0, height_ = 0;
  double shape_ = 1;              // of the first picture's pixels as they come out, width by height
  std::optional<Colours> first_;  // only of a film
  std::optional<Key> key_;
  bool opaque_ = false;                 // the first picture showed no transparency
  std::unique_ptr<FilterGraph> alpha_;  // makes the plane of transparency; null: there is none to keep
  int64_t last_pts_ = AV_NOPTS_VALUE;
  std::unique_ptr<FilterGraph> graph_;  // null: hand through
  int out_colorspace_ = AVCOL_SPC_UNSPECIFIED, out_range_ = AVCOL_RANGE_UNSPECIFIED;
  bool tone_mapped_ = false;
  std::vector<std::string> notices_;
};

}  // namespace tempera::media
