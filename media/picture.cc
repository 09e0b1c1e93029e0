#include "media/picture.h"

#include <cstring>

#include "media/frame_bridge.h"
#include "media/still.h"
#include "src/base/atomic_file.h"

namespace tempera::media {

Result<Picture> ReadPicture(const std::string& path, double start_s) {
  TEMPERA_ASSIGN_OR_RETURN(Still still, DecodeStill(path, Target::kRgbAlpha, start_s));
  Picture picture;
  picture.frame = WrapAvFrame(std::move(still.frame));
  picture.notices = std::move(still.notices);
  return picture;
}

Status WritePicture(const std::string& path, const Frame& frame, const Frame& profile_of) {
  TEMPERA_ASSIGN_OR_RETURN(FramePtr av, ToAvFrame(frame));
  const AVFrameSideData* icc =
      profile_of.av ? av_frame_get_side_data(profile_of.av, AV_FRAME_DATA_ICC_PROFILE) : nullptr;
  if (icc) {
    av_frame_remove_side_data(av.get(), AV_FRAME_DATA_ICC_PROFILE);
    AVFrameSideData* copy = av_frame_new_side_data(av.get(), AV_FRAME_DATA_ICC_PROFILE, icc->size);
    if (!copy) return OutOfMemory("no memory to write '" + path + "'");
    std::memcpy(copy->data, icc->data, icc->size);
    av_dict_copy(&copy->metadata, icc->metadata, 0);
  }
  TEMPERA_ASSIGN_OR_RETURN(std::vector<uint8_t> bytes, EncodeStill(path, *av));
  return WriteWholeFile(path, bytes);
}

bool IsPictureName(const std::string& path) { return IsStillName(path); }
bool PictureKeepsAlpha(const std::string& path) { return KeepsAlpha(path); }

}  // namespace tempera::media
