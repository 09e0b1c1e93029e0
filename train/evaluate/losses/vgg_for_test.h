// VGG-19's features with random weights, for tests that need a network but not what it learnt. (C++17 as
// well.)
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "train/random.h"

namespace tempera::evaluate {

// Up to features.<last>. False when the file cannot be written.
inline bool WriteRandomVgg(const std::string& path, int last) {
  struct Layer {
    int index, in, out;
  };
  static const Layer kLayers[] = {{0, 3, 64},     {2, 64, 64},    {5, 64, 128},   {7, 128, 128},
                                  {10, 128, 256}, {12, 256, 256}, {14, 256, 256}, {16, 256, 256},
                                  {19, 256, 512}, {21, 512, 512}};
  train::Random random(7);
  std::string header = "{", numbers;
  auto add = [&](const std::string& name, const std::string& shape, size_t count, double deviation) {
    const size_t from = numbers.size();
    numbers.resize(from + 4 * count);
    for (size_t i = 0; i < count; ++i) {
      const float v = static_cast<float>(deviation * std::sqrt(3.0) * (2 * random.Uniform() - 1));
      std::memcpy(&numbers[from + 4 * i], &v, 4);
    }
    header += (header.size() > 1 ? "," : "") + ("\"" + name + "\":{\"dtype\":\"F32\",\"shape\":[" + shape) +
              "],\"data_offsets\":[" + std::to_string(from) + "," + std::to_string(numbers.size()) + "]}";
  };
  for (const Layer& l : kLayers) {
    if (l.index > last) break;
    const std::string prefix = "features." + std::to_string(l.index);
    // He's deviation keeps the activations' size from layer to layer.
    add(prefix + ".weight", std::to_string(l.out) + "," + std::to_string(l.in) + ",3,3",
        static_cast<size_t>(l.out) * static_cast<size_t>(l.in) * 9, std::sqrt(2.0 / (9 * l.in)));
    add(prefix + ".bias", std::to_string(l.out), static_cast<size_t>(l.out), 0.1);
  }
  header += "}";
  const uint64_t length = header.size();
  std::ofstream out(path, std::ios::binary);
  out.write(reinterpret_cast<const char*>(&length), 8);
  out << header << numbers;
  return static_cast<bool>(out.flush());
}

}  // namespace tempera::evaluate
