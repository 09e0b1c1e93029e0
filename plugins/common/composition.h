// What one painting is made of: a style, and, where its user wants a mask, the network that makes it and what
// lies outside of it. Opened together, on one pool of threads; laid together by the library
// (tempera_regions_*).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "plugins/common/mask_finder.h"
#include "tempera/tempera.hpp"

namespace tempera::plugins {

// Where any of these is another, another composition is opened; all else can be turned.
struct Files {
  std::string style;
  std::string mask;     // "": no mask, and nothing outside
  std::string outside;  // a style; "": none
  int threads = 0;      // as tempera_options has them
  int short_side = 0;   // of the styles: working_short_side
  bool operator==(const Files&) const = default;
};
Files FilesOf(const StyleChoice& style, const MaskChoice& mask, int threads, int short_side);

// One film's. One thread at a time, but for SetCancelled.
class Composition {
 public:
  // `before` is asked for what it has open of the same files; it is not used any more once this succeeds.
  static Expected<Composition> Open(const Files& files, const Composition* before = nullptr);
  const Files& files() const { return files_; }

  // For parameters. outside() is null where no style lies there.
  Stylizer& style() { return style_->stylizer; }
  Stylizer* outside() { return outside_ ? &outside_->stylizer : nullptr; }
  // Where there is a mask, both are called before the first frame; where there is none, they do nothing.
  Error SetMask(const MaskChoice& choice);
  Error SetMaskNumbers(const MaskNumbers& numbers);

  Error Prepare(int width, int height, tempera_pixel_format format);
  // As tempera_process_frame.
  Error Process(const tempera_image& in, const tempera_image& out, const tempera_frame_params& params);
  // The next frame follows none.
  void Reset();
  // What runs, and what is to come, ends soon with TEMPERA_CANCELLED. From any thread.
  void SetCancelled(bool cancelled);
  // What was guessed of the styles (tempera_notice), each line once.
  std::vector<std::string> NewNotices();

 private:
  struct Style {
    Stylizer stylizer;
    size_t notices_told = 0;
  };
  struct Network {
    Masker masker;
    std::vector<std::shared_ptr<Style>> laid;  // what the regions know
    Regions regions;                           // goes before the others
  };
  Composition() = default;
  static Expected<std::shared_ptr<Style>> OpenStyle(const std::string& path, int short_side,
                                                    const SharedHost& host);
  static Expected<std::shared_ptr<Network>> OpenNetwork(const std::string& path, const SharedHost& host);
  // Tells the regions for frames whose shorter side is so many pixels.
  Error Lay(int side);

  Files files_;
  SharedHost host_;
  std::shared_ptr<Style> style_, outside_;
  std::shared_ptr<Network> network_;  // goes before the styles
  MaskChoice choice_;
  std::optional<MaskNumbers> numbers_;
  int side_ = 0;  // that the regions were told for
};

}  // namespace tempera::plugins
