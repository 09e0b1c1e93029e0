// Products of matrices on every target against sums in double, at awkward sizes and in every storage order;
// canaries around the result.
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "src/base/cpu.h"
#include "src/kernels/planes/matrix_f32.h"
#include "src/kernels/twin/guarded.h"

namespace tempera::kernels {
namespace {

TEST(Matrix, OnEveryTargetInEveryOrder) {
  std::mt19937 random(4);
  std::uniform_real_distribution<float> uniform(-1, 1);
  const int64_t sizes[][3] = {{1, 1, 1},   {1, 33, 5000}, {3, 31, 17},  {5, 8, 300},
                              {64, 32, 3}, {65, 33, 256}, {70, 1, 257}, {7, 100, 513}};
  alignas(64) static uint8_t scratch[256 * 1024];
  ASSERT_LE(MatrixScratchBytes(), sizeof(scratch));
  for (const auto& [m, n, k] : sizes) {
    std::vector<float> a(static_cast<size_t>(m * k)), b(static_cast<size_t>(k * n));
    for (float& v : a) v = uniform(random);
    for (float& v : b) v = uniform(random);
    for (bool a_turned : {false, true}) {
      for (bool b_turned : {false, true}) {
        const MatrixShape s = {
            m, n, k, a_turned ? 1 : k, a_turned ? m : 1, b_turned ? 1 : n, b_turned ? k : 1};
        for (const CpuTarget& target : AvailableCpuTargets()) {
          Guarded<float> c(m * n);
          for (int64_t task = 0; task < MatrixTasks(s); ++task) {
            ChooseMatrixTaskF32(target.highway_bit)(s, task, a.data(), b.data(), c.data(), scratch);
          }
          ASSERT_TRUE(c.intact());
          for (int64_t i = 0; i < m; ++i) {
            for (int64_t j = 0; j < n; ++j) {
              double want = 0, size = 0;
              for (int64_t l = 0; l < k; ++l) {
                const double product =
                    static_cast<double>(a[static_cast<size_t>(i * s.a_row + l * s.a_column)]) *
                    static_cast<double>(b[static_cast<size_t>(l * s.b_row + j * s.b_column)]);
                want += product;
                size += std::abs(product);
              }
              ASSERT_NEAR(c[i * n + j], want, 1e-6 * (size + 1))
                  << target.name << ' ' << m << 'x' << n << 'x' << k << ' ' << a_turned << b_turned;
            }
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace tempera::kernels
