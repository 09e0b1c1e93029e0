// A warmed session allocates nothing, and its memory does not grow.
#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <new>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include "src/engine/run/session.h"

namespace {
std::atomic<int64_t> allocations{0};

void* Count(size_t bytes, size_t alignment) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  void* p = alignment <= alignof(std::max_align_t)
                ? std::malloc(bytes != 0 ? bytes : 1)
                : std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
  if (p == nullptr) throw std::bad_alloc();
  return p;
}
}  // namespace

// The thread sanitizer brings operators of its own.
#if defined(__SANITIZE_THREAD__)
#define TEMPERA_COUNTS_ALLOCATIONS 0
#elif defined(__has_feature)
#define TEMPERA_COUNTS_ALLOCATIONS !__has_feature(thread_sanitizer)
#else
#define TEMPERA_COUNTS_ALLOCATIONS 1
#endif

#if TEMPERA_COUNTS_ALLOCATIONS
// Of the whole test binary; every other form ends in these.
void* operator new(size_t bytes) { return Count(bytes, 1); }
void* operator new(size_t bytes, std::align_val_t alignment) {
  return Count(bytes, static_cast<size_t>(alignment));
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, size_t) noexcept { std::free(p); }
void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete(void* p, size_t, std::align_val_t) noexcept { std::free(p); }
#endif

namespace tempera::engine {
namespace {

// Statistics that are carried over, at a size where steps run in chains, are the longest way through a run.
std::unique_ptr<Session> BundledStyle(Precision precision,
                                      NormStatistics statistics = NormStatistics::kExact) {
  const std::filesystem::path file = "models/starry-night.onnx";
  if (!std::filesystem::exists(file)) return nullptr;
  const auto model = LoadModelFile(file.string());
  EXPECT_TRUE(model.ok()) << model.status().message();
  if (!model.ok()) return nullptr;
  SessionOptions options;
  options.num_threads = 2;
  options.precision = precision;
  options.norm_statistics = statistics;
  const bool large = statistics == NormStatistics::kCarried;
  auto session = Session::Create(*model, {{1, 3, large ? 360 : 36, large ? 640 : 64}}, options);
  EXPECT_TRUE(session.ok()) << session.status().message();
  return session.ok() ? std::move(session).value() : nullptr;
}

// Bytes in use on the heap, mapped stretches included.
size_t HeapBytes() {
#if defined(__GLIBC__)
  const auto info = mallinfo2();
  return info.uordblks + info.hblkhd;
#else
  return 0;
#endif
}

TEST(Allocation, TheHookCounts) {
  if (!TEMPERA_COUNTS_ALLOCATIONS) GTEST_SKIP() << "the thread sanitizer has operator new to itself";
  const int64_t before = allocations;
  std::make_unique<int>(3).reset();
  EXPECT_EQ(allocations - before, 1);
}

TEST(Allocation, AWarmedRunAllocatesNothing) {
  if (!TEMPERA_COUNTS_ALLOCATIONS) GTEST_SKIP() << "the thread sanitizer has operator new to itself";
  for (NormStatistics statistics : {NormStatistics::kExact, NormStatistics::kCarried}) {
    for (Precision precision : {Precision::kFp32, Precision::kAuto}) {
      const auto session = BundledStyle(precision, statistics);
      if (session == nullptr) GTEST_SKIP() << "no models/starry-night.onnx here";
      for (int i = 0; i < 2; ++i) ASSERT_TRUE(session->Run().ok());
      const int64_t before = allocations;
      bool ok = true;
      for (int i = 0; i < 20; ++i) ok = session->Run().ok() && ok;
      const int64_t after = allocations;
      EXPECT_TRUE(ok);
      EXPECT_EQ(after - before, 0);
    }
  }
}

TEST(Allocation, AThousandRunsDoNotGrow) {
  const auto session = BundledStyle(Precision::kAuto);
  if (session == nullptr) GTEST_SKIP() << "no models/starry-night.onnx here";
  ASSERT_TRUE(session->Run().ok());
  const size_t before = HeapBytes();
  bool ok = true;
  for (int i = 0; i < 1000; ++i) ok = session->Run().ok() && ok;
  const size_t after = HeapBytes();
  EXPECT_TRUE(ok);
  EXPECT_EQ(after, before);
}

}  // namespace
}  // namespace tempera::engine
