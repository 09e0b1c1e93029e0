// AMX's tile unit in plain C++, after the operation sections of LDTILECFG, TILELOADD, TILEZERO, TDPBUSD,
// TDPBF16PS, TILESTORED and TILERELEASE in the Intel 64 and IA-32 Architectures Software Developer's Manual,
// volume 2: what the dot kernels over it compute is what the processor would. Uses that the processor
// refuses are noted in Faults() instead of raising #UD or #GP. For tests; slow.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "src/base/half.h"
#include "src/kernels/dot/amx_block.h"

namespace tempera::kernels::amx {

class EmulatedTiles {
 public:
  // What this thread did that the processor refuses, first one first; empty: nothing. Stays until cleared.
  static std::vector<std::string>& Faults() {
    static thread_local std::vector<std::string> faults;
    return faults;
  }
  // False while a configuration is loaded: what a thread that never releases leaves behind.
  static bool Released() { return Now().config.palette == 0; }

  static void Configure(const TileConfig& config) {
    Unit& unit = Now();
    unit = Unit();
    bool valid = config.palette == 1;
    for (uint8_t byte : config.reserved) valid &= byte == 0;
    for (uint16_t word : config.reserved_too) valid &= word == 0;
    for (uint8_t byte : config.reserved_three) valid &= byte == 0;
    for (int t = 0; t < 8; ++t) {
      valid &= config.row_bytes[t] <= kTileBytes && config.rows[t] <= kTileRows;
      valid &= (config.row_bytes[t] == 0) == (config.rows[t] == 0);
    }
    if (valid) {
      unit.config = config;
    } else {
      Fault("LDTILECFG: invalid configuration");
    }
  }
  static void Release() { Now() = Unit(); }

  template <int tile>
  static void Zero() {
    if (Usable("TILEZERO", tile)) Now().tiles[tile] = Tile();
  }

  template <int tile>
  static void Load(const void* first_row, int64_t stride) {
    if (!Usable("TILELOADD", tile)) return;
    Unit& unit = Now();
    unit.tiles[tile] = Tile();  // rows and bytes past the configured ones become zeros
    for (int64_t m = 0; m < unit.config.rows[tile]; ++m) {
      std::memcpy(unit.tiles[tile][static_cast<size_t>(m)].data(),
                  static_cast<const uint8_t*>(first_row) + m * stride, unit.config.row_bytes[tile]);
    }
  }

  template <int tile>
  static void Store(void* first_row, int64_t stride) {
    if (!Usable("TILESTORED", tile)) return;
    const Unit& unit = Now();
    for (int64_t m = 0; m < unit.config.rows[tile]; ++m) {
      std::memcpy(static_cast<uint8_t*>(first_row) + m * stride,
                  unit.tiles[tile][static_cast<size_t>(m)].data(), unit.config.row_bytes[tile]);
    }
  }

  template <int sum, int pixels, int weights>
  static void DotU8S8() {
    if (!Matching("TDPBUSD", sum, pixels, weights)) return;
    Unit& u = Now();
    for (size_t m = 0; m < u.config.rows[sum]; ++m) {
      for (size_t k = 0; k < u.config.row_bytes[pixels] / 4u; ++k) {
        for (size_t n = 0; n < u.config.row_bytes[sum] / 4u; ++n) {
          // Without saturation, modulo 2^32.
          uint32_t total = Get<uint32_t>(u.tiles[sum], m, n);
          for (size_t i = 0; i < 4; ++i) {
            const int32_t x = Get<uint8_t>(u.tiles[pixels], m, 4 * k + i);
            const int32_t w = Get<int8_t>(u.tiles[weights], k, 4 * n + i);
            total += static_cast<uint32_t>(x * w);
          }
          Set(u.tiles[sum], m, n, total);
        }
      }
    }
    ClearBeyond(sum);
  }

  template <int sum, int pixels, int weights>
  static void DotBf16() {
    if (!Matching("TDPBF16PS", sum, pixels, weights)) return;
    Unit& u = Now();
    for (size_t m = 0; m < u.config.rows[sum]; ++m) {
      // The even and the odd numbers of a row are added up apart.
      std::array<float, 2 * kTileColumns> parts = {};
      for (size_t k = 0; k < u.config.row_bytes[pixels] / 4u; ++k) {
        for (size_t n = 0; n < u.config.row_bytes[sum] / 4u; ++n) {
          for (size_t i = 0; i < 2; ++i) {
            const float x = BfloatToFloat(Get<uint16_t>(u.tiles[pixels], m, 2 * k + i));
            const float w = BfloatToFloat(Get<uint16_t>(u.tiles[weights], k, 2 * n + i));
            parts[2 * n + i] = Flush(std::fma(Flush(x), Flush(w), parts[2 * n + i]));
          }
        }
      }
      for (size_t n = 0; n < u.config.row_bytes[sum] / 4u; ++n) {
        const float part = Flush(parts[2 * n] + parts[2 * n + 1]);
        Set(u.tiles[sum], m, n, Flush(Flush(Get<float>(u.tiles[sum], m, n)) + part));
      }
    }
    ClearBeyond(sum);
  }

 private:
  using Tile = std::array<std::array<uint8_t, kTileBytes>, kTileRows>;
  struct Unit {
    TileConfig config = {.palette = 0};
    std::array<Tile, 8> tiles = {};
  };
  static Unit& Now() {
    static thread_local Unit unit;
    return unit;
  }
  static void Fault(const std::string& what) { Faults().push_back(what); }

  template <typename T>
  static T Get(const Tile& tile, size_t row, size_t i) {
    T value;
    std::memcpy(&value, tile[row].data() + i * sizeof(T), sizeof(T));
    return value;
  }
  template <typename T>
  static void Set(Tile& tile, size_t row, size_t i, T value) {
    std::memcpy(tile[row].data() + i * sizeof(T), &value, sizeof(T));
  }

  // Denormals are zeros, in and out, whatever MXCSR says.
  static float Flush(float x) {
    return std::fabs(x) < std::numeric_limits<float>::min() ? std::copysign(0.0f, x) : x;
  }

  static bool Usable(const char* instruction, int tile) {
    const bool usable = Now().config.palette == 1 && Now().config.rows[tile] != 0;
    if (!usable) Fault(std::string(instruction) + ": tile " + std::to_string(tile) + " is not configured");
    return usable;
  }

  static bool Matching(const char* instruction, int sum, int pixels, int weights) {
    if (!Usable(instruction, sum) || !Usable(instruction, pixels) || !Usable(instruction, weights)) {
      return false;
    }
    const TileConfig& c = Now().config;
    const bool matching = sum != pixels && sum != weights && pixels != weights &&  //
                          c.row_bytes[sum] % 4 == 0 && c.row_bytes[pixels] % 4 == 0 &&
                          c.rows[sum] == c.rows[pixels] &&             // m
                          c.row_bytes[sum] == c.row_bytes[weights] &&  // n
                          c.row_bytes[pixels] / 4 == c.rows[weights];  // k
    if (!matching) Fault(std::string(instruction) + ": tile shapes do not fit");
    return matching;
  }

  static void ClearBeyond(int tile) {
    Unit& u = Now();
    for (size_t m = 0; m < kTileRows; ++m) {
      for (size_t i = 0; i < kTileBytes; ++i) {
        if (m >= u.config.rows[tile] || i >= u.config.row_bytes[tile])
          u.tiles[static_cast<size_t>(tile)][m][i] = 0;
      }
    }
  }
};

inline const DotKernel& EmulatedInt8Dot() {
  static constexpr DotKernel kernel = TileDotKernel<EmulatedTiles, Multiply::kU8S8>("amx_int8 emulated");
  return kernel;
}
inline const DotKernel& EmulatedBf16Dot() {
  static constexpr DotKernel kernel = TileDotKernel<EmulatedTiles, Multiply::kBf16>("amx_bf16 emulated");
  return kernel;
}

}  // namespace tempera::kernels::amx
