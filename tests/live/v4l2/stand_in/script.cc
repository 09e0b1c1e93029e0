#include "tests/live/v4l2/stand_in/script.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>

namespace tempera::stand_in {
namespace {

[[noreturn]] void Refuse(const std::string& file, const std::string& line) {
  fprintf(stderr, "v4l2 stand-in: %s: not understood: %s\n", file.c_str(), line.c_str());
  abort();
}

bool TakeSize(std::istream& in, Size* size) {
  char by = 0;
  return static_cast<bool>(in >> size->width >> by >> size->height) && by == 'x';
}

bool TakeOffer(std::istream& in, Offer* offer) {
  std::string letters;
  if (!(in >> letters) || !TakeSize(in, &offer->size)) return false;
  offer->fourcc = FourccOf(letters);
  if (in.peek() == '-') {
    char sign = 0;
    if (!(in >> sign) || !TakeSize(in, &offer->most) || !(in >> sign >> offer->step)) return false;
  }
  for (int fps; in >> fps;) offer->fps.push_back(fps);
  in.clear();
  return true;
}

bool TakeFault(std::istream& in, Script* s) {
  static const std::map<std::string, int> kErrors = {
      {"EBUSY", EBUSY}, {"EACCES", EACCES}, {"EIO", EIO}, {"ENOSPC", ENOSPC}, {"ENODEV", ENODEV}};
  std::string where, error;
  if (!(in >> where >> error) || !kErrors.count(error)) return false;
  const std::map<std::string, int*> places = {{"open", &s->open_error},
                                              {"format", &s->format_error},
                                              {"buffers", &s->buffers_error},
                                              {"start", &s->start_error},
                                              {"write", &s->write_error}};
  if (!places.count(where)) return false;
  *places.at(where) = kErrors.at(error);
  in >> s->write_error_after;
  in.clear();
  return true;
}

bool TakeAfter(std::istream& in, int64_t* after, int64_t* ms) {
  if (!(in >> *after)) return false;
  if (!(in >> *ms)) *ms = -1;
  in.clear();
  return true;
}

bool TakeLine(const std::string& word, std::istream& in, Script* s) {
  const auto rest = [&](std::string* text) { return static_cast<bool>(std::getline(in >> std::ws, *text)); };
  const auto format = [&](uint32_t* fourcc) {
    std::string letters;
    if (!(in >> letters)) return false;
    *fourcc = FourccOf(letters);
    return true;
  };
  if (word == "kind") {
    std::string kind;
    if (!(in >> kind) || (kind != "camera" && kind != "loopback")) return false;
    s->loopback = kind == "loopback";
    if (s->loopback) s->driver = "v4l2 loopback";
    return true;
  }
  if (word == "silent") return s->silent = true;
  if (word == "busy") return s->busy = true;
  if (word == "card") return rest(&s->card);
  if (word == "bus") return rest(&s->bus);
  if (word == "driver") return rest(&s->driver);
  if (word == "out") return rest(&s->out);
  if (word == "format") return TakeOffer(in, &s->offers.emplace_back());
  if (word == "answer") return TakeSize(in, &s->answer);
  if (word == "picture") return TakeSize(in, &s->picture);
  if (word == "answer_format") return format(&s->answer_format);
  if (word == "holds") return format(&s->held_format) && TakeSize(in, &s->held);
  if (word == "stride") return static_cast<bool>(in >> s->stride);
  if (word == "field") return static_cast<bool>(in >> s->field);
  if (word == "buffers") return static_cast<bool>(in >> s->buffers);
  if (word == "colours") return static_cast<bool>(in >> s->colours[0] >> s->colours[1] >> s->colours[2]);
  if (word == "fault") return TakeFault(in, s);
  if (word == "stall") return TakeAfter(in, &s->stall_after, &s->stall_ms);
  if (word == "vanish") return TakeAfter(in, &s->vanish_after, &s->vanish_ms);
  if (word == "damage") return static_cast<bool>(in >> s->damage_every >> s->damage);
  if (word == "sequence") return static_cast<bool>(in >> s->sequence);
  if (word == "timestamp") return static_cast<bool>(in >> s->timestamp);
  return false;
}

}  // namespace

bool ReadScript(const std::string& file, Script* script) {
  std::ifstream in(file);
  if (!in) return false;
  *script = {};
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string word;
    if (!(words >> word) || word[0] == '#') continue;
    if (!TakeLine(word, words, script)) Refuse(file, line);
    if (words >> word) Refuse(file, line);
  }
  return true;
}

uint32_t FourccOf(const std::string& letters) {
  uint32_t fourcc = 0;
  for (int i = 3; i >= 0; --i) {
    const auto at = static_cast<size_t>(i);
    fourcc = fourcc << 8 | (at < letters.size() ? static_cast<uint8_t>(letters[at]) : uint8_t{' '});
  }
  return fourcc;
}

std::string LettersOf(uint32_t fourcc) {
  std::string letters;
  for (int shift = 0; shift < 32; shift += 8) letters += static_cast<char>(fourcc >> shift & 0xff);
  return letters;
}

}  // namespace tempera::stand_in
