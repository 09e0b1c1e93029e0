// Masks that come as files: a picture for every frame, or a film that has one for each.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "cli/mask/mask_plan.h"
#include "media/reader.h"
#include "src/base/status.h"

namespace tempera::cli {

struct MaskPicture {
  int width = 0, height = 0;
  std::vector<uint8_t> pixels;  // 0 nothing .. 255 all, rows without gaps
};

class GivenMask {
 public:
  virtual ~GivenMask() = default;
  // A film of this kind begins; refuses a mask of another frame rate or length, as far as its file tells.
  virtual Status Begin(const media::VideoInfo& film) = 0;
  // To the mask of the film's frame `index`, from 0, one after the other; pts_us is when that is shown.
  virtual Status GoTo(int64_t index, int64_t pts_us) = 0;
  // To the mask of a picture of a file of several: `page` from 1 of `pages`, or 0 where the largest is
  // painted. Refuses a mask of several that are not as many.
  virtual Status GoToPage(int /*page*/, int /*pages*/) { return OkStatus(); }
  // To the mask in that file, where each picture has one of its own.
  virtual Status GoToFile(const std::string& /*path*/) { return OkStatus(); }
  // What there is to say of the file that is used, once.
  virtual std::vector<std::string> TakeNotices() { return {}; }
  // The film is over, which had so many frames, with those that nobody asked a mask for: refuses a mask that
  // has others.
  virtual Status AtEnd(int64_t film_frames) = 0;
  // The mask of the frame that GoTo named.
  virtual const MaskPicture& picture() const = 0;
};

// The plan's picture or film, or nothing yet where it is a folder. Its transparency is the mask where it
// shows some anywhere, else how light it is. A film that could hold transparency is read until it shows some:
// twice, where it never does.
Result<std::unique_ptr<GivenMask>> OpenGivenMask(const MaskPlan& plan);

}  // namespace tempera::cli
