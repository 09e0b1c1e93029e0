#include "media/film/encrypted.h"

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <vector>

namespace tempera::media {

bool IsEncrypted(const AVPacket& packet) {
  return av_packet_get_side_data(&packet, AV_PKT_DATA_ENCRYPTION_INFO, nullptr) != nullptr;
}

bool IsEncrypted(const AVStream& stream) {
  const uint32_t tag = stream.codecpar->codec_tag;
  return av_dict_get(stream.metadata, "enc_key_id", nullptr, 0) != nullptr ||
         tag == MKTAG('e', 'n', 'c', 'v') || tag == MKTAG('e', 'n', 'c', 'a') ||
         tag == MKTAG('d', 'r', 'm', 'i') || tag == MKTAG('d', 'r', 'm', 's');
}

namespace {

// The first megabytes of a file; nothing of a pipe, which can be read once only.
std::vector<uint8_t> Beginning(const std::string& path, size_t bytes) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return {};
  std::vector<uint8_t> read(bytes);
  std::ifstream file(path, std::ios::binary);
  file.read(reinterpret_cast<char*>(read.data()), static_cast<std::streamsize>(read.size()));
  read.resize(static_cast<size_t>(file.gcount()));
  return read;
}

// ISO 13818-1: packets of 188 bytes, the first 0x47, and in the fourth two bits for scrambling. On discs and
// in cameras four bytes of time lie before each.
bool MostPacketsAreScrambled(const std::vector<uint8_t>& bytes) {
  const auto syncs = [&bytes](size_t at) { return at < bytes.size() && bytes[at] == 0x47; };
  const bool timed = !syncs(0) && syncs(4) && syncs(196);
  const size_t stride = timed ? 192 : 188;
  size_t all = 0, scrambled = 0;
  for (size_t at = timed ? 4 : 0; at + 188 <= bytes.size(); at += stride) {
    if (bytes[at] != 0x47) return false;
    const bool has_payload = bytes[at + 3] & 0x10;
    all += has_payload;
    scrambled += has_payload && (bytes[at + 3] & 0xC0);
  }
  return scrambled * 2 > all;
}

// DVDs scramble some of the sectors: the heads of their pictures' and sounds' packets, which stay readable,
// say so.
bool SomeSectorsAreScrambled(const std::vector<uint8_t>& bytes) {
  size_t all = 0, scrambled = 0;
  for (size_t at = 0; at + 9 <= bytes.size(); ++at) {
    if (bytes[at] != 0 || bytes[at + 1] != 0 || bytes[at + 2] != 1) continue;
    const uint8_t id = bytes[at + 3];
    const bool is_packet = id == 0xBD || (id >= 0xC0 && id <= 0xEF);
    if (!is_packet || (bytes[at + 6] & 0xC0) != 0x80) continue;
    ++all;
    scrambled += (bytes[at + 6] & 0x30) != 0;
  }
  return scrambled * 10 > all;
}

}  // namespace

bool IsScrambled(const std::string& path, const std::string& format) {
  if (format == "mpegts") return MostPacketsAreScrambled(Beginning(path, size_t{1} << 20));
  if (format == "mpeg") return SomeSectorsAreScrambled(Beginning(path, size_t{4} << 20));
  return false;
}

}  // namespace tempera::media
