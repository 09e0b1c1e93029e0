#include "media/film/encrypted.h"

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

bool IsScrambledTransport(const std::string& path) {
  // ISO 13818-1: packets of 188 bytes, the first 0x47, and in the fourth two bits for scrambling.
  constexpr size_t kPacket = 188;
  std::vector<char> bytes(size_t{1} << 20);
  std::ifstream file(path, std::ios::binary);
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  const size_t size = static_cast<size_t>(file.gcount());
  size_t all = 0, scrambled = 0;
  for (size_t at = 0; at + kPacket <= size; at += kPacket) {
    if (bytes[at] != 0x47) return false;
    const bool has_payload = bytes[at + 3] & 0x10;
    all += has_payload;
    scrambled += has_payload && (bytes[at + 3] & 0xC0);
  }
  return all > 0 && scrambled * 2 > all;
}

}  // namespace tempera::media
