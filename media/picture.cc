#include "media/picture.h"

#include "media/frame_bridge.h"
#include "media/still.h"
#include "src/base/atomic_file.h"

namespace tempera::media {

Result<Picture> ReadPicture(const std::string& path, double start_s) {
  TEMPERA_ASSIGN_OR_RETURN(Still still, DecodeStill(path, Target::kRgbAlpha, start_s));
  Picture picture;
  picture.frame = WrapAvFrame(std::move(still.frame));
  picture.metadata = std::make_shared<PhotoMetadata>(std::move(still.metadata));
  picture.notices = std::move(still.notices);
  return picture;
}

Status WritePicture(const std::string& path, const Frame& frame, const Picture& source,
                    std::vector<std::string>* notices) {
  TEMPERA_ASSIGN_OR_RETURN(FramePtr av, ToAvFrame(frame));
  const PhotoMetadata none;
  TEMPERA_ASSIGN_OR_RETURN(std::vector<uint8_t> bytes,
                           EncodeStill(path, *av, source.metadata ? *source.metadata : none, notices));
  return WriteWholeFile(path, bytes);
}

bool IsPictureName(const std::string& path) { return IsStillName(path); }
bool PictureKeepsAlpha(const std::string& path) { return KeepsAlpha(path); }

}  // namespace tempera::media
