// One harness for all kernels, in the manner of dav1d's checkasm: a kernel is registered once, with its plain
// loop, and is then run at awkward sizes, on every target of this processor, between canaries; held up
// against the plain loop; and timed.
//   tempera_twin_test                           every twin, as GoogleTest
//   tempera_twin_test --time [PART OF A NAME]   nanoseconds a number, by target
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "src/base/cpu.h"
#include "src/kernels/twin/guarded.h"

namespace tempera::kernels {

// What the kernel writes and what its plain loop does, apart.
template <typename T>
struct TwinOutput {
  Guarded<T> fast, plain;
};

// A kernel at one size: its buffers, and both ways to run it.
class TwinProblem {
 public:
  explicit TwinProblem(uint32_t seed) : seed_(seed) {}

  // Set by the twin. `form`: what the kernel is run as on a target, where it has several forms there (as dot
  // kernels do); `forms` lists them.
  std::function<std::vector<std::string>(const CpuTarget&)> forms;
  std::function<void(const CpuTarget&, const std::string& form)> fast;
  std::function<void(const CpuTarget&)> plain;
  bool plain_by_target = false;  // otherwise it is asked once, for all
  double work = 1;               // what time is told by: numbers of a line, products of a convolution

  std::vector<float> Random(int64_t count, float low = -1, float high = 1) {
    return RandomNumbers(count, seed_++, low, high);
  }
  uint32_t Seed() { return seed_++; }

  // A buffer that is read alone.
  template <typename T>
  const T* In(const std::vector<T>& numbers) {
    auto buffer = std::make_unique<Input<T>>(numbers);
    const T* const data = buffer->guarded.data();
    buffers_.push_back(std::move(buffer));
    return data;
  }
  const float* In(int64_t count, float low = -1, float high = 1) { return In(Random(count, low, high)); }

  // Buffers that are written, holding canaries or numbers before. The two ways may differ by `error` times
  // the larger of 1 and the plain number; where it is 0, by nothing.
  template <typename T = float>
  TwinOutput<T>& Out(int64_t count, double error = 0) {
    return Add(std::make_unique<Output<T>>(count, std::vector<T>(), error));
  }
  template <typename T = float>
  TwinOutput<T>& InOut(const std::vector<T>& numbers, double error = 0) {
    return Add(std::make_unique<Output<T>>(static_cast<int64_t>(numbers.size()), numbers, error));
  }
  // The kernel's own, whatever it leaves there.
  template <typename T = uint8_t>
  T* Scratch(int64_t count) {
    auto buffer = std::make_unique<ScratchBuffer<T>>(count);
    T* const data = buffer->guarded.data();
    buffers_.push_back(std::move(buffer));
    return data;
  }

  // The harness's part: everything written is as it was before a run; what went wrong in one (empty:
  // nothing).
  void Restart() {
    for (const auto& buffer : buffers_) buffer->Restart();
  }
  std::string Fault() const {
    for (const auto& buffer : buffers_) {
      if (std::string fault = buffer->Fault(); !fault.empty()) return fault;
    }
    return "";
  }

 private:
  struct Buffer {
    virtual ~Buffer() = default;
    virtual void Restart() {}
    virtual std::string Fault() const = 0;
  };
  template <typename T>
  struct Input final : Buffer {
    explicit Input(const std::vector<T>& numbers) : guarded(std::span<const T>(numbers)), copy(numbers) {}
    std::string Fault() const override {
      if (!guarded.intact()) return "wrote beside an input";
      return std::memcmp(guarded.data(), copy.data(), copy.size() * sizeof(T)) == 0 ? ""
                                                                                    : "wrote to an input";
    }
    Guarded<T> guarded;
    std::vector<T> copy;
  };
  template <typename T>
  struct ScratchBuffer final : Buffer {
    explicit ScratchBuffer(int64_t count) : guarded(count) {}
    void Restart() override { guarded.Clear(); }
    std::string Fault() const override { return guarded.intact() ? "" : "wrote beside its scratch"; }
    Guarded<T> guarded;
  };
  template <typename T>
  struct Output final : Buffer, TwinOutput<T> {
    Output(int64_t count, const std::vector<T>& numbers, double allowed)
        : TwinOutput<T>{Guarded<T>(count), Guarded<T>(count)}, start(numbers), error(allowed) {
      Fill(this->plain);
      Fill(this->fast);
    }
    void Fill(Guarded<T>& buffer) const {
      buffer.Clear();
      std::copy(start.begin(), start.end(), buffer.data());
    }
    void Restart() override { Fill(this->fast); }
    std::string Fault() const override {
      if (!this->fast.intact()) return "wrote beside an output";
      if (!this->plain.intact()) return "the plain loop wrote beside an output";
      for (int64_t i = 0; i < this->fast.size(); ++i) {
        const T& got = this->fast[i];
        const T& want = this->plain[i];
        if (std::memcmp(&got, &want, sizeof(T)) == 0) continue;
        const double g = static_cast<double>(got), w = static_cast<double>(want);
        if (std::abs(g - w) <= (std::is_integral_v<T> ? error : error * std::max(1.0, std::abs(w)))) continue;
        if (error > 0 && std::isnan(g) && std::isnan(w)) continue;
        return "number " + std::to_string(i) + " of " + std::to_string(this->fast.size()) + " is " +
               std::to_string(g) + ", not " + std::to_string(w);
      }
      return "";
    }
    std::vector<T> start;
    double error;
  };

  template <typename T>
  TwinOutput<T>& Add(std::unique_ptr<Output<T>> buffer) {
    TwinOutput<T>& output = *buffer;
    buffers_.push_back(std::move(buffer));
    return output;
  }

  uint32_t seed_;
  std::vector<std::unique_ptr<Buffer>> buffers_;
};

// A registered kernel. `make` is called for each of `sizes`, whatever they count, and for `timed`.
struct Twin {
  std::string name;
  std::vector<int64_t> sizes;
  int64_t timed;
  std::function<void(TwinProblem& problem, int64_t size)> make;
};
std::vector<Twin>& Twins();
inline bool AddTwin(Twin twin) {
  Twins().push_back(std::move(twin));
  return true;
}

// Lengths around the vectors of every target; a line that is timed.
inline std::vector<int64_t> AwkwardLengths() {
  return {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 65, 100, 1003};
}
inline constexpr int64_t kTimedLength = 4096;

// Numbers 0 .. count - 1: seeds of `count` random shapes.
std::vector<int64_t> Shapes(int64_t count);

}  // namespace tempera::kernels
