// Paints a picture: stylize_image MODEL.onnx IN.ppm OUT.ppm
#include <fstream>
#include <iostream>
#include <string>
#include <tempera/tempera.hpp>
#include <vector>

static int Fail(const std::string& what, const std::string& why) {
  std::cerr << what << ": " << why << '\n';
  return 1;
}

int main(int argc, char** argv) {
  if (argc != 4) return Fail("usage", "stylize_image MODEL.onnx IN.ppm OUT.ppm");
  std::ifstream in(argv[2], std::ios::binary);
  std::string magic;
  int width = 0, height = 0, depth = 0;
  in >> magic >> width >> height >> depth;
  if (magic != "P6" || depth != 255 || width < 1 || width > 16384 || height < 1 || height > 16384)
    return Fail(argv[2], "not a binary 8-bit PPM of up to 16384x16384");
  in.get();
  std::vector<char> pixels(static_cast<size_t>(width) * height * 3);
  if (!in.read(pixels.data(), static_cast<std::streamsize>(pixels.size())))
    return Fail(argv[2], "cannot be read");

  tempera::Expected<tempera::Stylizer> stylizer = tempera::Stylizer::Open(argv[1]);
  if (!stylizer) return Fail(argv[1], stylizer.error().message);
  const tempera_image image = tempera::MakeImage(TEMPERA_RGB, pixels.data(), width, height);
  if (const tempera::Error error = stylizer->Process(image, image)) return Fail(argv[2], error.message);

  std::ofstream out(argv[3], std::ios::binary);
  out << "P6\n" << width << ' ' << height << "\n255\n";
  out.write(pixels.data(), static_cast<std::streamsize>(pixels.size()));
  if (!out.flush()) return Fail(argv[3], "cannot be written");
}
