// Where films lie in a file in which several are joined byte by byte. No FFmpeg here. Private to media/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace tempera::media {

struct FilmBounds {
  // Where each film begins, and the end of the last one. Empty where the file is one film, as most are. Two
  // numbers: one film, which does not begin where the file does.
  std::vector<int64_t> at;
  // Films that begin behind this byte are not known: the file has more parts than are looked at. Negative:
  // all was looked at.
  int64_t looked_to = -1;

  int films() const { return at.size() < 2 ? 1 : static_cast<int>(at.size()) - 1; }
};

// Some bytes of a file; false where it has not as many there.
using ReadAt = std::function<bool(int64_t at, uint8_t* to, size_t bytes)>;

// Of MP4, MOV, Matroska, WebM, FLV and AVI. Nothing is known of other containers: transport and program
// streams and Ogg are made to be joined, and FFmpeg reads joined GIFs.
FilmBounds FindParts(int64_t size, const ReadAt& read);

// Of the file PATH; nothing of what is none. stop: may be null; when it is true, what was found so far is
// given.
FilmBounds FindParts(const std::string& path, const std::function<bool()>& stop = nullptr);

}  // namespace tempera::media
