// Seeds of the fuzzers of photographs' metadata (.photo) and of tensors in files (.npy), and words for
// mutations.
//   tempera_make_media_seeds FOLDER [DICTIONARY]
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "cli/npy.h"
#include "media/photo/embed.h"
#include "media/photo/files_for_test.h"
#include "tests/fuzz/seed_files.h"

namespace tempera {
namespace {

using media::Bytes;
using media::PutBytes;
using media::PutNumber;
using media::PutWord;

bool Save(const Bytes& bytes, const std::filesystem::path& path) {
  std::ofstream out(path, std::ios::binary);
  out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  return out.good();
}

bool SavePhotos(const std::filesystem::path& folder) {
  const Bytes block = media::ExifBlock(6), big = media::ExifBlock(3, true);
  const Bytes profile = media::ProfileBytes("GRAY");
  Bytes icc = {1, 1};
  PutBytes(&icc, profile);
  const Bytes xmp = media::BytesOf("<x tiff:Orientation=\"6\"><xmp:Thumbnails>t</xmp:Thumbnails></x>");
  Bytes packet = media::BytesOf(std::string_view("XML:com.adobe.xmp\0\0\0\0\0", 22));
  PutBytes(&packet, xmp);
  Bytes marked = media::BytesOf(std::string_view("Exif\0\0", 6));
  PutBytes(&marked, big);
  const Bytes jpeg = media::FlatJpeg({40, 200, 40}, true);
  const Bytes png =
      media::BytesOf(std::string_view("\x89PNG\r\n\x1a\n\0\0\0\rIHDR0123456789abccrc!\0\0\0\0IENDcrc!", 45));
  const Bytes webp = media::BytesOf(std::string_view("RIFF\x10\0\0\0WEBPVP8 \4\0\0\0abcd", 24));
  const Bytes frame =
      media::BytesOf(std::string_view("ANMF\x1c\0\0\0\1\0\0\1\0\0\7\0\0\7\0\0\1\0\0\0ALPH\4\0\0\0abcd", 36));
  Bytes moving = media::WithWebpChunk(webp, 16, 16, "EXIF", block);
  PutBytes(&moving, frame);
  PutBytes(&moving, frame);
  Bytes jxl = media::BytesOf(std::string_view("\0\0\0\x0cJXL \r\n\x87\n", 12));
  PutNumber(&jxl, static_cast<uint32_t>(12 + block.size()), 4, true);
  PutWord(&jxl, "Exif");
  PutNumber(&jxl, 0, 4, true);
  PutBytes(&jxl, block);
  return Save(block, folder / "exif_little.photo") && Save(big, folder / "exif_big.photo") &&
         Save(media::WithSegment(media::WithSegment(jpeg, 0xe1, "", marked), 0xe2,
                                 std::string_view("ICC_PROFILE\0", 12), icc),
              folder / "jpeg.photo") &&
         Save(media::WithSegment(jpeg, 0xe1, std::string_view("http://ns.adobe.com/xap/1.0/\0", 29), xmp),
              folder / "jpeg_xmp.photo") &&
         Save(media::WithChunk(media::WithChunk(png, "eXIf", block), "iTXt", packet), folder / "png.photo") &&
         Save(media::WithWebpChunk(webp, 8, 8, "EXIF", marked), folder / "webp.photo") &&
         Save(moving, folder / "webp_moving.photo") && Save(jxl, folder / "jxl.photo") &&
         Save(profile, folder / "profile.photo");
}

bool SavePixels(const std::filesystem::path& folder) {
  const Bytes xpm = media::BytesOf(
      "/* XPM */\nstatic char *a[] = {\n/* sizes */\n\"3 2 3 1\",\n\"a c #ff0080\",\n\"b m white c Light "
      "Gray\",\n"
      "\"c c None\",\n\"abc\",\n\"cba\"};\n");
  std::vector<media::TestTag> ink = {{256, {20}}, {257, {10}}, {258, {8, 8, 8, 8}},
                                     {259, {1}},  {262, {5}},  {277, {4}}};
  std::vector<media::TestTag> alpha = {{256, {2}}, {257, {1}}, {258, {8, 8}}, {259, {1}},
                                       {262, {1}}, {277, {2}}, {338, {2}}};
  return Save(xpm, folder / "xpm.photo") &&
         Save(media::TiledTiff(ink, 16, 16, Bytes(2048, 90), 2), folder / "tiff_tiles.photo") &&
         Save(media::TiffFile(alpha, 1, {10, 20, 200, 100}, false), folder / "tiff_alpha.photo");
}

bool SaveTensors(const std::filesystem::path& folder) {
  for (DataType type :
       {DataType::kFloat32, DataType::kFloat16, DataType::kInt64, DataType::kUint8, DataType::kBool}) {
    Result<Tensor> tensor = Tensor::Create(type, {2, 3});
    if (!tensor.ok()) return false;
    std::memset(tensor->raw(), 1, tensor->size_bytes());
    if (!cli::WriteNpy((folder / (std::string(DataTypeName(type)) + ".npy")).string(), *tensor).ok())
      return false;
  }
  Result<Tensor> scalar = Tensor::Create(DataType::kFloat32, {});
  return scalar.ok() && cli::WriteNpy((folder / "scalar.npy").string(), *scalar).ok();
}

std::vector<std::string_view> Words() {
  std::vector<std::string_view> words = {"Exif\\x00\\x00",
                                         "II*\\x00",
                                         "MM\\x00*",
                                         "ICC_PROFILE\\x00",
                                         "http://ns.adobe.com/xap/1.0/\\x00",
                                         "eXIf",
                                         "iTXt",
                                         "zTXt",
                                         "cICP",
                                         "acTL",
                                         "IEND",
                                         "VP8X",
                                         "ANMF",
                                         "ALPH",
                                         "ICCP",
                                         "XMP ",
                                         "brob",
                                         "xml ",
                                         "ftypheic",
                                         "ftypavif",
                                         "acsp",
                                         "GRAY",
                                         "CMYK",
                                         "tiff:Orientation=\\\"",
                                         "<xmp:Thumbnails",
                                         "</xmp:Thumbnails>",
                                         "\\x12\\x01\\x03\\x00",
                                         "\\x69\\x87\\x04\\x00",
                                         "/* XPM */",
                                         " c #ff0080",
                                         " c None",
                                         "\\x1c\\x01\\x03\\x00",
                                         "\\x42\\x01\\x03\\x00",
                                         "\\x43\\x01\\x03\\x00",
                                         "descr",
                                         "fortran_order",
                                         "shape",
                                         "True",
                                         "<f4",
                                         "|u1",
                                         "\\x93NUMPY"};
  return words;
}

}  // namespace
}  // namespace tempera

int main(int argc, char** argv) {
  const auto save = [](const std::filesystem::path& folder) {
    return tempera::SavePhotos(folder) && tempera::SavePixels(folder) && tempera::SaveTensors(folder);
  };
  return tempera::MakeSeeds(argc, argv, save, tempera::Words());
}
