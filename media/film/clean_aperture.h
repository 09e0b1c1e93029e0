// The part of a picture that is meant to be seen, as MP4 and MOV files say it (ISO 14496-12, the box 'clap'),
// and Matroska (RFC 9559, the four crops of a track). FFmpeg's decoders do not crop by it. Private to media/.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace tempera::media {

struct Aperture {
  int x = 0, y = 0, width = 0, height = 0;  // pixels of the picture as it is decoded
  // Matroska: the shape in which the part is shown, of which FFmpeg thinks as the whole picture's; 0: not
  // said.
  int display_width = 0, display_height = 0;
};

// From the content of a 'moov' box, which may be anything, for the track with that number. Nothing where
// there is no such box, or it does not lie inside the picture, or is all of it.
std::optional<Aperture> ParseCleanAperture(std::span<const uint8_t> moov, uint32_t track);

// From the beginning of a Matroska file, which may be anything, for the track of pictures with that number
// among them, from 0.
std::optional<Aperture> ParsePixelCrop(std::span<const uint8_t> file, int number);

// The same from files, in which the film begins at that byte. Nothing where it cannot be read so, or is a
// pipe.
std::optional<Aperture> ReadCleanAperture(const std::string& path, uint32_t track, int64_t begin);
std::optional<Aperture> ReadPixelCrop(const std::string& path, int number, int64_t begin);

}  // namespace tempera::media
