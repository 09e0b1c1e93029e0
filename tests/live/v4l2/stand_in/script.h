// What a device of the stand-in is and does: a small file, a word and its values on each line.
//
//   kind camera|loopback    card NAME    bus BUS    driver NAME
//   format FOURCC WxH FPS...        a size with its rates; "WxH-WxH/STEP" is a range of sizes
//   silent                          does not list sizes and rates
//   answer WxH                      what it answers to every size
//   answer_format FOURCC            what it answers to every format
//   stride N                        bytes behind each line
//   colours SPACE ENCODING RANGE    as numbers of V4L2's
//   field N                         what it answers, as a number of V4L2's
//   buffers N                       gives no more
//   fault open|format|buffers|start|write ERROR [AFTER]    EBUSY, EACCES, EIO, ENOSPC or ENODEV; of writes:
//   after so many stall AFTER [MS]                no frames from there on, or for so long vanish AFTER [MS]
//   gone from that frame on, or for so long; once damage EVERY
//   truncated|garbage|empty|short|flagged|overlong|eio     each so many frames sequence zero|back|jump
//   instead of counting timestamp future|ancient|unknown picture WxH                     the size of its
//   JPEGs, whatever was agreed on holds FOURCC WxH                a loopback device that another program has
//   open with that busy                            a loopback device that another program writes to out FILE
//   where a loopback device leaves what is written; FILE.log tells of it
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tempera::stand_in {

struct Size {
  int width = 0, height = 0;
};

struct Offer {
  uint32_t fourcc = 0;
  Size size, most;  // most.width 0: this size only
  int step = 1;
  std::vector<int> fps;
};

struct Script {
  bool loopback = false, silent = false, busy = false;
  std::string card = "Stand-in", bus = "usb-stand-in-1", driver = "uvcvideo", out;
  std::vector<Offer> offers;
  Size answer, picture, held;
  uint32_t answer_format = 0, held_format = 0;
  int stride = 0, buffers = 32, field = 1;
  uint32_t colours[3] = {};
  int open_error = 0, format_error = 0, buffers_error = 0, start_error = 0, write_error = 0;
  int64_t write_error_after = 0;
  int64_t stall_after = -1, stall_ms = -1, vanish_after = -1, vanish_ms = -1;
  int64_t damage_every = 0;
  std::string damage, sequence, timestamp;
};

// False where there is no such file. A line that is not understood ends the program: a test's mistake.
bool ReadScript(const std::string& file, Script* script);

uint32_t FourccOf(const std::string& letters);
std::string LettersOf(uint32_t fourcc);

}  // namespace tempera::stand_in
