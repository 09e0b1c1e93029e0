// From one style of a file of many to another, a picture a step: blend MODEL.onnx IN.ppm FROM TO STEPS
// writes blend-0.ppm, blend-1.ppm, ... A host does the same with a slider, from any thread, while frames are
// painted.
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <tempera/tempera.hpp>
#include <utility>
#include <vector>

static int Fail(const std::string& what, const std::string& why) {
  std::cerr << what << ": " << why << '\n';
  return 1;
}

int main(int argc, char** argv) {
  const int steps = argc == 6 ? std::atoi(argv[5]) : 0;
  if (steps < 2 || steps > 1000) return Fail("usage", "blend MODEL.onnx IN.ppm FROM TO STEPS");
  std::ifstream in(argv[2], std::ios::binary);
  std::string magic;
  int width = 0, height = 0, depth = 0;
  in >> magic >> width >> height >> depth;
  if (magic != "P6" || depth != 255 || width < 1 || width > 16384 || height < 1 || height > 16384)
    return Fail(argv[2], "not a binary 8-bit PPM of up to 16384x16384");
  in.get();
  std::vector<char> pixels(static_cast<size_t>(width) * height * 3), painted(pixels.size());
  if (!in.read(pixels.data(), static_cast<std::streamsize>(pixels.size())))
    return Fail(argv[2], "cannot be read");

  tempera::Expected<tempera::Stylizer> stylizer = tempera::Stylizer::Open(argv[1]);
  if (!stylizer) return Fail(argv[1], stylizer.error().message);
  for (int step = 0; step < steps; ++step) {
    const float share = static_cast<float>(step) / static_cast<float>(steps - 1);
    const std::vector<std::pair<std::string, float>> shares = {{argv[3], 1 - share}, {argv[4], share}};
    if (const tempera::Error error = stylizer->SetBlend(shares)) return Fail(argv[1], error.message);
    if (const tempera::Error error =
            stylizer->Process(tempera::MakeImage(TEMPERA_RGB, pixels.data(), width, height),
                              tempera::MakeImage(TEMPERA_RGB, painted.data(), width, height)))
      return Fail(argv[2], error.message);
    const std::string name = "blend-" + std::to_string(step) + ".ppm";
    std::ofstream out(name, std::ios::binary);
    out << "P6\n" << width << ' ' << height << "\n255\n";
    out.write(painted.data(), static_cast<std::streamsize>(painted.size()));
    if (!out.flush()) return Fail(name, "cannot be written");
  }
}
